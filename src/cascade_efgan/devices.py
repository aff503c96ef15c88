"""Where PyTorch computes, and with how many threads."""

import logging
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


def limit_threads(threads: int) -> None:
    """Use `threads` CPU threads in NumPy, OpenCV and PyTorch; call it before any of them is imported."""
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = str(threads)


def pick_device() -> "torch.device":
    """The GPU where there is one, else the CPU (with one line in the log)."""
    import torch

    if torch.cuda.is_available():
        return torch.device("cuda")
    logging.getLogger("efgan").info("no GPU found: running on the CPU with %d threads", torch.get_num_threads())
    return torch.device("cpu")


def wants_bfloat16(precision: str, device: "torch.device") -> bool:
    """Whether convolutions run in bfloat16: as told, or with `auto` where the processor has it natively.

    A CPU without avx512_bf16 or AMX emulates bfloat16, slower than float32.
    """
    import torch

    if precision != "auto":
        return precision == "bfloat16"
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())
