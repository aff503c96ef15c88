"""The values behind a number, one an image: what intervals and tests are made from."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from cascade_efgan.data.records import read_records, write_records
from cascade_efgan.errors import InputError
from cascade_efgan.evaluation.metric import UNITS, Metric

#: Columns of `values_{metric}.csv`. The first four are the same in every line, so that a file tells what it holds.
VALUE_COLUMNS = ("dataset", "method", "seed", "metric", "id", "person", "value")

#: Metrics of a whole set of images. Their files hold no value an image, but the metric without some people: `person`
#: names who was left out, `id` the turn.
SET_METRICS = ("fid", "kid")

#: Id of the first line of such a file: the metric with everybody.
EVERYBODY = "everybody"


@dataclass(frozen=True)
class Values:
    """The values of one number.

    Attributes:
        dataset: data set it was computed on.
        method: id of a method or control, or `REAL`.
        seed: training seed.
        metric: name of the number.
        table: columns `id` (image, or edit as `image:target`), `person` and `value`, whose mean is the number.
    """

    dataset: str
    method: str
    seed: int
    metric: str
    table: pd.DataFrame


def write_values(
    path: str | Path, number: Metric, ids: Sequence[str], people: Sequence[str], values: Iterable[float]
) -> None:
    """Write the values behind a number, one line an image, in full precision.

    Args:
        path: file to write.
        number: the number; it gives data set, method, seed and name.
        ids: image or edit of every value.
        people: person of every value.
        values: in the unit of the number; percent for accuracies (0 or 100).
    """
    frame = pd.DataFrame({"id": list(ids), "person": list(people), "value": [float(value) for value in values]})
    frame = frame.assign(dataset=number.dataset, method=number.method, seed=number.seed, metric=number.name)
    write_records(path, frame[list(VALUE_COLUMNS)])


def write_replicates(path: str | Path, number: Metric, without: Mapping[str, float]) -> None:
    """Write a number of a whole set, then the same without each group of people.

    Args:
        path: file to write.
        number: the number itself.
        without: people left out together -> the number without them.
    """
    ids = [EVERYBODY, *(f"without {turn:02d}" for turn in range(len(without)))]
    assert number.value is not None
    write_values(path, number, ids, ["", *without], [number.value, *without.values()])


def read_values(path: str | Path) -> Values | None:
    """Read the values behind a number; None for a file without lines, which belongs to a number that is missing.

    Raises:
        InputError: a missing or foreign file, or lines of several numbers.
    """
    frame = read_records(path, [name for name in VALUE_COLUMNS if name != "value"], ["value"])
    if frame.empty:
        return None
    about = frame[["dataset", "method", "seed", "metric"]].drop_duplicates()
    dataset, method, seed, metric = about.iloc[0]
    if len(about) > 1 or metric not in UNITS or not str(seed).isdigit():
        raise InputError(f"{path}: expected the values of one number; delete it and run the rule that makes it again")
    if frame["id"].duplicated().any():
        twice = frame.loc[frame["id"].duplicated(), "id"].iloc[0]
        raise InputError(f"{path}: {twice} stands twice, expected it once; run the rule that makes it again")
    return Values(dataset, method, int(seed), metric, frame[["id", "person", "value"]])


def over_seeds(found: Sequence[Values]) -> pd.DataFrame:
    """Values of one number, averaged over its seeds; only what every seed has.

    Returns:
        Columns `person` and `value`, index `id`, sorted by `id`.
    """
    tables = [one.table.set_index("id") for one in found]
    joined = pd.concat([table["value"] for table in tables], axis=1, join="inner").sort_index()
    people = tables[0]["person"].reindex(joined.index)
    return pd.DataFrame({"person": people, "value": joined.mean(axis=1)})
