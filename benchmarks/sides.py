"""What is measured, as a worker process sees it: a side has methods that do work once; `call` returns its lap."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.measure import Stopwatch, record

#: Side of the images, pixels, and number of AUs: the paper's (Sec. 4.1).
SIZE, AUS = 128, 17

#: Discriminator steps per generator step: the default of both peers and of this project.
N_CRITIC = 5


@dataclass(frozen=True)
class Task:
    """Work of one side, small enough for a command line.

    Attributes:
        side: key of `worker.SIDES`.
        device: cpu or cuda.
        batch: batch size.
        precision: float32 or bfloat16; peers know float32 only.
        method: this project's method, for its own sides.
        every: iterations per training repeat, one of which steps the generator too.
        weights: Inception's weights file, for FID.
        pictures: folder of `real/`, `edits/`, `real.npy` and `edits.npy`, for FID.
        full: FID of all pictures as a user runs it, instead of its parts.
    """

    side: str
    device: str
    batch: int
    precision: str = "float32"
    method: str = ""
    every: int = 1
    weights: str = ""
    pictures: str = ""
    full: bool = False


class Side:
    """One side of a comparison, built in its own process.

    Its methods do one thing each: `_repeat` an edit or a training cycle; for FID make `_features` of the next batch,
    `_statistics` and `_distance` at full size, the `_value` of the pictures, or the `_whole`.
    """

    def __init__(self, task: Task) -> None:
        self.task = task

    def call(self, name: str) -> dict[str, Any]:
        """Do the named work once: its lap, and what the method says besides."""
        stopwatch = Stopwatch(self.task.device)
        stopwatch.tick()
        extra = getattr(self, f"_{name}")()
        stopwatch.tick()
        return {**record(stopwatch.laps()[0]), **(extra or {})}


class TrainingSide(Side):
    """Seconds per optimiser iteration, averaged over a cycle of `N_CRITIC` iterations.

    Every iteration steps the discriminators, one in a cycle the generator too. A tick between these two steps gives
    both times, so that a single iteration stands for the cycle: discriminators + generator / `N_CRITIC`.
    """

    #: Position of the iteration with a generator step in a cycle.
    generator_at = -1

    def __init__(self, task: Task) -> None:
        super().__init__(task)
        self.stopwatch, self.done = Stopwatch(task.device), 0

    def loop(self, iterations: int) -> None:
        """Run a cycle of that many iterations; tick before each and at the end."""
        raise NotImplementedError

    def split(self, discriminators: Any) -> None:
        """Tick after the discriminators' step of an iteration whose generator step follows.

        Args:
            discriminators: their `torch.optim.Optimizer`; PyTorch calls back after its step.
        """
        discriminators.register_step_post_hook(lambda *_: self.after_discriminators())

    def after_discriminators(self) -> None:
        """Count the iteration; tick where a generator step follows."""
        if self.done == self.generator_at % self.task.every:
            self.stopwatch.tick()
        self.done += 1

    def _repeat(self) -> dict[str, float]:
        """One cycle: its mean in place of the lap that was measured, and the seconds of both kinds of steps."""
        self.stopwatch, self.done = Stopwatch(self.task.device), 0
        self.loop(self.task.every)
        laps = self.stopwatch.laps()
        at = self.generator_at % self.task.every + 1
        generator = laps[at]
        discriminators = (laps.sum(0) - generator) / self.task.every
        both = {"discriminators": round(float(discriminators[0]), 6), "generator": round(float(generator[0]), 6)}
        return {**record(discriminators + generator / N_CRITIC), **both}


class Feed:
    """Stands in for a data loader: ready batches, and a tick before each."""

    def __init__(self, batches: Sequence[Any], stopwatch: Stopwatch, count: int) -> None:
        self.batches, self.stopwatch, self.count = batches, stopwatch, count

    def __len__(self) -> int:
        """Number of batches."""
        return self.count

    def __iter__(self) -> Iterator[Any]:
        """The batches in turn, over and over."""
        for number in range(self.count):
            self.stopwatch.tick()
            yield self.batches[number % len(self.batches)]
