"""Reading any photograph safely. `photo_writing` writes it back."""

import io
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from cascade_efgan.editing.photo_metadata import kept_metadata
from cascade_efgan.errors import InputError

#: Pillow's name of a format that is read -> that of the format it is written back in. BMP and GIF cannot hold the mark,
#: and MPO is a JPEG with further pictures behind it, which would still show the old face.
WRITTEN_AS = {"PNG": "PNG", "JPEG": "JPEG", "MPO": "JPEG", "WEBP": "WEBP", "TIFF": "TIFF", "BMP": "PNG", "GIF": "PNG"}
#: Suffix of a file -> format that it promises.
FORMATS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP", ".tif": "TIFF", ".tiff": "TIFF"}
#: Suffixes of what a folder is searched for.
READ_SUFFIXES = (*FORMATS, ".bmp", ".gif")

#: What Pillow is asked for; it takes MPO for a JPEG first.
_OPENED = [name for name in WRITTEN_AS if name != "MPO"]
#: Modes that become 8-bit RGB without loss (beside transparency, which is kept apart).
_MODES = ("1", "L", "LA", "La", "P", "PA", "RGB", "RGBA", "RGBa", "RGBX")
_BOMBS = (Image.DecompressionBombError, Image.DecompressionBombWarning)
_UNREADABLE = (OSError, ValueError, SyntaxError, EOFError, IndexError, KeyError, TypeError, OverflowError, MemoryError)
_BITS_PER_SAMPLE = 258


@dataclass(frozen=True)
class PhotoLimits:
    """What is refused before a pixel is decoded.

    Attributes:
        pixels: most pixels, width times height.
        side: shortest side allowed, pixels.
        file_bytes: largest file.
    """

    pixels: int = 64_000_000
    side: int = 32
    file_bytes: int = 128 * 2**20


@dataclass(frozen=True)
class ReadPhoto:
    """A photograph in memory, upright, with all that writing it back needs.

    Attributes:
        image: `(H, W, 3)` uint8 RGB, turned upright as EXIF says.
        name: what messages call it.
        format: the format that it is written back in: PNG, JPEG, WEBP or TIFF.
        alpha: `(H, W)` uint8 opacity where it has any; else None.
        lossless: whether its pixels were stored without loss.
        metadata: what is kept, see `kept_metadata`.
        note: one sentence for the user about what was unusual, or empty.
    """

    image: np.ndarray
    name: str
    format: str
    alpha: np.ndarray | None = None
    lossless: bool = True
    metadata: Mapping[str, Any] = field(default_factory=dict)
    note: str = ""


def read_photo(data: bytes, name: str, limits: PhotoLimits | None = None) -> ReadPhoto:
    """Decode a photograph. Its format is what its bytes say, whatever its name says.

    Size and kind are checked in the header before pixels are decoded, so that a decompression bomb costs nothing.

    Args:
        data: the bytes of the file.
        name: what messages call it; its suffix, if any, is compared with the format.
        limits: of size; None: `PhotoLimits()`.

    Raises:
        InputError: no photograph that can be edited: another format (SVG, HEIC, PDF, ...), too large or too small,
            animated, more than 8 bits a channel, CMYK, or cut off.
    """
    limits = limits or PhotoLimits()
    if len(data) > limits.file_bytes:
        raise InputError(f"{name}: {len(data) / 2**20:.0f} MiB, more than the {limits.file_bytes / 2**20:.0f} allowed")
    with warnings.catch_warnings():
        # Pillow's warning comes at half of the size of its error; both mean the same here.
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        warnings.filterwarnings("ignore", category=UserWarning)
        try:
            with Image.open(io.BytesIO(data), formats=_OPENED) as image:
                _check_header(image, data, name, limits)
                return _decoded(image, data, name)
        except UnidentifiedImageError:
            raise InputError(f"{name}: {_what_it_is(data)}; save it as JPEG, PNG, WebP or TIFF") from None
        except _BOMBS:
            raise _too_large(name, limits) from None
        except _UNREADABLE as error:
            reason = "it is cut off" if "truncated" in str(error) else str(error).partition("\n")[0] or "damaged"
            raise InputError(f"{name}: not a whole image ({reason}); replace it by an intact file") from None


def load_photo(path: Path, limits: PhotoLimits | None = None) -> ReadPhoto:
    """Read a file; `read_photo` says how.

    Raises:
        InputError: no such file, or one that `read_photo` refuses.
    """
    try:
        size = path.stat().st_size
        if size > (limits or PhotoLimits()).file_bytes:
            raise InputError(f"{path}: {size / 2**20:.0f} MiB are more than a photograph has; give a smaller file")
        return read_photo(path.read_bytes(), str(path), limits)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); give the path of a photograph") from None


def _check_header(image: Image.Image, data: bytes, name: str, limits: PhotoLimits) -> None:
    width, height = image.size
    if width * height > limits.pixels:
        raise _too_large(name, limits, (width, height))
    if min(width, height) < limits.side:
        raise InputError(f"{name}: {width}x{height} pixels are too few; expected at least {limits.side} on each side")
    if image.format != "MPO" and getattr(image, "n_frames", 1) > 1:
        what = "several pages" if image.format == "TIFF" else "an animation"
        raise InputError(f"{name}: holds {what}; give a file of one still image")
    if image.mode.startswith("CMYK"):
        raise InputError(f"{name}: a CMYK image, made for printing; save it as RGB first")
    if image.mode not in _MODES or _bits(image, data) > 8:
        raise InputError(f"{name}: not an image of 8 bits a channel; save it as 8-bit RGB first")


def _bits(image: Image.Image, data: bytes) -> int:
    """Bits of a channel as the file has them: Pillow reduces 16-bit colour to 8 without a word."""
    if image.format == "PNG":
        return data[24]  # signature, length and name of the header chunk, width, height, then the bit depth
    if image.format == "TIFF":
        bits = image.tag_v2.get(_BITS_PER_SAMPLE, 1)  # type: ignore[attr-defined]
        return max(bits) if isinstance(bits, tuple) else int(bits)
    return 8


def _decoded(image: Image.Image, data: bytes, name: str) -> ReadPhoto:
    source = str(image.format)
    lossless = source != "JPEG" and source != "MPO" and not (source == "WEBP" and b"VP8L" not in data[:4096])
    image.load()
    upright = ImageOps.exif_transpose(image)
    transparent = "A" in upright.mode or "a" in upright.mode or "transparency" in upright.info
    layers = upright.convert("RGBA") if transparent else upright.convert("RGB")
    pixels = np.asarray(layers, dtype=np.uint8)
    return ReadPhoto(
        image=np.ascontiguousarray(pixels[..., :3]),
        name=name,
        format=WRITTEN_AS[source],
        alpha=np.ascontiguousarray(pixels[..., 3]) if transparent else None,
        lossless=lossless,
        metadata=kept_metadata(image, upright),
        note=_suffix_note(name, source),
    )


def _suffix_note(name: str, source: str) -> str:
    suffix = Path(name).suffix.lower()
    promised = FORMATS.get(suffix, {".bmp": "BMP", ".gif": "GIF"}.get(suffix))
    real = "JPEG" if source == "MPO" else source
    if promised is None or promised == real:
        return ""
    return f"{name}: its name says {promised}, but it is a {real} file and was read as one"


def _too_large(name: str, limits: PhotoLimits, size: tuple[int, int] | None = None) -> InputError:
    shown = f"{size[0]}x{size[1]} pixels" if size else "far too many pixels"
    return InputError(
        f"{name}: {shown}, more than the {limits.pixels / 1e6:.0f} million allowed; make it smaller first"
    )


def _what_it_is(data: bytes) -> str:
    start = data[:4096].lstrip().lower()
    if b"<svg" in start:
        return "a vector drawing (SVG), not a photograph"
    if data[4:8] == b"ftyp":
        return "a HEIC or AVIF image or a video, which is not read here"
    if start.startswith(b"%pdf"):
        return "a PDF document, not a photograph"
    return "not an image" if data else "an empty file"
