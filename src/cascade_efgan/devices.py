"""Where PyTorch computes, and with how many threads."""

import ctypes
import fcntl
import logging
import os
import re
import subprocess
import tempfile
import time
from collections.abc import Mapping
from itertools import product, takewhile
from pathlib import Path
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    import torch

log = logging.getLogger("efgan")

#: Seconds between two attempts to get a free GPU.
SLOT_SECONDS = 0.5

#: glibc's malloc.h: no block has a mapping of its own; the heap's end is never given back; one heap for all threads.
_M_MMAP_MAX, _M_TRIM_THRESHOLD, _M_ARENA_MAX = -4, -1, -8
#: For the environment of a job, because glibc reads it as a process starts: remainders of a few bytes beside a tensor
#: are not kept for small objects. Else a freed tensor's place is soon too small for the next one of the same size.
GLIBC_TUNABLES = "glibc.malloc.tcache_count=0:glibc.malloc.mxfast=0"

_jobs_per_gpu = 1
#: The lock file of this process's GPU, open until the process ends.
_slot: IO[bytes] | None = None


def limit_threads(threads: int) -> None:
    """Use `threads` CPU threads in NumPy, OpenCV and PyTorch; call it before any of them is imported."""
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = str(threads)


def keep_memory() -> None:
    """Let this process keep memory that it frees, for its next tensors. Not for libraries: it is the whole process's.

    glibc gives a freed block above 32 MiB back to the system, and the kernel fills each page of the next one with
    zeros: at the paper's widths that was up to half of a training step on a CPU. Without glibc nothing changes.
    """
    if mallopt := getattr(ctypes.CDLL(None), "mallopt", None):
        for option, value in ((_M_MMAP_MAX, 0), (_M_TRIM_THRESHOLD, 2**31 - 1), (_M_ARENA_MAX, 1)):
            mallopt(option, value)


def share_gpus(jobs: int) -> None:
    """Let up to `jobs` processes use one GPU at the same time; call it before `pick_device`."""
    global _jobs_per_gpu
    _jobs_per_gpu = jobs


def pick_device() -> "torch.device":
    """A free GPU where there is one, else the CPU (with one line in the log).

    Waits while every GPU has its share of jobs. The GPU is this process's until it ends. Call it before anything
    else uses CUDA, which reads CUDA_VISIBLE_DEVICES only once.
    """
    take_gpu()
    return taken_device()


def take_gpu() -> None:
    """Wait for a free GPU, where there is any, and take it for this process and those that it starts from now on."""
    global _slot
    gpus = visible_gpus()
    if gpus and _slot is None:
        _slot, gpu = wait_for_slot(gpus, _jobs_per_gpu)
        os.environ["CUDA_VISIBLE_DEVICES"] = gpu
        log.info("GPU %s", gpu)


def taken_device() -> "torch.device":
    """The GPU that this process or the one that started it has taken, where PyTorch can use it, else the CPU."""
    global _slot
    import torch

    if torch.cuda.is_available():
        return torch.device("cuda")
    if _slot is not None:
        log.warning("PyTorch cannot use GPU %s: check the driver", os.environ["CUDA_VISIBLE_DEVICES"])
        _slot.close()
        _slot = None
    log.info("no GPU found: running on the CPU with %d threads", torch.get_num_threads())
    return torch.device("cpu")


def visible_gpus() -> dict[str, str]:
    """GPUs that this process may use: the word for CUDA_VISIBLE_DEVICES -> a name that is the same in every process.

    Where a cluster has set CUDA_VISIBLE_DEVICES, only the devices in it. The names are UUIDs where nvidia-smi reports
    them, because a cluster may show every job its own device as number 0.
    """
    installed = _installed_gpus()
    chosen = os.environ.get("CUDA_VISIBLE_DEVICES")
    if chosen is None or not installed:
        return {name: name for name in installed}
    # CUDA, too, sees nothing of what follows a word that names no device.
    words = takewhile(lambda word: word not in ("", "-1"), map(str.strip, chosen.split(",")))
    return {word: installed[int(word)] if word.isdigit() and int(word) < len(installed) else word for word in words}


def wait_for_slot(gpus: Mapping[str, str], jobs: int) -> tuple[IO[bytes], str]:
    """Wait for a free place on a GPU and take it.

    A place is a file with a lock, which the kernel releases when its process dies, however it dies; in a folder that
    is local to the machine, as its GPUs are, and to the user. First the first places of all GPUs are tried, then the
    second ones: jobs spread before they share.

    Args:
        gpus: word for CUDA_VISIBLE_DEVICES -> name, as `visible_gpus` gives them.
        jobs: places a GPU.

    Returns:
        The locked file, to be kept open as long as the GPU is used; the word of the GPU.
    """
    folder = Path(tempfile.gettempdir()) / f"efgan-gpu-slots-{os.getuid()}"
    folder.mkdir(parents=True, exist_ok=True)
    waiting = False
    while True:
        for place, (word, name) in product(range(jobs), gpus.items()):
            file = (folder / f"{name.replace('/', '_')}.{place}").open("ab")
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return file, word
            except BlockingIOError:
                file.close()
        if not waiting:
            log.info("waiting for a GPU: all %d places on %d GPUs are taken", jobs * len(gpus), len(gpus))
            waiting = True
        time.sleep(SLOT_SECONDS)


def _installed_gpus() -> list[str]:
    """UUIDs of the machine's GPUs (or parts of them, under MIG), else their numbers; asked without starting CUDA."""
    try:
        text = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True, timeout=60, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        if not any(file for name in ("nvidia*", "kfd", "dxg") for file in Path("/dev").glob(name)):
            return []  # PyTorch, which takes seconds to import, would find none either
        import torch

        return [str(number) for number in range(torch.cuda.device_count())]
    return re.findall(r"UUID: (MIG-[^)]+)\)", text) or re.findall(r"UUID: (GPU-[^)]+)\)", text)


def wants_bfloat16(precision: str, device: "torch.device") -> bool:
    """Whether convolutions run in bfloat16: as set, or with `auto` where the processor has it natively.

    A CPU without avx512_bf16 or AMX emulates bfloat16, slower than float32.
    """
    import torch

    if precision != "auto":
        return precision == "bfloat16"
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())
