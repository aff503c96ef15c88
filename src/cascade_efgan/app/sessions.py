"""Photographs that the service keeps in memory: few, small together, and not for long."""

import secrets
import time
from collections.abc import Callable
from typing import Generic, TypeVar

from cascade_efgan.app.limits import Limits

T = TypeVar("T")


class Sessions(Generic[T]):
    """Values by unguessable token, bounded in number, bytes and age; the one unused for longest goes first.

    For the event loop's thread. Nothing is ever written to disk.
    """

    def __init__(self, limits: Limits, clock: Callable[[], float] = time.monotonic) -> None:
        self._limits = limits
        self._clock = clock
        #: Token -> value, its size, and when it was last used; the one unused for longest first.
        self._kept: dict[str, tuple[T, int, float]] = {}

    def add(self, value: T, size: int) -> str:
        """Keep a value of `size` bytes: its token, 128 random bits. Others are forgotten where it does not fit in."""
        token = secrets.token_urlsafe(16)
        self.forget_old()
        self._kept[token] = value, size, self._clock()
        while len(self._kept) > 1 and not self._fits():
            self.forget(next(iter(self._kept)))
        return token

    def get(self, token: str) -> T | None:
        """The value of a token, which counts as a use; None where it is unknown or forgotten."""
        self.forget_old()
        if token not in self._kept:
            return None
        value, size, _ = self._kept.pop(token)
        self._kept[token] = value, size, self._clock()
        return value

    def forget(self, token: str) -> None:
        """Drop a value; an unknown token is no error."""
        self._kept.pop(token, None)

    def forget_old(self) -> None:
        """Drop what is too old, also when nobody asks for anything."""
        oldest = self._clock() - self._limits.session_seconds
        self._kept = {token: kept for token, kept in self._kept.items() if kept[2] >= oldest}

    def _fits(self) -> bool:
        total = sum(size for _, size, _ in self._kept.values())
        return len(self._kept) <= self._limits.sessions and total <= self._limits.session_bytes
