"""Tables 1 to 3, and that of further measures: their cells, and what is said below them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from cascade_efgan.datasets import TRUE_EDITS
from cascade_efgan.errors import InputError
from cascade_efgan.evaluation.metric import REAL
from cascade_efgan.methods import CONTROLS, REFERENCES
from cascade_efgan.tables.cells import Cell, Metrics, mean_over_seeds
from cascade_efgan.tables.columns import CONTROL_NOTES, NOT_MEASURED, TITLES, check_name, method_title, table_columns
from cascade_efgan.tables.context import head_lines, is_papers_setting
from cascade_efgan.tables.health import health_lines
from cascade_efgan.tables.model import Column, Row, Table
from cascade_efgan.tables.notes import (
    copy_lines,
    count_lines,
    distance_lines,
    identity_lines,
    inference_lines,
    left_out_lines,
    reader_lines,
)
from cascade_efgan.tables.paper import paper_value
from cascade_efgan.tables.rows import table_datasets, table_methods


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
    check_name(name)
    settings = context["settings"]
    datasets = table_datasets(name, settings)
    _check_extractor(metrics, settings["fid"]["extractor"])
    columns = table_columns(name, settings)
    rows = [
        _row(name, dataset, method, columns, metrics, context)
        for dataset in datasets
        for method in table_methods(name, dataset, settings)
    ]
    if comparisons is not None:
        rows = [_with_comparisons(row, columns, comparisons, name) for row in rows]
    reasons = [row.cells[column.key].reason for row in rows for column in columns]
    controls = [method for method in (*CONTROLS, *REFERENCES) if any(row.method == method for row in rows)]
    return Table(
        name=name,
        title=TITLES[name],
        head=head_lines(context, datasets),
        columns=columns,
        rows=rows,
        meanings=[(column.heading, column.meaning) for column in columns]
        + [(method_title(method), CONTROL_NOTES[method]) for method in controls],
        warnings=health_lines(metrics, curves, datasets, settings["network"]["cascade_steps"]),
        notes=[
            *inference_lines(rows, columns, comparisons, name),
            *count_lines(rows, columns),
            *copy_lines(context, datasets),
            *left_out_lines(metrics, rows, columns),
            *distance_lines(metrics, columns, settings["measures"]["fid_curve"]),
            *identity_lines(metrics, columns),
            *reader_lines(metrics, columns),
        ],
        footnotes=list(dict.fromkeys(reason for reason in reasons if reason is not None)),
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
    settings = context["settings"]
    for column in columns:
        # R belongs to the data set: as in the paper, it is repeated in every row.
        owner = REAL if column.metric == "R" else method
        by_seed = metrics.get((dataset, owner, column.metric), {})
        if column.true_edits_only and dataset not in TRUE_EDITS:
            cells[column.key] = Cell(None, reason="only rendered faces have true AUs and true edits")
        elif not by_seed and (method, column.metric) in NOT_MEASURED:
            cells[column.key] = Cell(None, reason=NOT_MEASURED[method, column.metric])
        else:
            cells[column.key] = mean_over_seeds(by_seed, settings["seeds"], column.detail)
        printed = paper_value(name, dataset, method, column.key)
        # Beside a number of another setting the paper's would invite a comparison that means nothing.
        if printed is not None and is_papers_setting(context, dataset):
            paper[column.key] = printed
    return Row(dataset, method, method_title(method), cells, paper)


def _with_comparisons(row: Row, columns: Sequence[Column], comparisons: Mapping[str, Any], name: str) -> Row:
    """The row with its intervals, and the columns in which tests show it to be better than every other method."""
    if comparisons["table"] != name:
        raise InputError(f"--comparisons: they are of the table {comparisons['table']}, expected {name}")
    found = {(line["dataset"], line["method"], line["column"]): line for line in comparisons["intervals"]}
    cells = dict(row.cells)
    for column in columns:
        line = found.get((row.dataset, REAL if column.metric == "R" else row.method, column.key))
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
