"""Image files for tests: encoded by Pillow, or put together from a PNG's parts."""

import io
import json
import struct
import zlib
from typing import Any

import numpy as np
from PIL import Image

from cascade_efgan.data.photo_files.images import decode_image, image_size
from cascade_efgan.editing.mark import read_comment
from cascade_efgan.editing.photo import read_photo

#: A ramp with a bright corner, so that turning it is seen.
GRAY = np.add.outer(np.arange(40) * 2, np.arange(60) * 2).astype(np.uint8)
GRAY[:8, :8] = 255
COLOUR = np.dstack([GRAY, GRAY[::-1], GRAY[:, ::-1]])


def encoded(image: np.ndarray | Image.Image, kind: str, **options: Any) -> bytes:
    """A file of Pillow's format `kind`."""
    buffer = io.BytesIO()
    (image if isinstance(image, Image.Image) else Image.fromarray(image)).save(buffer, kind, **options)
    return buffer.getvalue()


def read_alike(data: bytes) -> np.ndarray:
    """The pixels of a file, of which the pipeline's and the editor's readers must say the same."""
    image = decode_image(data, "a")
    assert np.array_equal(read_photo(data, "a").image, image)
    assert image_size(data, "a") == image.shape[1::-1]
    return image


def read_mark(data: bytes) -> dict[str, Any]:
    """The mark of an edited picture, as any program finds it: in a PNG's text, EXIF's comment, or that of a GIF."""
    with Image.open(io.BytesIO(data)) as image:
        image.load()
        texts = getattr(image, "text", {})
        mark: dict[str, Any] = json.loads(
            texts.get("efgan") or read_comment(image.getexif()) or image.info.get("comment")
        )
    return mark


def png_chunk(name: bytes, data: bytes) -> bytes:
    """A chunk with its length and checksum."""
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def bare_png(
    size: tuple[int, int], rows: bytes, depth: int = 8, kind: int = 2, interlaced: int = 0, extra: bytes = b""
) -> bytes:
    """A PNG of (width, height) that holds these rows, however many its header promises; `extra`: more chunks."""
    header = struct.pack(">IIBBBBB", *size, depth, kind, 0, 0, interlaced)
    start = b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + extra
    return start + png_chunk(b"IDAT", zlib.compress(rows)) + png_chunk(b"IEND", b"")


def png(body: bytes, depth: int, kind: int, interlaced: int = 0, extra: bytes = b"") -> bytes:
    """A PNG of the size of `GRAY` and `COLOUR` with these rows."""
    return bare_png((60, 40), body, depth, kind, interlaced, extra)
