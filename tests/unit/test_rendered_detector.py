"""A face detector that has never seen rendered faces accepts them, with features where our landmarks are."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cascade_efgan.data.rendered import GAZES, Rendering, render, sample_plan

#: Points of MediaPipe's mesh that mean the same place as points of the 68: eye corners, mouth corners, lips, chin.
SAME_PLACE = {36: 33, 39: 133, 42: 362, 45: 263, 48: 61, 54: 291, 51: 0, 57: 17, 27: 168, 8: 152}


@pytest.fixture(scope="module")
def detector(models_mirror: Path) -> Iterator[Any]:
    try:
        from mediapipe.tasks.python import BaseOptions, vision

        base = BaseOptions(model_asset_path=str(models_mirror / "face_landmarker.task"))
        landmarker = vision.FaceLandmarker.create_from_options(vision.FaceLandmarkerOptions(base_options=base))
    except (ImportError, OSError) as error:
        pytest.skip(f"mediapipe or one of its system libraries is absent: {error}")
    with landmarker:
        yield landmarker


def detect(detector: Any, rendering: Rendering) -> np.ndarray | None:
    """MediaPipe's points in pixels `(478, 2)`, or None without a face."""
    import mediapipe

    found = detector.detect(mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=rendering.image))
    if not found.face_landmarks:
        return None
    return np.array([(point.x, point.y) for point in found.face_landmarks[0]]) * rendering.image.shape[1::-1]


def test_detector_accepts_rendered_faces_and_agrees_on_the_features(detector: Any) -> None:
    renderings = [render(face) for face in sample_plan(12, GAZES, seed=0)[::5]]
    points = [detect(detector, rendering) for rendering in renderings]
    accepted = [(mesh, r) for mesh, r in zip(points, renderings, strict=True) if mesh is not None]
    assert len(accepted) >= 0.95 * len(renderings)
    ours = np.array([r.landmarks[list(SAME_PLACE)] for _, r in accepted])
    theirs = np.array([mesh[list(SAME_PLACE.values())] for mesh, _ in accepted])
    # About a fortieth of the face's width: two conventions for the same places, on drawn faces.
    assert np.linalg.norm(ours - theirs, axis=2).mean() < 3.0


def test_detector_refuses_a_picture_without_a_face(detector: Any) -> None:
    blank = Rendering(np.full((256, 256, 3), 200, np.uint8), np.zeros((68, 2)), np.zeros(17))
    assert detect(detector, blank) is None
