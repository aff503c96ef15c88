"""Laps of wall and CPU time, what others took meanwhile, and a process's peak memory."""

import os
import resource
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise


@dataclass(frozen=True)
class Lap:
    """One timed stretch.

    Attributes:
        seconds: wall time.
        cpu_seconds: CPU time of this process, all threads.
        other_cpu_seconds: CPU time of everybody else on the machine; 0 where /proc/stat is missing.
    """

    seconds: float
    cpu_seconds: float
    other_cpu_seconds: float

    def to_json(self) -> dict[str, float]:
        """The three times, to microseconds."""
        return {name: round(value, 6) for name, value in asdict(self).items()}


def blend(laps: Sequence[Lap], weights: Sequence[float]) -> Lap:
    """Weighted sum of laps: a mean where the weights sum to 1."""
    pairs = list(zip(laps, weights, strict=True))
    return Lap(
        sum(lap.seconds * weight for lap, weight in pairs),
        sum(lap.cpu_seconds * weight for lap, weight in pairs),
        sum(lap.other_cpu_seconds * weight for lap, weight in pairs),
    )


def mean(laps: Sequence[Lap]) -> Lap:
    """Mean of laps."""
    return blend(laps, [1 / len(laps)] * len(laps))


class Stopwatch:
    """Laps between ticks; on a GPU each tick waits for the work given out before it."""

    def __init__(self, device: str) -> None:
        self.device = device
        self.ticks: list[tuple[float, float, float]] = []

    def tick(self) -> None:
        """End a lap and begin the next."""
        if self.device == "cuda":
            import torch

            torch.cuda.synchronize()
        self.ticks.append((time.perf_counter(), time.process_time(), machine_busy_seconds()))

    def laps(self) -> list[Lap]:
        """The laps since the first tick."""
        laps = []
        for before, after in pairwise(self.ticks):
            wall, own, all_busy = (late - early for early, late in zip(before, after, strict=True))
            laps.append(Lap(wall, own, max(0.0, all_busy - own)))
        return laps


def machine_busy_seconds() -> float:
    """CPU seconds that the whole machine has worked since it started; 0 where /proc/stat is missing."""
    try:
        with open("/proc/stat", encoding="ascii") as file:
            fields = [int(word) for word in file.readline().split()[1:]]
    except OSError:
        return 0.0
    user_nice_system, irq_softirq_steal = sum(fields[:3]), sum(fields[5:8])
    return (user_nice_system + irq_softirq_steal) / os.sysconf("SC_CLK_TCK")


def peak_memory_mib(device: str) -> float:
    """Peak memory of this process in MiB, whole KiB: resident, or on a GPU what PyTorch allocated there."""
    if device == "cuda":
        import torch

        return torch.cuda.max_memory_allocated() / 2**20
    try:
        # Not ru_maxrss: it begins with the memory of the process that started this one.
        with open("/proc/self/status", encoding="ascii") as file:
            kib = next(int(line.split()[1]) for line in file if line.startswith("VmHWM:"))
    except (OSError, StopIteration):
        kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return kib / 1024
