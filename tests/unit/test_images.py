"""Every kind of pixel, orientation and metadata that image files have: read right, or refused with a reason."""

import struct
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest
from made_faces import landmarks, openface_text
from picture_files import COLOUR, GRAY, encoded, png, png_chunk, read_alike
from PIL import Image, ImageCms, TiffImagePlugin
from PIL.ExifTags import Base
from programs import write_files

from cascade_efgan.data.openface.program_images import prepare_image
from cascade_efgan.data.photo_files.images import SUFFIXES, decode_image, to_srgb
from cascade_efgan.data.photo_files.manifest import manifest_row
from cascade_efgan.data.photo_files.photos import Photo
from cascade_efgan.editing.photo import read_photo
from cascade_efgan.editing.photo_writing import write_photo
from cascade_efgan.errors import InputError


def by_opencv(suffix, image):
    return cv2.imencode(suffix, image)[1].tobytes()


def gray_alpha_16():
    rows = np.dstack([GRAY.astype(">u2") * 257, np.full_like(GRAY, 200, dtype=">u2") * 257])
    return png(b"".join(b"\0" + row.tobytes() for row in rows), 16, 4)


def interlaced():
    parts = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)]
    passes = [GRAY[top::down, left::right] for top, left, down, right in parts]
    return png(b"".join(b"\0" + row.tobytes() for one in passes for row in one), 8, 0, 1)


def white_is_zero():
    data = encoded(65535 - GRAY.astype(np.uint16) * 257, "TIFF")
    changed = data.replace(struct.pack("<HHIH", 262, 3, 1, 1), struct.pack("<HHIH", 262, 3, 1, 0))
    assert changed != data
    return changed


def bare_tiff(pixels, bits, sample_format=1):
    """A gray TIFF of these bytes, 40 rows of 60 values, in the one layout that none of our encoders writes."""
    fields = [(256, 60), (257, 40), (258, bits), (259, 1), (262, 1), (273, 200), (277, 1), (278, 40),
              (279, len(pixels)), (339, sample_format)]  # fmt: skip
    head = b"II*\0" + struct.pack("<IH", 8, len(fields)) + b"".join(struct.pack("<HHII", t, 4, 1, v) for t, v in fields)
    return head.ljust(200, b"\0") + pixels


def twelve_bits():
    """A TIFF of two 12-bit values in three bytes."""
    values = GRAY.astype(np.uint32).ravel() * 16 + 15
    packed = np.empty(len(values) // 2 * 3, dtype=np.uint8)
    packed[0::3], packed[1::3] = values[::2] >> 4, (values[::2] & 15) << 4 | values[1::2] >> 8
    packed[2::3] = values[1::2] & 255
    return bare_tiff(packed.tobytes(), 12)


def too_many_opacities():
    """A palette PNG with opacities for more colours than a palette can have."""
    data = encoded(Image.fromarray(COLOUR).quantize(256), "PNG")
    place = data.index(b"IDAT") - 4
    return data[:place] + png_chunk(b"tRNS", bytes(300)) + data[place:]


def ycck():
    """A YCCK JPEG, inverted as Adobe's are: a CMYK one whose numbers are YCbCr and black, and called so."""
    luma = Image.fromarray(255 - COLOUR).convert("YCbCr").split()
    black = Image.new("L", luma[0].size, 255)
    data = encoded(Image.merge("CMYK", [*luma, black]).point(lambda value: 255 - value), "JPEG", quality=95)
    place = data.index(b"Adobe")
    return data[: place + 11] + b"\2" + data[place + 12 :]


GRAYS = {
    "16-bit PNG": by_opencv(".png", GRAY.astype(np.uint16) * 257),
    "16-bit TIFF": encoded(GRAY.astype(np.uint16) * 257, "TIFF"),
    "16-bit TIFF, compressed": by_opencv(".tif", GRAY.astype(np.uint16) * 257),
    "16-bit TIFF, big-endian": encoded(Image.fromarray(GRAY.astype(">u2") * 257, mode=None), "TIFF"),
    "16-bit TIFF, white is zero": white_is_zero(),
    "12-bit TIFF": twelve_bits(),
    "16-bit gray with alpha": gray_alpha_16(),
    "float TIFF": encoded((GRAY / 255).astype(np.float32), "TIFF"),
    "interlaced PNG": interlaced(),
    "8-bit TIFF": encoded(GRAY, "TIFF"),
}

COLOURS = {
    "16-bit PNG": by_opencv(".png", COLOUR[..., ::-1].astype(np.uint16) * 257),
    "16-bit TIFF": by_opencv(".tif", COLOUR[..., ::-1].astype(np.uint16) * 257),
    "palette with transparency": encoded(Image.fromarray(COLOUR).quantize(256), "PNG", transparency=0),
    "progressive JPEG": encoded(COLOUR, "JPEG", quality=95, progressive=True),
    "CMYK JPEG": encoded(Image.fromarray(COLOUR).convert("CMYK"), "JPEG", quality=95, subsampling=0),
    "YCCK JPEG": ycck(),
    "CMYK TIFF": encoded(Image.fromarray(COLOUR).convert("CMYK"), "TIFF"),
    "LAB TIFF": encoded(Image.fromarray(COLOUR).convert("LAB"), "TIFF"),
    "AVIF": encoded(COLOUR, "AVIF", quality=95) if ".avif" in SUFFIXES else encoded(COLOUR, "PNG"),
}


@pytest.mark.parametrize("kind", GRAYS)
def test_gray_tones_are_those_of_8_bits_in_the_pipeline_and_the_editor(kind):
    # A user would have seen a white or black crop, without a word.
    assert np.array_equal(read_alike(GRAYS[kind]), np.dstack([GRAY] * 3))


@pytest.mark.parametrize("kind", COLOURS)
def test_colours_are_those_of_8_bits_in_the_pipeline_and_the_editor(kind):
    difference = np.abs(read_alike(COLOURS[kind]).astype(int) - COLOUR)
    assert difference.mean() < {"palette with transparency": 6, "progressive JPEG": 6, "AVIF": 6, "YCCK JPEG": 8}.get(
        kind, 2
    )


def test_one_bit_and_gray_jpeg():
    assert np.array_equal(read_alike(encoded(Image.fromarray(GRAY > 99), "PNG"))[..., 0], (GRAY > 99) * 255)
    assert np.abs(read_alike(encoded(GRAY, "JPEG", quality=95)).astype(int) - GRAY[..., None]).mean() < 2


def test_opacity_of_16_bits_is_kept():
    assert np.array_equal(read_photo(gray_alpha_16(), "a").alpha, np.full_like(GRAY, 200))


def test_colours_of_a_profile_become_srgb(swapped_profile):
    assert np.abs(to_srgb(COLOUR, swapped_profile).astype(int) - COLOUR[..., [1, 0, 2]]).max() <= 2
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    for profile in (None, b"", b"no profile", srgb[:200], srgb, lab):
        assert to_srgb(COLOUR, profile) is COLOUR


def cyan_is_black():
    """A printer's profile under which cyan alone darkens: one table from CMYK to Lab, as the ICC's format has it."""
    corners = b"".join(bytes([0 if corner & 8 else 255, 128, 128]) for corner in range(16))
    identity = struct.pack(">9l", *(65536 * (place % 4 == 0) for place in range(9)))
    table = (
        b"mft1" + bytes(4) + bytes([4, 3, 2, 0]) + identity + bytes(range(256)) * 4 + corners + bytes(range(256)) * 3
    )
    start = struct.pack(">4sL4s4s4s", b"lcms", 0x02400000, b"prtr", b"CMYK", b"Lab ") + bytes(12) + b"acsp" + bytes(28)
    white = struct.pack(">3l", 63190, 65536, 54061)
    profile = start + white + bytes(48) + struct.pack(">L4sLL", 1, b"A2B0", 144, len(table)) + table
    return struct.pack(">L", 4 + len(profile)) + profile


def test_cmyk_is_read_by_its_profile():
    image = Image.fromarray(np.full((8, 8, 4), (255, 0, 0, 0), dtype=np.uint8), "CMYK")
    plain = decode_image(encoded(image, "TIFF"), "a")
    assert plain[0, 0].tolist() == [0, 255, 255]
    assert decode_image(encoded(image, "TIFF", icc_profile=cyan_is_black()), "a").max() < 5
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for unusable in (b"no profile", srgb):
        assert np.array_equal(decode_image(encoded(image, "TIFF", icc_profile=unusable), "a"), plain)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (by_opencv(".png", GRAY.astype(np.uint16) * 16), "all but black"),
        (by_opencv(".png", GRAY.astype(np.uint16) * 64), "all but black"),
        (by_opencv(".png", COLOUR.astype(np.uint16) * 16), "all but black"),
        (encoded(GRAY.astype(np.float32), "TIFF"), "floats from 16 to 255"),
        (
            encoded((GRAY / np.float32(254.9999)).astype(np.float32), "TIFF"),
            r"floats from 0\.\d+ to 1\.00000\d+, expected 0",
        ),
        (encoded(np.full((40, 60), np.nan, dtype=np.float32), "TIFF"), "floats from nan"),
        (encoded(GRAY.astype(np.int32), "TIFF"), "pixels of kind I"),
        (bare_tiff((GRAY ^ 128).tobytes(), 8, sample_format=2), "pixels of kind L, signed"),
        (bare_tiff((GRAY / 255).tobytes(), 64, sample_format=3), "a TIFF of a layout or kind of pixel"),
        (too_many_opacities(), "palette index out of range"),
    ],
)
def test_tones_that_nobody_can_know_are_excluded_with_the_reason(data, reason, tmp_path):
    with pytest.raises(InputError, match=reason) as of_pipeline:
        decode_image(data, "a")
    with pytest.raises(InputError, match=reason) as of_editor:
        read_photo(data, "a")
    assert str(of_pipeline.value) == str(of_editor.value)
    row = manifest_row(Photo("a", "a.png", "a", "happy", "frontal", data), "folder")
    assert (row["width"], row["height"]) == (0, 0)
    assert prepare_image("a", "a", data).startswith("not a readable image (")


@pytest.mark.parametrize("compression", [None, "tiff_lzw"])
@pytest.mark.parametrize("value", range(1, 9))
def test_the_orientation_of_a_tiff_is_applied_once(value, compression):
    # Width and height were swapped once more: a face beyond the border, or a crop rule that stops.
    turn = Image.Transpose
    turned = {2: turn.FLIP_LEFT_RIGHT, 3: turn.ROTATE_180, 4: turn.FLIP_TOP_BOTTOM, 5: turn.TRANSPOSE,
              6: turn.ROTATE_90, 7: turn.TRANSVERSE, 8: turn.ROTATE_270}  # fmt: skip
    stored = Image.fromarray(COLOUR)
    words = TiffImagePlugin.ImageFileDirectory_v2()
    words[Base.Orientation] = value
    stored = stored.transpose(turned[value]) if value > 1 else stored
    data = encoded(stored, "TIFF", tiffinfo=words, compression=compression)
    photo = read_photo(data, "a")
    for written in (data, write_photo(photo, photo.image, [])[0]):
        assert np.array_equal(read_alike(written), COLOUR)


def test_the_pipeline_excludes_what_it_cannot_read_with_its_reason(tmp_path, efgan):
    contents = {
        "long.png": encoded(Image.new("L", (40, 32_767)), "PNG"),
        "dark.png": by_opencv(".png", GRAY.astype("u2")),
        "a.jfif": encoded(COLOUR, "JPEG"),
    }
    # Cut off after an intact header, as a broken download leaves them; their OpenFace values are of the whole files.
    cut = [f"{n}cut.{suffix}" for n, suffix in enumerate(("jpg", "png", "tif", "webp", "bmp"))]
    for name in cut:
        data = encoded(COLOUR, SUFFIXES[Path(name).suffix])
        contents[name] = data[: len(data) * 6 // 10]
    write_files(tmp_path / "photos", contents)
    text = openface_text([(0.9, [0.0] * 17, landmarks(10, 10, 20))])
    write_files(tmp_path / "csv", {f"{Path(name).stem}.csv": text for name in contents})
    photos, manifest, faces, excluded, crops = (
        tmp_path / name for name in ("p.zip", "m.csv", "f.csv", "e.csv", "c.npy")
    )
    efgan("download", "--dataset", "folder", "--photos", photos, "--manifest", manifest, "--completeness",
          tmp_path / "c.json", "--set", f"folder.archive={tmp_path / 'photos'}")  # fmt: skip
    efgan("extract_aus", "--dataset", "folder", "--photos", photos, "--manifest", manifest, "--openface",
          tmp_path / "csv", "--faces", faces, "--excluded", excluded, "--set", "excluded_share=0.9")  # fmt: skip
    efgan("crop", "--photos", photos, "--manifest", manifest, "--faces", faces, "--crops", crops, "--index",
          tmp_path / "c.csv", "--checks", tmp_path / "checks.csv")  # fmt: skip
    reasons = dict(pd.read_csv(excluded)[["file", "reason"]].to_numpy())
    assert all(reasons.pop(name).startswith("not a readable image (") for name in cut)
    assert reasons == {
        "dark.png": "not a readable image (all but black: its brightest pixel is at 0% of what 16 bits hold)",
        "long.png": "not a readable image (40x32767 pixels, one side longer than the 32766 allowed)",
    }
    assert len(pd.read_csv(faces)) == len(np.load(crops)) == 1
