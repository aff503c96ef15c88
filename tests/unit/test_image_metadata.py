"""Metadata that image files have: odd or broken ones cost no photograph."""

import io
import random
import struct
import zlib

import numpy as np
import pytest
from picture_files import COLOUR, GRAY, encoded, png, png_chunk, read_alike
from PIL import Image
from PIL.ExifTags import Base

from cascade_efgan.data.openface.program_images import prepare_image
from cascade_efgan.data.photo_files.images import decode_image
from cascade_efgan.editing.photo import read_photo
from cascade_efgan.editing.photo_writing import write_photo


def exif(fields, order="<"):
    """A block of (tag, type, count, bytes)."""
    place, body, extra = 8 + 2 + 12 * len(fields) + 4, b"", b""
    for tag, kind, count, value in sorted(fields):
        if len(value) > 4:
            body += struct.pack(order + "HHII", tag, kind, count, place + len(extra))
            extra += value + b"\0" * (len(value) % 2)
        else:
            body += struct.pack(order + "HHI", tag, kind, count) + value.ljust(4, b"\0")
    head = b"II*\0" if order == "<" else b"MM\0*"
    return head + struct.pack(order + "IH", 8, len(fields)) + body + struct.pack(order + "I", 0) + extra


SHORT, LONG, RATIONAL, SSHORT, ASCII, BYTE, UNDEFINED = 3, 4, 5, 8, 2, 1, 7
TURNED = (Base.Orientation, SHORT, 1, struct.pack("<H", 6))

ODD = {
    "width as text": (0x0100, ASCII, 5, b"4000\0"),
    "negative unit": (0x0128, SSHORT, 1, struct.pack("<h", -1)),
    "make as fraction": (0x010F, RATIONAL, 1, struct.pack("<II", 1, 2)),
    "positioning as long": (0x0213, LONG, 1, struct.pack("<I", 70000)),
    "no such place of EXIF": (0x8769, ASCII, 3, b"ab\0"),
    "a place of GPS beyond the end": (0x8825, LONG, 1, struct.pack("<I", 2**31)),
}


def colour_png(*chunks):
    return png(b"".join(b"\0" + row.tobytes() for row in COLOUR), 8, 2, extra=b"".join(chunks))


def with_exif(kind, block):
    if kind == "PNG":
        return colour_png(png_chunk(b"eXIf", block))
    return encoded(COLOUR, kind, exif=b"Exif\0\0" + block, quality=95)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("odd", ODD)
def test_odd_exif_neither_ends_a_run_nor_keeps_a_photograph_from_being_turned(odd, kind):
    # A traceback that ended the crop stage of the whole data set, and `efgan edit`.
    data = with_exif(kind, exif([TURNED, ODD[odd], (Base.Artist, ASCII, 4, b"Eve\0")]))
    photo = read_photo(data, "a")
    again, _ = write_photo(photo, photo.image, [{"AU12": 3.0}])
    assert read_alike(data).shape == read_alike(again).shape == (60, 40, 3)
    assert Image.open(io.BytesIO(again)).getexif()[Base.Artist] == "Eve"


@pytest.mark.parametrize("field", [(ASCII, 2, b"6\0"), (BYTE, 1, b"\6"), (UNDEFINED, 1, b"\6"), (SHORT, 1, b"\0\0"),
                                   (SHORT, 1, b"\x09\0"), (RATIONAL, 1, struct.pack("<II", 6, 1))])  # fmt: skip
def test_an_orientation_that_is_none_means_upright(field):
    assert read_alike(with_exif("JPEG", exif([(Base.Orientation, *field)]))).shape == (40, 60, 3)
    # OpenFace might take it at its word: it gets the pixels, not the file.
    large = encoded(Image.new("RGB", (90, 60)), "JPEG", exif=b"Exif\0\0" + exif([(Base.Orientation, *field)]))
    assert prepare_image("a", "a", large)[0] == "a.png"


def random_exif(dice):
    tags = [*range(0x10E, 0x114), 0x11A, 0x11B, 0x128, 0x131, 0x132, 0x13B, 0x213, 0x8298, 0x8769, 0x8825, 0x9286,
            0xA005]  # fmt: skip
    fields = [(tag, dice.randrange(14), dice.choice([0, 1, 2, 7, 2**31]), dice.randbytes(dice.choice([0, 2, 4, 8, 30])))
              for tag in dice.sample(tags, dice.randrange(1, 8))]  # fmt: skip
    block = exif(fields, dice.choice("<>"))
    return block[: dice.randrange(len(block))] if dice.random() < 0.2 else block


def fuzzed(kind, dice):
    block, noise = random_exif(dice), dice.randbytes(dice.randrange(60))
    if kind == "PNG":
        text = dice.choice([b"Title\0" + noise, b"XML:com.adobe.xmp\0\0\0\0\0" + noise, noise])
        chunks = [(b"eXIf", block), (b"iCCP", noise), (dice.choice([b"tEXt", b"zTXt", b"iTXt"]), text),
                  (dice.choice([b"gAMA", b"cHRM", b"sRGB", b"pHYs"]), noise[: dice.randrange(9)])]  # fmt: skip
        return colour_png(*(png_chunk(*chunk) for chunk in chunks))
    if kind == "TIFF":
        words = b"".join(struct.pack("<HHI", tag, dice.randrange(1, 13), dice.randrange(3)) + dice.randbytes(4)
                         for tag in (0x10F, 0x11A, 0x128, 0x131, 0x2BC, 0x8649, 0x8769, 0x8773, 0x8825))  # fmt: skip
        layout = [(256, 60), (257, 40), (259, 1), (262, 1), (273, 400), (277, 1), (278, 40), (279, 2400), (258, 8)]
        fields = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in layout) + words
        return (b"II*\0" + struct.pack("<IH", 8, 18) + fields).ljust(400, b"\0") + GRAY.tobytes()
    options = {"exif": b"Exif\0\0" + block, "xmp": noise, "icc_profile": noise}
    options |= {"lossless": True} if kind == "WEBP" else {"comment": noise, "quality": 95}
    return encoded(COLOUR, kind, **options)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP"])
def test_no_metadata_cost_a_photograph(kind):
    # About 40 of 100 such photographs ended in a traceback.
    dice = random.Random(15)
    for _ in range(80):
        data = fuzzed(kind, dice)
        photo = read_photo(data, "a")
        assert sorted(read_alike(data).shape) == [3, 40, 60]
        for form in (None, "PNG", "JPEG"):
            again = write_photo(photo, photo.image, [{"AU12": 3.0}], form)[0]
            assert decode_image(again, "a").shape == photo.image.shape
        assert isinstance(prepare_image("a", "a", data), (str, tuple))


@pytest.mark.parametrize(
    "segment", [b"\xff\xe0\0\7JFIF\0", b"\xff\xee\0\7Adobe", b"\xff\xe0\0\4ab", b"\xff\xe2\0\6MPF\0"]
)
def test_a_segment_that_is_too_short_costs_no_jpeg(segment):
    # "no known image format", whatever else is in the file: the pipeline excluded it, the editor refused it.
    data = encoded(COLOUR, "JPEG", quality=95)
    for place in (2, 20):  # before the file's own JFIF, and behind it
        assert np.array_equal(read_alike(data[:place] + segment + data[place:]), read_alike(data))


@pytest.mark.parametrize("place", [5, 900, 2**31])
def test_a_damaged_directory_behind_the_first_costs_no_tiff(place):
    # The pipeline took the photograph, and the editor refused it: "Missing dimensions".
    data = encoded(COLOUR, "TIFF")
    (start,) = struct.unpack_from("<I", data, 4)
    (count,) = struct.unpack_from("<H", data, start)
    end = start + 2 + 12 * count
    assert data[end : end + 4] == bytes(4)
    assert np.array_equal(read_alike(data[:end] + struct.pack("<I", place) + data[end + 4 :]), COLOUR)


def test_texts_that_unpack_to_too_much_are_left_out():
    bomb = b"Comment\0\0" + zlib.compress(bytes(2**22))
    assert np.array_equal(read_alike(colour_png(png_chunk(b"zTXt", bomb))), COLOUR)
