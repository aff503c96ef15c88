"""`efgan patch_centers`: the average place of eyes, nose and mouth over the training images."""

import logging
from pathlib import Path
from typing import Annotated

import typer

from cascade_efgan.config.resolve import settings_from_flags
from cascade_efgan.data.dataset import part_rows, read_index
from cascade_efgan.data.patches import patch_report
from cascade_efgan.data.records import landmarks_of
from cascade_efgan.errors import InputError
from cascade_efgan.files import write_json

log = logging.getLogger("efgan.patch_centers")


def command(
    index: Annotated[Path, typer.Option(help="CSV with one row per crop")],
    split: Annotated[Path, typer.Option(help="CSV of ids and their part")],
    centers: Annotated[Path, typer.Option(help="JSON of centres and boxes, written")],
    settings: Annotated[list[str], typer.Option("--set", help="section.key=value, repeatable")] = [],
) -> None:
    """Average place of eyes, nose and mouth over the training images (Sec. 4.1)."""
    wanted = settings_from_flags(settings)
    table = read_index(index)
    rows = part_rows(table, split, "train")
    if not len(rows):
        raise InputError(f"{split}: no image is in the train part; run the split rule again")
    report = patch_report(landmarks_of(table.iloc[rows]), wanted.patches.model_dump(), wanted.crop.size)
    write_json(centers, report)
    log.info("patch centres over %d training images in %s", len(rows), centers)
