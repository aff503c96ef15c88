"""Photographs that the service keeps in memory: few, small together, and not for long."""

import secrets
import time
from collections.abc import Callable
from typing import Generic, NamedTuple, TypeVar

from cascade_efgan.app.limits import Limits

T = TypeVar("T")


class _Kept(NamedTuple, Generic[T]):
    value: T
    size: int
    used: float


class Sessions(Generic[T]):
    """Values by unguessable token, bounded in number, bytes and age; the one unused for longest goes first.

    For the event loop's thread. Nothing is ever written to disk.
    """

    def __init__(self, limits: Limits, clock: Callable[[], float] = time.monotonic) -> None:
        self._limits = limits
        self._clock = clock
        #: The one unused for longest first.
        self._kept: dict[str, _Kept[T]] = {}

    def add(self, value: T, size: int) -> str:
        """Keep a value of `size` bytes: its token, 128 random bits. Others are forgotten where it does not fit in."""
        token = secrets.token_urlsafe(16)
        self.forget_old()
        self._kept[token] = _Kept(value, size, self._clock())
        while len(self._kept) > 1 and not self._fits():
            self.forget(next(iter(self._kept)))
        return token

    def get(self, token: str) -> T | None:
        """The value of a token, which counts as a use; None where it is unknown or forgotten."""
        self.forget_old()
        if token not in self._kept:
            return None
        self._kept[token] = self._kept.pop(token)._replace(used=self._clock())
        return self._kept[token].value

    def forget(self, token: str) -> None:
        """Drop a value; an unknown token is no error."""
        self._kept.pop(token, None)

    def forget_old(self) -> None:
        """Drop what is too old, also when nobody asks for anything."""
        oldest = self._clock() - self._limits.session_seconds
        for token in [token for token, kept in self._kept.items() if kept.used < oldest]:
            self.forget(token)

    def _fits(self) -> bool:
        total = sum(kept.size for kept in self._kept.values())
        return len(self._kept) <= self._limits.sessions and total <= self._limits.session_bytes
