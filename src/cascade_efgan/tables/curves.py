"""Losses by epoch of several training runs, one row per number."""

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from cascade_efgan.errors import InputError


def losses_of_runs(paths: Iterable[Path]) -> pd.DataFrame:
    """The losses of runs, as columns dataset, seed, method, epoch, loss, value.

    Args:
        paths: `DATASET/seedSEED/METHOD/curves.csv`; data set, seed and method are those of the folders.

    Raises:
        InputError: a file has no column `epoch`.
    """
    return pd.concat([_lines_of(path) for path in paths], ignore_index=True)


def _lines_of(path: Path) -> pd.DataFrame:
    dataset, seed, method = path.parts[-4:-1]
    losses = pd.read_csv(path)
    if "epoch" not in losses:
        raise InputError(f"{path}: expected a column epoch; delete the file and run its rule again")
    lines = losses.melt(id_vars="epoch", var_name="loss")
    lines.insert(0, "dataset", dataset)
    lines.insert(1, "seed", seed.removeprefix("seed"))
    lines.insert(2, "method", method)
    return lines
