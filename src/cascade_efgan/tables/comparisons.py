"""Intervals and paired tests of a table, from the values behind its numbers."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from itertools import combinations
from pathlib import Path
from typing import Any

import pandas as pd

from cascade_efgan import __version__
from cascade_efgan.errors import InputError
from cascade_efgan.evaluation.metric import REAL, hashed
from cascade_efgan.evaluation.significance import (
    Comparison,
    Estimate,
    bootstrap_interval,
    holm,
    jackknife_interval,
    jackknife_test,
    paired_test,
)
from cascade_efgan.evaluation.values import EVERYBODY, SET_METRICS, Values, over_seeds, read_several
from cascade_efgan.files import read_json
from cascade_efgan.methods import METHODS
from cascade_efgan.tables.columns import Column, table_columns
from cascade_efgan.tables.rows import table_datasets, table_methods

#: Numbers that are right or wrong for each image.
ACCURACIES = ("R", "G", "R+G")

#: (data set, method, metric) -> its values: lines of `over_seeds`.
ValuesByRow = Mapping[tuple[str, str, str], pd.DataFrame]


def read_all(paths: Iterable[Path]) -> list[tuple[Path, Values]]:
    """Every number of files of values, each beside its file.

    Raises:
        InputError: a wrong file.
    """
    return [(path, values) for path in paths for values in read_several(path)]


def gather(read: Iterable[tuple[Path, Values]], seeds: Sequence[int]) -> ValuesByRow:
    """Average the values of each number over the seeds; a number that some seed lacks is left out.

    Raises:
        InputError: the same number twice.
    """
    groups: dict[tuple[str, str, str], list[Values]] = {}
    for path, values in read:
        same = groups.setdefault((values.dataset, values.method, values.metric), [])
        if any(other.seed == values.seed for other in same):
            raise InputError(f"{path}: these values were given twice; give them once")
        same.append(values)
    return {
        key: over_seeds(sorted(group, key=lambda one: one.seed)) for key, group in groups.items()
        if {one.seed for one in group} == set(seeds)
    }  # fmt: skip


def compare(name: str, context: Mapping[str, Any], paths: Iterable[Path]) -> dict[str, Any]:
    """Intervals of every number of a table, and tests of every pair of its methods, ready for JSON.

    Tested are the trained methods against each other and against doing nothing; for R+G, doing nothing is the
    classifier that saw no edits (R). Holm's correction is over the tests of one column of one data set. A method is
    best in a column where all its tests there come out in its favour.

    Args:
        name: accuracy, quality, ablation or measures.

    Raises:
        InputError: an unknown table or a wrong file.
    """
    settings, paths = context["settings"], list(paths)
    chosen = settings["statistics"]
    columns = [column for column in table_columns(name, settings) if column.detail is None]
    found = gather(read_all(paths), settings["seeds"])
    intervals: list[dict[str, Any]] = []
    tests: list[dict[str, Any]] = []
    best: list[dict[str, str]] = []
    for dataset in table_datasets(name, settings):
        methods = table_methods(name, dataset, settings)
        for column in columns:
            about = {"dataset": dataset, "column": column.key}
            for method in [REAL] if column.metric == "R" else methods:
                if (values := found.get((dataset, method, column.metric))) is not None:
                    estimate = _estimate(values, column.metric, chosen)
                    intervals.append({"dataset": dataset, "method": method, "column": column.key, **asdict(estimate)})
            family = [{**about, **test} for test in _tests(found, dataset, column, methods, chosen)]
            tests += family
            best += [{**about, "method": method} for method in _best(family)]
    return {
        "table": name,
        "settings": {**chosen, "seeds": settings["seeds"]},
        "intervals": intervals,
        "tests": tests,
        "best": best,
        "inputs": hashed(paths),
        "version": __version__,
    }


def read_comparisons(path: Path) -> dict[str, Any]:
    """Read what `compare` made.

    Raises:
        InputError: missing file, no JSON, or another file.
    """
    found = read_json(path)
    if not isinstance(found, dict) or not {"table", "intervals", "tests", "best"} <= set(found):
        raise InputError(f"{path}: expected intervals and tests; run the compare_methods rule again")
    return found


def _estimate(values: pd.DataFrame, metric: str, chosen: Mapping[str, Any]) -> Estimate:
    if metric in SET_METRICS:
        value, without = replicates(values)
        return jackknife_interval(value, without.tolist(), chosen["level"])
    return bootstrap_interval(units(values, chosen), chosen["resamples"], chosen["seed"], chosen["level"])


def _tests(
    found: ValuesByRow, dataset: str, column: Column, methods: Sequence[str], chosen: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """The tests of one column of one data set, corrected."""
    if column.metric == "R":
        return []
    # Doing nothing comes last: a difference then reads as what a method adds.
    nothing = (REAL, "R") if column.metric == "R+G" else ("unchanged", column.metric)
    entries = [*((method, column.metric) for method in methods if method in METHODS), nothing]
    lines: list[dict[str, Any]] = []
    for (first, metric), (second, other) in combinations(entries, 2):
        one, two = found.get((dataset, first, metric)), found.get((dataset, second, other))
        if one is None or two is None or one.index.intersection(two.index).empty:
            continue
        result = _comparison(one, two, column.metric, chosen)
        lines.append(
            {
                **{"first": first, "second": second, "higher_is_better": column.higher_is_better},
                **asdict(result.difference),
                **{"first_only": result.first_only, "second_only": result.second_only, "p": result.p},
            }
        )
    for line, p in zip(lines, holm([line["p"] for line in lines]), strict=True):
        shown = p is not None and p < 1 - chosen["level"] and line["value"] != 0
        winner = "first" if (line["value"] > 0) == column.higher_is_better else "second"
        line |= {"p_holm": p, "better": line[winner] if shown else None}
    return lines


def _comparison(one: pd.DataFrame, two: pd.DataFrame, metric: str, chosen: Mapping[str, Any]) -> Comparison:
    if metric in SET_METRICS:
        (first, without), (second, other) = replicates(one), replicates(two)
        both = without.index.intersection(other.index, sort=True)
        return jackknife_test(first - second, (without[both] - other[both]).tolist(), chosen["level"])
    one, two = units(one, chosen), units(two, chosen)
    return paired_test(one, two, chosen["resamples"], chosen["seed"], chosen["level"], metric in ACCURACIES)


def units(values: pd.DataFrame, chosen: Mapping[str, Any]) -> pd.DataFrame:
    """With `unit: image`, every image counts as a person of its own."""
    return values.assign(person=values.index) if chosen["unit"] == "image" else values


def replicates(values: pd.DataFrame) -> tuple[float, pd.Series]:
    """The number with everybody, and without each group of people."""
    without = values.drop(index=EVERYBODY).set_index("person")["value"]
    return float(values["value"][EVERYBODY]), without


def _best(family: Sequence[Mapping[str, Any]]) -> list[str]:
    """The method that is better in every one of its tests, if there is one."""
    return [
        method
        for method in dict.fromkeys(test["first"] for test in family)
        if all(test["better"] == method for test in family if method in (test["first"], test["second"]))
    ]
