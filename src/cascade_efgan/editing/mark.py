"""The mark of an edited picture: tool, version and target AUs, invisible in the picture and readable by programs.

PNG carries it as the text chunk `efgan`, JPEG, WebP and TIFF as EXIF UserComment, GIF and MP4 as their comment.
Not in the paper: whoever meets an edited face should be able to learn that it is one.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from PIL import Image
from PIL.ExifTags import IFD, Base

from cascade_efgan import __version__
from cascade_efgan.data import AUS

PNG_KEY = "efgan"
TOOL = "cascade-efgan"
#: EXIF says in the first eight bytes of a UserComment how the rest is encoded.
_ASCII = b"ASCII\0\0\0"


def named_aus(aus: np.ndarray) -> dict[str, float]:
    """`(17,)` AUs, 0..5, as AU -> intensity with two decimals, as OpenFace writes them."""
    return {au: round(float(value), 2) for au, value in zip(AUS, aus, strict=True)}


def mark_text(targets: Sequence[Mapping[str, float]], replaced: Mapping[str, str] | None = None) -> str:
    """The mark as one line of JSON in ASCII.

    Args:
        targets: of every edited face, AU -> intensity 0..5.
        replaced: EXIF fields of the original whose place the mark takes.
    """
    words: dict[str, Any] = {
        "tool": TOOL,
        "version": __version__,
        "edited": "facial expression",
        "target_aus": [dict(target) for target in targets],
    }
    if replaced:
        words["replaced"] = dict(replaced)
    return json.dumps(words, separators=(",", ":"))


def read_comment(exif: Image.Exif) -> str:
    """EXIF's UserComment as text; empty where there is none."""
    value = exif.get_ifd(IFD.Exif).get(Base.UserComment, b"")
    data = value if isinstance(value, bytes) else str(value).encode()
    if data.startswith(b"UNICODE\0"):
        return data[8:].decode("utf-16", "replace").rstrip("\0 ")
    return data.removeprefix(_ASCII).removeprefix(b"\0" * 8).decode("utf-8", "replace").rstrip("\0 ")


def write_comment(exif: Image.Exif, text: str) -> None:
    """Set EXIF's UserComment to ASCII text."""
    exif.get_ifd(IFD.Exif)[Base.UserComment] = _ASCII + text.encode("ascii")
