"""OpenFace's CSV files: AU intensities and 68 landmarks, matched to photographs by file name."""

import csv
import io
import math
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
import pandas as pd

from cascade_efgan.data import AU_MAX, AUS
from cascade_efgan.data.records import LANDMARK_COLUMNS, POINTS, au_values, landmark_values
from cascade_efgan.errors import InputError

_AU_COLUMNS = tuple(f"{au}_r" for au in AUS)
_COLUMNS = ("confidence", *_AU_COLUMNS, *LANDMARK_COLUMNS)
EXCLUDED_COLUMNS = ("id", "file", "reason")


@dataclass(frozen=True)
class DetectedFace:
    """One face that OpenFace found, unchecked: values may be NaN or out of range until it is chosen.

    Attributes:
        confidence: OpenFace's confidence in its landmarks, 0..1.
        aus: `(17,)` float64 intensities in the order of `AUS`, 0..5.
        landmarks: `(68, 2)` float64, (x, y) in pixels of the photograph.
        where: CSV and line, for messages.
    """

    confidence: float
    aus: np.ndarray
    landmarks: np.ndarray
    where: str


#: Name of a photograph or its stem -> its faces in the CSV's order (which means nothing).
Detections = dict[str, list[DetectedFace]]


def read_openface(path: Path) -> Detections:
    """Read OpenFace output: a folder or zip of CSVs (one per photograph), or one CSV.

    One CSV for all photographs has a column `file`; a CSV without it belongs to the photograph of its own stem.

    Raises:
        InputError: nothing there, no CSV or no row in it, two CSVs of one stem, or a CSV that `parse_faces` refuses.
    """
    detections: Detections = {}
    seen: dict[str, str] = {}
    texts = 0
    for name, text in _csv_texts(path):
        texts += 1
        for key, faces in parse_faces(text, name).items():
            if key in seen:
                raise InputError(f"{name}: {seen[key]} holds faces of {key} too; expected one CSV per photograph")
            seen[key] = name
            detections[key] = faces
    if not texts:
        raise InputError(f"{path}: holds no .csv file; expected OpenFace's output, one CSV per photograph")
    if not seen:
        raise InputError(f"{path}: has no rows; expected one row per face")
    return detections


def parse_faces(text: str, name: str) -> Detections:
    """Faces of one CSV of OpenFace 2, in any form that its programs and builds write.

    Headers may have a space after each comma, and start with `face,confidence` (FaceLandmarkImg) or with
    `frame,face_id,timestamp,confidence,success` (FeatureExtraction; rows without success hold no face).

    Args:
        text: the whole file.
        name: what messages call it.

    Returns:
        The key is the cell of the column `file` where there is one, else the stem of `name`. A CSV without rows
        gives that stem without faces.

    Raises:
        InputError: a column is missing, a row is cut off, or a cell is no number.
    """
    # OpenFace pads cells, not only headers, with spaces in some builds.
    lines = csv.reader(io.StringIO(text), skipinitialspace=True)
    header = [cell.strip() for cell in next(lines, [])]
    stem = PurePosixPath(name).stem
    if not header:
        return {stem: []}
    _check_header(header, name)
    at = {column: place for place, column in enumerate(header)}
    detections: Detections = {} if "file" in at else {stem: []}
    for row in lines:
        if not row:
            continue
        where = f"{name}, line {lines.line_num}"
        if len(row) != len(header):
            raise InputError(f"{where}: {len(row)} cells where the header has {len(header)}; run OpenFace again")
        faces = detections.setdefault(row[at["file"]].strip() if "file" in at else stem, [])
        if "success" not in at or _number(row[at["success"]], "success", where) == 1:
            faces.append(_face([_number(row[at[column]], column, where) for column in _COLUMNS], where))
    return detections


def choose_face(faces: Sequence[DetectedFace]) -> DetectedFace:
    """The face of highest confidence; among equals, the one whose landmarks span the largest area.

    Never simply the first row: OpenFace also reports phantom faces, in no particular order.
    """
    # NaN compares as neither larger nor smaller, so it would win or lose by its place: it loses.
    return max(faces, key=lambda face: (_or_lowest(face.confidence), _or_lowest(_box_area(face.landmarks))))


def check_face(face: DetectedFace) -> None:
    """Refuse a face whose numbers cannot be right.

    Raises:
        InputError: a value is NaN or infinite, or an AU is outside 0..5; the sentence names file and column.
    """
    values = (face.confidence, *face.aus, *face.landmarks.T.ravel())
    for column, value in zip(_COLUMNS, values, strict=True):
        if not math.isfinite(value):
            raise InputError(f"{face.where}: {column} is {value}, expected a finite number; run OpenFace again")
    for column, value in zip(_AU_COLUMNS, face.aus, strict=True):
        if not 0 <= value <= AU_MAX:
            raise InputError(
                f"{face.where}: {column} is {value:g}, expected an intensity of 0 to 5; take OpenFace's _r columns as "
                "they are, neither scaled nor normalised"
            )


def match_faces(manifest: pd.DataFrame, detections: Detections, source: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Give every photograph of a manifest its face, by file name or, failing that, by stem.

    Returns:
        faces: `id,confidence,AU01..AU45,x_0..x_67,y_0..y_67`, one row per photograph with a face; and
        excluded: `id,file,reason`, one row per photograph without one. Both in the manifest's order.

    Raises:
        InputError: no photograph matches anything, two photographs match one CSV, or a chosen face is refused by
            `check_face`.
    """
    keys = [_key_of(file, detections) for file in manifest["file"]]
    _check_keys(manifest, keys, detections, source)
    chosen: dict[str, DetectedFace] = {}
    excluded = []
    for name, file, key in zip(manifest["id"], manifest["file"], keys, strict=True):
        faces = detections[key] if key is not None else []
        if faces:
            chosen[name] = choose_face(faces)
            check_face(chosen[name])
        else:
            reason = "no CSV from OpenFace" if key is None else "OpenFace found no face"
            excluded.append((name, file, reason))
    return _faces_table(chosen), pd.DataFrame(excluded, columns=list(EXCLUDED_COLUMNS), dtype=str)


def check_excluded(excluded: pd.DataFrame, total: int, share: float) -> None:
    """Stop when more than `share` of `total` photographs have no face: something is wrong with all of them then.

    Raises:
        InputError: naming the count and the first photographs.
    """
    if len(excluded) > share * total:
        first = excluded.head(3)
        listed = ", ".join(f"{file} ({reason})" for file, reason in zip(first["file"], first["reason"], strict=True))
        raise InputError(
            f"{len(excluded)} of {total} photographs have no face, more than excluded_share allows ({share:.0%}): run "
            f"OpenFace on them again or raise excluded_share; the first are {listed}"
        )


def _csv_texts(path: Path) -> Iterator[tuple[str, str]]:
    """(name, text) of every CSV, sorted; `._` files are the leavings of a Mac, not CSVs."""
    if path.is_dir():
        for file in sorted(path.glob("*.csv")):
            if not file.name.startswith("._"):
                yield str(file), _text(file.read_bytes(), str(file))
    elif zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            for name in sorted(archive.namelist()):
                if name.endswith(".csv") and not PurePosixPath(name).name.startswith("._"):
                    yield f"{path}/{name}", _text(archive.read(name), f"{path}/{name}")
    elif path.is_file():
        yield str(path), _text(path.read_bytes(), str(path))
    else:
        raise InputError(f"{path}: no such file or folder; expected OpenFace's output as a folder, a zip or one CSV")


def _text(data: bytes, name: str) -> str:
    # OpenFace writes plain ASCII; a spreadsheet that saved the file again puts a byte order mark in front.
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(f"{name}: not a text file; expected a CSV of OpenFace") from None


def _check_header(header: list[str], name: str) -> None:
    missing = [column for column in _COLUMNS if column not in header]
    if not missing:
        return
    if len(missing) == len(_COLUMNS):
        advice = "this is no CSV of OpenFace"
    elif missing[0] in _AU_COLUMNS:
        every = all(column in missing for column in _AU_COLUMNS)
        advice = (
            "run OpenFace with -aus"
            if every
            else "an AU model file is probably missing in OpenFace's AU_predictors folder: restore it and run it again"
        )
    elif missing[0] in LANDMARK_COLUMNS:
        advice = "run OpenFace with -2Dfp"
    else:
        advice = "run OpenFace again"
    raise InputError(f"{name}: column {missing[0]} is missing; {advice}")


def _number(cell: str, column: str, where: str) -> float:
    try:
        return float(cell)
    except ValueError:
        raise InputError(f"{where}: {column} is {cell.strip()!r}, expected a number; run OpenFace again") from None


def _face(values: list[float], where: str) -> DetectedFace:
    aus = np.array(values[1 : 1 + len(AUS)])
    landmarks = np.array(values[1 + len(AUS) :]).reshape(2, POINTS).T
    return DetectedFace(values[0], aus, landmarks, where)


def _box_area(landmarks: np.ndarray) -> float:
    width, height = np.ptp(landmarks, axis=0)
    return float(width * height)


def _or_lowest(value: float) -> float:
    return -math.inf if math.isnan(value) else value


def _key_of(file: str, detections: Detections) -> str | None:
    path = PurePosixPath(file)
    return next((key for key in (file, path.name, path.stem) if key in detections), None)


def _check_keys(manifest: pd.DataFrame, keys: Iterable[str | None], detections: Detections, source: Path) -> None:
    owners: dict[str, str] = {}
    for file, key in zip(manifest["file"], keys, strict=True):
        if key is None:
            continue
        if key in owners:
            raise InputError(f"{source}: {key} matches both {owners[key]} and {file}; rename one of the photographs")
        owners[key] = file
    if not owners:
        raise InputError(
            f"{source}: its names match none of the {len(manifest)} photographs; expected names such as "
            f"{PurePosixPath(manifest['file'].iloc[0]).stem}, found {next(iter(detections))}"
        )


def _faces_table(chosen: dict[str, DetectedFace]) -> pd.DataFrame:
    faces = list(chosen.values())
    columns: dict[str, object] = {"id": list(chosen), "confidence": [face.confidence for face in faces]}
    columns |= au_values(np.array([face.aus for face in faces]).reshape(-1, len(AUS)))
    columns |= landmark_values(np.array([face.landmarks for face in faces]).reshape(-1, POINTS, 2))
    return pd.DataFrame(columns)
