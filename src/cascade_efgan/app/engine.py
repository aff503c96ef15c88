"""What the service asks of the code that finds and edits faces; it knows nothing of HTTP."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np


@dataclass(frozen=True)
class OpenFace:
    """One face of an open photograph.

    Attributes:
        found: as the finder gave it.
        aus: `(17,)` float64, 0..5, the AUs that the face shows now.
        crop: `(S, S, 3)` uint8 RGB, the face as the network sees it.
        crop_file: the same as the bytes of a PNG.
    """

    found: Any
    aus: np.ndarray
    crop: np.ndarray
    crop_file: bytes


@dataclass(frozen=True)
class OpenPhotograph:
    """A photograph in memory. The upload is kept as it came: unpacked it would be ten times as large.

    Attributes:
        data: the upload.
        preview: `(h, w, 3)` uint8 RGB, upright, small enough for a page.
        scale: pixels of the preview for one of the photograph, 0..1.
        preview_file: the preview as the bytes of a picture that browsers know.
        faces: largest first.
        note: one sentence that the user should read, or empty.
    """

    data: bytes
    preview: np.ndarray
    scale: float
    preview_file: bytes
    faces: Sequence[OpenFace]
    note: str = ""

    @property
    def bytes(self) -> int:
        """Bytes of memory that it keeps."""
        faces = sum(face.crop.nbytes + len(face.crop_file) for face in self.faces)
        return len(self.data) + self.preview.nbytes + len(self.preview_file) + faces


class Wish(NamedTuple):
    """What one face shall show.

    Attributes:
        face: its place among the faces of the photograph.
        target: `(17,)` float64, 0..5.
    """

    face: int
    target: np.ndarray


class Shown(NamedTuple):
    """Pictures for the page, as bytes of files.

    Attributes:
        images: one a step of the cascade, the last is the edit.
        attention: as many grey PNGs, 0 (kept) to 255 (changed); or none.
    """

    images: Sequence[bytes]
    attention: Sequence[bytes] = ()


class Made(NamedTuple):
    """A file to hand out.

    Attributes:
        data: its bytes.
        media: its media type, such as image/png.
    """

    data: bytes
    media: str


class Engine(Protocol):
    """Finds faces and edits them. Several threads call it at once.

    Every method raises `InputError` with one sentence for what the user can mend.
    """

    @property
    def description(self) -> str:
        """The model in a few words, for the head of the page."""

    @property
    def caution(self) -> str:
        """One sentence on what not to expect of the model, or empty."""

    @property
    def has_attention(self) -> bool:
        """Whether the model has attention maps."""

    @property
    def expressions(self) -> Mapping[str, np.ndarray]:
        """Name -> `(17,)` AUs 0..5 that the expression's button sets."""

    def open(self, data: bytes) -> OpenPhotograph:
        """Read an upload and find its faces; at least one."""

    def show_faces(self, wanted: Sequence[tuple[OpenPhotograph, Wish]]) -> Sequence[Shown]:
        """The crop of each wish's face, edited: a picture and an attention map a step."""

    def show_photograph(self, photograph: OpenPhotograph, wishes: Sequence[Wish]) -> Shown:
        """The preview with all wishes done: one picture."""

    def download(self, photograph: OpenPhotograph, wishes: Sequence[Wish]) -> Made:
        """The full-size photograph with all wishes done, its metadata, and the machine-readable mark."""

    def animate(self, photograph: OpenPhotograph, wishes: Sequence[Wish], whole: bool) -> Made:
        """A GIF from what is there to the wishes and back: of the first wish's face, or of the whole preview."""

    def edit_file(self, data: bytes, expression: str, intensity: float) -> Made:
        """An upload with all its faces edited to one expression, for the batch."""
