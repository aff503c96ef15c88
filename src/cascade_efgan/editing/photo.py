"""Reading a photograph with all that writing it back needs. `photo_writing` does that."""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from cascade_efgan.data.photo_files.images import SUFFIXES, PhotoLimits, rgb_pixels, with_image
from cascade_efgan.editing.photo_metadata import kept_metadata
from cascade_efgan.errors import InputError

#: Pillow's name of a format that is read -> that of the format it is written back in. BMP and GIF cannot hold the mark,
#: few programs write AVIF, and MPO is a JPEG with further pictures behind it, which would still show the old face.
WRITTEN_AS = {
    "PNG": "PNG", "JPEG": "JPEG", "MPO": "JPEG", "WEBP": "WEBP", "TIFF": "TIFF", "BMP": "PNG", "GIF": "PNG",
    "AVIF": "PNG",
}  # fmt: skip
#: Suffix of a file -> format in which an edited photograph is written.
FORMATS = {suffix: kind for suffix, kind in SUFFIXES.items() if WRITTEN_AS[kind] == kind}
#: Suffixes of what a folder is searched for.
READ_SUFFIXES = tuple(SUFFIXES)
#: Smaller ones hold no face that can be edited; at most 64 megapixels and 128 MiB.
LIMITS = PhotoLimits(side=32)


@dataclass(frozen=True)
class ReadPhoto:
    """A photograph in memory, turned upright as EXIF says, with all that writing it back needs."""

    image: np.ndarray  # (H, W, 3) uint8 RGB
    name: str  # what messages call it
    format: str  # that it is written back in: PNG, JPEG, WEBP or TIFF
    alpha: np.ndarray | None  # (H, W) uint8 opacity where it has any
    lossless: bool  # whether its pixels were stored without loss
    metadata: Mapping[str, Any]  # what is kept, see `kept_metadata`
    note: str  # one sentence for the user about what was unusual, or empty


def read_photo(data: bytes, name: str, limits: PhotoLimits = LIMITS) -> ReadPhoto:
    """Decode a photograph. Its format is what its bytes say, and compared with what `name` says.

    Raises:
        InputError: as `with_image` and `rgb_pixels`; or several pictures, of which an edit would lose all but one.
    """
    return with_image(data, name, lambda image: _read_image(image, data, name), limits)


def load_photo(path: Path) -> ReadPhoto:
    """Read a file as `read_photo` does. `InputError`: no such file, or one that it refuses."""
    return read_photo(_read(path), str(path))


def _read(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if size > LIMITS.file_bytes:
            raise InputError(f"{path}: {size / 2**20:.0f} MiB is too large for a photograph; give a smaller file")
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); give the path of a photograph") from None


def written_format(path: Path) -> str:
    """The format in which a file is written back: PNG, JPEG, WEBP or TIFF. `InputError` as of `load_photo`."""
    return with_image(_read(path), str(path), lambda image: WRITTEN_AS[str(image.format)], LIMITS)


def _has_a_second(data: bytes) -> bool:
    """Whether a file holds another picture behind the first. One that is announced and cannot be reached is none."""
    try:
        # Opened again: an image whose second directory is damaged does not come back to its first.
        with Image.open(io.BytesIO(data), formats=sorted(set(SUFFIXES.values()))) as image:
            image.seek(1)
    except Exception:
        return False
    return True


def _read_image(image: Image.Image, data: bytes, name: str) -> ReadPhoto:
    source = str(image.format)
    if source != "MPO" and _has_a_second(data):
        what = "several pages" if source == "TIFF" else "an animation"
        raise InputError(f"{name}: holds {what}; give a file of one still image")
    lossy = source in ("JPEG", "MPO", "AVIF") or (source == "WEBP" and b"VP8L" not in data[:4096])
    pixels, alpha = rgb_pixels(image, name, data)
    metadata, lost = kept_metadata(image)
    notes = []
    promised, real = SUFFIXES.get(Path(name).suffix.lower()), "JPEG" if source == "MPO" else source
    if promised not in (None, real):
        notes.append(f"{name}: its name says {promised}, but it is a {real} file and was read as one")
    if lost:
        notes.append(f"{name}: odd or damaged, not kept: {', '.join(lost)}")
    return ReadPhoto(pixels, name, WRITTEN_AS[source], alpha, not lossy, metadata, "; ".join(notes))
