"""Average place of eyes, nose and mouth over the training images."""

import logging
from pathlib import Path
from typing import Annotated

from typer import Option

from cascade_efgan.config.resolve import settings_from_flags
from cascade_efgan.data.checks.pictures import draw_patches, mean_face
from cascade_efgan.data.face_crops.dataset import load_faces, part_rows
from cascade_efgan.data.face_crops.patches import patch_report
from cascade_efgan.data.records import landmarks_of
from cascade_efgan.errors import InputError
from cascade_efgan.files import write_json

log = logging.getLogger("efgan.patch_centers")


def command(
    index: Annotated[Path, Option(help="CSV with one row per crop")],
    split: Annotated[Path, Option(help="CSV of ids and their part")],
    centers: Annotated[Path, Option(help="JSON of centres and boxes, written")],
    crops: Annotated[Path, Option(help="crops.npy, the face crops")],
    picture: Annotated[Path, Option(help="picture of the patches on the mean face, written (PNG)")],
    settings: Annotated[list[str], Option("--set", help="section.key=value, repeatable")] = [],
) -> None:
    """Average place of eyes, nose and mouth over the training images (Sec. 4.1)."""
    wanted = settings_from_flags(settings)
    faces = load_faces(crops, index)
    rows = part_rows(faces.index, split, "train")
    if not len(rows):
        raise InputError(f"{split}: no image is in the train part; run the split rule again")
    if faces.size != wanted.crop.size:
        raise InputError(
            f"{crops}: the crops are {faces.size}x{faces.size} pixels, but crop.size is {wanted.crop.size}; run "
            "the crop rule again"
        )
    report = patch_report(landmarks_of(faces.index.iloc[rows]), wanted.patches.model_dump(), wanted.crop.size)
    draw_patches(mean_face(faces.images, rows), report, ", ".join(sorted(set(faces.index["dataset"]))), picture)
    write_json(centers, report)
    log.info("patch centres over %d training images in %s", len(rows), centers)
