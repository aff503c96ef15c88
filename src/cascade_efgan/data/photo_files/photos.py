"""Photographs as bytes: one of a data set, and the zip that holds all."""

import hashlib
import io
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from cascade_efgan.errors import InputError
from cascade_efgan.files import atomic_path

#: The oldest time that a zip member can carry: the same photographs then give the same zip, byte for byte.
_ZIP_TIME = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Photo:
    """One photograph of a data set, as its source yields it."""

    id: str  # unique and without spaces; rows of all later tables carry it
    file: str  # name inside `photos.zip`, with its suffix
    person: str
    expression: str  # one of `EXPRESSIONS`, or unknown
    gaze: str  # left, frontal, right or unknown
    data: bytes
    openface: str | None = None  # OpenFace's CSV of it as text, where the source knows it
    face_box: tuple[float, float, float, float] | None = None  # the data set's own: left, top, width, height, pixels


class ExactZip(zipfile.ZipFile):
    """A zip to write, which depends on nothing but the names, order and bytes of its members."""

    def add(self, name: str, data: bytes | str) -> None:
        """Add one member, uncompressed (photographs are compressed already), with a fixed time and mode."""
        member = zipfile.ZipInfo(name, date_time=_ZIP_TIME)
        member.create_system = 3
        member.external_attr = 0o644 << 16
        self.writestr(member, data, compress_type=zipfile.ZIP_STORED)


@contextmanager
def new_zip(path: str | Path) -> Iterator[ExactZip]:
    """A deterministic zip that appears at `path` only when the block ends without an error."""
    with atomic_path(path) as partial, ExactZip(partial, "w") as archive:
        yield archive


class PhotoZip(zipfile.ZipFile):
    """The photographs of a data set, read one by one."""

    def __init__(self, path: str | Path) -> None:
        """Open the zip.

        Raises:
            InputError: the file is missing or no zip.
        """
        try:
            super().__init__(path)
        except FileNotFoundError:
            raise InputError(f"{path}: no such file; run the download rule first") from None
        except zipfile.BadZipFile:
            raise InputError(f"{path}: not a zip file; delete it and run the download rule again") from None

    def check_all(self, files: Iterable[str]) -> None:
        """Read the first of the files that are missing: `InputError` now, not after minutes of other work."""
        for file in sorted(set(files).difference(self.namelist())):
            self.read(file)

    def read(self, name: str | zipfile.ZipInfo, pwd: bytes | None = None) -> bytes:
        """Bytes of one member.

        Raises:
            InputError: no such member, or its bytes are damaged.
        """
        try:
            return super().read(name, pwd)
        except KeyError:
            raise InputError(
                f"{self.filename}: photograph {name} is missing, though the manifest lists it; run the download rule "
                "again"
            ) from None
        except zipfile.BadZipFile:
            raise InputError(
                f"{self.filename}: {name} is damaged; delete the zip and run the download rule again"
            ) from None


def sha256(data: bytes) -> str:
    """SHA-256 of bytes, as 64 hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def encode_png(image: np.ndarray) -> bytes:
    """PNG bytes of uint8 `(H, W, 3)` RGB or `(H, W)` grey; the same array gives the same bytes."""
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, format="PNG", compress_level=6)
    return buffer.getvalue()
