"""Numbers of single edits that only claims need: the expression gap, what an edit leaves behind, error in regions."""

import numpy as np
import pandas as pd

from cascade_efgan.data import AUS
from cascade_efgan.data.patches import PatchBox

#: An AU of the source should go down where the target asks for so much less (0 to 5).
SHOULD_GO = 1.0

#: Where the paper sees overlapping artifacts (Fig. 1, 4).
REGIONS = ("eyes", "mouth")


def aus_of_sources(index: pd.DataFrame, faces: pd.DataFrame) -> np.ndarray:
    """AUs of the source of every edit, `(M, 17)` float64, 0..5; `index`: edits_test.csv, `faces`: crops.csv."""
    sources: np.ndarray = faces.set_index("id")[list(AUS)].loc[index["source_id"]].to_numpy(np.float64)
    return sources


def left_over(source: np.ndarray, target: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """Mean excess over the target of AUs that should go down, per edit: `(M,)`, 0..5; NaN where none should.

    Not in the paper, which shows artifacts and measures none.

    Args:
        source: AUs of the sources, `(M, 17)`, 0..5.
        target: target AUs, alike.
        seen: AUs read from the edits, alike.
    """
    goes = source - target >= SHOULD_GO
    excess = np.where(goes, np.clip(seen - target, 0, None), 0).sum(axis=1)
    counts = goes.sum(axis=1)
    means: np.ndarray = np.where(counts > 0, excess / np.maximum(counts, 1), np.nan)
    return means


def region_error(edits: np.ndarray, truth: np.ndarray, boxes: dict[str, PatchBox]) -> np.ndarray:
    """Mean absolute difference to the true edit inside the eyes and mouth boxes, per edit: `(M,)`, grey levels 0..255.

    Args:
        edits: `(M, S, S, 3)` uint8.
        truth: the true edits, alike.
        boxes: region -> box of the patches.
    """
    inside = np.zeros(edits.shape[1:3], dtype=bool)
    for box in (boxes[name] for name in REGIONS):
        inside[box.top : box.top + box.height, box.left : box.left + box.width] = True
    errors = [
        np.abs(one[inside].astype(np.int16) - other[inside]).mean() for one, other in zip(edits, truth, strict=True)
    ]
    return np.array(errors, dtype=np.float64)
