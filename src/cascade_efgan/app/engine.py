"""What the page's engine takes and gives; it knows nothing of HTTP."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np


@dataclass(frozen=True)
class OpenedFace:
    """One face of an open photograph. Files are pictures that browsers know, in sRGB."""

    found: Any
    aus: np.ndarray  # (17,) float64, 0..5: what the face shows now
    crop: np.ndarray  # (S, S, 3) uint8 RGB: the face as the network sees it
    crop_file: bytes
    picture: np.ndarray  # (V, V, 3) uint8 RGB: the same part of the photograph, finer, as the page shows it
    picture_file: bytes
    unchanged: Sequence[np.ndarray] = ()  # of each step of the cascade, its crop when it is asked to change nothing
    guessed: Sequence[str] = ()  # AUs that the finder cannot read; what `aus` says of them is that of a neutral face
    profile: bytes | None = None  # ICC profile of the colours of all arrays; None: sRGB


@dataclass(frozen=True)
class OpenedPhotograph:
    """What is kept of a photograph beside its file. Unpacked whole, it would be ten times as large as that."""

    preview: np.ndarray  # (h, w, 3) uint8 RGB, upright, small enough for a page, in the colours of the faces
    scale: float  # pixels of the preview for one of the photograph, 0..1
    preview_file: bytes
    faces: Sequence[OpenedFace]  # at least one, largest first
    note: str = ""  # one sentence that the user should read, or empty

    @property
    def bytes(self) -> int:
        """Bytes of memory that it keeps."""
        arrays = [self.preview, *(one for face in self.faces for one in (face.crop, face.picture, *face.unchanged))]
        files = [self.preview_file, self.faces[0].profile or b""]
        files += [file for face in self.faces for file in (face.crop_file, face.picture_file)]
        return sum(array.nbytes for array in arrays) + sum(map(len, files))


class Wish(NamedTuple):
    """What one face, by its place in the photograph, is to show: `(17,)` float64, 0..5."""

    face: int
    target: np.ndarray


class Shown(NamedTuple):
    """Pictures for the page, as bytes of files: one per step of the cascade, or none."""

    images: Sequence[bytes]  # the last is the edit
    attention: Sequence[bytes] = ()  # grey PNGs, 0 (kept) to 255 (changed)
    network: Sequence[bytes] = ()  # the crops as the network made them, before they were put into the photograph


class Download(NamedTuple):
    """A file to hand out, and its media type, such as image/png."""

    data: bytes
    media: str


class WorkerDiedError(Exception):
    """What worked on a request ended before it was done; the message is one sentence for the user."""

    def __init__(self) -> None:
        super().__init__("the program broke off while it worked on this; try again, or choose another photograph")
