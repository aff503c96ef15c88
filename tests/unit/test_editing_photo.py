"""Reading any photograph safely, and writing it back with its metadata and the mark."""

import io
import struct

import numpy as np
import pytest
from picture_files import bare_png, encoded, read_mark
from PIL import Image, TiffImagePlugin
from PIL.ExifTags import IFD, Base
from PIL.PngImagePlugin import PngInfo

from cascade_efgan import __version__
from cascade_efgan.editing.photo import PhotoLimits, load_photo, read_photo
from cascade_efgan.editing.photo_writing import write_photo
from cascade_efgan.errors import InputError

PIXELS = np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8)
TARGETS = [{"AU12": 3.0}]
CAPTION = b"\x1c\x02\x78\x00\x05A man"


def picture():
    return Image.fromarray(PIXELS)


def png_of(width, height):
    """A PNG of zeros, its rows compressed to almost nothing."""
    return bare_png((width, height), bytes(1 + width * 3) * min(height, 64))


def rewritten(data, form=None):
    """A photograph, the bytes of the file that it is written to unchanged, and that file's image."""
    photo = read_photo(data, "photo")
    again, media = write_photo(photo, photo.image, TARGETS, form)
    image = Image.open(io.BytesIO(again))
    image.load()
    assert media == f"image/{image.format.lower()}"
    assert read_mark(again)["target_aus"] == TARGETS
    return photo, again, image


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "BMP", "WEBP"])
def test_a_lossless_photograph_comes_back_bit_for_bit_and_marked(kind):
    photo, data, image = rewritten(encoded(picture(), kind, **({"lossless": True} if kind == "WEBP" else {})))
    assert np.array_equal(photo.image, PIXELS)
    assert np.array_equal(np.asarray(image.convert("RGB")), PIXELS)
    assert image.format == ("PNG" if kind == "BMP" else kind)
    assert read_mark(data) == {
        "tool": "cascade-efgan", "version": __version__, "edited": "facial expression", "target_aus": TARGETS,
    }  # fmt: skip


@pytest.mark.parametrize("form", [None, "JPEG", "PNG"])
def test_a_compressed_tiff_keeps_its_words_and_loses_its_layout(form):
    exif = Image.Exif()
    exif[Base.Make], exif[Base.ImageDescription] = "A camera", "A face"
    _, _, image = rewritten(encoded(picture(), "TIFF", compression="tiff_lzw", exif=exif, dpi=(300, 300)), form)
    assert image.size == (60, 40)
    assert (image.getexif()[Base.Make], image.getexif()[Base.ImageDescription]) == ("A camera", "A face")
    assert round(float(image.info["dpi"][0])) == 300


def photoshop(*blocks):
    """A JPEG's segment with these (code, data)."""
    data = b"".join(b"8BIM" + struct.pack(">HHL", code, 0, len(one)) + one + b"\0" * (len(one) % 2)
                    for code, one in blocks)  # fmt: skip
    return b"\xff\xed" + struct.pack(">H", 2 + 14 + len(data)) + b"Photoshop 3.0\0" + data


def with_thumbnail(exif):
    """The block of EXIF with a second directory, whose picture still shows the old face."""
    block = bytearray(exif.tobytes())[6:]
    start, (count,) = len(block), struct.unpack_from(">H", block, 8)
    struct.pack_into(">L", block, 10 + 12 * count, start)
    entries = struct.pack(">HHLL", Base.JpegIFOffset, 4, 1, start + 30) + struct.pack(">HHLL", 0x202, 4, 1, 8)
    return b"Exif\0\0" + block + struct.pack(">H", 2) + entries + bytes(4) + b"old face"


def test_a_jpeg_stays_a_jpeg_of_high_quality_with_its_metadata_but_no_thumbnail_of_the_old_face():
    exif = Image.Exif()
    exif[Base.Make], exif[Base.Software] = "A camera", "Its firmware"
    exif.get_ifd(IFD.Exif)[Base.UserComment] = b"ASCII\0\0\0my words"
    exif.get_ifd(IFD.GPSInfo)[1] = "N"
    smooth = Image.fromarray(np.tile(np.linspace(0, 255, 60, dtype=np.uint8)[None, :, None], (40, 1, 3)))
    words = {"icc_profile": b"profile", "comment": b"hello", "dpi": (300, 300)}
    extra = photoshop((0x040C, b"old face"), (0x0404, CAPTION))
    original = encoded(smooth, "JPEG", exif=with_thumbnail(exif), extra=extra, **words)
    assert original.count(b"old face") == 2 and Image.open(io.BytesIO(original)).getexif().get_ifd(IFD.IFD1)
    photo, data, image = rewritten(original)
    assert image.format == "JPEG" and b"old face" not in data
    assert {key: image.info[key] for key in words} == words
    assert image.info["photoshop"] == {0x0404: CAPTION}
    kept = image.getexif()
    assert (kept[Base.Make], kept[Base.Software]) == ("A camera", f"cascade-efgan {__version__}")
    assert kept.get_ifd(IFD.GPSInfo)[1] == "N" and not kept.get_ifd(IFD.IFD1)
    assert np.abs(np.asarray(image).astype(int) - photo.image).max() <= 3
    assert read_mark(data)["replaced"] == {"Software": "Its firmware", "UserComment": "my words"}


def test_a_tiffs_caption_is_kept_also_as_whole_numbers():
    words = TiffImagePlugin.ImageFileDirectory_v2()
    words[33723] = CAPTION + b"\0\0"
    data = encoded(picture(), "TIFF", tiffinfo=words)
    # As whole numbers, as many programs write it.
    numbers = data.replace(struct.pack("<HHL", 33723, 7, 12), struct.pack("<HHL", 33723, 4, 3))
    assert numbers != data
    assert rewritten(numbers)[2].tag_v2[33723] == CAPTION + b"\0\0"


STORED = ["FLIP_LEFT_RIGHT", "ROTATE_180", "FLIP_TOP_BOTTOM", "TRANSPOSE", "ROTATE_90", "TRANSVERSE", "ROTATE_270"]


@pytest.mark.parametrize(("orientation", "stored"), list(enumerate(STORED, start=2)))
def test_a_turned_photograph_is_read_and_written_upright(orientation, stored):
    exif = Image.Exif()
    exif[Base.Orientation] = orientation
    photo, data, _ = rewritten(encoded(picture().transpose(Image.Transpose[stored]), "PNG", exif=exif))
    assert np.array_equal(photo.image, PIXELS)
    assert np.array_equal(read_photo(data, "photo").image, PIXELS)


def test_opacity_texts_and_the_meaning_of_colours_of_a_png_are_kept():
    image = picture()
    image.putalpha(Image.fromarray(np.arange(2400, dtype=np.uint32).reshape(40, 60).astype(np.uint8)))
    chunks = PngInfo()
    chunks.add_text("Author", "somebody")
    chunks.add_itxt("Title", "ein Gesicht, größer")
    gamma, white = struct.pack(">L", 100_000), struct.pack(">8L", *range(31_000, 39_000, 1_000))
    chunks.add(b"gAMA", gamma)
    chunks.add(b"cHRM", white)
    _, data, again = rewritten(encoded(image, "PNG", pnginfo=chunks))
    assert np.array_equal(np.asarray(again), np.asarray(image))
    assert (again.text["Author"], again.text["Title"]) == ("somebody", "ein Gesicht, größer")
    assert b"gAMA" + gamma in data and b"cHRM" + white in data


def test_metadata_that_a_format_cannot_hold_are_left_out_with_a_warning(caplog):
    texts = PngInfo()
    texts.add_itxt("XML:com.adobe.xmp", "x" * 70_000)
    _, _, image = rewritten(encoded(picture(), "PNG", pnginfo=texts, dpi=(300, 300)), "JPEG")
    assert caplog.messages == ["photo: does not fit into a JPEG file, or is damaged, and was left out: xmp"]
    assert image.info["dpi"] == (300, 300)


def test_a_wrong_suffix_is_read_by_its_bytes_and_told():
    photo = read_photo(encoded(picture(), "PNG"), "photo.jpg")
    assert photo.format == "PNG"
    assert photo.note == "photo.jpg: its name says JPEG, but it is a PNG file and was read as one"


def moving(kind):
    return encoded(picture(), kind, save_all=True, append_images=[picture().rotate(90)])


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "an empty file"),
        (b"hello", "no known image format"),
        (b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg'/>", "SVG"),
        (b"\0\0\0\x18ftypheic" + bytes(64), "HEIC"),
        (b"%PDF-1.7", "PDF"),
        (encoded(picture(), "PNG")[:2000], "not a readable image"),
        (encoded(picture(), "JPEG")[:900], "not a readable image"),
        (moving("GIF"), "animation"),
        (moving("WEBP"), "animation"),
        (moving("PNG"), "animation"),
        (moving("TIFF"), "several pages"),
        (png_of(20_000, 20_000), "million allowed"),
        (png_of(9_000, 9_000), "million allowed"),
        (png_of(40, 32_767), "40x32767 pixels, one side longer"),
        (png_of(32_767, 40), "32767x40 pixels, one side longer"),
        (encoded(Image.new("RGB", (16, 200)), "PNG"), "too few"),
    ],
)
def test_what_is_no_photograph_is_refused_in_one_sentence(data, words):
    with pytest.raises(InputError, match=words) as caught:
        read_photo(data, "the upload")
    assert str(caught.value).startswith("the upload: ")
    assert "\n" not in str(caught.value)


def test_limits_hold_for_files_and_pixels(tmp_path):
    data = encoded(picture(), "PNG")
    with pytest.raises(InputError, match="million allowed"):
        read_photo(data, "photo", PhotoLimits(pixels=2399))
    limit = 2**20
    # "1 MiB, more than the 1 allowed"
    with pytest.raises(InputError, match=r"photo: 1\.0001 MiB, more than the 1 allowed"):
        read_photo(data.ljust(limit + 100), "photo", PhotoLimits(file_bytes=limit))
    with pytest.raises(InputError, match="cannot be read"):
        load_photo(tmp_path / "absent.jpg")
