"""One pool of threads that wait for everything that computes, with a bounded queue before it."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from cascade_efgan.app.limits import Limits

T = TypeVar("T")

#: How long a batch waits before it tries again to get a place in a full queue, seconds.
_RETRY = 0.2


class BusyError(Exception):
    """Too much is asked at once; the message is one sentence for the user."""

    def __init__(self, text: str = "too many people are editing right now; try again in a few seconds") -> None:
        """Without `text`: the queue is full."""
        super().__init__(text)


class Workers:
    """Runs functions in threads, so that the event loop stays free, and refuses what it cannot take."""

    def __init__(self, limits: Limits) -> None:
        """`limits.workers` threads and `limits.queue` places to wait."""
        self._places = threading.Semaphore(limits.workers + limits.queue)
        self._pool = ThreadPoolExecutor(limits.workers, thread_name_prefix="efgan-app")

    async def run(self, function: Callable[..., T], *arguments: object, patient: bool = False) -> T:
        """The function's result, from a thread.

        Args:
            function: what to run; an exception of it is raised here.
            patient: wait for a place in a full queue (a batch, which nobody watches) instead of giving up.

        Raises:
            BusyError: the queue is full.
        """
        while not self._places.acquire(blocking=False):
            if not patient:
                raise BusyError()
            await asyncio.sleep(_RETRY)
        try:
            future = self._pool.submit(function, *arguments)
        except BaseException:
            self._places.release()
            raise
        # The place is free when the work ends, not when a client that went away stops waiting for it.
        future.add_done_callback(lambda _: self._places.release())
        return await asyncio.wrap_future(future)

    def close(self) -> None:
        """Drop what waits and end the threads."""
        self._pool.shutdown(wait=True, cancel_futures=True)
