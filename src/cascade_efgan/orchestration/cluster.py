"""What the workflow needs to know of clusters: jobs that a killed run left behind on Slurm, the image of a container.

A run that ends by itself, by Ctrl-C included, cancels its jobs. One that is killed (`kill -9`, a login node that
restarts) cannot, and the run that follows it would submit the same jobs once more: two jobs would write one file.
"""

import subprocess
import time
from pathlib import Path

from cascade_efgan.errors import InputError
from cascade_efgan.orchestration.run_lock import other_runs

#: Slurm jobs of the workflow are called PREFIX_RUN: `slurm-jobname-prefix` in profiles/slurm.
PREFIX = "efgan_"
#: What `apptainer build` of the Dockerfile makes.
BUILT_IMAGE = "efgan.sif"


def left_behind(folder: Path) -> list[str]:
    """Ids of the user's jobs of this workflow and folder that wait, run or end.

    Raises:
        InputError: `squeue` is missing or does not answer.
    """
    words = ["squeue", "--me", "--noheader", "--format", "%i|%j|%Z"]
    try:
        listing = subprocess.run(words, capture_output=True, text=True, timeout=120, check=True).stdout
    except (OSError, subprocess.SubprocessError) as error:
        reason = getattr(error, "stderr", None) or error
        raise InputError(f"squeue: {str(reason).strip()}; run the workflow where Slurm's commands work") from None
    rows = [line.split("|", 2) for line in listing.splitlines() if line.count("|") >= 2]
    return [job for job, name, place in rows if name.startswith(PREFIX) and Path(place) == folder.resolve()]


def cancel_left_behind(folder: Path, patience: float = 300) -> list[str]:
    """Cancel the jobs that a killed run left behind, wait until they have ended (training saves first), give their ids.

    Nothing is cancelled while another run of the folder is at work: Snakemake lets two make different files, and
    their jobs look the same.

    Raises:
        InputError: Slurm does not answer, or a job does not end within `patience` seconds.
    """
    if other_runs(folder / ".snakemake"):
        return []
    found = remaining = left_behind(folder)
    if found:
        subprocess.run(["scancel", *found], check=False, timeout=120)
    deadline = time.monotonic() + patience
    while remaining:
        if time.monotonic() > deadline:
            raise InputError(
                f"Slurm jobs {', '.join(remaining)} of an earlier run do not end; wait until squeue lists them no more"
            )
        time.sleep(1)
        remaining = left_behind(folder)
    return found


def apptainer_image(name: str | None, contained: bool) -> str | None:
    """The image of the Dockerfile that jobs run in, as apptainer takes it.

    Args:
        name: `registry/efgan:1` (as Kubernetes takes it), `docker://...`, a file, or None: `efgan.sif` in this folder.
        contained: whether jobs run in containers at all. Without any image only OpenFace does.
    """
    if not name:
        return None if contained and not Path(BUILT_IMAGE).is_file() else BUILT_IMAGE
    return name if "://" in name or name.endswith((".sif", ".simg")) else f"docker://{name}"
