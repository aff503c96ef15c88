"""OpenFace's CSV files: their text as faces, and folders, zips and single files of them by photograph."""

import csv
import hashlib
import io
import logging
import math
import re
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from cascade_efgan.data import AUS
from cascade_efgan.data.openface.detected import AU_COLUMNS, COLUMNS, FoundFace
from cascade_efgan.data.records import LANDMARK_COLUMNS, POINTS
from cascade_efgan.data.sources.file_names import composed, decoded, say_left_out, side_file
from cascade_efgan.errors import InputError
from cascade_efgan.files import pointer, sha256_file

log = logging.getLogger("efgan.openface")

#: What OpenFace writes without decimals.
_WHOLE = ("face", "frame", "face_id", "success")
_DECIMAL = re.compile(r"\s*[-+]?\d+[.,]\d+(e[-+]?\d+)?\s*", re.IGNORECASE)

#: A value that is none, as C libraries (glibc, Microsoft's old and new), spreadsheets and pandas write it.
_NO_NUMBER = re.compile(
    r"|[-+]?(nan|inf(inity)?)(\(\w*\))?|[-+]?\d\.?#\w+([-+]\d+)?|n/?a|null|none|#[\w/]+[!?]?", re.IGNORECASE
)

#: Columns that name the photograph of each row in one CSV for all, in any case; the first that is there counts.
FILE_COLUMNS = ("file", "filename", "image", "name")

#: Name of a photograph, or path of its CSV without `.csv` -> its faces in the CSV's order (which means nothing).
Detections = dict[str, list[FoundFace]]


def parse_faces(text: str, name: str, key: str | None = None) -> Detections:
    """Faces of one CSV of OpenFace 2, in any form that its programs and builds write.

    Headers may have a space after each comma, and start with `face,confidence` (FaceLandmarkImg) or with
    `frame,face_id,timestamp,confidence,success` (FeatureExtraction; rows without success hold no face). A spreadsheet
    may have saved the file with semicolons or tabs, and a program or spreadsheet with decimal commas, which are read
    where they cannot be taken for separators. Cells of any system's NaN or infinity (`-nan(ind)`, `1.#QNAN`), and empty
    ones, are missing values of their face.

    Messages call the file `name`. Where no column of `FILE_COLUMNS` names a photograph, `key` or the stem of `name`
    does; a CSV without rows gives that without faces.

    Raises:
        InputError: a column is missing or there twice, a row is cut off, a cell is no number, or a CSV of one
            photograph holds the frames of a video or several joined CSVs.
    """
    key = PurePosixPath(name).stem if key is None else key
    first_line = re.split(r"[\r\n]", text.lstrip(), maxsplit=1)[0]
    separator = next((mark for mark in ";\t" if mark in first_line and "," not in first_line), ",")
    # OpenFace pads cells, not only headers, with spaces in some builds.
    lines = csv.reader(io.StringIO(text, newline=""), skipinitialspace=True, delimiter=separator)
    header = [cell.strip() for cell in next(filter(_filled, lines), [])]
    if not header:
        return {key: []}
    _check_header(header, name)
    at = {column: place for place, column in enumerate(header)}
    owner = _file_column(header)
    detections: Detections = {} if owner is not None else {key: []}
    frames = set()
    for row in lines:
        if not _filled(row):
            continue
        where = f"{name}, line {lines.line_num}"
        if [cell.strip() for cell in row] == header:
            if owner is not None:
                continue  # joined CSVs whose rows name their photograph lose nothing
            raise InputError(
                f"{where}: the header again: this is several CSVs joined, and nothing says which photograph a row "
                "belongs to; give one CSV per photograph, or add a column file"
            )
        while len(row) > len(header) and not row[-1].strip():
            row.pop()  # a separator at the end of the line
        if len(row) > len(header):
            row = _without_decimal_commas(row, header, where)
        if len(row) != len(header):
            raise InputError(f"{where}: {len(row)} cells where the header has {len(header)}; run OpenFace again")
        faces = detections.setdefault(key if owner is None else composed(row[owner].strip()), [])
        cells = [cell.replace(",", ".") if _DECIMAL.fullmatch(cell) else cell for cell in row]
        if "success" not in at or _number(cells[at["success"]], "success", where) == 1:
            values = np.array([_number(cells[at[column]], column, where) for column in COLUMNS])
            confidence, aus, points = np.split(values, [1, 1 + len(AUS)])
            faces.append(FoundFace(points.reshape(2, POINTS).T, aus, float(confidence[0]), where))
        if "frame" in at and owner is None:
            frames.add(row[at["frame"]].strip())
    if len(frames) > 1:
        raise InputError(
            f"{name}: holds {len(frames)} frames, but nothing that says which photograph each belongs to; run "
            "FaceLandmarkImg, which writes one CSV per photograph, or add a column file"
        )
    return detections


def read_openface(path: Path) -> Detections:
    """Read OpenFace output: a folder or zip of CSVs (one per photograph, in folders below too), or one CSV.

    One CSV for all photographs has one of `FILE_COLUMNS`; a CSV without it belongs to the photograph of its own path.
    FeatureExtraction's are taken with a warning: only `-au_static` makes them comparable between photographs.

    Raises:
        InputError: nothing there, no CSV or no row in it, two CSVs of one path, or a CSV that `parse_faces` refuses.
    """
    detections: Detections = {}
    seen: dict[str, str] = {}
    video: list[str] = []
    texts = 0
    for own, name, text in _csv_texts(path):
        texts += 1
        if text.lstrip().startswith("frame"):
            video.append(name)
        for key, faces in parse_faces(text, name, own).items():
            if key in seen:
                raise InputError(f"{name}: {seen[key]} holds faces of {key} too; expected one CSV per photograph")
            seen[key] = name
            detections[key] = faces
    if not texts:
        raise InputError(f"{path}: holds no .csv file; expected OpenFace's output, one CSV per photograph")
    if not seen:
        raise InputError(f"{path}: has no rows; expected one row per face")
    if video:
        log.warning(
            "%s: %d of %d CSVs have the form of FeatureExtraction (frame,face_id,...; the first is %s): its dynamic AU "
            "models calibrate to a person unless -au_static was given; use FaceLandmarkImg or that flag",
            path, len(video), texts, PurePosixPath(video[0]).name,
        )  # fmt: skip
    return detections


def csv_provenance(path: Path) -> dict[str, Any]:
    """What identifies precomputed values: their name, number of files, and SHA-256.

    The hash is the file's own for a zip or one CSV; for a folder it is that of its list in sha256sum's form.
    """
    if not path.is_dir():
        return {"source": "csv", "name": path.name, "csvs": 1, "sha256": sha256_file(path)}
    names, _ = _kept(_names_below(path))
    listed = "".join(f"{sha256_file(path / name)}  {name}\n" for name in names)
    digest = hashlib.sha256(listed.encode()).hexdigest()
    return {"source": "csv", "name": path.name, "csvs": len(names), "sha256": digest}


def csv_text(data: bytes, name: str) -> str:
    """The text of a CSV file.

    Raises:
        InputError: the bytes are no UTF-8, or a pointer to a CSV that is not here.
    """
    if told := pointer(data, PurePosixPath(name).name):
        raise InputError(f"{name}: {told[0]}; {told[1]}")
    # OpenFace writes plain ASCII; a spreadsheet that saved the file again puts a byte order mark in front.
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(f"{name}: not a text file; expected a CSV of OpenFace") from None


def _kept(names: Iterable[str]) -> tuple[list[str], Counter[str]]:
    """The CSVs among POSIX paths, folder by folder, and how many of them other programs left, which do not count."""
    left = {name: side_file(name) for name in names if name.lower().endswith(".csv")}
    kept = sorted((name for name, program in left.items() if program is None), key=PurePosixPath)
    return kept, Counter(program for program in left.values() if program)


def _names_below(folder: Path) -> Iterator[str]:
    return (file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file())


def _csv_texts(path: Path) -> Iterator[tuple[str, str, str]]:
    """(path below `path` without `.csv`, whole name, text) of every CSV, sorted."""
    if path.is_dir():
        names, left = _kept(_names_below(path))
        say_left_out(log, path, left)
        for name in names:
            file = path / name
            yield composed(name)[:-4], str(file), csv_text(file.read_bytes(), str(file))
    elif zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            members = {composed(decoded(member)): member for member in archive.infolist()}
            names, left = _kept(members)
            say_left_out(log, path, left)
            for name in names:
                text = csv_text(archive.read(members[name]), f"{path}/{name}")
                yield str(PurePosixPath(name))[:-4], f"{path}/{name}", text
    elif path.is_file():
        yield composed(path.stem), str(path), csv_text(path.read_bytes(), str(path))
    else:
        raise InputError(f"{path}: no such file or folder; expected OpenFace's output as a folder, a zip or one CSV")


def _filled(row: list[str]) -> bool:
    return any(cell.strip() for cell in row)


def _file_column(header: list[str]) -> int | None:
    names = [column.lower() for column in header]
    return next((names.index(column) for column in FILE_COLUMNS if column in names), None)


def _without_decimal_commas(row: list[str], header: list[str], where: str) -> list[str]:
    """The cells of a row whose decimal commas were taken for separators, where only one reading of it is possible."""
    decimals = [column not in _WHOLE and column not in FILE_COLUMNS for column in map(str.lower, header)]
    joined, rest = [], iter(row)
    if len(row) == len(header) + sum(decimals):
        joined = [f"{next(rest)}.{next(rest)}" if decimal else next(rest) for decimal in decimals]
    read = [cell for cell, decimal in zip(joined, decimals, strict=False) if decimal]
    if not read or not all(map(_DECIMAL.fullmatch, read)):
        raise InputError(
            f"{where}: {len(row)} cells where the header has {len(header)}, as if numbers had decimal commas in a CSV "
            "separated by commas; write them with points (run OpenFace with LC_ALL=C), or separate cells by semicolons"
        )
    return joined


def _check_header(header: list[str], name: str) -> None:
    for column in COLUMNS:
        if header.count(column) > 1:
            raise InputError(f"{name}: column {column} is there {header.count(column)} times; keep OpenFace's own one")
    missing = [column for column in COLUMNS if column not in header]
    if not missing:
        return
    if len(missing) == len(COLUMNS):
        advice = "this is no CSV of OpenFace"
    elif missing[0] in AU_COLUMNS:
        advice = "run OpenFace with -aus"
        if not set(AU_COLUMNS) <= set(missing):
            # OpenFace goes on with status 0 when a model file is absent, and leaves the column out without a word.
            model = f"AU_predictors/svr_combined/AU_{int(missing[0][2:4])}_static_intensity_comb.dat"
            advice = (
                f"OpenFace probably lacks {model} (listed in AU_predictors/AU_all_static.txt): restore that file and "
                "run OpenFace again"
            )
    elif missing[0] in LANDMARK_COLUMNS:
        advice = "run OpenFace with -2Dfp"
    else:
        advice = "run OpenFace again"
    raise InputError(f"{name}: column {missing[0]} is missing; {advice}")


def _number(cell: str, column: str, where: str) -> float:
    if _NO_NUMBER.fullmatch(cell.strip()):
        return math.nan
    try:
        return float(cell)
    except ValueError:
        raise InputError(f"{where}: {column} is {cell.strip()!r}, expected a number; run OpenFace again") from None
