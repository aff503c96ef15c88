"""The manifest: one row per photograph of a data set, the same columns for every data set."""

import logging
import re
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from cascade_efgan.data.photo_files.images import image_size
from cascade_efgan.data.photo_files.photos import Photo, sha256
from cascade_efgan.data.records import check_expressions, check_ids, read_records, write_records
from cascade_efgan.errors import InputError

GAZES = ("left", "frontal", "right", "unknown")
TEXT_COLUMNS = ("id", "file", "sha256", "person", "expression", "gaze", "dataset")
SIZE_COLUMNS = ("width", "height")
#: The data set's own face box in pixels of the photograph (left, top, width, height); empty where it has none.
BOX_COLUMNS = ("face_x", "face_y", "face_width", "face_height")
COLUMNS = (*TEXT_COLUMNS, *SIZE_COLUMNS, *BOX_COLUMNS)

#: Ids become file stems and arguments; this is what all systems take without quoting.
_ID = re.compile(r"[A-Za-z0-9._-]+")
_SHA256 = re.compile(r"[0-9a-f]{64}")


def manifest_row(photo: Photo, dataset: str) -> dict[str, str | int | float]:
    """The manifest's row of one photograph; width and height are pixels of the upright image.

    Both are 0 where the file is none that is read: one such file must not cost the others, so that it is kept here and
    excluded, with its reason, by `extract_aus`.
    """
    try:
        width, height = image_size(photo.data, photo.file)
    except InputError:
        width, height = 0, 0
    return {
        "id": photo.id,
        "file": photo.file,
        "sha256": sha256(photo.data),
        "person": photo.person,
        "expression": photo.expression,
        "gaze": photo.gaze,
        "dataset": dataset,
        "width": width,
        "height": height,
        **dict(zip(BOX_COLUMNS, photo.face_box or [""] * 4, strict=True)),
    }


def write_manifest(path: str | Path, rows: Iterable[dict[str, str | int | float]]) -> pd.DataFrame:
    """Check the rows, sort them by id, write them, and return them as a table.

    The file has one more column, `copies`: how many other photographs have the same bytes.

    Raises:
        InputError: as `read_manifest`.
    """
    manifest = pd.DataFrame(list(rows), columns=list(COLUMNS)).sort_values("id", kind="stable", ignore_index=True)
    _check(manifest, path)
    same = manifest.groupby("sha256")["id"].transform("size")
    write_records(path, manifest.assign(copies=same - 1))
    return manifest


def log_copies(log: logging.Logger, table: pd.DataFrame, by: str) -> None:
    """Warn of photographs that are the same as an earlier one by a column; `table` has the columns `id` and `by`."""
    copies = table.loc[table[by].duplicated(), ["id", by]]
    if len(copies):
        same = table.loc[table[by] == copies[by].iloc[0], "id"]
        log.warning(
            "%d of %d photographs are copies of others (the first: %s); copies never part into train and test",
            len(copies), len(table), " and ".join(same.head(2)),
        )  # fmt: skip


def read_manifest(path: str | Path) -> pd.DataFrame:
    """Read `manifest.csv`: text and face box as strings, `width` and `height` as int64 pixels.

    Raises:
        InputError: missing file or column, no row, an id or file twice, an id with spaces, a file or person with a
            line break, an empty person, an unknown expression or gaze, or a SHA-256 or size that is none.
    """
    manifest = read_records(path, (*TEXT_COLUMNS, *BOX_COLUMNS), SIZE_COLUMNS)
    _check(manifest, path)
    return manifest[list(COLUMNS)].astype(dict.fromkeys(SIZE_COLUMNS, "int64"))


def read_manifest_rows(path: str | Path, first: int, count: int) -> pd.DataFrame:
    """The rows `first` up to `first + count` of `read_manifest`, checked as there; none beyond the end.

    A job that needs 500 of a million rows reads neither the others nor the time that checking them takes.

    Raises:
        InputError: as `read_manifest`, for these rows only.
    """
    try:
        columns = list(pd.read_csv(path, nrows=0, encoding="utf-8-sig").columns)
        rows = pd.read_csv(
            path, header=None, names=columns, skiprows=1 + first, nrows=count, dtype=str, keep_default_na=False,
            encoding="utf-8-sig",
        )  # fmt: skip
        rows = rows.astype(dict.fromkeys(SIZE_COLUMNS, "int64"))[list(COLUMNS)]
        _check(rows, path)
    except (OSError, ValueError, KeyError, InputError):
        # Something is wrong, or there are no such rows: the whole file says what, with the right numbers of lines.
        return read_manifest(path).iloc[first : first + count]
    return rows


def _check(manifest: pd.DataFrame, path: str | Path) -> None:
    """Refuse a manifest that later stages could misread."""
    if manifest.empty:
        raise InputError(f"{path}: no rows; expected one row per photograph, so look at the data set's source")
    check_ids(manifest["id"], path)
    check_expressions(manifest["expression"], path)
    checks = [
        ("id", ~manifest["id"].str.fullmatch(_ID), "letters, digits and . _ - only"),
        ("file", manifest["file"].duplicated(), "every file once"),
        # The workflow counts photographs by lines.
        ("file", manifest["file"].str.contains("[\r\n]"), "no line break in it (rename the photograph)"),
        ("person", manifest["person"].str.contains("[\r\n]"), "no line break in it (rename the photograph)"),
        ("person", manifest["person"] == "", "a name or number"),
        ("gaze", ~manifest["gaze"].isin(GAZES), f"one of {', '.join(GAZES)}"),
        ("sha256", ~manifest["sha256"].str.fullmatch(_SHA256), "64 hexadecimal digits"),
    ]
    for size in SIZE_COLUMNS:
        checks.append((size, (manifest[size] < 0) | (manifest[size] % 1 != 0), "a whole number of pixels"))
    for column, wrong, expected in checks:
        if wrong.any():
            row = manifest[wrong].to_dict("records")[0]
            raise InputError(
                f"{path}: {column} of id {row['id']!r} is {row[column]!r}, expected {expected}; fix that line or make "
                "the manifest again"
            )
