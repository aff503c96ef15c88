"""`efgan crop`: the square face crops of a data set in one array file, with their index."""

import logging
import sys
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from tqdm import tqdm

from cascade_efgan.config.resolve import settings_from_flags
from cascade_efgan.data.crops import crops_index, make_crops, read_faces
from cascade_efgan.data.manifest import read_manifest
from cascade_efgan.data.photos import PhotoZip
from cascade_efgan.data.records import write_records
from cascade_efgan.files import atomic_path

log = logging.getLogger("efgan.crop")


def command(
    photos: Annotated[Path, typer.Option(help="zip of the photographs")],
    manifest: Annotated[Path, typer.Option(help="CSV with one row per photograph")],
    faces: Annotated[Path, typer.Option(help="CSV of AUs and landmarks")],
    crops: Annotated[Path, typer.Option(help="array file of the crops, (N, S, S, 3) uint8 RGB, written")],
    index: Annotated[Path, typer.Option(help="CSV with one row per crop, written")],
    settings: Annotated[list[str], typer.Option("--set", help="section.key=value, repeatable")] = [],
) -> None:
    """Square face crops of a data set, packed in one array."""
    wanted = settings_from_flags(settings).crop
    rows = read_manifest(manifest)
    found = read_faces(faces)
    squares = []
    with PhotoZip(photos) as archive, atomic_path(crops) as partial:
        shape = (len(found), wanted.size, wanted.size, 3)
        packed = np.lib.format.open_memmap(partial, mode="w+", dtype=np.uint8, shape=shape)
        made = make_crops(archive, rows, found, wanted.margin, wanted.size)
        for place, (crop, square) in enumerate(
            tqdm(made, total=len(found), desc="crop", file=sys.stderr, disable=None, mininterval=1)
        ):
            packed[place] = crop
            squares.append(square)
        packed.flush()
        write_records(index, crops_index(rows, found, squares, wanted.size))
    log.info("%d crops of %dx%d pixels in %s", len(squares), wanted.size, wanted.size, crops)
