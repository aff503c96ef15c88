"""The engine in processes of its own: a photograph that ends one, by a fault in a library, ends no other request."""

import logging
import multiprocessing
import signal
import threading
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from typing import Any

import numpy as np

from cascade_efgan.app.engine import Download, Engine, OpenedPhotograph, Shown, Wish, WorkerDiedError
from cascade_efgan.errors import InputError

log = logging.getLogger("efgan.app")

#: A server that has imported the libraries forks each process: in a moment, and with their memory in common.
_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["cascade_efgan.app.editing_engine", "torch", "mediapipe", "threadpoolctl"])

#: How long a process may take to end before it is killed, seconds: a program that it runs is then ended too.
_PATIENCE = 0.5

_NO_PICTURE = np.zeros((0, 0, 3), dtype=np.uint8)


class ProcessEngine:
    """Implements `Engine` with as many processes as threads call it at once, each with an engine of its own."""

    def __init__(self, make: Callable[[], Engine]) -> None:
        """Start the first process; `make`, which can be pickled, makes the engine in each.

        Raises:
            InputError: as `make`.
        """
        self._make = make
        self._lock = threading.Lock()
        self._all: set[_Process] = set()
        self._idle: list[_Process] = []
        self._closed = False
        self.description: str = self._call("description")
        self.caution: str = self._call("caution")
        self.expressions: Mapping[str, np.ndarray] = self._call("expressions")

    def open(self, data: bytes) -> OpenedPhotograph:
        """Read an upload and find its faces."""
        return replace(self._call("open", data), data=data)

    def show_faces(self, wanted: Sequence[tuple[OpenedPhotograph, Wish]]) -> Sequence[Shown]:
        """The picture of each wish's face, edited, with an attention map and the network's output per step."""
        lone = [(replace(photo, preview=_NO_PICTURE, faces=[photo.faces[wish.face]]), wish) for photo, wish in wanted]
        return self._call("show_faces", [(_without_files(photo), wish._replace(face=0)) for photo, wish in lone])

    def show_photograph(self, photograph: OpenedPhotograph, wishes: Sequence[Wish]) -> Shown:
        """The preview with all wishes done."""
        return self._call("show_photograph", _without_files(photograph), wishes)

    def download(self, photograph: OpenedPhotograph, wishes: Sequence[Wish]) -> Download:
        """The full-size photograph with all wishes done."""
        return self._call("download", replace(_without_files(photograph), data=photograph.data), wishes)

    def animate(self, photograph: OpenedPhotograph, wishes: Sequence[Wish], whole: bool) -> Download:
        """A GIF to the wishes and back."""
        return self._call("animate", _without_files(photograph), wishes, whole)

    def edit_file(self, data: bytes, expression: str, intensity: float) -> Download:
        """An upload with all its faces edited to one expression."""
        return self._call("edit_file", data, expression, intensity)

    def close(self) -> None:
        """End the processes, at work or not."""
        with self._lock:
            self._closed, processes = True, set(self._all)
        for step in (_Process.terminate, _Process.end):  # all are asked before the first is waited for
            for process in processes:
                step(process)

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
            self._give_back(process)

    def _take(self) -> "_Process":
        with self._lock:
            if self._closed:
                raise WorkerDiedError
            while self._idle:
                if (process := self._idle.pop()).alive:
                    return process
                self._all.discard(process)  # it ended while nobody used it
            process = _Process(self._make, logging.WARNING if self._all else logging.INFO)
            self._all.add(process)
            return process

    def _give_back(self, process: "_Process") -> None:
        with self._lock:
            if process.alive:
                self._idle.append(process)
            else:
                self._all.discard(process)


class _Process:
    """One process with an engine, for one caller at a time."""

    def __init__(self, make: Callable[[], Engine], level: int) -> None:
        self._pipe, theirs = _CONTEXT.Pipe()
        self._process = _CONTEXT.Process(target=_serve, args=(theirs, make, level), daemon=True)
        with _without_interrupts():
            self._process.start()
        theirs.close()

    @property
    def alive(self) -> bool:
        return self._process.is_alive()

    def call(self, name: str, arguments: Sequence[object]) -> Any:
        try:
            self._pipe.send((name, arguments))
            answer = self._pipe.recv()
        except (EOFError, OSError):
            raise WorkerDiedError from None
        if isinstance(answer, Exception):
            raise answer
        return answer

    def terminate(self) -> None:
        self._process.terminate()

    def end(self) -> str:
        """Wait a moment for its end, then kill it; how it ended, for the log."""
        self._process.join(_PATIENCE)
        self._process.kill()
        self._process.join()
        code = self._process.exitcode or 0
        return signal.Signals(-code).name if code < 0 else f"status {code}"


@contextmanager
def _without_interrupts() -> Iterator[None]:
    """What is started here takes no Ctrl-C, which a terminal sends to every process: this one ends the others."""
    resource_tracker.ensure_running()  # its start would end the block
    former = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, former)


def _without_files(photograph: OpenedPhotograph) -> OpenedPhotograph:
    """The photograph without its files, which only the page and `download` need: they are not sent about."""
    faces = [replace(face, crop_file=b"", picture_file=b"") for face in photograph.faces]
    return replace(photograph, data=b"", preview_file=b"", faces=faces)


def _serve(pipe: Connection, make: Callable[[], Engine], level: int) -> None:
    """Answer calls until the other end is closed, by its death too."""
    logging.basicConfig(level=level, format="%(asctime)s %(name)s: %(message)s")
    _limit_threads()
    engine: Engine | None = None
    with suppress(EOFError, OSError):
        while True:
            name, arguments = pipe.recv()
            try:
                if engine is None:
                    engine = make()
                    # An exception, so that a program that is being run and its folder do not stay behind.
                    signal.signal(signal.SIGTERM, _leave)
                found = getattr(engine, name)
                answer = found(*arguments) if callable(found) else found
            except InputError as error:
                answer = error
            except Exception as error:
                answer = RuntimeError("".join(traceback.format_exception(error)))  # any other may not survive the way
            pipe.send(replace(answer, data=b"") if isinstance(answer, OpenedPhotograph) else answer)


def _leave(*_: object) -> None:
    raise SystemExit(0)


def _limit_threads() -> None:
    """Were PyTorch, NumPy or OpenCV to split every edit over all cores as well, the processes would wait in line."""
    import cv2
    import torch
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    threadpool_limits(1)
