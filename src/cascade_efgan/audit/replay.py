"""Run recorded jobs again in a temporary copy of a release, without its record being able to run anything else."""

import os
import subprocess
import sys
import zipfile
from collections.abc import Iterable
from pathlib import Path

from cascade_efgan.audit.provenance import Job
from cascade_efgan.audit.release import RESULTS, SOURCES, Release
from cascade_efgan.errors import InputError
from cascade_efgan.orchestration.stage_names import DERIVED

_MAIN = "from cascade_efgan.cli import main; main()"


class JobError(InputError):
    """A job that ran again, and could not: what it reads does not fit together."""


def replay(release: Release, jobs: Iterable[Job], folder: Path) -> None:
    """Run jobs again, with their recorded commands, in an empty folder.

    What they read is linked there from the release, what they write stays there, under the same paths.

    Args:
        jobs: in an order in which they can run; each of a stage in `DERIVED`.

    Raises:
        InputError: a command that is not plainly a job of such a stage.
        JobError: a job that fails.
    """
    jobs = list(jobs)
    made = {path for job in jobs for path in job.outputs}
    for job in jobs:
        _check(job)
        for name in job.inputs:
            if name not in made:
                _link(release, name, folder)
    for job in jobs:
        for name in job.outputs:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
        _run(job, folder)


def _check(job: Job) -> None:
    """Refuse what is no job of the replayed stages, and words that lead out of the folder."""
    if job.stage not in DERIVED:
        raise InputError(f"provenance.json: job {job.id} is no job of the stages {', '.join(sorted(DERIVED))}")
    for word in job.words:
        for part in (word, word.partition("=")[2]):
            if Path(part).is_absolute() or ".." in Path(part).parts:
                raise InputError(f"provenance.json: the command of job {job.id} leaves the folder of results: {word}")
    paths = [*job.inputs, *job.outputs]
    if any(Path(path).is_absolute() or ".." in Path(path).parts for path in paths):
        raise InputError(f"provenance.json: job {job.id} lists a file outside the folder of results")


def _link(release: Release, name: str, folder: Path) -> None:
    target = folder / name
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.exists():
        return
    if not name.startswith(RESULTS):
        with zipfile.ZipFile(release.folder / SOURCES) as packed:
            packed.extract(name, folder)
        return
    source = release.path(name)
    if not source.is_file():
        raise InputError(f"{source}: no such file; restore it (dvc pull), or run snakemake")
    target.symlink_to(source.absolute())


def _run(job: Job, folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _MAIN, *job.words[1:]],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": _module_path()},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise JobError(f"job {job.id} could not be run again: {last}")


def _module_path() -> str:
    """This package first, so that a job run elsewhere uses the same code as this process."""
    here = str(Path(__file__).parents[2])
    return os.pathsep.join([here, *filter(None, [os.environ.get("PYTHONPATH")])])
