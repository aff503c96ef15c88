"""From the 478 vertices of MediaPipe's face mesh to the 68 landmarks of OpenFace.

Each landmark is the vertex nearest to it on the London photographs or, where several are about as near, the one of the
table that is in common use. What offset remains on average is removed: OpenFace's jaw lies on the outline in the
picture, the mesh's on a generic head. `mesh_landmarks.json` holds the offsets (`benchmarks/fit_blendshapes.py`).
"""

from functools import cache
from pathlib import Path

import numpy as np

from cascade_efgan.data.records import POINTS
from cascade_efgan.files import read_json

OFFSETS = Path(__file__).with_name("mesh_landmarks.json")

#: Vertex of every landmark, in the order of the 68-point scheme.
VERTICES = (
    127, 234, 93, 58, 172, 136, 149, 148, 152, 377, 378, 365, 397, 288, 323, 454, 356,  # 0-16 jaw, right to left ear
    70, 63, 105, 66, 107, 336, 296, 334, 293, 300,  # 17-26 brows
    168, 197, 5, 4, 75, 97, 2, 326, 305,  # 27-35 bridge and base of the nose
    33, 160, 158, 133, 153, 144, 362, 385, 387, 263, 373, 380,  # 36-47 eyes
    61, 39, 37, 0, 267, 269, 291, 405, 314, 17, 84, 181,  # 48-59 outer lips
    78, 82, 13, 312, 308, 317, 14, 87,  # 60-67 inner lips
)  # fmt: skip

#: The landmark that each one is in a mirror.
MIRRORED = (
    *range(16, -1, -1), *range(26, 16, -1), 27, 28, 29, 30, 35, 34, 33, 32, 31,
    45, 44, 43, 42, 47, 46, 39, 38, 37, 36, 41, 40,
    54, 53, 52, 51, 50, 49, 48, 59, 58, 57, 56, 55, 64, 63, 62, 61, 60, 67, 66, 65,
)  # fmt: skip

_RIGHT_EYE, _LEFT_EYE = slice(36, 42), slice(42, 48)


def landmarks_from_mesh(mesh: np.ndarray) -> np.ndarray:
    """The 68 landmarks, `(68, 2)` float64 pixels, of `(478, 2)` vertices in pixels, pixel centres at whole numbers."""
    points = np.asarray(mesh, dtype=np.float64)[list(VERTICES)]
    return points - from_eye_frame(_offsets(), eye_line(points))


def eye_line(landmarks: np.ndarray) -> np.ndarray:
    """The vector `(2,)` from the right to the left eye, pixels; an eye's place is the mean of its six landmarks."""
    return landmarks[_LEFT_EYE].mean(axis=0) - landmarks[_RIGHT_EYE].mean(axis=0)


def to_eye_frame(vectors: np.ndarray, across: np.ndarray) -> np.ndarray:
    """Vectors `(N, 2)` in pixels along and across the line of the eyes, in units of the eyes' distance."""
    return vectors @ np.array([[across[0], -across[1]], [across[1], across[0]]]) / (across @ across)


def from_eye_frame(vectors: np.ndarray, across: np.ndarray) -> np.ndarray:
    """The inverse of `to_eye_frame`."""
    return vectors @ np.array([[across[0], across[1]], [-across[1], across[0]]])


@cache
def _offsets() -> np.ndarray:
    return np.array(read_json(OFFSETS)["offsets"], dtype=np.float64).reshape(POINTS, 2)
