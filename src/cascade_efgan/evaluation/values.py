"""The values behind a number, one per image: what intervals and tests are made from."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from cascade_efgan.data.records import read_records, write_records
from cascade_efgan.errors import InputError
from cascade_efgan.evaluation.metric import TABLE_METRICS, UNITS, Metric, write_metric
from cascade_efgan.evaluation.packed_edits import Edits

#: Columns of `values_{metric}.csv`. The first four are the same in every line, so that a file says what it holds.
VALUE_COLUMNS = ("dataset", "method", "seed", "metric", "id", "person", "value")

#: Metrics of a whole set of images (`TableMetric.of_set`).
SET_METRICS = tuple(name for name, metric in TABLE_METRICS.items() if metric.of_set)

#: Between an image and the number of the classifier, in ids of R and R+G by further classifiers.
AGAIN = "#"

#: Id of the first line of such a file: the metric with everybody.
EVERYBODY = "everybody"


@dataclass(frozen=True)
class Values:
    """The values of one number.

    Attributes:
        method: id of a method or control, or `REAL`.
        table: columns `id` (image, or edit as `image:target`), `person` and `value`, whose mean is the number.
    """

    dataset: str
    method: str
    seed: int
    metric: str
    table: pd.DataFrame


def write_values(
    path: str | Path, number: Metric, ids: Iterable[str], people: Iterable[str], values: Iterable[float]
) -> None:
    """Write the values behind a number, one row per image or edit, in full precision and the number's unit.

    Of accuracies these are percent, 0 or 100.
    """
    table = pd.DataFrame({"id": list(ids), "person": list(people), "value": [float(value) for value in values]})
    about = table.assign(dataset=number.dataset, method=number.method, seed=number.seed, metric=number.name)
    write_records(path, about[list(VALUE_COLUMNS)])


def write_mean(
    metric: Path, values: Path, about: Mapping[str, Any], table: pd.DataFrame, inputs: Sequence[Path], empty: str
) -> Metric:
    """Write the mean of some values as a number, and the values.

    Args:
        about: fields of the number, `Metric`, but for its value.
        table: columns `id`, `person` and `value`.
        inputs: files that it was computed from.
        empty: why there is no number where there are no values.
    """
    mean = float(table["value"].mean()) if len(table) else None
    number = Metric(value=mean, n=len(table), reason=empty if mean is None else None, **about)
    write_metric(metric, number, inputs)
    write_values(values, number, table["id"], table["person"], table["value"])
    return number


def write_replicates(path: str | Path, number: Metric, without: Mapping[str, float]) -> None:
    """Write a number of a whole set, then the same without each group of people (their names -> the number)."""
    ids = [EVERYBODY, *(f"without {turn:02d}" for turn in range(len(without)))]
    assert number.value is not None
    write_values(path, number, ids, ["", *without], [number.value, *without.values()])


def edit_values(edits: Edits, numbers: Mapping[str, np.ndarray], dataset: str, method: str, seed: int) -> pd.DataFrame:
    """Several numbers of M edits as lines of a file of values.

    `numbers` maps a metric to `(M,)` values; NaN rows are dropped.
    """
    wide = edits.index[["person"]].assign(id=edits.ids, **numbers)
    lines = wide.melt(["id", "person"], var_name="metric").dropna(subset="value")
    return lines.assign(dataset=dataset, method=method, seed=seed)[list(VALUE_COLUMNS)]


def read_several(path: str | Path) -> list[Values]:
    """Read a file of values; a number that is missing has no lines in it.

    Raises:
        InputError: a missing or foreign file, or a line twice.
    """
    frame = read_records(path, [name for name in VALUE_COLUMNS if name != "value"], ["value"])
    found = []
    for about, table in frame.groupby(["dataset", "method", "seed", "metric"], sort=False):
        dataset, method, seed, metric = map(str, about)
        if metric not in UNITS or not seed.isdigit():
            raise InputError(f"{path}: no values of a number; delete it and run the rule that makes it again")
        if table["id"].duplicated().any():
            twice = table.loc[table["id"].duplicated(), "id"].iloc[0]
            raise InputError(f"{path}: {twice} appears twice, expected it once; run the rule that makes it again")
        found.append(Values(dataset, method, int(seed), metric, table[["id", "person", "value"]]))
    return found


def read_values(path: str | Path) -> Values | None:
    """Read the values behind one number; None where it is missing.

    Raises:
        InputError: as `read_several`, or lines of several numbers.
    """
    found = read_several(path)
    if len(found) > 1:
        raise InputError(f"{path}: expected the values of one number; delete it and run the rule that makes it again")
    return found[0] if found else None


def over_seeds(found: Sequence[Values]) -> pd.DataFrame:
    """Values of one number that every seed has, averaged: columns `person` and `value`, sorted index `id`."""
    tables = [one.table.set_index("id") for one in found]
    joined = pd.concat([table["value"] for table in tables], axis=1, join="inner").sort_index()
    people = tables[0]["person"].reindex(joined.index)
    return pd.DataFrame({"person": people, "value": joined.mean(axis=1)})
