"""Writing an edited photograph in the format of the original, with its metadata and the mark."""

import io
import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from PIL.ExifTags import Base

from cascade_efgan import __version__
from cascade_efgan.editing.mark import TOOL, mark_text, read_comment, write_comment
from cascade_efgan.editing.photo import FORMATS, ReadPhoto
from cascade_efgan.editing.photo_metadata import jpeg_segments, png_chunks
from cascade_efgan.errors import InputError

log = logging.getLogger("efgan.edit")

SUFFIXES = {"PNG": ".png", "JPEG": ".jpg", "WEBP": ".webp", "TIFF": ".tif"}
#: JPEG, and WebP where the photograph was not lossless: above this the file grows and the eye sees no difference.
QUALITY = 95


def write_photo(
    photo: ReadPhoto,
    image: np.ndarray,
    targets: Sequence[Mapping[str, float]],
    format: str | None = None,  # noqa: A002 - Pillow's own word
) -> tuple[bytes, str]:
    """The edited photograph as the bytes of a file with the metadata of the original and the mark, and its media type.

    Metadata that the format cannot hold, or Pillow cannot write, are left out with a warning.

    Args:
        photo: the original, whose opacity and metadata are kept.
        image: `(H, W, 3)` uint8 RGB, as large as the original.
        targets: of every edited face, AU -> intensity 0..5.
        format: PNG, JPEG, WEBP or TIFF; None: the original's. PNG, TIFF and WebP from a lossless original store every
            pixel as it is; JPEG and other WebP have quality 95 and full colour resolution.
    """
    wanted = format or photo.format
    picture = Image.fromarray(image)
    if photo.alpha is not None and wanted != "JPEG":
        picture.putalpha(Image.fromarray(photo.alpha))
    try:
        data = _encoded(picture, wanted, photo, targets)
    except Exception:  # a writer fails on odd metadata in ways of its own
        kept = {key: value for key, value in photo.metadata.items() if _writes(wanted, photo, key)}
        data = _encoded(picture, wanted, replace(photo, metadata=kept), targets)
        lost = ", ".join(sorted(photo.metadata.keys() - kept.keys()))
        log.warning("%s: does not fit into a %s file, or is damaged, and was left out: %s", photo.name, wanted, lost)
    return data, Image.MIME[wanted]


def _writes(wanted: str, photo: ReadPhoto, key: str) -> bool:
    try:
        _encoded(Image.new("RGB", (8, 8)), wanted, replace(photo, metadata={key: photo.metadata[key]}), [])
    except Exception:
        return False
    return True


def _encoded(picture: Image.Image, wanted: str, photo: ReadPhoto, targets: Sequence[Mapping[str, float]]) -> bytes:
    metadata = photo.metadata
    options: dict[str, Any] = {key: value for key, value in metadata.items() if key in ("icc_profile", "dpi")}
    exif = Image.Exif()
    if metadata.get("exif"):
        exif.load(metadata["exif"])
    previous = {"Software": exif.get(Base.Software), "UserComment": read_comment(exif)}
    mark = mark_text(targets, {key: str(value) for key, value in previous.items() if value})
    exif[Base.Software] = f"{TOOL} {__version__}"
    write_comment(exif, mark)
    options["exif"] = exif.tobytes()
    if metadata.get("xmp") and wanted != "PNG":
        options["xmp"] = metadata["xmp"]
    if wanted == "PNG":
        options["pnginfo"] = png_chunks(metadata, mark)
    elif wanted == "JPEG":
        options |= {"quality": QUALITY, "subsampling": 0, "extra": jpeg_segments(metadata)}
        if metadata.get("comment"):
            options["comment"] = metadata["comment"]
    elif wanted == "WEBP":
        options |= {"lossless": photo.lossless, "quality": 80 if photo.lossless else QUALITY, "exact": True}
    # TIFF stays uncompressed: only Pillow's own writer keeps all of EXIF.
    buffer = io.BytesIO()
    picture.save(buffer, wanted, **options)
    return buffer.getvalue()


def output_format(path: Path) -> str:
    """The format that a file's suffix promises. `InputError`: none that holds a photograph and the mark."""
    if (found := FORMATS.get(path.suffix.lower())) is None:
        raise InputError(
            f"{path}: an edited photograph is written as {', '.join(FORMATS)}; choose one of these suffixes"
        )
    return found
