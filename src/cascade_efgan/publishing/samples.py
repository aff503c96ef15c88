"""A few test edits that come with published weights: a picture to look at, and numbers to reach again."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from cascade_efgan.data import AUS
from cascade_efgan.data.dataset import Faces
from cascade_efgan.data.images import decode_image
from cascade_efgan.data.photos import encode_png
from cascade_efgan.data.records import au_values, read_records, write_records
from cascade_efgan.errors import InputError
from cascade_efgan.evaluation.edits import Edits
from cascade_efgan.evaluation.psnr import psnr

PICTURE, TABLE = "samples.png", "samples.csv"
COUNT = 8
_PRESENT = tuple(f"present_{name}" for name in AUS)


@dataclass(frozen=True)
class Samples:
    """N edits with what was asked for, what came out, and the real photograph of it.

    Attributes:
        inputs: `(N, S, S, 3)` uint8 RGB.
        edits: like inputs.
        real: like inputs: the same person with the target expression.
        table: N rows: `source_id`, `target_expression`, `psnr` (edit to real, dB), `unchanged` (input to real, dB),
            the AUs of the input (`present_AU01`, ...) and the target AUs (`AU01`, ...), 0..5.
    """

    inputs: np.ndarray
    edits: np.ndarray
    real: np.ndarray
    table: pd.DataFrame

    @property
    def present(self) -> np.ndarray:
        """AUs of the inputs: `(N, 17)` float64, 0..5."""
        return self.table[list(_PRESENT)].to_numpy(float)

    @property
    def target(self) -> np.ndarray:
        """AUs asked for: `(N, 17)` float64, 0..5."""
        return self.table[list(AUS)].to_numpy(float)


def write_samples(folder: Path, edits: Edits, faces: Faces, rows: Sequence[int]) -> Samples:
    """Store `COUNT` of the edits, evenly spaced in their order, so that nobody chose them by their looks.

    Args:
        folder: of the published weights.
        edits: all test edits.
        faces: the data set.
        rows: edits that have a real counterpart.
    """
    chosen = np.unique(np.linspace(0, len(rows) - 1, COUNT).round().astype(int))
    index = edits.index.iloc[[rows[place] for place in chosen]]
    source = faces.take(np.array([faces.places[name] for name in index["source_id"]]))
    real = faces.take(np.array([faces.places[name] for name in index["counterpart_id"]])).images
    made = edits.images[index.index]
    table = index[["source_id", "target_expression"]].reset_index(drop=True)
    numbers = {
        "psnr": [psnr(*pair) for pair in zip(made, real, strict=True)],
        "unchanged": [psnr(*pair) for pair in zip(source.images, real, strict=True)],
    }
    present = dict(zip(_PRESENT, au_values(source.index[list(AUS)].to_numpy(float)).values(), strict=True))
    table = table.assign(**numbers, **present, **au_values(index[list(AUS)].to_numpy(float)))
    write_records(folder / TABLE, table)
    grid = np.stack([source.images, made, real])  # (3, N, S, S, 3)
    (folder / PICTURE).write_bytes(encode_png(np.concatenate([np.concatenate(row, axis=1) for row in grid])))
    return Samples(source.images, made, real, table)


def read_samples(folder: Path) -> Samples:
    """The samples of published weights.

    Raises:
        InputError: a file is missing, or the picture has not three rows of as many squares as the table has lines.
    """
    table = read_records(folder / TABLE, ("source_id", "target_expression"), ("psnr", "unchanged", *_PRESENT, *AUS))
    picture = decode_image((folder / PICTURE).read_bytes(), str(folder / PICTURE))
    side = picture.shape[0] // 3
    if picture.shape != (3 * side, len(table) * side, 3):
        raise InputError(f"{folder / PICTURE}: {picture.shape}, expected 3 rows of {len(table)} squares; restore it")
    grid = picture.reshape(3, side, len(table), side, 3).transpose(0, 2, 1, 3, 4)
    inputs, edits, real = np.ascontiguousarray(grid)
    return Samples(inputs, edits, real, table)
