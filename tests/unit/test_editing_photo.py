"""Reading any photograph safely, and writing it back with its metadata and the mark."""

import io
import json
import struct

import numpy as np
import pytest
from picture_files import bare_png, encoded, read_mark
from PIL import Image, TiffImagePlugin
from PIL.ExifTags import IFD, Base
from PIL.PngImagePlugin import PngInfo

from cascade_efgan import __version__
from cascade_efgan.editing.mark import read_comment
from cascade_efgan.editing.photo import PhotoLimits, load_photo, read_photo
from cascade_efgan.editing.photo_writing import write_photo
from cascade_efgan.errors import InputError

PIXELS = np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8)
TARGETS = [{"AU12": 3.0}]


def picture(mode="RGB"):
    return Image.fromarray(PIXELS).convert(mode)


def png_of(width, height):
    """A PNG of zeros, its rows compressed to almost nothing."""
    return bare_png((width, height), bytes(1 + width * 3) * min(height, 64))


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "BMP", "WEBP"])
def test_a_lossless_photograph_comes_back_bit_for_bit_and_marked(kind):
    photo = read_photo(encoded(picture(), kind, **({"lossless": True} if kind == "WEBP" else {})), "photo")
    assert np.array_equal(photo.image, PIXELS)
    data, media = write_photo(photo, photo.image, TARGETS)
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(data)).convert("RGB")), PIXELS)
    assert media == {"PNG": "image/png", "TIFF": "image/tiff", "BMP": "image/png", "WEBP": "image/webp"}[kind]
    assert read_mark(data) == {
        "tool": "cascade-efgan", "version": __version__, "edited": "facial expression", "target_aus": TARGETS,
    }  # fmt: skip


@pytest.mark.parametrize("form", [None, "JPEG", "PNG"])
def test_a_compressed_tiff_keeps_its_words_and_loses_its_layout(form):
    exif = Image.Exif()
    exif[Base.Make], exif[Base.ImageDescription] = "A camera", "A face"
    data = encoded(picture(), "TIFF", compression="tiff_lzw", exif=exif, dpi=(300, 300))
    photo = read_photo(data, "photo.tif")
    again, _ = write_photo(photo, photo.image, TARGETS, form)
    with Image.open(io.BytesIO(again)) as image:
        image.load()
        assert image.size == (60, 40)
        assert (image.getexif()[Base.Make], image.getexif()[Base.ImageDescription]) == ("A camera", "A face")
        assert round(float(image.info["dpi"][0])) == 300
    assert read_mark(again)["target_aus"] == TARGETS


def test_a_jpeg_stays_a_jpeg_of_high_quality_with_its_metadata():
    exif = Image.Exif()
    exif[Base.Make], exif[Base.Software] = "A camera", "Its firmware"
    exif.get_ifd(IFD.Exif)[Base.UserComment] = b"ASCII\0\0\0my words"
    exif.get_ifd(IFD.GPSInfo)[1] = "N"
    smooth = Image.fromarray(np.tile(np.linspace(0, 255, 60, dtype=np.uint8)[None, :, None], (40, 1, 3)))
    photo = read_photo(
        encoded(smooth, "JPEG", exif=exif, icc_profile=b"profile", comment=b"hello", dpi=(300, 300)), "p"
    )
    data, media = write_photo(photo, photo.image, TARGETS)
    with Image.open(io.BytesIO(data)) as image:
        assert (image.format, media) == ("JPEG", "image/jpeg")
        assert image.info["icc_profile"] == b"profile"
        assert image.info["comment"] == b"hello"
        assert image.info["dpi"] == (300, 300)
        kept = image.getexif()
        assert kept[Base.Make] == "A camera"
        assert kept[Base.Software] == f"cascade-efgan {__version__}"
        assert kept.get_ifd(IFD.GPSInfo)[1] == "N"
        assert json.loads(read_comment(kept))["target_aus"] == TARGETS
        assert np.abs(np.asarray(image).astype(int) - photo.image).max() <= 3
    assert read_mark(data)["replaced"] == {"Software": "Its firmware", "UserComment": "my words"}


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_exif_orientation_is_turned_upright_and_written_upright(orientation):
    exif = Image.Exif()
    exif[Base.Orientation] = orientation
    stored = {1: 0, 2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180,
              4: Image.Transpose.FLIP_TOP_BOTTOM, 5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_90,
              7: Image.Transpose.TRANSVERSE, 8: Image.Transpose.ROTATE_270}[orientation]  # fmt: skip
    sideways = picture() if orientation == 1 else picture().transpose(stored)
    photo = read_photo(encoded(sideways, "PNG", exif=exif), "photo")
    assert np.array_equal(photo.image, PIXELS)
    again = read_photo(write_photo(photo, photo.image, TARGETS)[0], "photo")
    assert np.array_equal(again.image, PIXELS)


def test_the_thumbnail_of_the_old_face_is_not_kept():
    exif = Image.Exif()
    exif[Base.Make] = "A camera"
    exif._ifds[IFD.IFD1] = {Base.JpegIFOffset: 0, Base.Compression: 6}
    photo = read_photo(encoded(picture(), "JPEG", exif=exif), "photo")
    data, _ = write_photo(photo, photo.image, TARGETS)
    assert not Image.open(io.BytesIO(data)).getexif().get_ifd(IFD.IFD1)


def test_opacity_and_png_texts_are_kept():
    alpha = np.arange(2400, dtype=np.uint32).reshape(40, 60).astype(np.uint8)
    image = picture()
    image.putalpha(Image.fromarray(alpha))
    texts = PngInfo()
    texts.add_text("Author", "somebody")
    texts.add_itxt("Title", "ein Gesicht, größer")
    photo = read_photo(encoded(image, "PNG", pnginfo=texts), "photo")
    with Image.open(io.BytesIO(write_photo(photo, photo.image, TARGETS)[0])) as again:
        again.load()
        assert np.array_equal(np.asarray(again), np.dstack([PIXELS, alpha]))
        assert (again.text["Author"], again.text["Title"]) == ("somebody", "ein Gesicht, größer")


def test_captions_are_kept_and_photoshops_thumbnail_is_not():
    def block(code, data):
        return b"8BIM" + struct.pack(">HHL", code, 0, len(data)) + data + b"\0" * (len(data) % 2)

    caption = b"\x1c\x02\x78\x00\x05A man"
    segment = b"Photoshop 3.0\0" + block(0x040C, b"old face") + block(0x0404, caption)
    extra = b"\xff\xed" + struct.pack(">H", 2 + len(segment)) + segment
    photo = read_photo(encoded(picture(), "JPEG", extra=extra), "photo")
    with Image.open(io.BytesIO(write_photo(photo, photo.image, TARGETS)[0])) as again:
        assert again.info["photoshop"] == {0x0404: caption}

    words = TiffImagePlugin.ImageFileDirectory_v2()
    words[33723] = caption + b"\0\0"
    data = encoded(picture(), "TIFF", tiffinfo=words)
    # As whole numbers, as many programs write it.
    numbers = data.replace(struct.pack("<HHL", 33723, 7, 12), struct.pack("<HHL", 33723, 4, 3))
    assert numbers != data
    photo = read_photo(numbers, "photo")
    with Image.open(io.BytesIO(write_photo(photo, photo.image, TARGETS)[0])) as again:
        assert again.tag_v2[33723] == caption + b"\0\0"


def test_the_meaning_of_a_pngs_colours_is_kept():
    chunks = PngInfo()
    gamma, white = struct.pack(">L", 100_000), struct.pack(">8L", *range(31_000, 39_000, 1_000))
    chunks.add(b"gAMA", gamma)
    chunks.add(b"cHRM", white)
    photo = read_photo(encoded(picture(), "PNG", pnginfo=chunks), "photo")
    data, _ = write_photo(photo, photo.image, TARGETS)
    assert b"gAMA" + gamma in data and b"cHRM" + white in data


def test_metadata_that_a_format_cannot_hold_are_left_out_with_a_warning(caplog):
    texts = PngInfo()
    texts.add_itxt("XML:com.adobe.xmp", "x" * 70_000)
    photo = read_photo(encoded(picture(), "PNG", pnginfo=texts, dpi=(300, 300)), "photo.png")
    data, _ = write_photo(photo, photo.image, TARGETS, "JPEG")
    assert caplog.messages == ["photo.png: does not fit into a JPEG file, or is damaged, and was left out: xmp"]
    assert read_mark(data)["target_aus"] == TARGETS
    assert Image.open(io.BytesIO(data)).info["dpi"] == (300, 300)


@pytest.mark.parametrize("mode", ["L", "LA", "P", "1", "RGBA"])
def test_grey_palette_and_transparent_images_are_read_as_rgb(mode):
    photo = read_photo(encoded(picture(mode), "PNG"), "photo")
    assert photo.image.shape == (40, 60, 3)
    assert photo.image.dtype == np.uint8


def test_a_wrong_suffix_is_read_by_its_bytes_and_told():
    photo = read_photo(encoded(picture(), "PNG"), "photo.jpg")
    assert photo.format == "PNG"
    assert photo.note == "photo.jpg: its name says JPEG, but it is a PNG file and was read as one"


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
        (encoded(Image.fromarray(np.zeros((40, 40), dtype=np.uint16)), "PNG"), "all but black"),
        (encoded(Image.fromarray(np.zeros((40, 40), dtype=np.uint16)), "TIFF"), "all but black"),
        (encoded(Image.fromarray(np.zeros((40, 40), dtype=np.float32) - 1), "TIFF"), "floats from -1 to -1"),
        (encoded(picture(), "GIF", save_all=True, append_images=[picture().rotate(90)]), "animation"),
        (encoded(picture(), "WEBP", save_all=True, append_images=[picture().rotate(90)]), "animation"),
        (encoded(picture(), "PNG", save_all=True, append_images=[picture().rotate(90)]), "animation"),
        (encoded(picture(), "TIFF", save_all=True, append_images=[picture()]), "several pages"),
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
