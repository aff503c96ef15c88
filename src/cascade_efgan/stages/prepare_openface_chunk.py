"""A chunk of photographs as one tar of images that OpenFace reads right."""

import logging
from pathlib import Path
from typing import Annotated

from typer import Option

from cascade_efgan.config.resolve import settings_from_flags
from cascade_efgan.data.openface.program_images import chunk_rows, prepare_chunk
from cascade_efgan.data.photo_files.photos import PhotoZip

log = logging.getLogger("efgan.prepare_openface_chunk")


def command(
    photos: Annotated[Path, Option(help="zip of the photographs")],
    manifest: Annotated[Path, Option(help="CSV with one row per photograph")],
    chunk: Annotated[int, Option(min=0, help="number of the chunk, from 0")],
    images: Annotated[Path, Option(help="tar of the images, named by id, written")],
    settings: Annotated[list[str], Option("--set", help="section.key=value, repeatable")] = [],
) -> None:
    """A chunk of photographs as one tar of images that OpenFace reads right."""
    size = settings_from_flags(settings).openface.chunk
    rows = chunk_rows(manifest, chunk, size)
    with PhotoZip(photos) as archive:
        failed = prepare_chunk(archive, rows, images)
    for name, reason in failed:
        log.warning("%s: %s", name, reason)
    log.info(
        "%d images in %s, %d photographs cannot be given to OpenFace", len(rows) - len(failed), images, len(failed)
    )
