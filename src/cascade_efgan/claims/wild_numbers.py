"""Numbers of edited wild images that only claims need. Not in the paper, which shows such edits and measures none."""

import cv2
import numpy as np

from cascade_efgan.data import AU_MAX, AUS
from cascade_efgan.evaluation.au_reader import AuReader

#: Brows among the 68 landmarks.
BROWS = slice(17, 27)

#: Share of the side by which a face is wider than the hull of its landmarks.
BORDER = 0.05


def change_outside(edits: np.ndarray, sources: np.ndarray, landmarks: np.ndarray, which: np.ndarray) -> np.ndarray:
    """Mean absolute change outside the face, per edit: `(M,)`, grey levels 0..255; NaN where the face fills the crop.

    The face is the hull of the landmarks and of its own upper end, the brows, moved up by half of its height (the
    forehead), 5 % of the side wider.

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


def au_approach(
    reader: AuReader, edits: np.ndarray, targets: np.ndarray, sources: np.ndarray, which: np.ndarray
) -> np.ndarray:
    """`(M,)`, 0..5: mean absolute error of the source's AUs to the target minus that of the edit's; NaN: no face.

    `targets`: AUs `(M, 17)`, 0..1; the others as in `change_outside`.
    """
    wanted = (targets * AU_MAX)[:, [AUS.index(name) for name in reader.aus]]
    before, after = reader.read(sources)[which], reader.read(edits)
    nearer: np.ndarray = np.abs(before - wanted).mean(axis=1) - np.abs(after - wanted).mean(axis=1)
    return nearer
