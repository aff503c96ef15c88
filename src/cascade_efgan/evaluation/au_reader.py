"""Who reads the AUs of edited photographs: OpenFace where it is installed, else MediaPipe. Beyond the paper.

Rendered faces, whose AUs are known, have a network trained for them (`au_regressor.py`); photographs have not.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from cascade_efgan.data import AUS
from cascade_efgan.errors import InputError
from cascade_efgan.face_finders.blendshapes import untold_aus
from cascade_efgan.face_finders.found import OPENFACE_VARIABLE, FoundFace

#: A crop is cut close to the landmarks, and detectors want a face with something around it: the border is repeated by
#: this share of the side on each side, and the whole enlarged to this many pixels.
BORDER = 0.25
SIDE = 384


@dataclass(frozen=True)
class AuReader:
    """A program that reads some AUs, in the order of `AUS`; `find`: `(H, W, 3)` uint8 RGB -> faces, largest first."""

    name: str
    aus: tuple[str, ...]
    find: Callable[[np.ndarray], Sequence[FoundFace]]

    def read(self, images: np.ndarray) -> np.ndarray:
        """AUs of `(M, S, S, 3)` uint8 crops: `(M, len(aus))` float64, 0..5; NaN where no face is found."""
        places = [AUS.index(name) for name in self.aus]
        read = np.full((len(images), len(places)), np.nan)
        for row, image in enumerate(images):
            if faces := self.find(with_surroundings(np.asarray(image))):
                read[row] = faces[0].aus[places]
        return read


def find_reader(name: str, program: str = "") -> AuReader:
    """The reader that the setting `measures.aus` asks for: auto, openface (`program`, if any) or mediapipe.

    Raises:
        InputError: it is not installed, or its model is nowhere.
    """
    if name == "openface" or (name == "auto" and program):
        if not program:
            raise InputError(
                f"measures.aus is openface, but neither openface.program nor {OPENFACE_VARIABLE} names FaceLandmarkImg"
            )
        from cascade_efgan.face_finders.openface_finder import OpenFaceFaces

        return AuReader("OpenFace", AUS, OpenFaceFaces(Path(program)).find)
    from cascade_efgan.face_finders.mediapipe_finder import MediaPipeFaces

    untold = untold_aus()
    told = tuple(au for au in AUS if au not in untold)
    return AuReader("MediaPipe's blendshapes", told, MediaPipeFaces().find)


def with_surroundings(image: np.ndarray) -> np.ndarray:
    """A crop with its border repeated around it, enlarged: `(S, S, 3)` uint8 -> `(SIDE, SIDE, 3)` uint8."""
    border = round(BORDER * len(image))
    wide = cv2.copyMakeBorder(image, border, border, border, border, cv2.BORDER_REPLICATE)
    return np.asarray(cv2.resize(wide, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC))
