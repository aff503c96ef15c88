"""`efgan extract_aus`: AUs and landmarks of every photograph from OpenFace's CSVs."""

import logging
from pathlib import Path
from typing import Annotated

import typer

from cascade_efgan.config.resolve import settings_from_flags
from cascade_efgan.data.manifest import read_manifest
from cascade_efgan.data.openface import check_excluded, match_faces, read_openface
from cascade_efgan.data.photos import PhotoZip
from cascade_efgan.data.records import write_records
from cascade_efgan.errors import InputError

log = logging.getLogger("efgan.extract_aus")


def command(
    dataset: Annotated[str, typer.Option(help="data set, as the manifest names it")],
    photos: Annotated[Path, typer.Option(help="zip of the photographs")],
    manifest: Annotated[Path, typer.Option(help="CSV with one row per photograph")],
    openface: Annotated[Path, typer.Option(help="OpenFace's output: zip or folder of CSVs, or one CSV")],
    faces: Annotated[Path, typer.Option(help="CSV of AUs and landmarks, written")],
    excluded: Annotated[Path, typer.Option(help="CSV of photographs without a face, written")],
    settings: Annotated[list[str], typer.Option("--set", help="section.key=value, repeatable")] = [],
) -> None:
    """AUs and 68 landmarks of every photograph, from OpenFace output."""
    share = settings_from_flags(settings).excluded_share
    table = read_manifest(manifest)
    others = table.loc[table["dataset"] != dataset, "dataset"]
    if len(others):
        raise InputError(f"{manifest}: lists data set {others.iloc[0]}, expected {dataset}; name the right manifest")
    _check_photos(photos, set(table["file"]))
    found, without = match_faces(table, read_openface(openface), openface)
    for row in without.itertuples():
        log.warning("%s: %s", row.file, row.reason)
    check_excluded(without, len(table), share)
    write_records(excluded, without)
    write_records(faces, found)
    log.info("%s: %d faces in %s, %d photographs excluded", dataset, len(found), faces, len(without))


def _check_photos(photos: Path, files: set[str]) -> None:
    """Say now, not after minutes of other work, that a photograph is missing."""
    with PhotoZip(photos) as archive:
        missing = sorted(files - archive.names())
    if missing:
        raise InputError(
            f"{photos}: photograph {missing[0]} is missing, though the manifest lists it; run the download rule again"
        )
