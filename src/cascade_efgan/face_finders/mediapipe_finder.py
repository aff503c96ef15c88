"""Faces by MediaPipe's face landmarker: landmarks from its mesh, AUs from its blendshapes."""

import atexit
import logging
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np

from cascade_efgan.data.pinned_file import PinnedFile
from cascade_efgan.errors import InputError
from cascade_efgan.face_finders.blendshapes import aus_from_blendshapes
from cascade_efgan.face_finders.found import MEDIAPIPE, FoundFace, largest_first
from cascade_efgan.face_finders.mesh import landmarks_from_mesh

log = logging.getLogger("efgan.faces")

LANDMARKER = PinnedFile(
    name="face_landmarker.task",
    url="https://storage.googleapis.com/mediapipe-models/face_landmarker/face_landmarker/float16/1/face_landmarker.task",
    sha256="64184e229b263107bc2b804c6625db1341ff2bb731874b0bcc2fe6544e0bc9ff",
    variable="EFGAN_MODELS_MIRROR",
)
#: A folder that is looked into where that variable is not set: of files shared by the checkouts beside it.
SHARED_MODELS = Path("..", "shared", "models")

_MOST_FACES = 16
#: The detector looks at 128 pixels of whatever it is given: small faces are found in parts of at least this side.
_SMALLEST_PART = 320
#: Two finds whose boxes overlap by this share of the smaller are one face.
_SAME = 0.5


def model_path() -> Path:
    """The landmarker's file: from the mirror folder, else from the user's cache, where it is fetched to once.

    Raises:
        InputError: the mirror lacks it, it cannot be fetched, or its SHA-256 is another.
    """
    import pooch

    mirrored = LANDMARKER.mirrored()
    shared = SHARED_MODELS / LANDMARKER.name
    if mirrored is not None or shared.is_file():
        return LANDMARKER.check(mirrored or shared)
    path = pooch.os_cache("cascade-efgan") / LANDMARKER.name
    if not path.is_file():
        log.info("fetching %s once, to %s", path.name, path.parent)
    return LANDMARKER.fetch(path, f"name a folder that holds it in {LANDMARKER.variable}")


class MediaPipeFaces:
    """Implements `FaceFinder`. The first face costs about a quarter of a second more: the model is loaded then."""

    def __init__(self) -> None:
        """Find the model's file by `model_path`."""
        self._path = model_path()
        self._lock = threading.Lock()  # the landmarker takes one image at a time
        self._landmarker: Any = None

    def find(self, image: np.ndarray) -> list[FoundFace]:
        """The faces of an `(H, W, 3)` uint8 RGB image, largest first.

        The whole image is searched, then overlapping squares of it: in the whole, faces below about a tenth of its
        width are missed.

        Raises:
            InputError: MediaPipe failed; it is loaded again for the next image.
        """
        found: list[FoundFace] = []
        for left, top, part in _parts(image):
            with self._lock:
                result = self._detect(part)
            # Vertices are shares of the image from its outer edge, which lies half a pixel before the first centre.
            size = np.array([part.shape[1], part.shape[0]])
            for mesh, shapes in zip(result.face_landmarks, result.face_blendshapes, strict=True):
                points = np.array([(vertex.x, vertex.y) for vertex in mesh]) * size - 0.5 + (left, top)
                aus = aus_from_blendshapes({shape.category_name: shape.score for shape in shapes})
                face = FoundFace(landmarks_from_mesh(points), aus, 1.0, MEDIAPIPE)
                if not any(_overlap(face, other) > _SAME for other in found):
                    found.append(face)
        return largest_first(found)

    def _detect(self, part: np.ndarray) -> Any:
        import mediapipe  # takes seconds

        try:
            if self._landmarker is None:
                self._load()
            picture = mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=np.ascontiguousarray(part))
            return self._landmarker.detect(picture)
        except Exception as error:
            # After one failure its graph gives nothing but that failure again.
            landmarker, self._landmarker = self._landmarker, None
            if landmarker is not None:
                with suppress(Exception), _without_chatter():  # a broken one repeats its failure
                    landmarker.close()
            said = (str(error).splitlines() or [type(error).__name__])[0]
            raise InputError(f"MediaPipe's face landmarker failed on it ({said}); give another photograph") from error

    def _load(self) -> None:
        import mediapipe

        tasks = mediapipe.tasks
        options = tasks.vision.FaceLandmarkerOptions(
            base_options=tasks.BaseOptions(model_asset_path=str(self._path)),
            num_faces=_MOST_FACES,
            output_face_blendshapes=True,
        )
        with _without_chatter():
            self._landmarker = tasks.vision.FaceLandmarker.create_from_options(options)
            blank = np.zeros((64, 64, 3), dtype=np.uint8)
            self._landmarker.detect(mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=blank))
        # Kept from freeing itself while the interpreter ends: its threads are gone then, and it says so at length.
        atexit.register(setattr, self._landmarker, "_handle", None)


@contextmanager
def _without_chatter() -> Iterator[None]:
    """Keep stderr clear while the model is loaded: its C++ part reports every graph that it builds.

    Errors are Python exceptions, which this does not touch.
    """
    with open(os.devnull, "wb") as nowhere:
        kept = os.dup(2)
        try:
            os.dup2(nowhere.fileno(), 2)
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)


def _parts(image: np.ndarray) -> list[tuple[int, int, np.ndarray]]:
    """(left, top, part): the image itself and, where large enough, squares of half its shorter side that cover it.

    Squares, since the detector shrinks whatever it is given to one: of a wide part it would see little. Each overlaps
    the next by half or more.
    """
    height, width = image.shape[:2]
    side = (min(height, width) + 1) // 2
    parts = [(0, 0, image)]
    if side >= _SMALLEST_PART:
        lefts, tops = (
            np.linspace(0, length - side, -(-2 * (length - side) // side) + 1).round().astype(int)
            for length in (width, height)
        )
        parts += [(left, top, image[top : top + side, left : left + side]) for top in tops for left in lefts]
    return parts


def _overlap(face: FoundFace, other: FoundFace) -> float:
    """Intersection of two faces' boxes over the smaller box, 0..1: a part may hold half of a face."""
    lows = np.maximum(face.landmarks.min(axis=0), other.landmarks.min(axis=0))
    highs = np.minimum(face.landmarks.max(axis=0), other.landmarks.max(axis=0))
    areas = [np.prod(np.ptp(one.landmarks, axis=0)) for one in (face, other)]
    return float(np.prod((highs - lows).clip(min=0)) / max(min(areas), 1e-9))
