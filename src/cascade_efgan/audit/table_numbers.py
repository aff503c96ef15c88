"""The numbers of a table and the metric files behind each, found by what the files say and not by their layout."""

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cascade_efgan.audit.provenance import Job
from cascade_efgan.audit.release import Release
from cascade_efgan.errors import InputError
from cascade_efgan.evaluation.metric import REAL, Metric, read_metric
from cascade_efgan.files import read_json


@dataclass(frozen=True)
class TableCell:
    """One number of a table.

    Attributes:
        column: key of its column.
        value: the number in the table's CSV, full precision.
        metrics: path -> metric of each seed behind it.
    """

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


def table_file(job: Job, suffix: str) -> str:
    """The file of a table in one format.

    Raises:
        InputError: the job wrote none.
    """
    found = [path for path in job.outputs if path.endswith(suffix)]
    if len(found) != 1:
        raise InputError(f"provenance.json: job {job.id} should write one {suffix} file, but it lists {len(found)}")
    return found[0]


def table_lines(release: Release, job: Job) -> list[dict[str, str]]:
    """The lines of a table's CSV: one a cell, row by row."""
    with release.path(table_file(job, ".csv")).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def table_cells(release: Release, job: Job) -> list[TableCell]:
    """Every number of a table with its metric files.

    Raises:
        InputError: the table's CSV, or a metric file, is malformed.
    """
    metrics = {path: read_metric(release.path(path)) for path in job.inputs if Path(path).match("metrics/*.json")}
    try:
        return [_cell(line, metrics) for line in table_lines(release, job) if line["value"]]
    except (FileNotFoundError, KeyError, ValueError, TypeError):
        path = release.path(table_file(job, ".csv"))
        raise InputError(f"{path}: not the CSV of a table; restore it, or run snakemake") from None


def _cell(line: dict[str, str], metrics: dict[str, Metric]) -> TableCell:
    seeds = {int(seed) for seed in line["seeds"].split()}
    # A column may show a detail of a metric: `au_error_held_out` is in the files of `au_error`.
    names = {metric.name for metric in metrics.values() if f"{line['column']}_".startswith(f"{metric.name}_")}
    name = max(names, key=len, default=None)
    behind = {
        path: metric
        for path, metric in metrics.items()
        if metric.name == name
        and metric.dataset == line["dataset"]
        and metric.method in (line["method"], REAL)
        and metric.seed in seeds
    }
    dataset, method, title, column = (line[key] for key in ("dataset", "method", "title", "column"))
    return TableCell(dataset, method, title, column, float(line["value"]), line["unit"], behind)


def read_verdicts(release: Release, job: Job) -> dict[str, Any]:
    """What a job that judged the claims wrote: `claims`, and the paper's numbers beside this run's (`cells`).

    Raises:
        InputError: their file is malformed.
    """
    path = release.path(table_file(job, ".json"))
    found = read_json(path)
    if not isinstance(found, dict) or not all(isinstance(found.get(key), list) for key in ("claims", "cells")):
        raise InputError(f"{path}: expected the verdicts of the claims; restore it, or run snakemake")
    return found
