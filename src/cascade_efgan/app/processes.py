"""The engine in processes of its own: a photograph that ends one, by a fault in a library, ends no other request."""

import logging
import multiprocessing
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from typing import Any

import numpy as np

from cascade_efgan.app.editing_engine import EditingEngine
from cascade_efgan.app.engine import WorkerDiedError
from cascade_efgan.errors import InputError

log = logging.getLogger("efgan.app")

#: A server that has imported the libraries forks each process: in a moment, and with their memory in common.
_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["cascade_efgan.app.editing_engine", "torch", "mediapipe", "threadpoolctl"])


class ProcessEngine:
    """Stands for the `EditingEngine` of `make`: what is called on it runs in a process with an engine of its own.

    There are as many processes as threads call at once. Besides the engine's errors, every method raises
    `WorkerDiedError` where its process ends.
    """

    def __init__(self, make: Callable[[], EditingEngine]) -> None:
        """Start the first process; `make`, which can be pickled, makes the engine in each, or raises `InputError`."""
        self._make = make
        self._lock = threading.Lock()
        self._all: set[_Process] = set()
        self._idle: list[_Process] = []
        self._closed = False
        self.description: str = self._call("description")
        self.caution: str = self._call("caution")
        self.expressions: Mapping[str, np.ndarray] = self._call("expressions")

    def __getattr__(self, name: str) -> Callable[..., Any]:
        """A method of the engine, to be called in a process."""
        return partial(self._call, name)

    def close(self) -> None:
        """End the processes, at work or not."""
        with self._lock:
            self._closed, processes = True, set(self._all)
        for process in processes:  # all are asked before the first is waited for
            process.process.terminate()
        for process in processes:
            process.end()

    def _call(self, name: str, *arguments: object) -> Any:
        process = self._take()
        try:
            return process.call(name, arguments)
        except WorkerDiedError:
            how = process.end()
            if not self._closed:
                log.error("the process of a request ended (%s); the others go on", how)
            raise
        finally:
            with self._lock:
                self._idle.append(process)  # `_take` drops one that has ended

    def _take(self) -> "_Process":
        with self._lock:
            if self._closed:
                raise WorkerDiedError
            while self._idle:
                if (process := self._idle.pop()).process.is_alive():
                    return process
                self._all.discard(process)
            process = _Process(self._make, logging.WARNING if self._all else logging.INFO)
            self._all.add(process)
            return process


class _Process:
    """One process with an engine, for one caller at a time."""

    def __init__(self, make: Callable[[], EditingEngine], level: int) -> None:
        self._pipe, theirs = _CONTEXT.Pipe()
        self.process = _CONTEXT.Process(target=_serve, args=(theirs, make, level), daemon=True)
        # What is started here takes no Ctrl-C, which a terminal sends to every process: this one ends the others.
        resource_tracker.ensure_running()  # its start would end the block
        former = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            self.process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, former)
        theirs.close()

    def call(self, name: str, arguments: Sequence[object]) -> Any:
        try:
            self._pipe.send((name, arguments))
            answer = self._pipe.recv()
        except (EOFError, OSError):
            raise WorkerDiedError from None
        if isinstance(answer, Exception):
            raise answer
        return answer

    def end(self) -> str:
        """Wait a moment for its end, then kill it; how it ended, for the log."""
        self.process.join(0.5)  # in which it ends a program that it runs
        self.process.kill()
        self.process.join()
        code = self.process.exitcode or 0
        return signal.Signals(-code).name if code < 0 else f"status {code}"


def _serve(pipe: Connection, make: Callable[[], EditingEngine], level: int) -> None:
    """Answer calls until the other end is closed, by its death too."""
    logging.basicConfig(level=level, format="%(asctime)s %(name)s: %(message)s")
    _limit_threads()
    engine: EditingEngine | None = None
    with suppress(EOFError, OSError):
        while True:
            name, arguments = pipe.recv()
            try:
                if engine is None:
                    engine = make()
                    # An exception, so that a program that is being run and its folder do not stay behind.
                    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
                found = getattr(engine, name)
                answer = found(*arguments) if callable(found) else found
            except InputError as error:
                answer = error
            except Exception as error:
                answer = RuntimeError("".join(traceback.format_exception(error)))  # any other may not survive the way
            pipe.send(answer)


def _limit_threads() -> None:
    """Were PyTorch, NumPy or OpenCV to split every edit over all cores as well, the processes would wait in line."""
    import cv2
    import torch
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    threadpool_limits(1)
