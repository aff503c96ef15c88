"""Edits of one part of a data set, as `generate` writes them."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from cascade_efgan.data import AU_MAX, AUS
from cascade_efgan.data.face_crops.dataset import load_images
from cascade_efgan.data.records import check_expressions, read_records
from cascade_efgan.errors import InputError
from cascade_efgan.generation.edit_plan import EDIT_TEXT


@dataclass(frozen=True)
class Edits:
    """Edited faces with what was asked of them, row by row.

    Attributes:
        images: `(M, S, S, 3)` uint8 RGB, a read-only memory map.
        index: `M` rows: `EDIT_TEXT` as strings (`counterpart_id` empty where the data set has none) and the target
            AUs, 0..5.
    """

    images: np.ndarray
    index: pd.DataFrame

    def __len__(self) -> int:
        """Number of edits."""
        return len(self.index)

    @property
    def aus(self) -> np.ndarray:
        """Target AUs: `(M, 17)` float32 in 0..1, OpenFace's 0..5 divided by 5."""
        return (self.index[list(AUS)].to_numpy(dtype=np.float64) / AU_MAX).astype(np.float32)

    @property
    def keys(self) -> list[tuple[str, str]]:
        """What names an edit: (source id, target expression)."""
        return list(zip(self.index["source_id"], self.index["target_expression"], strict=True))

    @property
    def ids(self) -> list[str]:
        """The same as one word."""
        return edit_ids(self.index)

    @property
    def changes(self) -> np.ndarray:
        """`(M,)` bool: the target expression is another than the source's own."""
        return (self.index["target_expression"] != self.index["source_expression"]).to_numpy()


def edit_id(source: str, target: str) -> str:
    """What names an edit, as one word."""
    return f"{source}:{target}"


def edit_ids(index: pd.DataFrame) -> list[str]:
    """The same of every row of `edits_{part}.csv`."""
    return [edit_id(*key) for key in zip(index["source_id"], index["target_expression"], strict=True)]


def load_edits(images_path: str | Path, index_path: str | Path) -> Edits:
    """Open packed edits (memory-mapped) and their index.

    Raises:
        InputError: a file is missing or of another form, the two differ in length, an expression is unknown, or an
            edit appears twice.
    """
    images = load_images(images_path)
    index = read_records(index_path, EDIT_TEXT, AUS)
    if len(images) != len(index):
        raise InputError(
            f"{index_path}: {len(index)} rows, but {images_path} holds {len(images)} edits; "
            "delete both and run the generate rule again"
        )
    check_expressions(index["target_expression"], index_path)
    twice = index.duplicated(["source_id", "target_expression"])
    if twice.any():
        row = index[twice].iloc[0]
        raise InputError(
            f"{index_path}: the edit of {row['source_id']} to {row['target_expression']} appears twice, "
            "expected it once; run the generate rule again"
        )
    return Edits(images, index)
