"""Jobs of a record run again: numbers derived anew from the stored weights, and compared.

Training is not run again: `stage_names.DERIVED` names the stages that are. A record cannot make anything else run.
"""

import os
import random
import subprocess
import sys
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from tempfile import TemporaryDirectory

from cascade_efgan.audit.environment import environment
from cascade_efgan.audit.provenance import Job
from cascade_efgan.audit.release import RESULTS, SOURCES, Release
from cascade_efgan.audit.table_numbers import TableCell, table_cells
from cascade_efgan.errors import InputError
from cascade_efgan.evaluation.metric import Metric, read_metric
from cascade_efgan.files import sha256_file
from cascade_efgan.orchestration.stage_names import DERIVED

_MAIN = "from cascade_efgan.cli import main; main()"
#: What must agree for two runs to be expected to agree bit for bit.
SAME = ("python", "packages", "system", "processor", "gpus")


class JobError(InputError):
    """A job that ran again, and could not: what it reads does not fit together."""


@dataclass(frozen=True)
class Recomputed:
    """A number derived again.

    Attributes:
        value: what came out now; None where there came out none.
        allowed: how far apart the two may be here; 0 where this is the same machine and the same packages.
        differing: the files on the way, edits included, that are not the recorded ones bit for bit.
        jobs: what ran again.
    """

    cell: TableCell
    value: float | None
    allowed: float
    differing: list[str]
    jobs: list[Job]

    @property
    def holds(self) -> bool:
        """Whether the number is the table's: bit for bit, or within what another machine may change."""
        if self.value is None or (self.allowed == 0 and self.differing):
            return False
        # The CSV keeps six decimals.
        return abs(self.value - self.cell.value) <= max(self.allowed, 1e-6)


def choose_cells(release: Release, jobs: Iterable[Job], count: int, seed: int) -> tuple[list[TableCell], int]:
    """Some numbers of tables, drawn at random; a number of several tables is drawn once.

    Returns:
        Numbers that can be derived again, at most `count`; and how many of the tables cannot: those that a program
        outside the project read, such as OpenFace, or that a stage of older code made.
    """
    derived = {path for job in release.record.jobs if job.stage in DERIVED for path in job.outputs}
    every: dict[tuple[str, ...], TableCell] = {}
    for cell in (cell for job in jobs for cell in table_cells(release, job)):
        if cell.metrics:
            every.setdefault((*sorted(cell.metrics), cell.column), cell)
    cells = [cell for cell in every.values() if derived >= set(cell.metrics)]
    chosen = cells if count >= len(cells) else random.Random(seed).sample(cells, count)
    return chosen, len(every) - len(cells)


def recompute(release: Release, cells: Sequence[TableCell]) -> list[Recomputed]:
    """Derive numbers again from the weights, crops and classifiers that the release holds.

    Raises:
        InputError: a file is missing, or a job fails.
    """
    jobs = _derived_jobs(release, {path for cell in cells for path in cell.metrics})
    with TemporaryDirectory(prefix="efgan-audit-") as folder:
        try:
            replay(release, jobs, Path(folder))
        except InputError as error:
            raise InputError(f"{error}{release.code_hint(jobs)}") from None
        return [_compared(release, cell, Path(folder)) for cell in cells]


def _derived_jobs(release: Release, paths: Iterable[str]) -> list[Job]:
    return [job for job in release.record.chain(paths) if job.stage in DERIVED]


def _compared(release: Release, cell: TableCell, folder: Path) -> Recomputed:
    record = release.record
    values = [_shown(read_metric(folder / path), metric, cell) for path, metric in cell.metrics.items()]
    known = [value for value in values if value is not None]
    jobs = _derived_jobs(release, cell.metrics)
    made = [path for job in jobs for path in job.outputs]
    here = environment()
    environments = [record.environments.get(job.environment or record.run["environment"], {}) for job in jobs]
    same = all(then.get(name) == here.get(name) for then in environments for name in SAME)
    return Recomputed(
        cell=cell,
        value=fmean(known) if known and len(known) == len(values) else None,
        allowed=0.0 if same else tolerance(cell),
        differing=[path for path in made if sha256_file(folder / path) != record.files[path].sha256],
        jobs=jobs,
    )


def _shown(new: Metric, old: Metric, cell: TableCell) -> float | None:
    """The value that the cell shows: the metric's own, or the detail whose name begins as the column's key ends.

    Where no such detail is found, the change of the metric's own value stands for that of the detail.
    """
    if cell.column == old.name or new.value is None or old.value is None:
        return new.value
    detail = cell.column.removeprefix(f"{old.name}_")
    fits = [key for key in new.details if key.startswith(detail)]
    return float(new.details[fits[0]]) if len(fits) == 1 else cell.value + new.value - old.value


def tolerance(cell: TableCell) -> float:
    """How far another machine, or other package versions, may move a number; an assumption, not a measurement.

    Accuracies: two images. PSNR: 0.05 dB. AU intensities: 0.01. Distances and all else: 2 %.
    """
    if cell.unit == "%":
        return 200 / max(min(metric.n for metric in cell.metrics.values()), 1)
    if cell.unit == "dB":
        return 0.05
    if cell.unit.startswith("intensity"):
        return 0.01
    return 0.02 * abs(cell.value)


def replay(release: Release, jobs: Sequence[Job], folder: Path) -> None:
    """Run jobs again, with their recorded commands, in an empty folder.

    What they read is linked there from the release, what they write stays there, under the same paths.

    Args:
        jobs: in an order in which they can run; each of a stage in `DERIVED`.

    Raises:
        InputError: a command that is not plainly a job of such a stage.
        JobError: a job that fails.
    """
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
        if _leaves(word) or _leaves(word.partition("=")[2]):
            raise InputError(f"provenance.json: the command of job {job.id} leaves the folder of results: {word}")
    if any(map(_leaves, (*job.inputs, *job.outputs))):
        raise InputError(f"provenance.json: job {job.id} lists a file outside the folder of results")


def _leaves(path: str) -> bool:
    return Path(path).is_absolute() or ".." in Path(path).parts


def _link(release: Release, name: str, folder: Path) -> None:
    target = folder / name
    if target.exists():
        return
    if not name.startswith(RESULTS):
        with zipfile.ZipFile(release.folder / SOURCES) as packed:
            packed.extract(name, folder)
        return
    source = release.path(name)
    if not source.is_file():
        raise InputError(f"{source}: no such file; restore it (dvc pull), or run snakemake")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.symlink_to(source.absolute())


def _run(job: Job, folder: Path) -> None:
    # This package first, so that a job run elsewhere uses the same code as this process.
    places = [str(Path(__file__).parents[2]), *filter(None, [os.environ.get("PYTHONPATH")])]
    done = subprocess.run(
        [sys.executable, "-c", _MAIN, *job.words[1:]],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(places)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise JobError(f"job {job.id} could not be run again: {last}")
