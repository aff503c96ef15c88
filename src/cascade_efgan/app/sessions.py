"""Photographs that the service keeps in memory: few, small together, and not for long."""

import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from cascade_efgan.app.limits import Limits


class Sized(Protocol):
    """Something that knows what it weighs."""

    @property
    def bytes(self) -> int:
        """Bytes of memory that it keeps."""


T = TypeVar("T", bound=Sized)


@dataclass
class _Entry(Generic[T]):
    value: T
    used: float


class Sessions(Generic[T]):
    """Values by unguessable token, bounded in number, bytes and age; the one unused for longest goes first.

    Safe to use from several threads. Nothing is ever written to disk.
    """

    def __init__(self, limits: Limits, clock: Callable[[], float] = time.monotonic) -> None:
        """Keep what `limits` allows; `clock` counts seconds."""
        self._limits = limits
        self._clock = clock
        self._entries: OrderedDict[str, _Entry[T]] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        """How many values are kept."""
        with self._lock:
            self._forget_old()
            return len(self._entries)

    def add(self, value: T) -> str:
        """Keep a value: its token, 128 random bits. Others are forgotten where it does not fit beside them."""
        token = secrets.token_urlsafe(16)
        with self._lock:
            self._forget_old()
            self._entries[token] = _Entry(value, self._clock())
            while len(self._entries) > 1 and not self._fits():
                self._entries.popitem(last=False)
        return token

    def get(self, token: str) -> T | None:
        """The value of a token, which counts as a use; None where it is unknown or forgotten."""
        with self._lock:
            self._forget_old()
            entry = self._entries.get(token)
            if entry is None:
                return None
            entry.used = self._clock()
            self._entries.move_to_end(token)
            return entry.value

    def forget(self, token: str) -> None:
        """Drop a value; an unknown token is no error."""
        with self._lock:
            self._entries.pop(token, None)

    def forget_old(self) -> None:
        """Drop what is too old, also when nobody asks for anything."""
        with self._lock:
            self._forget_old()

    def _fits(self) -> bool:
        total = sum(entry.value.bytes for entry in self._entries.values())
        return len(self._entries) <= self._limits.sessions and total <= self._limits.session_bytes

    def _forget_old(self) -> None:
        oldest = self._clock() - self._limits.session_seconds
        while self._entries and next(iter(self._entries.values())).used < oldest:
            self._entries.popitem(last=False)
