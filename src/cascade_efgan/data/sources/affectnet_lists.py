"""The lists of AffectNet's full release: `training.csv` and `validation.csv`, read and checked."""

import csv
import hashlib
import io
import logging
from collections.abc import Sequence
from pathlib import PurePosixPath

import numpy as np
import pandas as pd

from cascade_efgan.data.sources.archives import ArchiveReader
from cascade_efgan.data.sources.file_names import composed
from cascade_efgan.errors import InputError

log = logging.getLogger("efgan.download")

#: Expression id, this project's own, of photographs listed with two expressions; it follows the data set's.
DISPUTED = 11

LISTS = ("training.csv", "validation.csv")
PATH = "subDirectory_filePath"
BOX = ("face_x", "face_y", "face_width", "face_height")
#: Columns of the lists in their order; some old lists have no header.
_LIST_COLUMNS = (PATH, *BOX, "facial_landmarks", "expression")
_READ_COLUMNS = (PATH, *BOX, "expression")


def read_lists(archive: ArchiveReader, lists: Sequence[str]) -> pd.DataFrame:
    """One row per photograph, by its id: path, expression (int64), box (float64 pixels, NaN where there is none).

    Of a photograph that is listed again the first row counts; where its rows disagree, its expression is `DISPUTED`.

    Raises:
        InputError: a list is there twice, torn, or has a cell that cannot be; the sentence names file and line.
    """
    by_name: dict[str, str] = {}
    for name in lists:
        other = by_name.setdefault(PurePosixPath(name).name.lower(), name)
        if other != name:
            raise InputError(f"{archive.path}: {other} and {name} are the same list twice; delete one")
    frames = [_read_list(archive.read(name), f"{archive.path}: {name}") for name in lists]
    listing = pd.concat(frames, ignore_index=True)
    again = listing[PATH].duplicated()
    if again.any():
        log.warning("AffectNet lists %d photographs more than once", listing[PATH][again].nunique())
    several = listing.groupby(PATH)["expression"].transform("nunique") > 1
    listing["expression"] = listing["expression"].mask(several, DISPUTED)
    return listing[~again].set_index(_photo_ids(listing[PATH][~again]))


def _read_list(data: bytes, where: str) -> pd.DataFrame:
    first = next(csv.reader(io.StringIO(data[:100_000].decode("utf-8-sig", "replace").split("\n", 1)[0])), [])
    header = [cell.strip() for cell in first]
    headed = PATH in header
    columns = header if headed else list(_LIST_COLUMNS)
    missing = [name for name in _READ_COLUMNS if name not in columns]
    if missing or len(first) < len(_LIST_COLUMNS):
        raise InputError(
            f"{where}: the first line has no column {missing[0] if missing else 'expression'}; expected "
            f"{','.join(_LIST_COLUMNS)},..., as AffectNet's own: restore the file"
        )
    places = {columns.index(name): name for name in _READ_COLUMNS}
    try:
        # The landmarks are nine tenths of the file and not kept.
        frame = pd.read_csv(
            io.BytesIO(data), header=None, usecols=sorted(places), dtype=str, keep_default_na=False,
            skip_blank_lines=False, skipinitialspace=True, encoding="utf-8-sig",
        )  # fmt: skip
    except (pd.errors.ParserError, UnicodeDecodeError) as error:
        reason = str(error).strip().replace("\n", " ")
        raise InputError(f"{where}: not a list of AffectNet ({reason}); restore the file") from None
    frame = frame.rename(columns=places).fillna("")[int(headed) :]
    return _checked(frame[frame[PATH] != ""], where)


def _checked(frame: pd.DataFrame, where: str) -> pd.DataFrame:
    """The rows of one list, numbered from 0 by line, as numbers."""
    path = frame[PATH].str.strip().str.replace("\\", "/", regex=False).map(composed)
    _refuse_rows(frame[PATH], path.str.fullmatch(r"[^/]+/[^/]+"), where, "a folder and a file")
    expression = pd.to_numeric(frame["expression"], errors="coerce")
    known = expression.isin(range(DISPUTED))
    _refuse_rows(frame["expression"], known, where, "an expression from 0 to 10")
    cells = frame[list(BOX)].apply(lambda column: column.str.strip())
    box = cells.apply(pd.to_numeric, errors="coerce")
    # Faces that nobody boxed have NULL there, or a width of -1.
    for name in BOX:
        unboxed = cells[name].str.upper().isin(("", "NULL"))
        _refuse_rows(frame[name], box[name].notna() | unboxed, where, "pixels or NULL")
    boxed = np.isfinite(box).all(axis=1) & (box[["face_width", "face_height"]] > 0).all(axis=1)
    return box.where(boxed).assign(**{PATH: path, "expression": expression.astype("int64")})


def _refuse_rows(cells: pd.Series, fine: pd.Series, where: str, expected: str) -> None:
    if not fine.all():
        row = cells.index[~fine.to_numpy(dtype=bool)][0]
        raise InputError(
            f"{where}: {cells.name} is {cells[row]!r} in line {row + 1}, expected {expected}; restore the file"
        )


def _photo_ids(paths: pd.Series) -> pd.Index:
    """`689/737db.jpg` -> `689-737db`; where two would be the same, both get a short hash of their path."""
    stems = paths.str.replace(r"\.[^./]*$", "", regex=True).str.replace("/", "-", regex=False)
    ids = stems.str.replace(r"[^A-Za-z0-9._-]", "_", regex=True)
    twice = ids.duplicated(keep=False)
    ids[twice] += [f"-{hashlib.sha256(path.encode()).hexdigest()[:12]}" for path in paths[twice]]
    return pd.Index(ids)
