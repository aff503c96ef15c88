"""A few test edits that come with published weights: a picture to look at, and numbers to reach again."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from cascade_efgan.data import AUS
from cascade_efgan.data.dataset import Faces
from cascade_efgan.data.photos import encode_png
from cascade_efgan.data.records import au_values, write_records
from cascade_efgan.evaluation.packed_edits import Edits
from cascade_efgan.evaluation.similarity import psnr

PICTURE, TABLE = "samples.png", "samples.csv"
COUNT = 8
_PRESENT = tuple(f"present_{name}" for name in AUS)


def write_samples(folder: Path, edits: Edits, faces: Faces, rows: Sequence[int]) -> pd.DataFrame:
    """Store `COUNT` of the edits with a real counterpart (`rows`), evenly spaced, so that nobody chose them by looks.

    Returns:
        A row per sample: `source_id`, `target_expression`, `psnr` (edit to real, dB), `unchanged` (input to real, dB),
        the AUs of the input (`present_AU01`, ...) and the target AUs (`AU01`, ...), 0..5. The picture's rows: inputs,
        edits, and the same person's real photographs of the target expression.
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
    return table
