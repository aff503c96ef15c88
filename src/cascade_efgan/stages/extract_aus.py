"""AUs and 68 landmarks of every photograph, from OpenFace output."""

import logging
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import pandas as pd
from typer import Option

from cascade_efgan.config.resolve import settings_from_flags
from cascade_efgan.data.openface.chunks import chunk_batches, chunk_provenance
from cascade_efgan.data.openface.csv_files import csv_provenance
from cascade_efgan.data.openface.faces import (
    Batch,
    FaceLimits,
    csv_batch,
    reason_counts,
    settle,
    several_people,
    why_stop,
)
from cascade_efgan.data.openface.program_images import unreadable_reason
from cascade_efgan.data.photo_files.images import image_size
from cascade_efgan.data.photo_files.manifest import read_manifest
from cascade_efgan.data.photo_files.photos import PhotoZip
from cascade_efgan.data.records import write_records
from cascade_efgan.errors import InputError
from cascade_efgan.files import atomic_path, write_json

log = logging.getLogger("efgan.extract_aus")

#: Excluded photographs that the log names where `excluded.csv` lists all, and where the run stops without it.
_NAMED, _NAMED_AT_STOP = 20, 1000
#: Names of a kind that the provenance lists; counts are of all.
_LISTED = 1000


def command(
    dataset: Annotated[str, Option(help="data set, as the manifest names it")],
    photos: Annotated[Path, Option(help="zip of the photographs")],
    manifest: Annotated[Path, Option(help="CSV with one row per photograph")],
    openface: Annotated[
        Path, Option(help="OpenFace's output: zip or folder of CSVs, one CSV, or with --chunks a folder of tars")
    ],
    faces: Annotated[Path, Option(help="CSV of AUs and landmarks, written")],
    excluded: Annotated[Path, Option(help="CSV of photographs without a usable face, written")],
    chunks: Annotated[
        int | None, Option(min=1, help="number of chunks that openface.sh wrote: chunk00000.tar and so on")
    ] = None,
    excluded_list: Annotated[
        Path | None, Option(help="a copy of --excluded that stays where too many of them stop the run")
    ] = None,
    provenance: Annotated[Path | None, Option(help="JSON: where the values come from, written")] = None,
    program_origin: Annotated[
        str | None, Option(help="where the program comes from, for the provenance: a container, or installed")
    ] = None,
    settings: Annotated[list[str], Option("--set", help="section.key=value, repeatable")] = [],
) -> None:
    """AUs and 68 landmarks of every photograph, from OpenFace output."""
    wanted = settings_from_flags(settings)
    limits = FaceLimits(wanted.openface.min_confidence, wanted.crop.margin, wanted.crop.max_padding)
    table = read_manifest(manifest)
    others = table.loc[table["dataset"] != dataset, "dataset"]
    if len(others):
        raise InputError(f"{manifest}: lists data set {others.iloc[0]}, expected {dataset}; name the right manifest")
    with PhotoZip(photos) as archive:
        archive.check_all(table["file"])
        batches: Iterable[Batch]
        if chunks is None:
            (rows, answers), unmatched = csv_batch(table, openface)
            batches = [(rows, {**answers, **_unreadable(archive, table)})]
        else:
            batches, unmatched = chunk_batches(openface, chunks, table), []
    with atomic_path(faces) as partial:
        without, several = _write_faces(partial, batches, limits)
        if excluded_list is not None:
            write_records(excluded_list, without)
        stop = why_stop(without, len(table), wanted.excluded_share, excluded_list)
        _log_excluded(without, _NAMED_AT_STOP if stop else _NAMED)
        if stop:
            raise InputError(stop)
        write_records(excluded, without)
        if provenance is not None:
            source = csv_provenance(openface) if chunks is None else chunk_provenance(openface, chunks)
            source |= {"unmatched": unmatched[:_LISTED]} if unmatched else {}
            source |= {"program_origin": program_origin} if program_origin is not None else {}
            source |= {"several_people": {"photographs": len(several), "files": several[:_LISTED]}} if several else {}
            counts = {"photographs": len(table), "faces": len(table) - len(without), "excluded": reason_counts(without)}
            write_json(provenance, {"dataset": dataset, **source, **counts})
    if several:
        log.warning("photographs of several people, of whom the largest face is used: %d (first %s)",
                    len(several), ", ".join(several[:3]))  # fmt: skip
    log.info("%s: %d faces in %s, %d excluded", dataset, len(table) - len(without), faces, len(without))


def _write_faces(path: Path, batches: Iterable[Batch], limits: FaceLimits) -> tuple[pd.DataFrame, list[str]]:
    """Write faces batch by batch, to save memory; who is excluded, and the files that show several people."""
    excluded: list[pd.DataFrame] = []
    several: list[str] = []
    with open(path, "w", encoding="utf-8", newline="") as file:
        for batch in batches:
            found, without = settle(batch, limits)
            found.to_csv(file, index=False, header=not excluded, lineterminator="\n")
            excluded.append(without)
            several += several_people(batch, limits)
    return pd.concat(excluded, ignore_index=True), several


def _log_excluded(excluded: pd.DataFrame, most: int) -> None:
    named = excluded.head(most)
    for row in named.itertuples():
        log.warning("%s (%s): %s", row.file, row.id, row.reason)
    if len(excluded) > len(named):
        log.warning("... and %d more photographs without a usable face", len(excluded) - len(named))


def _unreadable(archive: PhotoZip, table: pd.DataFrame) -> dict[str, str]:
    """Why each photograph that the manifest gives no size is excluded, whatever precomputed values say of it."""
    reasons = {}
    for name, file in table.loc[table["width"] == 0, ["id", "file"]].to_numpy(dtype=str):
        try:
            image_size(archive.read(file), file)
        except InputError as error:
            reasons[str(name)] = unreadable_reason(error, file)
    return reasons
