"""The packed crops of a data set and its parts, as every stage after cropping reads them."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from cascade_efgan.data import AU_MAX, AUS, EXPRESSIONS
from cascade_efgan.data.records import LANDMARK_COLUMNS, check_expressions, check_ids, read_records, read_rows
from cascade_efgan.errors import InputError
from cascade_efgan.files import not_the_file

Part = Literal["train", "test", "all"]

#: Columns of `crops.csv`, in order.
INDEX_TEXT = ("id", "person", "expression", "gaze", "dataset")
SQUARE_COLUMNS = ("crop_x", "crop_y", "crop_side")
#: Hash of the photograph's upright pixels, equal for copies of one photograph in whatever file.
PIXELS = "pixels"
INDEX_COLUMNS = (*INDEX_TEXT, *AUS, *SQUARE_COLUMNS, *LANDMARK_COLUMNS, PIXELS)


@dataclass(frozen=True)
class Faces:
    """Face crops with what is known about them, row by row.

    The N rows of the index have the columns of `crops.csv` (`INDEX_COLUMNS`) and are numbered 0..N-1: strings, AUs in
    0..5, the square in pixels of the photograph, and landmarks in pixels of the crop.
    """

    images: np.ndarray  # (N, S, S, 3) uint8 RGB; a read-only memory map when it comes from `load_faces`
    index: pd.DataFrame

    def __len__(self) -> int:
        """Number of faces."""
        return len(self.index)

    @property
    def size(self) -> int:
        """Side S of a crop, pixels."""
        return int(self.images.shape[1])

    @property
    def aus(self) -> np.ndarray:
        """AU intensities as networks see them: `(N, 17)` float32 in 0..1, OpenFace's 0..5 divided by 5.

        Source: Sec. 3.1 (17 AUs); the scaling is GANimation's.
        """
        return (self.index[list(AUS)].to_numpy(dtype=np.float64) / AU_MAX).astype(np.float32)

    @property
    def labels(self) -> np.ndarray:
        """Expression of every face: `(N,)` int64, positions in `EXPRESSIONS`, -1 for `UNKNOWN`."""
        return pd.Index(EXPRESSIONS).get_indexer(pd.Index(self.index["expression"])).astype(np.int64)

    @cached_property
    def places(self) -> dict[str, int]:
        """Id of a face -> its row."""
        return dict(zip(self.index["id"], range(len(self)), strict=True))

    def image(self, name: str) -> np.ndarray | None:
        """The face with this id, `(S, S, 3)` uint8; None where there is none."""
        return np.asarray(self.images[self.places[name]]) if name in self.places else None

    @property
    def expressions(self) -> tuple[str, ...]:
        """The expressions that occur, in the order of `EXPRESSIONS`: those that are evaluated."""
        present = set(self.index["expression"])
        return tuple(name for name in EXPRESSIONS if name in present)

    def take(self, rows: np.ndarray) -> "Faces":
        """The faces of the given row numbers, in that order, read into memory; rows are renumbered."""
        rows = np.asarray(rows, dtype=np.int64)
        return Faces(np.asarray(self.images[rows]), self.index.iloc[rows].reset_index(drop=True))


def load_faces(crops_path: str | Path, index_path: str | Path) -> Faces:
    """Open the packed crops (memory-mapped, nothing is copied) and their index.

    Raises:
        InputError: a file is missing or of another form, or the two do not belong together.
    """
    images = load_images(crops_path)
    index = read_index(index_path)
    if len(images) != len(index):
        raise InputError(
            f"{index_path}: {len(index)} rows, but {crops_path} holds {len(images)} crops; "
            "delete both and run the crop rule again"
        )
    return Faces(images, index)


def load_images(path: str | Path) -> np.ndarray:
    """Memory-map packed square images: `(N, S, S, 3)` uint8 RGB, read-only.

    Raises:
        InputError: the file is missing, no NumPy array file, or of another shape or type.
    """
    try:
        images: np.ndarray = np.load(path, mmap_mode="r", allow_pickle=False)
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; run the rule that makes it first") from None
    except (ValueError, EOFError, OSError) as error:
        told = not_the_file(path) or f"{path}: not a NumPy array file ({error}); delete it and run its rule again"
        raise InputError(told) from None
    square = images.ndim == 4 and images.shape[1] == images.shape[2] and images.shape[3] == 3
    if not square or images.dtype != np.uint8:
        raise InputError(
            f"{path}: holds {images.dtype} {images.shape}, expected uint8 (N, S, S, 3); delete it and run its rule "
            "again"
        )
    return images


def read_index(path: str | Path) -> pd.DataFrame:
    """Read `crops.csv`: the columns `INDEX_COLUMNS`, AUs in 0..5, ids unique.

    Raises:
        InputError: missing file, column or number, no row, an id twice, an unknown expression or an AU out of 0..5.
    """
    index = read_rows(path, (*INDEX_TEXT, PIXELS), (*AUS, *SQUARE_COLUMNS, *LANDMARK_COLUMNS))
    check_expressions(index["expression"], path)
    aus = index[list(AUS)].to_numpy()
    if aus.min() < 0 or aus.max() > AU_MAX:
        row, column = np.argwhere((aus < 0) | (aus > AU_MAX))[0]
        raise InputError(
            f"{path}: {AUS[column]} of {index['id'].iloc[row]} is {aus[row, column]:.15g}, expected OpenFace's 0 to 5; "
            "fix that line"
        )
    return index


def part_rows(index: pd.DataFrame, split_path: str | Path, part: Part) -> np.ndarray:
    """Row numbers of `index` (column `id`) that belong to a part of `split.csv` (`id,part`): `(M,)` int64, ascending.

    Raises:
        InputError: missing file or column, a part that is neither train nor test, an id twice, or an id of `index`
            that the split does not name.
    """
    if part not in ("train", "test", "all"):
        raise InputError(f"part {part!r} is unknown: expected train, test or all")
    split = read_records(split_path, ("id", "part"))
    check_ids(split["id"], split_path)
    unknown = split.loc[~split["part"].isin(["train", "test"]), "part"]
    if len(unknown):
        raise InputError(f"{split_path}: part {unknown.iloc[0]!r} is unknown; expected train or test")
    parts = index["id"].map(split.set_index("id")["part"])
    if parts.isna().any():
        name = index.loc[parts.isna(), "id"].iloc[0]
        raise InputError(f"{split_path}: id {name} is missing, though the index has it; run the split rule again")
    return np.flatnonzero((parts == part) | (part == "all")).astype(np.int64)
