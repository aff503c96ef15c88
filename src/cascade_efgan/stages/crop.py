"""Square face crops of a data set, packed in one array."""

import logging
import sys
from pathlib import Path
from typing import Annotated

import numpy as np
from tqdm import tqdm
from typer import Option

from cascade_efgan.config.resolve import settings_from_flags
from cascade_efgan.data.checks.crop_checks import FLAGS, check_crops
from cascade_efgan.data.face_crops.crops import crops_index, face_squares, make_crops, photographs_of, read_faces
from cascade_efgan.data.face_crops.dataset import PIXELS
from cascade_efgan.data.photo_files.manifest import log_copies, read_manifest
from cascade_efgan.data.photo_files.photos import PhotoZip
from cascade_efgan.data.records import write_records
from cascade_efgan.files import atomic_path

log = logging.getLogger("efgan.crop")


def command(
    photos: Annotated[Path, Option(help="zip of the photographs")],
    manifest: Annotated[Path, Option(help="CSV with one row per photograph")],
    faces: Annotated[Path, Option(help="CSV of AUs and landmarks")],
    crops: Annotated[Path, Option(help="array file of the crops, (N, S, S, 3) uint8 RGB, written")],
    index: Annotated[Path, Option(help="CSV with one row per crop, written")],
    checks: Annotated[Path, Option(help="CSV of every crop's checks and flags, written")],
    settings: Annotated[list[str], Option("--set", help="section.key=value, repeatable")] = [],
) -> None:
    """Square face crops of a data set, packed in one array."""
    wanted = settings_from_flags(settings).crop
    found = read_faces(faces)
    rows = photographs_of(found, read_manifest(manifest))
    squares = face_squares(found, rows["file"], wanted.margin)
    table = crops_index(rows, found, squares, wanted.size)
    checked = check_crops(rows, table, wanted.size, wanted.small_face, wanted.max_padding)
    with PhotoZip(photos) as archive, atomic_path(crops) as partial:
        with open(partial, "wb") as file:
            # Written one after the other: the pages of a memory map would count as this job's memory.
            shape = (len(found), wanted.size, wanted.size, 3)
            np.lib.format.write_array_header_1_0(file, {"descr": "|u1", "fortran_order": False, "shape": shape})
            made = make_crops(archive, rows, squares, wanted.size)
            pixels = []
            for crop, digest in tqdm(made, total=len(found), desc="crop", file=sys.stderr, disable=None, mininterval=1):
                file.write(crop.tobytes())
                pixels.append(digest)
        table[PIXELS] = pixels
        write_records(index, table)
        write_records(checks, checked)
    log.info("%d crops of %dx%d pixels in %s", len(found), wanted.size, wanted.size, crops)
    log_copies(log, table, PIXELS)
    for flag in FLAGS:
        flagged = checked.loc[checked["flags"].str.contains(flag), "id"]
        if len(flagged):
            share, first = len(flagged) / len(checked) * 100, ", ".join(flagged.head(3))
            log.info("%d crops are flagged %s (%.1f %%), first %s", len(flagged), flag, share, first)
