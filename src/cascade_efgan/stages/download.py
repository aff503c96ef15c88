"""Fetch or render a data set: photographs and manifest."""

import logging
import shutil
import sys
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from tqdm import tqdm

from cascade_efgan.config.resolve import settings_from_flags
from cascade_efgan.data.photo_files.manifest import log_copies, manifest_row, write_manifest
from cascade_efgan.data.photo_files.photos import new_zip
from cascade_efgan.data.sources.source import Request, source_photos
from cascade_efgan.datasets import DATASETS
from cascade_efgan.errors import InputError
from cascade_efgan.files import write_json

log = logging.getLogger("efgan.download")


def command(
    dataset: Annotated[str, typer.Option(help=f"data set: one of {', '.join(DATASETS)}")],
    photos: Annotated[Path, typer.Option(help="zip of the photographs, written")],
    manifest: Annotated[Path, typer.Option(help="CSV with one row per photograph, written")],
    completeness: Annotated[Path, typer.Option(help="JSON: what of the data set is there, written")],
    openface: Annotated[
        Path | None, typer.Option(help="zip of true AUs and landmarks in OpenFace's form, written (rendered only)")
    ] = None,
    checksums: Annotated[
        Path | None, typer.Option(help="list of SHA-256 hashes (london only); default: this repository's")
    ] = None,
    settings: Annotated[list[str], typer.Option("--set", help="section.key=value, repeatable")] = [],
) -> None:
    """Fetch or render a data set: photographs and manifest."""
    work = photos.parent / ".download"
    source = source_photos(dataset, Request(settings_from_flags(settings), work, checksums))
    rows = []
    with ExitStack() as stack:
        photo_zip = stack.enter_context(new_zip(photos))
        openface_zip = stack.enter_context(new_zip(openface)) if openface else None
        found = source.completeness.found
        for photo in tqdm(source.photos, "download", found, file=sys.stderr, disable=None, mininterval=1):
            rows.append(manifest_row(photo, dataset))
            photo_zip.add(photo.file, photo.data)
            if openface_zip:
                if photo.openface is None:
                    raise InputError(
                        f"--openface {openface}: data set {dataset} brings no OpenFace values; leave it out"
                    )
                openface_zip.add(f"{Path(photo.file).stem}.csv", photo.openface)
        table = write_manifest(manifest, rows)
        write_json(completeness, asdict(source.completeness))
    if work.is_dir():
        shutil.rmtree(work)
    log_copies(log, table, "sha256")
    log.info("%s: %d photographs of %d people in %s", dataset, len(table), table["person"].nunique(), photos)
