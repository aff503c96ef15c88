"""Faces by OpenFace, a program that the user installed."""

import logging
import os
import shutil
import subprocess
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np

from cascade_efgan.data.openface.csv_files import csv_text, parse_faces
from cascade_efgan.data.openface.detected import check_intensities
from cascade_efgan.data.openface.program_images import MIN_SIDE
from cascade_efgan.data.photo_files.photos import encode_png
from cascade_efgan.errors import InputError
from cascade_efgan.face_finders.found import FoundFace, largest_first

log = logging.getLogger("efgan.faces")

_PROGRAM = "FaceLandmarkImg"
#: Below this OpenFace's landmarks are guesses, and its phantom faces lie here: `openface.min_confidence`.
_MIN_CONFIDENCE = 0.5
_TIMEOUT_SECONDS = 120
#: A folder in memory where the system has one: photographs then never reach a disk.
_MEMORY = Path("/dev/shm")


class OpenFaceFaces:
    """Implements `FaceFinder`. One run of the program an image, of about a second."""

    def __init__(self, program: Path) -> None:
        """Look the program up.

        Raises:
            InputError: it is not there, or is another program than FaceLandmarkImg.
        """
        found = shutil.which(program)
        # The real path: OpenFace looks its models up beside argv[0].
        self._program = Path(found or program).resolve()
        if not found or self._program.name != _PROGRAM:
            raise InputError(
                f"{program}: not OpenFace's {_PROGRAM}; name its path in --openface or OPENFACE_BIN, or unset "
                "that variable to use MediaPipe"
            )

    def find(self, image: np.ndarray) -> list[FoundFace]:
        """The faces of an `(H, W, 3)` uint8 RGB image, largest first.

        Raises:
            InputError: the image is too small for the program, or that fails, or writes what it should not.
        """
        height, width = image.shape[:2]
        if min(height, width) < MIN_SIDE:
            raise InputError(
                f"{width}x{height} pixels are too few for OpenFace; expected at least {MIN_SIDE} on each side"
            )
        with tempfile.TemporaryDirectory(dir=_MEMORY if os.access(_MEMORY, os.W_OK) else None) as folder:
            photo, out = Path(folder, "photo.png"), Path(folder, "out")
            photo.write_bytes(encode_png(image))
            words = [str(self._program), "-f", str(photo), "-out_dir", str(out), "-aus", "-2Dfp"]
            try:
                run = subprocess.run(
                    words, cwd=folder, capture_output=True, text=True, errors="replace", timeout=_TIMEOUT_SECONDS,
                    stdin=subprocess.DEVNULL,
                )  # fmt: skip
            except subprocess.TimeoutExpired:
                raise InputError(f"{self._program}: took more than {_TIMEOUT_SECONDS} s for one photograph") from None
            except OSError as error:
                raise InputError(f"{self._program}: cannot be started ({error.strerror}); install it again") from None
            table = out / "photo.csv"
            if table.is_file():
                return _faces(csv_text(table.read_bytes(), "OpenFace's CSV"))
        if run.returncode != 0:
            said = (run.stderr.strip() or run.stdout.strip() or "no message").splitlines()[-1]
            raise InputError(f"{self._program}: failed with status {run.returncode} ({said.strip()}); fix it first")
        # It ends with 0 and without a file where it finds no face.
        return []


def _faces(text: str) -> list[FoundFace]:
    found = parse_faces(text, "photo.csv")["photo"]
    sure = [face for face in found if face.not_finite() is None and face.confidence >= _MIN_CONFIDENCE]
    for face in sure:
        check_intensities(face)
    return largest_first([replace(face, where="OpenFace") for face in sure])
