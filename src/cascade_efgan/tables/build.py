"""Tables 1 to 3, and that of further measures: their cells, and what is said below them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

import pandas as pd

from cascade_efgan.errors import InputError
from cascade_efgan.evaluation.metric import REAL, Metric, read_metric
from cascade_efgan.tables.columns import CONTROL_NOTES, TITLES, Column, method_title, table_columns
from cascade_efgan.tables.context import head_lines, is_papers_setting
from cascade_efgan.tables.health import health_lines
from cascade_efgan.tables.model import Cell, Metrics, Row, Table
from cascade_efgan.tables.notes import note_lines
from cascade_efgan.tables.paper import paper_value
from cascade_efgan.tables.rows import not_measured, table_datasets, table_methods


def read_metrics(paths: Iterable[Path], datasets: Sequence[str], seeds: Sequence[int]) -> Metrics:
    """Read metric files and sort them by what they measure.

    Raises:
        InputError: a wrong file, a data set or seed that is not part of the run, or the same number twice.
    """
    found: dict[tuple[str, str, str], dict[int, Metric]] = {}
    for path in paths:
        metric = read_metric(path)
        if metric.dataset not in datasets or metric.seed not in seeds:
            raise InputError(
                f"{path}: data set {metric.dataset}, seed {metric.seed} is not part of the run "
                f"(data sets {', '.join(datasets)}; seeds {', '.join(map(str, seeds))}); leave it out"
            )
        by_seed = found.setdefault((metric.dataset, metric.method, metric.name), {})
        if metric.seed in by_seed:
            raise InputError(
                f"{path}: this number was given twice (same data set, method, name and seed); give it once"
            )
        by_seed[metric.seed] = metric
    return found


def build_table(
    name: str,
    context: Mapping[str, Any],
    metrics: Metrics,
    comparisons: Mapping[str, Any] | None = None,
    curves: pd.DataFrame | None = None,
) -> Table:
    """Assemble a table.

    Args:
        name: accuracy (Table 1), quality (Table 2), ablation (Table 3) or measures.
        context: description of the run, as `describe` makes it.
        comparisons: intervals and tests of this table, as `compare` makes them; None leaves them out.
        curves: losses of the training runs, as `losses_of_runs` gives them; None: the training itself is not judged.

    Raises:
        InputError: an unknown name, distances of different extractors, or intervals of other numbers.
    """
    settings = context["settings"]
    columns = table_columns(name, settings)
    datasets = table_datasets(name, settings)
    _check_extractor(metrics, settings["fid"]["extractor"])
    rows = [
        _row(name, dataset, method, columns, metrics, context)
        for dataset in datasets
        for method in table_methods(name, dataset, settings)
    ]
    if comparisons is not None:
        rows = [_with_comparisons(row, columns, comparisons, name) for row in rows]
    shown = {row.method for row in rows}
    controls = [(method_title(method), note) for method, note in CONTROL_NOTES.items() if method in shown]
    return Table(
        name=name,
        title=TITLES[name],
        head=head_lines(context, datasets),
        columns=columns,
        rows=rows,
        meanings=[(column.heading, column.meaning) for column in columns] + controls,
        warnings=health_lines(metrics, curves, datasets, settings["network"]["cascade_steps"]),
        notes=note_lines(name, context, metrics, rows, columns, comparisons),
    )


def _check_extractor(metrics: Metrics, extractor: str) -> None:
    """A distance is called FID only where every number was made with pytorch-fid's Inception."""
    used = {
        metric.details.get("extractor")
        for (_, _, name), by_seed in metrics.items()
        for metric in by_seed.values()
        if name in ("fid", "kid", "identity")
    }
    if used - {extractor}:
        shown = ", ".join(sorted(map(str, used)))
        raise InputError(
            f"--metrics: distances by {shown}, but fid.extractor is {extractor}; run the features rule again"
        )


def _row(
    name: str, dataset: str, method: str, columns: Sequence[Column], metrics: Metrics, context: Mapping[str, Any]
) -> Row:
    cells, paper = {}, {}
    for column in columns:
        by_seed = metrics.get((dataset, _owner(column, method), column.metric), {})
        reason = not_measured(name, dataset, method, column.metric)
        cells[column.key] = (
            Cell(None, reason=reason)
            if reason
            else mean_over_seeds(by_seed, context["settings"]["seeds"], column.detail)
        )
        printed = paper_value(name, dataset, method, column.key)
        # Beside a number of another setting the paper's would invite a comparison that means nothing.
        if printed is not None and is_papers_setting(context, dataset):
            paper[column.key] = printed
    return Row(dataset, method, method_title(method), cells, paper)


def _owner(column: Column, method: str) -> str:
    """R belongs to the data set: as in the paper, it is repeated in every row."""
    return REAL if column.metric == "R" else method


def mean_over_seeds(by_seed: Mapping[int, Metric], seeds: Sequence[int], detail: str | None = None) -> Cell:
    """Mean over the seeds of the run of one data set's, method's and name's metrics, or of a `detail` of theirs."""
    values: dict[int, float] = {}
    reasons: dict[str, list[int]] = {}
    for seed in seeds:
        if metric := by_seed.get(seed):
            value = metric.details.get(detail) if detail else metric.value
            reason = metric.reason or f"the metric file has no {detail}"
        else:
            value, reason = None, "this run has not computed it"
        if value is None:
            reasons.setdefault(reason, []).append(seed)
        else:
            values[seed] = float(value)
    reason = "; ".join(
        f"{'seed' if len(missing) == 1 else 'seeds'} {', '.join(map(str, missing))}: {text}"
        if len(missing) < len(seeds)
        else text
        for text, missing in reasons.items()
    )
    if not values:
        return Cell(None, reason=reason)
    sizes = [by_seed[seed].n for seed in values]
    spread = stdev(values.values()) if len(values) > 1 else None
    return Cell(fmean(values.values()), spread, tuple(values), (min(sizes), max(sizes)), reason or None)


def _with_comparisons(row: Row, columns: Sequence[Column], comparisons: Mapping[str, Any], name: str) -> Row:
    """The row with its intervals, and the columns in which tests show it to be better than every other method."""
    if comparisons["table"] != name:
        raise InputError(f"--comparisons: they are of the table {comparisons['table']}, expected {name}")
    found = {(line["dataset"], line["method"], line["column"]): line for line in comparisons["intervals"]}
    cells = dict(row.cells)
    for column in columns:
        line = found.get((row.dataset, _owner(column, row.method), column.key))
        cell = cells[column.key]
        if line is None or cell.value is None:
            continue
        if len(cell.seeds) == 1 and abs(line["value"] - cell.value) > 1e-6:
            raise InputError(
                f"--comparisons: {column.key} of {row.method} is {line['value']:.6f} there, but {cell.value:.6f} in "
                "its metric file; run the compare_methods rule again"
            )
        if line["low"] is not None:
            cells[column.key] = replace(cell, interval=(line["low"], line["high"]))
    best = {
        line["column"] for line in comparisons["best"] if (line["dataset"], line["method"]) == (row.dataset, row.method)
    }
    return replace(row, cells=cells, best=frozenset(best))
