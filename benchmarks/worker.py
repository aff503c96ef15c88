"""A side in a process of its own: `python -m benchmarks.worker JSON`; calls come by stdin, records go to stdout.

The public codes' module names clash with each other, and peak memory is a process's: hence one process a side.
"""

import json
import os
import pkgutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from typing import Any, TextIO

from benchmarks.machine import REPOSITORY
from benchmarks.measure import peak_memory_mib
from benchmarks.peers import PEER_OF
from benchmarks.peers.checkout import find_checkout
from benchmarks.sides import Side, Task
from cascade_efgan.devices import GLIBC_TUNABLES, keep_memory
from cascade_efgan.errors import InputError

#: The class of every side; it is imported where it runs, and only there.
SIDES = {
    "our_training": "benchmarks.ours:OurTraining",
    "our_generation": "benchmarks.ours:OurGeneration",
    "our_fid": "benchmarks.ours:OurFid",
    "stargan_training": "benchmarks.peers.stargan:StarGANTraining",
    "replicate_training": "benchmarks.peers.ganimation_replicate:ReplicateTraining",
    "replicate_generation": "benchmarks.peers.ganimation_replicate:ReplicateGeneration",
    "pytorch_fid": "benchmarks.peers.pytorch_fid:PytorchFid",
}


class Worker:
    """One side's process, idle between calls; its stack ends it.

    Args:
        threads: CPU threads of its libraries.
    """

    def __init__(self, task: Task, threads: int, stack: ExitStack) -> None:
        self.task = task
        self.errors = stack.enter_context(tempfile.TemporaryFile("w+"))  # noqa: SIM115 (the stack closes it)
        command = [sys.executable, "-m", "benchmarks.worker", json.dumps(asdict(task))]
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors, text=True,
            env=environment(task, threads), cwd=REPOSITORY,
        )  # fmt: skip
        self.process = stack.enter_context(process)
        stack.callback(process.kill)

    def call(self, name: str) -> dict[str, Any]:
        """Let it do the named work once.

        Raises:
            InputError: the process died; the sentence holds its last words.
        """
        assert self.process.stdin is not None
        self.process.stdin.write(name + "\n")
        self.process.stdin.flush()
        return self.answer()

    def answer(self) -> dict[str, Any]:
        """Its next record; the first says `ready` with its peak memory in MiB when it was built.

        Raises:
            InputError: a checkout is missing, or the process died.
        """
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
    """All sides of a comparison, as they start; each is ready once it has answered."""
    with ExitStack() as stack:
        yield {name: Worker(task, threads, stack) for name, task in tasks.items()}


def environment(task: Task, threads: int) -> dict[str, str]:
    """The environment of a side: so many threads, no GPU in sight for measurements on the CPU, ours as a job's."""
    values = dict(os.environ)
    values |= dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), str(threads))
    if task.device == "cpu":
        values["CUDA_VISIBLE_DEVICES"] = ""
    if task.side.startswith("our_"):
        values["GLIBC_TUNABLES"] = GLIBC_TUNABLES
    return values


def build(task: Task) -> Side:
    """The side of a task, in this process."""
    if task.side in PEER_OF:
        find_checkout(PEER_OF[task.side]).let_import()
    else:
        keep_memory()  # as `efgan` does
    return pkgutil.resolve_name(SIDES[task.side])(task)


def own_channel() -> TextIO:
    """Keep stdout for records: whatever a peer prints goes to stderr."""
    channel = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    return channel


def main() -> None:
    """Build the side, say so, then answer each line of stdin with one line of JSON until stdin ends."""
    channel = own_channel()
    task = Task(**json.loads(sys.argv[1]))
    try:
        side = build(task)
    except InputError as error:
        print(json.dumps({"input_error": str(error)}), file=channel, flush=True)
        sys.exit(2)
    print(json.dumps({"ready": peak_memory_mib(task.device)}), file=channel, flush=True)
    for line in sys.stdin:
        name = line.strip()
        record = {"peak_memory_mib": peak_memory_mib(task.device)} if name == "memory" else side.call(name)
        print(json.dumps(record), file=channel, flush=True)


if __name__ == "__main__":
    main()
