"""CSV files with checked columns: the form of every table between stages."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from cascade_efgan.data import AUS, EXPRESSIONS, UNKNOWN
from cascade_efgan.errors import InputError
from cascade_efgan.files import atomic_path

#: Number of points of the facial landmark scheme that OpenFace, and so every stage, uses.
POINTS = 68

#: Column names of the landmarks, OpenFace's own: all x, then all y.
LANDMARK_COLUMNS = tuple(f"{axis}_{point}" for axis in "xy" for point in range(POINTS))


def read_records(path: str | Path, text: Sequence[str], numbers: Sequence[str] = ()) -> pd.DataFrame:
    """Read a CSV file; `text` columns stay strings (`007` too), `numbers` become finite float64.

    Columns beyond these are kept as strings. An empty cell is an empty string, never NaN.

    Raises:
        InputError: the file is missing, no CSV, lacks a column, or holds a number that is none or not finite.
    """
    try:
        frame = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; run the rule that makes it first") from None
    except (pd.errors.EmptyDataError, pd.errors.ParserError, UnicodeDecodeError) as error:
        reason = str(error).strip().replace("\n", " ")
        raise InputError(f"{path}: not a CSV file ({reason}); delete it and run its rule again") from None
    names = [*text, *numbers]
    missing = [name for name in names if name not in frame.columns]
    if missing:
        shown = names if len(names) <= 12 else [*names[:10], f"... {names[-1]}"]
        raise InputError(f"{path}: column {missing[0]} is missing; expected the columns {', '.join(shown)}")
    values = {name: _finite(frame[name], path, name) for name in numbers}
    return frame.assign(**values)


def read_rows(path: str | Path, text: Sequence[str], numbers: Sequence[str], of: str = "face crop") -> pd.DataFrame:
    """`read_records` of a table with `id` and one row or more; messages say what each row is `of`.

    Raises:
        InputError: as `read_records`; or no row, or an id twice.
    """
    rows = read_records(path, text, numbers)
    if rows.empty:
        raise InputError(f"{path}: no rows; expected one row per {of}, so look at excluded.csv beside it")
    check_ids(rows["id"], path)
    return rows


def check_ids(ids: pd.Series, path: str | Path) -> None:
    """Refuse an id that appears twice, because every later table is matched by it."""
    twice = ids[ids.duplicated()]
    if len(twice):
        raise InputError(f"{path}: id {twice.iloc[0]} appears twice, expected every id once; remove or rename one")


def check_expressions(names: pd.Series, path: str | Path) -> None:
    """Refuse an expression that is none of `EXPRESSIONS` or, for photographs without a label, `UNKNOWN`."""
    unknown = names[~names.isin((*EXPRESSIONS, UNKNOWN))]
    if len(unknown):
        raise InputError(
            f"{path}: unknown expression {unknown.iloc[0]!r} in line {int(unknown.index[0]) + 2}; "
            f"expected one of {', '.join(EXPRESSIONS)}"
        )


def write_records(path: str | Path, frame: pd.DataFrame) -> None:
    """Write a CSV file (UTF-8, Unix line ends, no index column); floats read back bit for bit."""
    with atomic_path(path) as partial:
        frame.to_csv(partial, index=False, lineterminator="\n", encoding="utf-8")


def landmarks_of(frame: pd.DataFrame) -> np.ndarray:
    """Landmarks of a table with the columns `x_0..x_67,y_0..y_67`, as `(N, 68, 2)` float64, (x, y) last."""
    values = frame[list(LANDMARK_COLUMNS)].to_numpy(dtype=np.float64)
    return values.reshape(len(frame), 2, POINTS).transpose(0, 2, 1)


def landmark_values(landmarks: np.ndarray) -> dict[str, np.ndarray]:
    """`(N, 68, 2)` landmarks as the columns `x_0..x_67,y_0..y_67`, each `(N,)`."""
    columns = landmarks.transpose(0, 2, 1).reshape(len(landmarks), 2 * POINTS)
    return {name: columns[:, column] for column, name in enumerate(LANDMARK_COLUMNS)}


def au_values(aus: np.ndarray) -> dict[str, np.ndarray]:
    """`(N, 17)` AU intensities as the columns `AU01..AU45`, each `(N,)`."""
    return {name: aus[:, column] for column, name in enumerate(AUS)}


def _finite(column: pd.Series, path: str | Path, name: str) -> np.ndarray:
    try:
        values = column.to_numpy(dtype=np.float64)
    except ValueError:
        values = np.array([_float(cell) for cell in column])
    wrong = ~np.isfinite(values)
    if wrong.any():
        row = int(np.argmax(wrong))
        raise InputError(
            f"{path}: column {name} holds {column.iloc[row]!r} in line {row + 2}, where a finite number was expected; "
            "fix that line"
        )
    return values


def _float(cell: str) -> float:
    """As `to_numpy` reads it, or NaN: pandas' own reader takes fewer forms, and would name the wrong line."""
    try:
        return float(cell)
    except ValueError:
        return np.nan
