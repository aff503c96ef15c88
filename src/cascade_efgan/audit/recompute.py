"""Numbers derived again from the stored weights: edits generated again, measured again, and compared."""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from tempfile import TemporaryDirectory
from typing import Any

from cascade_efgan.audit.checks import code_hint
from cascade_efgan.audit.environment import environment
from cascade_efgan.audit.provenance import Job
from cascade_efgan.audit.release import Release
from cascade_efgan.audit.replay import replay
from cascade_efgan.audit.table_numbers import TableCell, table_cells, table_jobs
from cascade_efgan.errors import InputError
from cascade_efgan.evaluation.metric import Metric, read_metric
from cascade_efgan.files import sha256_file
from cascade_efgan.orchestration.stage_names import DERIVED

#: What must agree for two runs to be expected to agree bit for bit.
SAME = ("python", "packages", "system", "processor", "gpus")


@dataclass(frozen=True)
class Recomputed:
    """A number derived again.

    Attributes:
        value: what came out now; None where there came out none.
        allowed: how far apart the two may be here; 0 where this is the same machine and the same packages.
        same_files: whether every file on the way, edits included, is the recorded one bit for bit.
        differing: the files that are not.
    """

    cell: TableCell
    value: float | None
    allowed: float
    same_files: bool
    differing: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether the number is the table's: bit for bit, or within what another machine may change."""
        if self.value is None or (self.allowed == 0 and not self.same_files):
            return False
        # The CSV keeps six decimals.
        return abs(self.value - self.cell.value) <= max(self.allowed, 1e-6)


def choose_cells(release: Release, jobs: Sequence[Job] | None, count: int, seed: int) -> list[TableCell]:
    """Some numbers of some tables (None: of all), drawn at random; a number of several tables is drawn once.

    Only numbers that can be derived again: not those that a program outside the project read, such as OpenFace.
    """
    every: dict[tuple[str, ...], TableCell] = {}
    for job in table_jobs(release.record) if jobs is None else jobs:
        for cell in table_cells(release, job):
            if cell.metrics and all(_is_replayed(release, path) for path in cell.metrics):
                every.setdefault((*sorted(cell.metrics), cell.column), cell)
    cells = list(every.values())
    return cells if count >= len(cells) else random.Random(seed).sample(cells, count)


def _is_replayed(release: Release, path: str) -> bool:
    job = release.record.maker.get(path)
    return job is not None and job.stage in DERIVED


def recompute(release: Release, cells: Iterable[TableCell]) -> list[Recomputed]:
    """Derive numbers again from the weights, crops and classifiers that the release holds.

    Training is not run again: `stage_names.DERIVED` names the stages that are.

    Raises:
        InputError: a file is missing, or a job fails.
    """
    cells = list(cells)
    behind = {path for cell in cells for path in cell.metrics}
    jobs = [job for job in release.record.chain(behind) if job.stage in DERIVED]
    with TemporaryDirectory(prefix="efgan-audit-") as folder:
        try:
            replay(release, jobs, Path(folder))
        except InputError as error:
            raise InputError(f"{error}{code_hint(release, jobs)}") from None
        return [_compared(release, cell, Path(folder)) for cell in cells]


def _compared(release: Release, cell: TableCell, folder: Path) -> Recomputed:
    values = []
    for path, metric in cell.metrics.items():
        new = read_metric(folder / path)
        # A column may show a detail of the metric (see `cells`): then the difference of the two is what counts.
        values.append(_shown(new, metric, cell))
    jobs = [job for job in release.record.chain(cell.metrics) if job.stage in DERIVED]
    made = [path for job in jobs for path in job.outputs]
    differing = tuple(path for path in made if sha256_file(folder / path) != release.record.files[path].sha256)
    same = all(_same_environment(release, job) for job in jobs)
    known = [value for value in values if value is not None]
    return Recomputed(
        cell=cell,
        value=fmean(known) if known and len(known) == len(values) else None,
        allowed=0.0 if same else tolerance(cell),
        same_files=not differing,
        differing=differing,
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


def _same_environment(release: Release, job: Job) -> bool:
    here = environment()
    key = job.environment or release.record.run["environment"]
    then: dict[str, Any] = release.record.environments.get(key, {})
    return all(then.get(name) == here.get(name) for name in SAME)
