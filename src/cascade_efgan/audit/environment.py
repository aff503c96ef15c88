"""Where a job runs: package versions and the machine, without anything that identifies a person or a place."""

import json
import os
import platform
import subprocess
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from cascade_efgan.orchestration.checkout import imported_sha256

#: Packages whose version can change a number.
PACKAGES = (
    *("torch", "numpy", "pandas", "scipy", "scikit-learn", "scikit-image", "opencv-python-headless", "pillow"),
    *("safetensors", "statsmodels", "efficientnet-lite-pytorch", "pytorch-fid", "snakemake"),
)

#: What a log line that holds the environment of its job starts with.
LOG_MARK = "environment "


def environment() -> dict[str, Any]:
    """Python, the imported code, packages of `PACKAGES`, processor, cores, GPUs; no host or user name."""
    packages = {}
    for name in PACKAGES:
        with suppress(PackageNotFoundError):
            packages[name] = version(name)
    # What the driver lists: torch is not imported for it, so that every job may ask.
    drivers = sorted(Path("/proc/driver/nvidia/gpus").glob("*/information"))
    processors = _values(Path("/proc/cpuinfo"), "model name")
    return {
        "code_sha256": imported_sha256(),
        "python": platform.python_version(),
        "packages": packages,
        "system": f"{platform.system()} {platform.machine()}",
        "processor": processors[0] if processors else platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "gpus": [model for path in drivers for model in _values(path, "Model:")],
    }


def _values(path: Path, key: str) -> list[str]:
    """What stands behind the colon of the lines that begin with a key; nothing of a file that cannot be read."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
    return [line.partition(":")[2].strip() for line in lines if line.startswith(key)]


def log_line() -> str:
    """The environment as one line for a job's log, which `from_log` reads back."""
    return LOG_MARK + json.dumps(environment(), sort_keys=True)


def from_log(path: Path) -> dict[str, Any] | None:
    """The environment that a job wrote to its log; None without a log, or without such a line in it."""
    if not path.is_file():
        return None
    with path.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            _, mark, text = line.partition(f": {LOG_MARK}")
            if mark:
                try:
                    return json.loads(text)
                except json.JSONDecodeError:
                    return None
    return None


def commit(sources: list[str]) -> dict[str, Any]:
    """The git commit of the working folder, and which of the source files differ from it.

    Args:
        sources: paths whose changes matter; others (a README, results) do not make numbers.

    Returns:
        `commit` (None outside a repository, or without git) and `changed`, the sources that differ from it.
    """
    head = _git("rev-parse", "HEAD")
    if head is None:
        return {"commit": None, "changed": []}
    changed = _git("status", "--porcelain", "--no-renames", "--untracked-files=all", "--", *sources) or ""
    return {"commit": head.strip(), "changed": sorted(line[3:].strip('"') for line in changed.splitlines())}


def _git(*words: str) -> str | None:
    try:
        done = subprocess.run(["git", *words], capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None
