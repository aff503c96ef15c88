"""A picture of some crops of a data set, flagged ones framed."""

import logging
from pathlib import Path
from typing import Annotated

from typer import Option

from cascade_efgan.data.checks.contact_sheet import draw_contact_sheet
from cascade_efgan.data.checks.crop_checks import read_crop_checks
from cascade_efgan.data.face_crops.dataset import load_faces

log = logging.getLogger("efgan.contact_sheet")


def command(
    crops: Annotated[Path, Option(help="crops.npy")],
    index: Annotated[Path, Option(help="crops.csv")],
    checks: Annotated[Path, Option(help="crop_checks.csv")],
    picture: Annotated[Path, Option(help="picture to write (PNG)")],
    seed: Annotated[int, Option(min=0, help="seed of the choice of people or photographs")] = 0,
) -> None:
    """A contact sheet: people or random photographs by expression, with the flagged crops framed."""
    faces = load_faces(crops, index)
    draw_contact_sheet(faces, read_crop_checks(checks, faces.index, index), seed, picture)
    log.info("contact sheet of %d crops in %s", len(faces), picture)
