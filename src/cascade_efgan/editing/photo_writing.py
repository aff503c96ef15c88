"""Writing an edited photograph in the format of the original, with its metadata and the mark."""

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from PIL.ExifTags import Base

from cascade_efgan.editing.mark import mark_text, mark_words, read_comment, write_comment
from cascade_efgan.editing.photo import FORMATS, ReadPhoto
from cascade_efgan.editing.photo_metadata import jpeg_segments, png_chunks
from cascade_efgan.errors import InputError

SUFFIXES = {"PNG": ".png", "JPEG": ".jpg", "WEBP": ".webp", "TIFF": ".tif"}
MEDIA_TYPES = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp", "TIFF": "image/tiff"}


#: JPEG, and WebP where the photograph was not lossless: above this the file grows and the eye sees no difference.
QUALITY = 95


def write_photo(
    photo: ReadPhoto,
    image: np.ndarray,
    targets: Sequence[Mapping[str, float]],
    format: str | None = None,  # noqa: A002 - Pillow's own word
) -> tuple[bytes, str]:
    """The edited photograph as the bytes of a file, with the metadata of the original and the mark.

    Args:
        photo: the original, whose opacity and metadata are kept.
        image: `(H, W, 3)` uint8 RGB, as large as the original.
        targets: of every edited face, AU -> intensity 0..5.
        format: PNG, JPEG, WEBP or TIFF; None: the original's. PNG, TIFF and WebP from a lossless original store every
            pixel as it is; JPEG and other WebP have quality 95 and full colour resolution.

    Returns:
        The bytes, and their media type such as image/png.

    Raises:
        InputError: the metadata are too large for the format.
    """
    wanted = format or photo.format
    picture = Image.fromarray(image)
    if photo.alpha is not None and wanted != "JPEG":
        picture.putalpha(Image.fromarray(photo.alpha))
    kept = {key: value for key, value in photo.metadata.items() if key in ("icc_profile", "dpi")}
    exif = Image.Exif()
    if photo.metadata.get("exif"):
        exif.load(photo.metadata["exif"])
    previous = {"Software": exif.get(Base.Software), "UserComment": read_comment(exif)}
    words = mark_words(targets, {key: str(value) for key, value in previous.items() if value})
    exif[Base.Software] = f"{words['tool']} {words['version']}"
    write_comment(exif, mark_text(words))
    options: dict[str, Any] = kept | {"exif": exif.tobytes()}
    if photo.metadata.get("xmp") and wanted != "PNG":
        options["xmp"] = photo.metadata["xmp"]
    if wanted == "PNG":
        options["pnginfo"] = png_chunks(photo.metadata, mark_text(words))
    elif wanted == "JPEG":
        options |= {"quality": QUALITY, "subsampling": 0, "extra": jpeg_segments(photo.metadata)}
        if photo.metadata.get("comment"):
            options["comment"] = photo.metadata["comment"]
    elif wanted == "WEBP":
        options |= {"lossless": photo.lossless, "quality": 80 if photo.lossless else QUALITY, "exact": True}
    # TIFF stays uncompressed: only Pillow's own writer keeps all of EXIF.
    buffer = io.BytesIO()
    try:
        picture.save(buffer, wanted, **options)
    except ValueError as error:  # JPEG holds 64 KiB of each kind
        raise InputError(
            f"{photo.name}: its metadata do not fit into a {wanted} file ({error}); write a .png or .tif instead"
        ) from None
    return buffer.getvalue(), MEDIA_TYPES[wanted]


def output_format(path: Path) -> str:
    """The format that a file's suffix promises.

    Raises:
        InputError: none that holds a photograph and the mark.
    """
    try:
        return FORMATS[path.suffix.lower()]
    except KeyError:
        raise InputError(
            f"{path}: an edited photograph is written as {', '.join(FORMATS)}; choose one of these suffixes"
        ) from None
