"""The losses of all training runs in one file, for `dvc plots`."""

import logging
from pathlib import Path
from typing import Annotated

from typer import Option

from cascade_efgan.files import atomic_path
from cascade_efgan.tables.health import losses_of_runs

log = logging.getLogger("efgan.curves")


def command(
    curves: Annotated[list[Path], Option(help="losses by epoch, as DATASET/seedSEED/METHOD/curves.csv, repeatable")],
    out: Annotated[Path, Option(help="file to write (CSV): dataset, seed, method, epoch, loss, value")],
) -> None:
    """Put the losses by epoch of all training runs together, one row per number."""
    lines = losses_of_runs(curves)
    with atomic_path(out) as partial:
        lines.to_csv(partial, index=False, float_format="%.7g")
    log.info("%s: %d numbers of %d training runs", out, len(lines), len(curves))
