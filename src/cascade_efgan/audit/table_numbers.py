"""The numbers of a table and the metric files behind each, found by what the files say and not by their layout."""

import csv
from dataclasses import dataclass
from pathlib import Path

from cascade_efgan.audit.provenance import Job, Provenance
from cascade_efgan.audit.release import Release
from cascade_efgan.errors import InputError
from cascade_efgan.evaluation.metric import REAL, Metric, read_metric


@dataclass(frozen=True)
class TableCell:
    """One number of a table.

    Attributes:
        column: key of its column.
        value: the number in the table's CSV, full precision.
        metrics: path -> metric of each seed behind it.
    """

    table: str
    dataset: str
    method: str
    title: str
    column: str
    value: float
    unit: str
    metrics: dict[str, Metric]

    @property
    def name(self) -> str:
        """How it is called in a report."""
        return f"{self.title}, {self.column}"


def table_jobs(record: Provenance) -> list[Job]:
    """The jobs that rendered tables."""
    return [job for job in record.jobs if job.stage == "table"]


def table_file(job: Job, suffix: str) -> str:
    """The file of a table in one format.

    Raises:
        InputError: the job wrote none.
    """
    found = [path for path in job.outputs if path.endswith(suffix)]
    if len(found) != 1:
        raise InputError(f"provenance.json: job {job.id} should write one {suffix} file, but it lists {len(found)}")
    return found[0]


def table_cells(release: Release, job: Job) -> list[TableCell]:
    """Every number of a table with its metric files.

    Raises:
        InputError: the table's CSV, or a metric file, is malformed.
    """
    metrics = {path: read_metric(release.path(path)) for path in job.inputs if Path(path).match("metrics/*.json")}
    path = release.path(table_file(job, ".csv"))
    try:
        with path.open(encoding="utf-8", newline="") as lines:
            return [_cell(line, metrics) for line in csv.DictReader(lines) if line["value"]]
    except (FileNotFoundError, KeyError, ValueError, TypeError):
        raise InputError(f"{path}: not the CSV of a table; restore it, or run snakemake") from None


def _cell(line: dict[str, str], metrics: dict[str, Metric]) -> TableCell:
    seeds = {int(seed) for seed in line["seeds"].split()}
    name = _metric_name(line["column"], {metric.name for metric in metrics.values()})
    behind = {
        path: metric
        for path, metric in metrics.items()
        if metric.name == name
        and metric.dataset == line["dataset"]
        and metric.method in (line["method"], REAL)
        and metric.seed in seeds
    }
    table, dataset, method, title, column = (line[key] for key in ("table", "dataset", "method", "title", "column"))
    return TableCell(table, dataset, method, title, column, float(line["value"]), line["unit"], behind)


def _metric_name(column: str, names: set[str]) -> str | None:
    """The metric that a column shows: its own name, else the longest that its key begins with.

    A column may show a detail of a metric: `au_error_held_out` is in the files of `au_error`.
    """
    fits = [name for name in names if column == name or column.startswith(f"{name}_")]
    return max(fits, key=len, default=None)
