"""A face that a program found, and which of several a photograph is of."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cascade_efgan.data import AU_MAX, AUS
from cascade_efgan.data.records import LANDMARK_COLUMNS
from cascade_efgan.errors import InputError

AU_COLUMNS = tuple(f"{au}_r" for au in AUS)
#: What a face needs of a CSV's columns.
COLUMNS = ("confidence", *AU_COLUMNS, *LANDMARK_COLUMNS)

#: A face box: left, top, width, height in pixels of the photograph.
Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class FoundFace:
    """One face of a photograph. OpenFace's are unchecked: values may be NaN or out of range until it is chosen."""

    landmarks: np.ndarray  # (68, 2) float64, (x, y) in pixels of the photograph, pixel centres at whole numbers
    aus: np.ndarray  # (17,) float64 intensities of the AUs that it shows now, in the order of `AUS`, 0..5
    confidence: float  # of its finder in the landmarks, 0..1; 1 where the finder gives none
    where: str  # which finder found it, or CSV and line, for messages

    @property
    def side(self) -> float:
        """Longer side of the box of the landmarks that are numbers, pixels: a missing one makes no face small."""
        known = self.landmarks[np.isfinite(self.landmarks).all(axis=1)]
        return float(np.ptp(known, axis=0).max()) if len(known) else -math.inf

    def not_finite(self) -> str | None:
        """Name of the first column whose value is NaN or infinite; None where there is none."""
        values = (self.confidence, *self.aus, *self.landmarks.T.ravel())
        named = zip(COLUMNS, values, strict=True)
        return next((column for column, value in named if not math.isfinite(value)), None)


def check_intensities(face: FoundFace) -> None:
    """Refuse AUs that are on another scale: what is wrong with one photograph is wrong with all of them then.

    Raises:
        InputError: an AU is outside 0..5; the sentence names file and column.
    """
    for column, value in zip(AU_COLUMNS, face.aus, strict=True):
        if not 0 <= value <= AU_MAX:
            raise InputError(
                f"{face.where}: {column} is {value:.15g}, expected an intensity of 0 to 5; take OpenFace's _r columns "
                "as they are, neither scaled nor normalised"
            )


def choose_face(faces: Sequence[FoundFace], min_confidence: float, box: Box | None = None) -> FoundFace:
    """The face that a photograph is of. Never simply the first row: OpenFace reports phantom faces in no order.

    With the data set's own face `box`, the one of `faces` (at least one) whose landmarks' box overlaps it most
    (intersection over union), among equals the one of highest confidence. Without, the face of the largest side among
    those of at least `min_confidence` (0..1; below, a face may be a phantom), as the editor takes it; where none is,
    the one of highest confidence.

    Not in the paper: its photographs show one person each. OpenFace's author advises the largest face: confidence says
    how well the landmarks fit, not whom the photograph shows.
    """

    def rank(face: FoundFace) -> tuple[float, float, float]:
        # NaN compares as neither larger nor smaller, so it would win or lose by its place: it loses.
        confidence, side = _or_lowest(face.confidence), face.side
        if box is not None:
            return _or_lowest(overlap(face.landmarks, box)), confidence, side
        return (1, side, confidence) if confidence >= min_confidence else (0, confidence, side)

    return max(faces, key=rank)


def overlap(landmarks: np.ndarray, box: Box) -> float:
    """Intersection over union, 0..1, of the box around `(68, 2)` landmarks and another, pixels."""
    low, high = landmarks.min(axis=0), landmarks.max(axis=0)
    corner, size = np.array(box[:2]), np.array(box[2:])
    shared = np.prod((np.minimum(high, corner + size) - np.maximum(low, corner)).clip(min=0))
    both = np.prod(high - low) + np.prod(size) - shared
    return float(shared / both) if both > 0 else 0.0


def _or_lowest(value: float) -> float:
    return -math.inf if math.isnan(value) else value
