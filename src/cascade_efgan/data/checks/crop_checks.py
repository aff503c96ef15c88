"""What is checked of every crop before anything learns from it. Not in the paper: it trusts its data sets."""

from functools import reduce
from pathlib import Path

import numpy as np
import pandas as pd

from cascade_efgan.data.face_crops.crops import padding_share
from cascade_efgan.data.face_crops.dataset import SQUARE_COLUMNS
from cascade_efgan.data.records import POINTS, read_records
from cascade_efgan.errors import InputError, enough_decimals

#: Columns of `crop_checks.csv`, in order.
CHECK_COLUMNS = ("id", "side", "padding", "offset_x", "offset_y", "flags")

#: A crop whose square has few pixels of the photograph, and one whose square is partly outside it.
FLAGS = ("small", "padded")
#: What the column `flags` can hold; the place is 1 for small plus 2 for padded.
_COMBINATIONS = ("", "small", "padded", "small padded")

#: Pixels of the crop between the landmarks' centre and the crop's; the rounding of squares and landmarks is far less.
_MOST_OFFSET = 2.0


def check_crops(
    photographs: pd.DataFrame, index: pd.DataFrame, size: int, small_face: int, max_padding: float
) -> pd.DataFrame:
    """The table `crop_checks.csv`: one row per crop, in the index's order.

    It has `id`; `side` of the square in pixels of the photograph; `padding`, the share of the square's area outside
    the photograph, 0..1; `offset_x, offset_y`, the centre of the landmarks' box minus the crop's centre, pixels of the
    crop; `flags`, `small` and `padded` separated by a space.

    `photographs` has the columns `file, width, height`, in the order of the index (`crops.csv`), whose crops have the
    side `size`. Below `small_face`, in pixels of the photograph, a side is flagged `small`.

    Raises:
        InputError: a face that is not in the centre of its crop, or more padding than `max_padding`.
    """
    sizes = photographs[["width", "height"]].to_numpy()
    padding = padding_share(index[list(SQUARE_COLUMNS)].to_numpy(), sizes)
    offset_x, offset_y = (_offset(index, axis, size) for axis in "xy")
    wrong = np.maximum(np.abs(offset_x), np.abs(offset_y)) > _MOST_OFFSET
    if wrong.any():
        row = int(np.argmax(wrong))
        x, y = enough_decimals(lambda x, y: max(abs(x), abs(y)) > _MOST_OFFSET, offset_x[row], offset_y[row], least=1)
        raise InputError(
            f"{photographs['file'].iloc[row]}: the face's centre is ({x}, {y}) pixels from its crop's centre, expected "
            f"at most {_MOST_OFFSET:g}; landmarks and square disagree: run the crop rule again"
        )
    _refuse_padding(photographs["file"], padding, max_padding)
    small, padded = index["crop_side"].to_numpy() < small_face, padding > 0
    return pd.DataFrame(
        {
            "id": index["id"].to_numpy(),
            "side": index["crop_side"].to_numpy(),
            "padding": np.round(padding, 6),
            "offset_x": np.round(offset_x, 4),
            "offset_y": np.round(offset_y, 4),
            "flags": np.array(_COMBINATIONS, dtype=object)[small + 2 * padded],
        }
    )


def read_crop_checks(path: str | Path, index: pd.DataFrame, index_path: str | Path) -> pd.DataFrame:
    """Read `crop_checks.csv`; its rows are those of `index`, in the same order.

    Raises:
        InputError: missing file, column or number, an unknown flag, or other ids than the index has.
    """
    checks = read_records(path, ("id", "flags"), CHECK_COLUMNS[1:-1])
    if list(checks["id"]) != list(index["id"]):
        raise InputError(
            f"{path}: its ids are not those of {index_path}; delete both and run the crop rule again, which writes them"
        )
    unknown = checks.loc[~checks["flags"].isin(_COMBINATIONS), "flags"]
    if len(unknown):
        raise InputError(f"{path}: flags {unknown.iloc[0]!r} are unknown, expected {' or '.join(FLAGS)}; fix that line")
    return checks


def _offset(index: pd.DataFrame, axis: str, size: int) -> np.ndarray:
    """`(N,)` centre of the landmarks' box minus the crop's centre along an axis, pixels of the crop."""
    # Column by column: a million faces are not copied.
    columns = [index[f"{axis}_{point}"].to_numpy() for point in range(POINTS)]
    centre: np.ndarray = (reduce(np.minimum, columns) + reduce(np.maximum, columns)) / 2
    return centre - (size - 1) / 2


def _refuse_padding(files: pd.Series, padding: np.ndarray, limit: float) -> None:
    wrong = padding > limit
    if wrong.any():
        row = int(np.argmax(wrong))
        (outside,) = enough_decimals(lambda shown: shown > 100 * limit, 100 * padding[row], least=1)
        raise InputError(
            f"{files.iloc[row]}: {outside}% of the square around the face lies outside the photograph, more "
            f"than crop.max_padding allows ({100 * limit:g}%); run the extract_aus rule again, which excludes such "
            "photographs, or raise crop.max_padding"
        )
