"""Numbers of single edits that only claims need: the expression gap, what an edit leaves behind, error in regions."""

import cv2
import numpy as np
import pandas as pd

from cascade_efgan.data import AU_MAX, AUS
from cascade_efgan.data.patches import PatchBox
from cascade_efgan.evaluation.packed_edits import Edits
from cascade_efgan.figures.per_edit import au_gaps

#: An AU of the source should go down where the target asks for so much less (0 to 5).
SHOULD_GO = 1.0

#: Brows among the 68 landmarks.
BROWS = slice(17, 27)

#: Share of the side by which a face is wider than the hull of its landmarks.
BORDER = 0.05

#: Where the paper sees overlapping artifacts (Fig. 1, 4).
REGIONS = ("eyes", "mouth")


def of_edits(
    made: Edits, faces: pd.DataFrame, seen: np.ndarray | None, truth: np.ndarray | None, boxes: dict[str, PatchBox]
) -> dict[str, np.ndarray]:
    """Metric -> its number of every edit, `(M,)`.

    Args:
        faces: `crops.csv`, with the AUs of the sources.
        seen: AUs read from the edits, `(M, 17)`, 0..5; None: then what is left over is unknown.
        truth: the true edits, `(M, S, S, 3)` uint8; None: then the error is unknown.
    """
    found = {"gap": au_gaps(made.index, faces)}
    if seen is not None:
        source = faces.set_index("id")[list(AUS)].loc[made.index["source_id"]].to_numpy(np.float64)
        found["left_over"] = left_over(source, made.aus.astype(np.float64) * AU_MAX, seen)
    if truth is not None:
        found["region_error"] = region_error(made.images, truth, boxes)
    return found


def change_outside(edits: np.ndarray, sources: np.ndarray, landmarks: np.ndarray, which: np.ndarray) -> np.ndarray:
    """Mean absolute change outside the face, per edit: `(M,)`, grey levels 0..255; NaN where the face fills the crop.

    The face is the hull of the landmarks and of its own upper end, the brows, moved up by half of its height (the
    forehead), 5 % of the side wider. Not in the paper.

    Args:
        edits: `(M, S, S, 3)` uint8.
        sources: `(N, S, S, 3)` uint8.
        landmarks: of the sources, `(N, 68, 2)`, (x, y), pixels of the crop.
        which: source of every edit, `(M,)`.
    """
    size = edits.shape[1]
    border = np.ones((2 * round(BORDER * size) + 1,) * 2, dtype=np.uint8)
    outside = np.ones((len(sources), size, size), dtype=bool)
    for mask, points in zip(outside, landmarks, strict=True):
        forehead = points[BROWS] - [0, (points[:, 1].max() - points[BROWS, 1].min()) / 2]
        hull = cv2.convexHull(np.concatenate([points, forehead]).round().astype(np.int32))
        mask[cv2.dilate(cv2.fillConvexPoly(np.zeros((size, size), np.uint8), hull, 1), border) > 0] = False
    changes = [
        np.abs(edit[outside[place]].astype(np.int16) - sources[place][outside[place]]).mean() if outside[place].any()
        else np.nan
        for edit, place in zip(edits, which, strict=True)
    ]  # fmt: skip
    return np.array(changes, dtype=np.float64)


def left_over(source: np.ndarray, target: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """Mean excess over the target of AUs that should go down, per edit: `(M,)`, 0..5; NaN where none should.

    All AUs are `(M, 17)`, 0..5: of the sources, of the targets, and those read from the edits. Not in the paper, which
    shows artifacts and measures none.
    """
    goes = source - target >= SHOULD_GO
    excess = np.where(goes, np.clip(seen - target, 0, None), 0).sum(axis=1)
    counts = goes.sum(axis=1)
    means: np.ndarray = np.where(counts > 0, excess / np.maximum(counts, 1), np.nan)
    return means


def region_error(edits: np.ndarray, truth: np.ndarray, boxes: dict[str, PatchBox]) -> np.ndarray:
    """Mean absolute difference to the true edit inside the eyes and mouth boxes, per edit: `(M,)`, grey levels 0..255.

    Edits and true edits are `(M, S, S, 3)` uint8.
    """
    inside = np.zeros(edits.shape[1:3], dtype=bool)
    for box in (boxes[name] for name in REGIONS):
        inside[box.top : box.top + box.height, box.left : box.left + box.width] = True
    errors = [
        np.abs(one[inside].astype(np.int16) - other[inside]).mean() for one, other in zip(edits, truth, strict=True)
    ]
    return np.array(errors, dtype=np.float64)
