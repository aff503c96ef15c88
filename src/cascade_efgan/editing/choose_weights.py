"""The weights that a command uses: of the last run, of the package, or of a run that it offers to make."""

import shutil
import subprocess
import sys
from pathlib import Path

import typer

from cascade_efgan.editing.runs import RUNS, SMALLEST_RUN, find_weights, pretrained_weights
from cascade_efgan.errors import InputError


def trained_weights(run: Path, weights: Path | None) -> Path:
    """The weights to use. At a terminal, the smallest run that makes some is offered where there are none.

    Args:
        run: `--run`, a folder that is searched; where the default holds none, the package's own are used.
        weights: `--weights`, which wins.

    Raises:
        InputError: there are none, and the offer was declined or could not be made, or that run failed.
    """
    if weights is not None:
        return weights
    try:
        return find_weights(run)
    except InputError as error:
        if run == RUNS and (own := pretrained_weights()) is not None:
            return own
        if not _can_offer(run):
            raise
        typer.echo(f"{error}\n", err=True)
        if not typer.confirm("Train it now, in this folder?", default=False, err=True):
            raise InputError(f"{run}: no trained generator; make one with `{SMALLEST_RUN}`") from None
    if subprocess.run(SMALLEST_RUN.split(), check=False).returncode != 0:
        raise InputError(f"`{SMALLEST_RUN}` failed; its messages are above, what is finished is kept")
    return find_weights(run)


def _can_offer(run: Path) -> bool:
    """Whether somebody is there to be asked, in a checkout whose run would be where weights are looked for."""
    asked = sys.stdin.isatty() and sys.stderr.isatty()
    here = Path("Snakefile").is_file() and shutil.which("snakemake") is not None
    return asked and here and run.resolve() == Path("results").resolve()
