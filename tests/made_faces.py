"""Faces of no photograph: landmarks, and the CSV that OpenFace would write of them."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from cascade_efgan.data import AUS
from cascade_efgan.data.openface.faces import FaceLimits
from cascade_efgan.data.photo_files.manifest import BOX_COLUMNS

AU_ROW = [round(0.25 * place, 2) for place in range(17)]

#: Nothing is too uncertain and nothing too far outside.
LENIENT = FaceLimits(min_confidence=0, margin=0.15, max_padding=0.9)


def landmarks(left: float = 20, top: float = 30, side: float = 60) -> np.ndarray:
    """68 points, `(68, 2)`, whose box is the given square and whose regions are about where a face has them."""
    angles = np.linspace(np.pi, 0, 17)
    jaw = np.stack([0.5 + 0.5 * np.cos(angles), 0.4 + 0.6 * np.sin(angles)], axis=1)
    brows = np.stack([np.linspace(0.1, 0.9, 10), np.zeros(10)], axis=1)
    nose = np.stack([np.full(9, 0.5), np.linspace(0.2, 0.5, 9)], axis=1)
    eyes = np.stack([np.linspace(0.2, 0.8, 12), np.full(12, 0.2)], axis=1)
    mouth = np.stack([np.linspace(0.3, 0.7, 20), np.full(20, 0.7)], axis=1)
    return np.concatenate([jaw, brows, nose, eyes, mouth]) * side + (left, top)


def openface_text(
    faces: Sequence[tuple[float, Sequence[float], np.ndarray]], form: str = "plain", leave_out: Sequence[str] = ()
) -> str:
    """An OpenFace CSV of (confidence, 17 AUs, landmarks) per face.

    Args:
        faces: the rows.
        form: plain (FaceLandmarkImg), spaced (the same with a space after each comma) or video (FeatureExtraction).
        leave_out: columns that the file lacks.
    """
    rows: list[dict[str, Any]] = []
    for number, (confidence, aus, points) in enumerate(faces):
        row: dict[str, Any] = {"frame": 1, "face_id": number, "timestamp": 0.0} if form == "video" else {"face": number}
        row["confidence"] = confidence
        if form == "video":
            row["success"] = int(confidence > 0.5)
        row |= {f"{axis}_{point}": round(points[point][k], 1) for k, axis in enumerate("xy") for point in range(68)}
        row |= {f"{au}_r": value for au, value in zip(AUS, aus, strict=True)}
        row |= {f"{au}_c": 0.0 for au in (*AUS, "AU28")}
        rows.append({name: value for name, value in row.items() if name not in leave_out})
    comma = ", " if form == "spaced" else ","
    lines = [comma.join(rows[0])] + [comma.join(str(value) for value in row.values()) for row in rows]
    return "\n".join(lines) + "\n"


def manifest_of(*files: str, box: Sequence[str] = ("", "", "", ""), size: tuple[int, int] = (120, 100)) -> pd.DataFrame:
    """The columns of a manifest that OpenFace's answers are matched with."""
    rows: dict[str, Any] = {"id": [file.split(".")[0] for file in files], "file": list(files)}
    rows |= {"width": [size[0]] * len(files), "height": [size[1]] * len(files)}
    return pd.DataFrame(rows | {name: [cell] * len(files) for name, cell in zip(BOX_COLUMNS, box, strict=True)})


#: One face.
FACE = openface_text([(0.9, AU_ROW, landmarks())])
