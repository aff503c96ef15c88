"""Average place of eyes, nose and mouth over the training images."""

import logging
from pathlib import Path
from typing import Annotated

from typer import Option

from cascade_efgan.config.resolve import settings_from_flags
from cascade_efgan.data.face_crops.dataset import load_faces, part_rows, read_index
from cascade_efgan.data.face_crops.patches import patch_report
from cascade_efgan.data.records import landmarks_of
from cascade_efgan.errors import InputError
from cascade_efgan.files import write_json

log = logging.getLogger("efgan.patch_centers")


def command(
    index: Annotated[Path, Option(help="CSV with one row per crop")],
    split: Annotated[Path, Option(help="CSV of ids and their part")],
    centers: Annotated[Path, Option(help="JSON of centres and boxes, written")],
    crops: Annotated[Path | None, Option(help="crops.npy; with --picture")] = None,
    picture: Annotated[
        Path | None, Option(help="picture of the patches on the mean face, written (PNG); with --crops")
    ] = None,
    settings: Annotated[list[str], Option("--set", help="section.key=value, repeatable")] = [],
) -> None:
    """Average place of eyes, nose and mouth over the training images (Sec. 4.1)."""
    if (crops is None) != (picture is None):
        raise InputError("--crops and --picture belong together: give both, or none for the JSON alone")
    wanted = settings_from_flags(settings)
    faces = load_faces(crops, index) if crops is not None else None
    table = read_index(index) if faces is None else faces.index
    rows = part_rows(table, split, "train")
    if not len(rows):
        raise InputError(f"{split}: no image is in the train part; run the split rule again")
    report = patch_report(landmarks_of(table.iloc[rows]), wanted.patches.model_dump(), wanted.crop.size)
    if faces is not None and picture is not None:
        # Matplotlib takes a second to import, which the JSON alone need not wait for.
        from cascade_efgan.data.checks.pictures import draw_patches, mean_face

        if faces.size != wanted.crop.size:
            raise InputError(
                f"{crops}: the crops are {faces.size}x{faces.size} pixels, but crop.size is {wanted.crop.size}; run "
                "the crop rule again"
            )
        draw_patches(mean_face(faces.images, rows), report, ", ".join(sorted(set(table["dataset"]))), picture)
    write_json(centers, report)
    log.info("patch centres over %d training images in %s", len(rows), centers)
