"""Image files without what they say beside their pixels, for those whose metadata keep Pillow from reading them."""

import struct

#: Shortest segments, by marker, that say how the colours of a JPEG are stored; no other metadata does.
_JPEG_COLOURS, _ALL = {0xE0: 16, 0xEE: 14}, 2**16
_PNG = b"\x89PNG\r\n\x1a\n"
_TIFF_ORDERS = {b"II*\0": "<", b"MM\0*": ">"}
#: Tags of a TIFF that say how its pixels are stored, orientation among them.
_TIFF_LAYOUT = {
    *range(256, 260), 262, 266, 273, 274, *range(277, 280), 284, 292, 293, 317, 320, *range(322, 326), 332, 338, 339,
    347, *range(512, 522), *range(529, 533),
}  # fmt: skip


def without_metadata(data: bytes) -> bytes:
    """The file without EXIF, XMP, texts and profiles (JPEG, PNG, TIFF, WebP); unchanged where it is of no such kind."""
    try:
        if data.startswith(b"\xff\xd8"):
            return _bare_jpeg(data)
        if data.startswith(_PNG):
            return _bare_png(data)
        if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
            return _bare_webp(data)
        if data[:4] in _TIFF_ORDERS:
            return _bare_tiff(data, _TIFF_ORDERS[data[:4]])
    except (struct.error, IndexError):
        pass  # cut off: its reader says so
    return data


def _bare_jpeg(data: bytes) -> bytes:
    kept, place = [data[:2]], 2
    while data[place] == 0xFF and data[place + 1] != 0xDA:  # up to the first scan
        marker, (length,) = data[place + 1], struct.unpack_from(">H", data, place + 2)
        # JFIF (APP0) and Adobe (APP14) say which colours the pixels have; too short, decoders take no notice of them.
        metadata = 0xE0 <= marker <= 0xEF or marker == 0xFE
        if not metadata or length >= _JPEG_COLOURS.get(marker, _ALL):
            kept.append(data[place : place + 2 + length])
        place += 2 + length
    return b"".join([*kept, data[place:]])


def _bare_png(data: bytes) -> bytes:
    kept, place = [_PNG], len(_PNG)
    while place < len(data):
        length, name = struct.unpack_from(">I4s", data, place)
        # A capital first letter marks what a picture needs; transparency is part of the pixels too.
        if name[:1].isupper() or name == b"tRNS":
            kept.append(data[place : place + 12 + length])
        place += 12 + length
    return b"".join(kept)


def _bare_webp(data: bytes) -> bytes:
    kept, place = [], 12
    while place < len(data):
        name, length = struct.unpack_from("<4sI", data, place)
        end = place + 8 + length + length % 2
        chunk = data[place:end]
        if name == b"VP8X":
            chunk = chunk[:8] + bytes([chunk[8] & ~0x2C]) + chunk[9:]  # its flags of profile, EXIF and XMP
        if name not in (b"EXIF", b"XMP ", b"ICCP"):
            kept.append(chunk)
        place = end
    body = b"WEBP" + b"".join(kept)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _bare_tiff(data: bytes, order: str) -> bytes:
    """With a shorter first directory at the same place, so that all offsets stay true."""
    (place,) = struct.unpack_from(f"{order}I", data, 4)
    (count,) = struct.unpack_from(f"{order}H", data, place)
    end = place + 2 + 12 * count
    fields = [data[start : start + 12] for start in range(place + 2, end, 12)]
    kept = [field for field in fields if struct.unpack_from(f"{order}H", field)[0] in _TIFF_LAYOUT]
    directory = struct.pack(f"{order}H", len(kept)) + b"".join(kept) + data[end : end + 4]
    return data[:place] + directory.ljust(end + 4 - place, b"\0") + data[end + 4 :]
