"""Intervals and paired tests as Markdown and CSV."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from cascade_efgan.datasets import dataset_title
from cascade_efgan.evaluation.metric import REAL
from cascade_efgan.evaluation.values import SET_METRICS
from cascade_efgan.tables.columns import TITLES, Column, method_title, table_columns
from cascade_efgan.tables.context import head_lines

CSV_COLUMNS = (
    *("table", "kind", "dataset", "column", "first", "second", "value", "interval_low", "interval_high"),
    *("people", "n", "first_only", "second_only", "p", "p_holm", "better", "missing_because"),
)

#: Row that stands for doing nothing in R+G: the classifier that saw no edits.
NO_EDITS = "no edits added (R)"


def comparisons_markdown(comparisons: Mapping[str, Any], context: Mapping[str, Any]) -> str:
    """Markdown page of a table's intervals and tests."""
    name, settings, chosen = comparisons["table"], context["settings"], comparisons["settings"]
    columns = {column.key: column for column in table_columns(name, settings)}
    datasets = list(dict.fromkeys(line["dataset"] for line in comparisons["intervals"]))
    level = f"{100 * chosen['level']:g} %"
    lines = [f"# {TITLES[name]}: intervals and paired tests", ""]
    lines += [f"{line}  " for line in head_lines(context, datasets)]
    lines += ["", f"## Intervals ({level})", ""]
    lines += aligned(
        ["Data set", "Method", "Column", "value", "interval", "people", "images"],
        [_interval(line, columns[line["column"]]) for line in comparisons["intervals"]],
    )
    lines += ["", "## Paired tests", ""]
    lines += aligned(
        ["Data set", "Column", "First", "Second", "first − second", "interval", "only first / second right", "p",
         "p (Holm)", "better"],
        [_test(line, columns[line["column"]]) for line in comparisons["tests"]],
    )  # fmt: skip
    return "\n".join([*lines, "", *_notes(comparisons, level)]) + "\n"


def comparisons_csv(comparisons: Mapping[str, Any]) -> str:
    """One line per interval or test, in full precision."""
    rows = []
    for kind, lines in (("interval", comparisons["intervals"]), ("test", comparisons["tests"])):
        for line in lines:
            renamed = {"table": comparisons["table"], "kind": kind, "first": line.get("method", line.get("first"))}
            ends = {"interval_low": line["low"], "interval_high": line["high"], "missing_because": line["reason"]}
            rows.append({key: full_text(value) for key, value in {**line, **renamed, **ends}.items()})
    return csv_text(rows, CSV_COLUMNS)


def csv_text(rows: Iterable[Mapping[str, str]], columns: Sequence[str]) -> str:
    """Rows of texts as CSV; what a row lacks is empty, and what the columns lack is left out."""
    return pd.DataFrame(list(rows), columns=list(columns)).to_csv(index=False, lineterminator="\n")


def _notes(comparisons: Mapping[str, Any], level: str) -> Iterable[str]:
    chosen = comparisons["settings"]
    unit = {"person": "people", "image": "images"}[chosen["unit"]]
    yield (
        f"- **Intervals**: bootstrap over {unit}, each with all of their images (BCa, {chosen['resamples']} resamples, "
        f"seed {chosen['seed']}). Over a dozen people they hold the truth in about 90 % of cases, not {level}."
    )
    if any(line["column"] in SET_METRICS for line in comparisons["intervals"]):
        yield (
            "- **Distances** between sets are no means: people (in at most 20 groups) are left out of the edits in "
            "turn (jackknife, Student's t). The intervals do not show the bias of the Fréchet distance at few images."
        )
    yield (
        f"- **Tests**: the values of both methods on the same images; whole {unit} are exchanged between the methods "
        "(exact where all exchanges can be counted). For accuracies this is McNemar's test for clustered pairs. p "
        "(Holm) is corrected over the tests of one column of one data set. Where an interval excludes 0 and the test "
        "finds nothing, trust the test: with few people it is the stricter."
    )
    yield (
        "- **What they speak about**: other people from the same source, edited by these very networks. They say "
        "nothing about training anew with another seed: for that, give several `seeds`."
    )
    if any(line["second"] == REAL for line in comparisons["tests"]):
        yield f"- **{NO_EDITS}**: the classifier that learned from real images alone."


def _interval(line: Mapping[str, Any], column: Column) -> list[str]:
    title = "Real images" if line["method"] == REAL else method_title(line["method"])
    return [
        *(dataset_title(line["dataset"]), title, column.heading),
        *(_number(line["value"], column.decimals), _ends(line, column.decimals)),
        *(str(line["people"]), "" if line["n"] is None else str(line["n"])),
    ]


def _test(line: Mapping[str, Any], column: Column) -> list[str]:
    titles = [NO_EDITS if name == REAL else method_title(name) for name in (line["first"], line["second"])]
    only = "" if line["first_only"] is None else f"{line['first_only']} / {line['second_only']}"
    better = "not shown" if line["better"] is None else titles[line["better"] != line["first"]]
    return [
        *(dataset_title(line["dataset"]), column.heading, *titles),
        *(_number(line["value"], column.decimals, "+"), _ends(line, column.decimals), only),
        *(p_text(line["p"]), p_text(line["p_holm"]), better),
    ]


def _ends(line: Mapping[str, Any], decimals: int) -> str:
    if line["low"] is None:
        return f"none: {line['reason']}"
    return f"{_number(line['low'], decimals)} to {_number(line['high'], decimals)}"


def _number(value: float, decimals: int, sign: str = "") -> str:
    return f"{value:{sign}.{decimals}f}"


def p_text(p: float | None) -> str:
    """A p-value with four decimals."""
    return "–" if p is None else "< 0.0001" if p < 0.0001 else f"{p:.4f}"


def full_text(value: Any) -> str:
    """A cell of a CSV: a number with six decimals, nothing as nothing."""
    if value is None:
        return ""
    return f"{value:.6f}" if isinstance(value, float) else str(value)


def aligned(headings: Sequence[str], body: Sequence[Sequence[str]], left: int | None = None) -> list[str]:
    """A Markdown table whose columns line up in the raw text too, all but the first `left` of them at their right."""
    columns = []
    for place, column in enumerate(zip(headings, *body, strict=True)):
        width, at_left = max(map(len, column)), left is None or place < left
        rule = "-" * width if at_left else "-" * (width - 1) + ":"
        head, *cells = [text.ljust(width) if at_left else text.rjust(width) for text in column]
        columns.append([head, rule, *cells])
    return [f"| {' | '.join(line)} |" for line in zip(*columns, strict=True)]
