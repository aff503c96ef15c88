"""Threads that wait for everything that computes, with a bounded queue before them."""

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, TypeVar

from cascade_efgan.app.engine import WorkerDiedError
from cascade_efgan.app.limits import Limits

T = TypeVar("T")
Item = TypeVar("Item")
Result = TypeVar("Result")


class BusyError(Exception):
    """Too much is asked at once; the message is one sentence for the user."""

    def __init__(self, text: str = "too many people are editing right now; try again in a few seconds") -> None:
        """Without `text`: the queue is full."""
        super().__init__(text)


class Workers:
    """Runs functions in threads, so that the event loop stays free, and refuses what it cannot take."""

    def __init__(self, limits: Limits) -> None:
        """`limits.workers` threads and `limits.queue` places to wait."""
        self._pool = ThreadPoolExecutor(limits.workers, thread_name_prefix="efgan-app")
        self._places = threading.Semaphore(limits.workers + limits.queue)

    async def run(self, function: Callable[..., T], *arguments: object, patient: bool = False) -> T:
        """The function's result or exception, from a thread.

        `BusyError` where the queue is full, unless the caller is `patient` (a batch, which nobody watches).
        """
        placed = self._places.acquire(blocking=False)
        if not (placed or patient):
            raise BusyError()
        future = self._pool.submit(function, *arguments)
        if placed:
            # The place is free when the work ends, not when a client that went away stops waiting for it.
            future.add_done_callback(lambda _: self._places.release())
        return await asyncio.wrap_future(future)

    def close(self) -> None:
        """Drop what waits and end the threads."""
        self._pool.shutdown(wait=True, cancel_futures=True)


class BatchRunner(Generic[Item, Result]):
    """Hands to `function` whatever waits when a thread becomes free: eight faces at once take half the time on a CPU.

    A lone item never waits for others. Lives in the event loop's thread; only `function` runs elsewhere.
    """

    def __init__(
        self, workers: Workers, function: Callable[[Sequence[Item]], Sequence[Result]], limits: Limits
    ) -> None:
        """`function` gives as many results as it takes items: at most `limits.batch_faces`."""
        self._workers = workers
        self._function = function
        self._limits = limits
        self._waiting: deque[tuple[Item, asyncio.Future[Result]]] = deque()
        self._running: set[asyncio.Task[None]] = set()

    async def run(self, item: Item) -> Result:
        """The result of one item; `BusyError` where the queue is full."""
        if len(self._waiting) >= self._limits.queue:
            raise BusyError()
        result: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, result))
        if len(self._running) < self._limits.workers:
            task = asyncio.create_task(self._drain())
            self._running.add(task)
            task.add_done_callback(self._running.discard)
        return await result

    async def _drain(self) -> None:
        while self._waiting:
            count = min(self._limits.batch_faces, len(self._waiting))
            await self._make([self._waiting.popleft() for _ in range(count)])

    async def _make(self, taken: Sequence[tuple[Item, asyncio.Future[Result]]]) -> None:
        answers: Sequence[Result | Exception]
        try:
            answers = await self._workers.run(self._function, [item for item, _ in taken], patient=True)
        except Exception as error:
            if isinstance(error, WorkerDiedError) and len(taken) > 1:  # which of them ended it shows only one by one
                for one in taken:
                    await self._make([one])
                return
            answers = [error] * len(taken)
        for (_, result), answer in zip(taken, answers, strict=True):
            if result.done():  # a client that went away
                continue
            if isinstance(answer, Exception):
                result.set_exception(answer)
            else:
                result.set_result(answer)
