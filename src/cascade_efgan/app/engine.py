"""What the service asks of the code that finds and edits faces; it knows nothing of HTTP."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np


@dataclass(frozen=True)
class OpenedFace:
    """One face of an open photograph.

    Attributes:
        aus: `(17,)` float64, 0..5, the AUs that the face shows now.
        crop: `(S, S, 3)` uint8 RGB, the face as the network sees it.
        crop_file: the same as the bytes of a PNG.
        picture: `(V, V, 3)` uint8 RGB, the same part of the photograph as the page shows it, finer than the crop.
        picture_file: the same as the bytes of a picture that browsers know.
        unchanged: of each step of the cascade, what it gives when it is asked to change nothing, like the crop.
        guessed: the AUs that the finder cannot read; what `aus` says of them is that of a neutral face.
    """

    found: Any
    aus: np.ndarray
    crop: np.ndarray
    crop_file: bytes
    picture: np.ndarray
    picture_file: bytes
    unchanged: Sequence[np.ndarray] = ()
    guessed: Sequence[str] = ()


@dataclass(frozen=True)
class OpenedPhotograph:
    """A photograph in memory. The upload is kept as it came: unpacked it would be ten times as large.

    Attributes:
        preview: `(h, w, 3)` uint8 RGB, upright, small enough for a page.
        scale: pixels of the preview for one of the photograph, 0..1.
        preview_file: the preview as the bytes of a picture that browsers know.
        faces: largest first.
        note: one sentence that the user should read, or empty.
        profile: ICC profile of the colours of all arrays; files for the page are in sRGB. None: sRGB.
    """

    data: bytes
    preview: np.ndarray
    scale: float
    preview_file: bytes
    faces: Sequence[OpenedFace]
    note: str = ""
    profile: bytes | None = None

    @property
    def bytes(self) -> int:
        """Bytes of memory that it keeps."""
        arrays = (array for face in self.faces for array in (face.crop, face.picture, *face.unchanged))
        files = (len(face.crop_file) + len(face.picture_file) for face in self.faces)
        faces = sum(array.nbytes for array in arrays) + sum(files)
        return len(self.data) + len(self.profile or b"") + self.preview.nbytes + len(self.preview_file) + faces


class Wish(NamedTuple):
    """What one face, by its place in the photograph, is to show: `(17,)` float64, 0..5."""

    face: int
    target: np.ndarray


class Shown(NamedTuple):
    """Pictures for the page, as bytes of files.

    Attributes:
        images: one per step of the cascade, the last is the edit.
        attention: as many grey PNGs, 0 (kept) to 255 (changed); or none.
        network: as many crops as the network made them, before they were put into the photograph; or none.
    """

    images: Sequence[bytes]
    attention: Sequence[bytes] = ()
    network: Sequence[bytes] = ()


class Download(NamedTuple):
    """A file to hand out, and its media type, such as image/png."""

    data: bytes
    media: str


class WorkerDiedError(Exception):
    """What worked on a request ended before it was done; the message is one sentence for the user."""

    def __init__(self) -> None:
        super().__init__("the program broke off while it worked on this; try again, or choose another photograph")


class Engine(Protocol):
    """Finds faces and edits them. Several threads call it at once.

    Every method raises `InputError` with one sentence for what the user can fix, `WorkerDiedError` where a process
    that it uses ends.
    """

    @property
    def description(self) -> str:
        """The model in a few words, for the head of the page."""

    @property
    def caution(self) -> str:
        """One sentence on what not to expect of the model, or empty."""

    @property
    def expressions(self) -> Mapping[str, np.ndarray]:
        """Name -> `(17,)` AUs 0..5 that the expression's button sets."""

    def open(self, data: bytes) -> OpenedPhotograph:
        """Read an upload and find its faces; at least one."""

    def show_faces(self, wanted: Sequence[tuple[OpenedPhotograph, Wish]]) -> Sequence[Shown]:
        """The picture of each wish's face, edited, with an attention map and the network's output per step."""

    def show_photograph(self, photograph: OpenedPhotograph, wishes: Sequence[Wish]) -> Shown:
        """The preview with all wishes done: one picture."""

    def download(self, photograph: OpenedPhotograph, wishes: Sequence[Wish]) -> Download:
        """The full-size photograph with all wishes done, its metadata, and the machine-readable mark."""

    def animate(self, photograph: OpenedPhotograph, wishes: Sequence[Wish], whole: bool) -> Download:
        """A GIF from what is there to the wishes and back: of the first wish's face, or of the whole preview."""

    def edit_file(self, data: bytes, expression: str, intensity: float) -> Download:
        """An upload with all its faces edited to one expression, for the batch."""

    def close(self) -> None:
        """Break off what is being worked on, and free everything."""
