"""`efgan split`: which images train and which test."""

import logging
from pathlib import Path
from typing import Annotated

import typer

from cascade_efgan.config.resolve import settings_from_flags
from cascade_efgan.data.dataset import read_index
from cascade_efgan.data.records import write_records
from cascade_efgan.data.split import make_split

log = logging.getLogger("efgan.split")


def command(
    index: Annotated[Path, typer.Option(help="CSV with one row per crop")],
    split: Annotated[Path, typer.Option(help="CSV of ids and their part, written")],
    settings: Annotated[list[str], typer.Option("--set", help="section.key=value, repeatable")] = [],
) -> None:
    """Train and test parts (Sec. 4.1: random 90 % / 10 %)."""
    wanted = settings_from_flags(settings).split
    parts = make_split(read_index(index), wanted.by, wanted.test_share, wanted.seed, index)
    write_records(split, parts)
    counts = parts["part"].value_counts()
    log.info("%d train and %d test images, drawn by %s, in %s", counts["train"], counts["test"], wanted.by, split)
