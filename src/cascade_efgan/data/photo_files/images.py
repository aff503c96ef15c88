"""Image files as pixels of sRGB: what the pipeline, the editor and the page read every photograph by.

Not in the paper: its data sets are 8-bit JPEGs, whereas users bring what cameras and programs write.
"""

import io
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import PurePath
from typing import TypeVar

import numpy as np
from PIL import Image, ImageCms, UnidentifiedImageError, features
from PIL.ExifTags import Base

from cascade_efgan.data.photo_files.bare_images import without_metadata
from cascade_efgan.errors import InputError, enough_decimals
from cascade_efgan.files import pointer

#: Suffix of a file, in lower case -> format that it promises, by Pillow's name.
SUFFIXES = {
    ".jpg": "JPEG", ".jpeg": "JPEG", ".jpe": "JPEG", ".jfif": "JPEG", ".png": "PNG", ".webp": "WEBP",
    ".tif": "TIFF", ".tiff": "TIFF", ".bmp": "BMP", ".gif": "GIF",
} | ({".avif": "AVIF"} if features.check("avif") else {})  # fmt: skip

#: What is wrong with a file begins with this, whatever reads it.
UNREADABLE = "not a readable image"

_T = TypeVar("_T")
_PLAIN = ("1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBa", "RGBX", "YCbCr", "LAB", "CMYK")
_DEEP = ("I;16", "I;16L", "I;16B", "I;16N", "F")
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_270, 7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}  # fmt: skip
#: A deep image whose brightest value is below this of 255 has its values in the lower bits, as 12 or 14 in 16.
_DARKEST = 64


@dataclass(frozen=True)
class PhotoLimits:
    """What is refused before a pixel is decoded: more pixels, a shorter or longer side, a larger file."""

    pixels: int = 64_000_000
    side: int = 1
    longest: int = 32_766  # OpenCV ends the process at 32,767
    file_bytes: int = 128 * 2**20


_LIMITS = PhotoLimits()


def check_size(width: int, height: int, name: str, limits: PhotoLimits = _LIMITS) -> None:
    """Refuse what no library may be given.

    Raises:
        InputError: too many pixels, or a side too long or too short; the sentence names `name`.
    """
    shown = f"{name}: {width}x{height} pixels"
    if width * height > limits.pixels:
        raise InputError(f"{shown}, more than the {limits.pixels / 1e6:.0f} million allowed; make it smaller first")
    if max(width, height) > limits.longest:
        raise InputError(f"{shown}, one side longer than the {limits.longest} allowed; cut the face out first")
    if min(width, height) < limits.side:
        raise InputError(f"{shown} are too few; expected at least {limits.side} on each side")


def with_image(data: bytes, name: str, read: Callable[[Image.Image], _T], limits: PhotoLimits = _LIMITS) -> _T:
    """What `read` makes of the opened image of a file, which messages call `name`; its format is what its bytes say.

    Its size is checked before any pixel is decoded. Metadata that keep Pillow from reading it are left out.

    Raises:
        InputError: another format (SVG, HEIC, PDF, ...), a size beyond the limits, or damaged bytes.
    """
    if len(data) > limits.file_bytes:
        (size,) = enough_decimals(lambda size: size * 2**20 > limits.file_bytes, len(data) / 2**20, least=0)
        raise InputError(f"{name}: {size} MiB, more than the {limits.file_bytes / 2**20:g} allowed")
    # Pillow's warning comes at half of the size of its error, and above ours; the others are about metadata.
    with warnings.catch_warnings(action="ignore"):
        try:
            try:
                return _opened(data, name, read, limits)
            except (InputError, Image.DecompressionBombError):
                raise
            except Exception:
                bare = without_metadata(data)
                if bare == data:
                    raise
                return _opened(bare, name, read, limits)
        except InputError:
            raise
        except UnidentifiedImageError:
            what, advice = pointer(data, PurePath(name).name) or _what_it_is(data)
            raise InputError(f"{name}: {UNREADABLE} ({what}); {advice}") from None
        except Image.DecompressionBombError:
            raise InputError(
                f"{name}: far more pixels than the {limits.pixels / 1e6:.0f} million allowed; make it smaller first"
            ) from None
        except Exception as error:  # decoders fail on hostile bytes in ways of their own
            reason = "it is cut off" if "truncated" in str(error) else " ".join(str(error).split()) or "damaged"
            raise InputError(f"{name}: {UNREADABLE} ({reason}); replace it by an intact file") from None


def image_size(data: bytes, name: str) -> tuple[int, int]:
    """(width, height) in pixels, upright, of a file whose pixels can all be read.

    Raises:
        InputError: `decode_image` would refuse it.
    """

    def size(image: Image.Image) -> tuple[int, int]:
        if image.format not in ("JPEG", "MPO") or image.mode == "CMYK":
            return rgb_pixels(image, name, data)[0].shape[1::-1]
        found = image.size[::-1] if orientation(image) >= 5 else image.size
        image.draft("L", (1, 1))  # every byte is still read, in a quarter of the time
        image.load()
        return found

    return with_image(data, name, size)


def decode_image(data: bytes, name: str) -> np.ndarray:
    """Decode an image file: `(H, W, 3)` uint8 RGB, turned upright; of several pictures the first.

    Raises:
        InputError: as `with_image` and `rgb_pixels`.
    """
    return with_image(data, name, lambda image: rgb_pixels(image, name, data)[0])


def rgb_pixels(image: Image.Image, name: str, data: bytes = b"") -> tuple[np.ndarray, np.ndarray | None]:
    """`(H, W, 3)` uint8 RGB and, where it has any, `(H, W)` uint8 opacity of an opened image, upright.

    `data`, the bytes of its file, say how deep a PNG was before Pillow read it; without them its own pixels count.
    More than 8 bits per channel are scaled by their type's range, floats by 0..1. CMYK becomes sRGB by its profile.

    Raises:
        InputError: floats beyond 0..1, values that fill only the lower bits, or a kind of pixel that is not known.
    """
    upright = _upright(image, name, data)
    transparent = "A" in upright.getbands() or "a" in upright.getbands() or "transparency" in upright.info
    pixels = np.asarray(upright.convert("RGBA" if transparent else "RGB"), dtype=np.uint8)
    return np.ascontiguousarray(pixels[..., :3]), np.ascontiguousarray(pixels[..., 3]) if transparent else None


def to_srgb(image: np.ndarray, profile: bytes | None) -> np.ndarray:
    """`(H, W, 3)` uint8 RGB in the colours that an ICC profile says, as sRGB, which everything without one is in.

    Given back as it is without a profile, with sRGB's, another than for RGB, or one that cannot be read.
    """
    transform = _srgb_transform(profile, "RGB") if profile else None
    if transform is None:
        return image
    return np.asarray(ImageCms.applyTransform(Image.fromarray(image), transform))


@lru_cache(maxsize=8)
def _srgb_transform(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    """From images of Pillow's `mode` to RGB; None where the profile is damaged, is for other modes, or is sRGB's."""
    try:
        given = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        transform = ImageCms.buildTransform(given, ImageCms.createProfile("sRGB"), mode, "RGB")
        if mode != "RGB":
            return transform
        levels = np.stack(np.meshgrid(*[np.arange(0, 256, 51, dtype=np.uint8)] * 3), axis=-1).reshape(6, -1, 3)
        made = np.asarray(ImageCms.applyTransform(Image.fromarray(levels), transform))
    except Exception:  # profiles are the work of many programs, and Pillow fails on odd ones in ways of its own
        return None
    # sRGB's own comes in many spellings; a change by rounding only would soften a picture for nothing.
    return transform if np.abs(made.astype(int) - levels).max() > 1 else None


def orientation(image: Image.Image) -> int:
    """EXIF's orientation, 1..8; 1 where there is none, or one of another type or value."""
    try:
        value = image.getexif().get(Base.Orientation)
    except Exception:  # Pillow fails on odd EXIF in many ways; viewers show such a photograph as it is stored
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _opened(data: bytes, name: str, read: Callable[[Image.Image], _T], limits: PhotoLimits) -> _T:
    # Pillow takes MPO for a JPEG first. Formats that are not named here are never tried.
    with Image.open(io.BytesIO(data), formats=sorted(set(SUFFIXES.values()))) as image:
        check_size(*image.size, name, limits)
        return read(image)


def _upright(image: Image.Image, name: str, data: bytes) -> Image.Image:
    """8-bit pixels, turned upright."""
    bits = _bits(image, data)
    image.load()  # turns a TIFF, and forgets its orientation
    turn = _TURNS.get(orientation(image))
    shallow = _shallow(image, bits, name)
    return shallow if turn is None else shallow.transpose(turn)


def _bits(image: Image.Image, data: bytes) -> int:
    """Bits of a channel as the file has them: Pillow reduces 16-bit colour to 8 without a word."""
    if image.format == "PNG" and data:
        return data[24]  # signature, length and name of the header chunk, width, height, then the bit depth
    if image.format == "TIFF":
        bits = image.tag_v2.get(Base.BitsPerSample, 1)  # type: ignore[attr-defined]
        return max(bits) if isinstance(bits, tuple) else int(bits)
    return 16 if image.mode in _DEEP else 8


def _shallow(image: Image.Image, bits: int, name: str) -> Image.Image:
    """The image with 8 bits per channel."""
    # Pillow takes the bytes of a TIFF's signed numbers for unsigned ones.
    signed = image.format == "TIFF" and 2 in image.tag_v2.get(Base.SampleFormat, ())  # type: ignore[attr-defined]
    if signed or image.mode not in (*_PLAIN, *_DEEP):
        kind = f"{image.mode}, signed" if signed else image.mode
        raise InputError(f"{name}: {UNREADABLE} (pixels of kind {kind}); save it with 8 bits per channel")
    if image.mode == "CMYK":
        profile = image.info.get("icc_profile")
        transform = _srgb_transform(profile, "CMYK") if isinstance(profile, bytes) else None
        return ImageCms.applyTransform(image, transform) if transform else image.convert("RGB")  # type: ignore[return-value]
    if image.mode == "LAB":
        return image.convert("RGB")
    if bits <= 8:
        return image
    if image.mode in _DEEP:
        shallow = Image.fromarray(_scaled(np.asarray(image), bits, name))
        # Of all kinds of pixel, only here does Pillow leave a TIFF's "0 is white" to us.
        white_is_zero = image.format == "TIFF" and image.tag_v2.get(Base.PhotometricInterpretation) == 0  # type: ignore[attr-defined]
        shallow = shallow.point(lambda value: 255 - value) if white_is_zero else shallow
    else:
        shallow = image.copy()
        shallow.info.pop("transparency", None)  # a colour of 16 bits, which no longer names one
    brightest = max(high for _, high in shallow.convert("RGB").getextrema())  # type: ignore[misc]
    if brightest < _DARKEST:
        raise InputError(
            f"{name}: {UNREADABLE} (all but black: its brightest pixel is at {brightest / 255:.0%} of what "
            f"{bits} bits hold); scale its values and save it with 8 bits per channel"
        )
    return shallow


def _scaled(values: np.ndarray, bits: int, name: str) -> np.ndarray:
    if values.dtype.kind != "f":
        return (values >> (bits - 8)).astype(np.uint8)  # as Pillow does with 16-bit colour
    low, high = float(values.min()), float(values.max())
    if not (low >= 0 and high <= 1):  # numbers that are none compare as false
        raise InputError(
            f"{name}: {UNREADABLE} (floats from {low:.9g} to {high:.9g}, expected 0 to 1); save it with 8 bits per "
            "channel"
        )
    return np.rint(values * 255).astype(np.uint8)


def _what_it_is(data: bytes) -> tuple[str, str]:
    """What an unsupported file is, and what to do with it."""
    start, advice = data[:4096].lstrip().lower(), "save it as JPEG, PNG, WebP or TIFF"
    if b"<svg" in start:
        return "a vector drawing (SVG)", advice
    if data[4:12] in (b"ftypheic", b"ftypheix", b"ftypheim", b"ftypheis", b"ftyphevc", b"ftypmif1", b"ftypmsf1"):
        return "a HEIC photograph", "convert it to JPEG first, for instance by `heif-convert NAME.heic NAME.jpg`"
    if data[4:8] == b"ftyp":
        return "a video, or an AVIF image that is not read here", advice
    if start.startswith(b"%pdf"):
        return "a PDF document", advice
    if data[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
        return "a TIFF of a layout or kind of pixel that is not read", "save it with 8 bits per channel, as RGB or gray"
    return "no known image format" if data else "an empty file", advice
