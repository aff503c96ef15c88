"""What a measurement was made on: processor, memory, library versions, and this project's commit."""

import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).parents[1]

#: Processor flags that decide how fast bfloat16 and float32 are.
FLAGS = ("avx2", "avx512f", "avx512_bf16", "amx_bf16", "amx_tile")


def describe_machine(device: str) -> dict[str, Any]:
    """Processor model, cores at hand, flags, memory in GiB and, on a GPU, its name."""
    cpu = _processor()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    present = cpu.get("flags", "").split()
    about: dict[str, Any] = {
        "cpu": cpu.get("model name", platform.processor() or platform.machine()),
        "cores": cores(),
        "flags": [flag for flag in FLAGS if flag in present],
        "memory_gib": round(memory / 2**30, 1),
    }
    if device == "cuda":
        import torch

        about["gpu"] = torch.cuda.get_device_name()
    return about


def describe_software() -> dict[str, str]:
    """Versions that decide speed, and the commit of this project."""
    packages = {name: version(name) for name in ("torch", "numpy", "scipy")}
    return {"python": platform.python_version(), **packages, "commit": own_commit()}


def cores() -> int:
    """CPU cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def own_commit() -> str:
    """This repository's commit, with `+changes` where source files differ from it; `unknown` without git."""
    head = git(REPOSITORY, "rev-parse", "HEAD")
    if head is None:
        return "unknown"
    return head + ("+changes" if git(REPOSITORY, "status", "--porcelain", "--", "src", "benchmarks/*.py") else "")


def git(folder: Path, *words: str) -> str | None:
    """What a git command prints in a folder; None where it fails or git is missing."""
    try:
        # A folder of another owner (a mounted checkout) is read all the same: nothing of it is executed by git.
        command = ["git", "-c", f"safe.directory={folder.resolve()}", "-C", str(folder), *words]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return None


def _processor() -> dict[str, str]:
    """What /proc/cpuinfo says of the last processor; empty where it is missing."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return {}
    pairs = (line.partition(":") for line in lines)
    return {name.strip(): value.strip() for name, _, value in pairs}
