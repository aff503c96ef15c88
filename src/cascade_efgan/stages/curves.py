"""`efgan curves`: the losses of every training run in one file, for `dvc plots show` and `diff`."""

import logging
from pathlib import Path
from typing import Annotated

import pandas as pd
from typer import Option

from cascade_efgan.errors import InputError
from cascade_efgan.files import atomic_path

log = logging.getLogger("efgan.curves")


def command(
    curves: Annotated[list[Path], Option(help="losses by epoch, as DATASET/seedSEED/METHOD/curves.csv, repeatable")],
    out: Annotated[Path, Option(help="file to write (CSV): dataset, seed, method, epoch, loss, value")],
) -> None:
    """Put the losses by epoch of all training runs together, one line a number."""
    lines = pd.concat([lines_of(path) for path in curves], ignore_index=True)
    with atomic_path(out) as partial:
        lines.to_csv(partial, index=False, float_format="%.7g")
    log.info("%s: %d numbers of %d training runs", out, len(lines), len(curves))


def lines_of(path: Path) -> pd.DataFrame:
    """The losses of one run; data set, seed and method are those of its folders.

    Raises:
        InputError: the file has no column `epoch`.
    """
    dataset, seed, method = path.parts[-4:-1]
    losses = pd.read_csv(path)
    if "epoch" not in losses:
        raise InputError(f"{path}: expected a column epoch; delete the file and run its rule again")
    lines = losses.melt(id_vars="epoch", var_name="loss")
    lines.insert(0, "dataset", dataset)
    lines.insert(1, "seed", seed.removeprefix("seed"))
    lines.insert(2, "method", method)
    return lines
