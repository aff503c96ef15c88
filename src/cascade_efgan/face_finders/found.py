"""Finding faces: who finds them, and which of them can be edited."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np

from cascade_efgan.data.face_crops.crops import padding_share
from cascade_efgan.data.openface.detected import FoundFace
from cascade_efgan.errors import InputError, enough_decimals

#: Environment variable with the path of OpenFace's FaceLandmarkImg, as in the workflow.
OPENFACE_VARIABLE = "OPENFACE_BIN"
#: A face may be turned so far that its nose tip lies at this share of the way from the middle between the outer eye
#: corners to one of them. 0.2 is the most among the London photographs; 0.6 is a turn of about 35 degrees.
MOST_TURN = 0.6
#: Largest tilt of the line between the eyes, degrees: crops are not turned, and networks saw upright faces.
MOST_TILT = 40.0
#: Most of the crop's area that may lie outside the photograph: `crop.max_padding` of the workflow.
MOST_OUTSIDE = 0.25
#: What `FoundFace.where` says of faces that MediaPipe found: it cannot tell all AUs (`blendshapes.untold_aus`).
MEDIAPIPE = "MediaPipe"

_RIGHT_EYE, _LEFT_EYE, _NOSE_TIP = 36, 45, 30


class FaceFinder(Protocol):
    """Whatever finds faces."""

    def find(self, image: np.ndarray) -> list[FoundFace]:
        """The faces of an `(H, W, 3)` uint8 RGB image, largest first; an empty list where there is none."""


def find_faces(openface: Path | None = None) -> FaceFinder:
    """The finder to use: OpenFace where a path or the environment variable OPENFACE_BIN names it, else MediaPipe.

    `InputError`: OpenFace is named but is not there, or MediaPipe's model is not available.
    """
    if program := openface or os.environ.get(OPENFACE_VARIABLE):
        from cascade_efgan.face_finders.openface_finder import OpenFaceFaces

        return OpenFaceFaces(Path(program))
    from cascade_efgan.face_finders.mediapipe_finder import MediaPipeFaces

    return MediaPipeFaces()


def largest_first(faces: Sequence[FoundFace]) -> list[FoundFace]:
    """The faces by the side of their landmarks' box, largest first."""
    return sorted(faces, key=lambda face: -face.side)


def why_unusable(face: FoundFace, size: tuple[int, int], smallest: float) -> str | None:
    """Why a face cannot be edited, as the end of a sentence; None for one that can.

    `size` is (height, width) of its photograph, `smallest` the least side of the box of its landmarks; in pixels.

    Not in the paper: its faces are frontal and fill the picture.
    """
    if not np.isfinite(face.landmarks).all() or not np.isfinite(face.aus).all():
        return "its landmarks or AUs are no numbers"
    if face.side < smallest:
        (side,) = enough_decimals(lambda side: side < smallest, face.side, least=0)
        return f"is too small ({side} pixels; expected at least {smallest:g})"
    if abs(turn(face.landmarks)) > MOST_TURN:
        return "is turned away; expected one that looks at the camera"
    if abs(tilt(face.landmarks)) > MOST_TILT:
        return f"is tilted by {abs(tilt(face.landmarks)):.0f} degrees; turn the photograph upright first"
    low, high = face.landmarks.min(axis=0), face.landmarks.max(axis=0)
    if padding_share((*low, *(high - low)), size[::-1]) > MOST_OUTSIDE:
        return "lies partly outside the photograph"
    return None


def usable_faces(
    faces: Sequence[FoundFace], size: tuple[int, int], smallest: float, name: str
) -> tuple[list[FoundFace], list[str]]:
    """Those of a finder's faces that can be edited, and why each of the others cannot: `why_unusable`.

    Raises:
        InputError: no face at all, or none that can be edited.
    """
    if not faces:
        raise InputError(f"{name}: no face was found; give a photograph of a face that looks at the camera")
    reasons = [why_unusable(face, size, smallest) for face in faces]
    usable = [face for face, reason in zip(faces, reasons, strict=True) if reason is None]
    if not usable:
        which = "the face" if len(faces) == 1 else f"none of {len(faces)} faces can be edited: the largest"
        raise InputError(f"{name}: {which} {reasons[0]}")
    return usable, [reason for reason in reasons if reason is not None]


def turn(landmarks: np.ndarray) -> float:
    """How far `(68, 2)` landmarks are turned sideways: 0 looks at the camera, -1 or 1: nose tip at an eye corner."""
    right, left = landmarks[_RIGHT_EYE], landmarks[_LEFT_EYE]
    across = left - right
    half = float(across @ across) / 2
    return float((landmarks[_NOSE_TIP] - (right + left) / 2) @ across) / half if half > 0 else np.inf


def tilt(landmarks: np.ndarray) -> float:
    """Angle of the line from the right to the left eye of `(68, 2)` landmarks, degrees, 0 for upright."""
    across = landmarks[_LEFT_EYE] - landmarks[_RIGHT_EYE]
    return float(np.degrees(np.arctan2(across[1], across[0])))
