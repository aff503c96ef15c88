"""Laps of wall and CPU time, what others took meanwhile, and a process's peak memory."""

import os
import resource
import time

import numpy as np


def record(lap: np.ndarray) -> dict[str, float]:
    """A lap by names, to microseconds."""
    names = ("seconds", "cpu_seconds", "other_cpu_seconds")
    return dict(zip(names, lap.round(6).tolist(), strict=True))


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

    def laps(self) -> np.ndarray:
        """The laps since the first tick `(n, 3)`: wall time, CPU time of this process, and of everybody else.

        The last is 0 where /proc/stat is missing.
        """
        wall, own, everybody = np.diff(self.ticks, axis=0).T
        return np.stack([wall, own, np.maximum(everybody - own, 0)], axis=1)


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
