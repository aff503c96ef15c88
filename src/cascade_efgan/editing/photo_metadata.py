"""What a photograph says beside its pixels: what is kept of it, and how it is put into the edited one."""

import re
import struct
from collections.abc import Callable, Mapping
from typing import Any

from PIL import Image
from PIL.ExifTags import IFD, Base
from PIL.PngImagePlugin import PngInfo

from cascade_efgan.editing.mark import PNG_KEY

#: A TIFF's EXIF and its layout are one directory; these tags say how the old file is laid out, not the new one.
_LAYOUT = (
    *range(254, 260), 262, 266, 273, *range(277, 280), 284, 317, 320, *range(322, 326), 330, 338, 339, 347, 34675,
)  # fmt: skip
#: IPTC (captions, keywords, rights): a tag of TIFF, and a block of Photoshop's segment in JPEG.
_TIFF_IPTC, _PHOTOSHOP_IPTC = 33723, 0x0404
_XMP_TEXT = "XML:com.adobe.xmp"


def kept_metadata(image: Image.Image) -> tuple[dict[str, Any], list[str]]:
    """What is kept of an opened image whose pixels are read, and the names of what is not.

    By Pillow's names: `exif`, `icc_profile`, `xmp`, `dpi`, `comment`, and what one format has: `iptc` (bytes, JPEG),
    `text` (PNG's words), and `colours` (PNG's chunks on colour, name -> bytes). Metadata are the work of many programs
    and seldom checked: what cannot be read is left out, whatever ails it.
    """
    info = image.info
    lost: list[str] = []
    readers: dict[str, Callable[[], Any]] = {
        "exif": lambda: _exif(image, lost),
        # A grey, palette or printer's profile does not fit the RGB that is written.
        "icc_profile": lambda: bytes(info.get("icc_profile") or b"") if image.mode in ("RGB", "RGBA", "P") else None,
        "xmp": lambda: _upright_xmp(info.get("xmp")),
        "dpi": lambda: _dpi(info.get("dpi")),
        "comment": lambda: info.get("comment"),
        # Photoshop's other blocks are its own settings, and a thumbnail of the old face.
        "iptc": lambda: dict(info.get("photoshop", {})).get(_PHOTOSHOP_IPTC),
        "text": lambda: dict(getattr(image, "text", {})),
        "colours": lambda: _png_colours(info) if image.format == "PNG" else None,
    }
    kept = {}
    for key, read in readers.items():
        try:
            kept[key] = read()
        except Exception:
            lost.append(key)
    return {key: value for key, value in kept.items() if value}, lost


def png_chunks(metadata: Mapping[str, Any], mark: str) -> PngInfo:
    """The chunks of a PNG: the words and colours that are kept, XMP, and the mark."""
    texts = PngInfo()
    for key, value in metadata.get("text", {}).items():
        if key != PNG_KEY and key != _XMP_TEXT:
            texts.add_itxt(key, str(value)) if not str(value).isascii() else texts.add_text(key, str(value))
    xmp = metadata.get("xmp")
    if xmp:
        texts.add_itxt(_XMP_TEXT, xmp.decode("utf-8", "replace") if isinstance(xmp, bytes) else str(xmp))
    for name, data in metadata.get("colours", {}).items():
        texts.add(name, data)
    texts.add_text(PNG_KEY, mark)
    return texts


def jpeg_segments(metadata: Mapping[str, Any]) -> bytes:
    """The segment of a JPEG with its IPTC; empty where there is none, or too much for one segment."""
    iptc = metadata.get("iptc", b"")
    head = b"Photoshop 3.0\x008BIM" + struct.pack(">HHL", _PHOTOSHOP_IPTC, 0, len(iptc))
    block = head + iptc + b"\0" * (len(iptc) % 2)
    if not iptc or len(block) > 65533:
        return b""
    return b"\xff\xed" + struct.pack(">H", 2 + len(block)) + block


def _png_colours(info: Mapping[Any, Any]) -> dict[bytes, bytes]:
    """PNG's chunks on colour, as Pillow has read them: without them the numbers of the pixels mean other colours."""
    chunks: dict[bytes, bytes] = {}
    if "gamma" in info:
        chunks[b"gAMA"] = struct.pack(">L", round(100_000 * info["gamma"]))
    if "chromaticity" in info:
        chunks[b"cHRM"] = struct.pack(">8L", *(round(100_000 * value) for value in info["chromaticity"]))
    if "srgb" in info:
        chunks[b"sRGB"] = bytes([info["srgb"]])
    return chunks


def _exif(image: Image.Image, lost: list[str]) -> bytes | None:
    """EXIF without orientation and layout; of fields that cannot be written back, `lost` counts.

    The thumbnail, in a directory of its own, would go on showing the old face: Pillow does not write it.
    """
    exif = image.getexif()
    for tag in (Base.Orientation, *_LAYOUT):
        exif.pop(tag, None)
    if _TIFF_IPTC in exif and image.format == "TIFF":
        # Often typed as whole numbers, of which Pillow keeps the first.
        exif[_TIFF_IPTC] = image.tag_v2._tagdata[_TIFF_IPTC]  # type: ignore[attr-defined]
    if not len(exif):
        return None
    try:
        return exif.tobytes()
    except Exception:
        return _writable_exif(exif, lost)


def _writable_exif(exif: Image.Exif, lost: list[str]) -> bytes:
    """EXIF of those fields that can be written back, each tried alone."""
    clean, odd = Image.Exif(), 0
    for tag in list(exif):
        try:
            if tag in (IFD.Exif, IFD.GPSInfo):
                fields = exif.get_ifd(tag)
                # Its place in the old file, which says nothing in the new one.
                fields = {key: value for key, value in fields.items() if key != IFD.Interop}
                clean[tag] = {key: value for key, value in fields.items() if _writes(tag, {key: value})}
                odd += len(fields) - len(clean[tag])
            elif _writes(tag, exif[tag]):
                clean[tag] = exif[tag]
            else:
                odd += 1
        except Exception:
            odd += 1
    lost.append(f"exif ({odd} fields)")
    return clean.tobytes() if len(clean) else b""


def _writes(tag: int, value: Any) -> bool:
    one = Image.Exif()
    one[tag] = value
    try:
        one.tobytes()
    except Exception:
        return False
    return True


def _upright_xmp(xmp: bytes | str | None) -> bytes | None:
    """XMP without an orientation, which the pixels no longer have."""
    data = xmp.encode() if isinstance(xmp, str) else xmp or b""
    return re.sub(rb'tiff:Orientation="\d+"|<tiff:Orientation>\d+</tiff:Orientation>', b"", data)


def _dpi(dpi: Any) -> tuple[float, float] | None:
    if dpi is None:
        return None
    across, down = (float(value) for value in dpi)
    if not (0 < across < 2**16 and 0 < down < 2**16):  # JPEG has 16 bits for it
        raise ValueError(f"{dpi} dots per inch")
    return across, down
