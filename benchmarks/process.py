"""Worker processes as the benchmark holds them: started, called in turn, ended."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from typing import Any

from benchmarks.machine import REPOSITORY
from benchmarks.sides import Task
from cascade_efgan.devices import GLIBC_TUNABLES
from cascade_efgan.errors import InputError


class Worker:
    """One side's process, idle between calls."""

    def __init__(self, task: Task, threads: int) -> None:
        """Start it; `wait` until it is ready.

        Args:
            threads: CPU threads of its libraries.
        """
        self.task = task
        self.errors = tempfile.TemporaryFile("w+")  # noqa: SIM115 (`end` closes it)
        command = [sys.executable, "-m", "benchmarks.worker", json.dumps(asdict(task))]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors, text=True,
            env=environment(task, threads), cwd=REPOSITORY,
        )  # fmt: skip

    def wait(self) -> None:
        """Until the side is built; `memory_when_built` is its peak memory by then, in MiB.

        Raises:
            InputError: a checkout is missing, or the process died.
        """
        self.memory_when_built = float(self._answer()["ready"])

    def call(self, name: str) -> dict[str, Any]:
        """Let it do the named work once.

        Raises:
            InputError: the process died; the sentence holds its last words.
        """
        assert self.process.stdin is not None
        self.process.stdin.write(name + "\n")
        self.process.stdin.flush()
        return self._answer()

    def end(self) -> None:
        """Close its stdin, which ends it; kill it where it is busy."""
        assert self.process.stdin is not None and self.process.stdout is not None
        try:
            self.process.stdin.close()
            self.process.wait(timeout=5)
        except (BrokenPipeError, subprocess.TimeoutExpired):
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
        self.errors.close()

    def _answer(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            self.process.wait()
            self.errors.seek(0)
            words = self.errors.read().strip().splitlines() or ["it said nothing"]
            raise InputError(f"benchmark side {self.task.side} (batch {self.task.batch}) died: {words[-1]}")
        record: dict[str, Any] = json.loads(line)
        if "input_error" in record:
            raise InputError(record["input_error"])
        return record


@contextmanager
def workers(tasks: Mapping[str, Task], threads: int) -> Iterator[dict[str, Worker]]:
    """All sides of a comparison, ready and idle."""
    with ExitStack() as stack:
        started = {name: Worker(task, threads) for name, task in tasks.items()}
        for worker in started.values():
            stack.callback(worker.end)
        for worker in started.values():
            worker.wait()
        yield started


def environment(task: Task, threads: int) -> dict[str, str]:
    """The environment of a side: so many threads, no GPU in sight for measurements on the CPU, ours as a job's."""
    values = dict(os.environ)
    values |= dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), str(threads))
    if task.device == "cpu":
        values["CUDA_VISIBLE_DEVICES"] = ""
    if task.side.startswith("our_"):
        values["GLIBC_TUNABLES"] = GLIBC_TUNABLES
    return values
