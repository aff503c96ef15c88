"""Photographs that the service keeps in memory: few, small together, and not for long."""

import secrets
import time
from collections.abc import Callable

from cascade_efgan.app.engine import OpenedPhotograph
from cascade_efgan.app.limits import Limits


class Sessions:
    """Photographs by unguessable token, bounded in number, bytes and age; the one unused for longest goes first.

    For the event loop's thread. Nothing is ever written to disk.
    """

    def __init__(self, limits: Limits, clock: Callable[[], float] = time.monotonic) -> None:
        self._limits = limits
        self._clock = clock
        #: Token -> photograph and when it was last used, the one unused for longest first.
        self._kept: dict[str, tuple[OpenedPhotograph, float]] = {}

    def __len__(self) -> int:
        """How many photographs are kept."""
        self.forget_old()
        return len(self._kept)

    def add(self, photograph: OpenedPhotograph) -> str:
        """Keep a photograph: its token, 128 random bits. Others are forgotten where it does not fit beside them."""
        token = secrets.token_urlsafe(16)
        self.forget_old()
        self._kept[token] = photograph, self._clock()
        while len(self._kept) > 1 and not self._fits():
            self.forget(next(iter(self._kept)))
        return token

    def get(self, token: str) -> OpenedPhotograph | None:
        """The photograph of a token, which counts as a use; None where it is unknown or forgotten."""
        self.forget_old()
        if token not in self._kept:
            return None
        photograph, _ = self._kept.pop(token)
        self._kept[token] = photograph, self._clock()
        return photograph

    def forget(self, token: str) -> None:
        """Drop a photograph; an unknown token is no error."""
        self._kept.pop(token, None)

    def forget_old(self) -> None:
        """Drop what is too old, also when nobody asks for anything."""
        oldest = self._clock() - self._limits.session_seconds
        while self._kept and next(iter(self._kept.values()))[1] < oldest:
            self.forget(next(iter(self._kept)))

    def _fits(self) -> bool:
        total = sum(photograph.bytes for photograph, _ in self._kept.values())
        return len(self._kept) <= self._limits.sessions and total <= self._limits.session_bytes
