"""The images that OpenFace gets: bytes as they are where it reads them right, PNGs where it would not."""

import io
import tarfile

import cv2
import numpy as np
import pytest
from picture_files import bare_png, encoded
from PIL import Image

from cascade_efgan.data.openface.program_images import prepare_image
from cascade_efgan.data.photo_files.images import decode_image
from cascade_efgan.data.photo_files.manifest import manifest_row, write_manifest
from cascade_efgan.data.photo_files.photos import Photo, new_zip
from cascade_efgan.errors import InputError

PIXELS = np.random.default_rng(0).integers(0, 256, (50, 60, 3), dtype=np.uint8)


def photo(form, mode="RGB", **options):
    return encoded(Image.fromarray(PIXELS).convert(mode), form, **options)


def turned(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    return photo("JPEG", exif=exif)


def animated(form):
    return photo(form, save_all=True, append_images=[Image.fromarray(PIXELS + shade) for shade in (9, 20)])


@pytest.mark.parametrize(
    ("file", "data", "suffix"),
    [
        ("a.jpg", photo("JPEG"), ".jpg"),
        ("a.JPG", photo("JPEG"), ".jpg"),
        ("a.jpeg", photo("JPEG", "L"), ".jpg"),
        ("a.jpg", photo("PNG"), ".png"),
        ("no suffix", photo("PNG", "L"), ".png"),
        ("a.bmp", photo("BMP"), ".bmp"),
        ("a.jpg", turned(1), ".jpg"),
    ],
)
def test_what_openface_reads_right_keeps_its_bytes_and_gets_the_suffix_of_its_content(file, data, suffix):
    assert prepare_image("id", file, data) == (f"id{suffix}", data)


OTHERS = {
    "webp": photo("WEBP", lossless=True),
    "tif": photo("TIFF"),
    "alpha": photo("PNG", "RGBA"),
    "palette": photo("PNG", "P"),
    "1bit": photo("PNG", "1"),
    "cmyk": photo("JPEG", "CMYK"),
    "sideways": turned(6),
    "upsidedown": turned(3),
    "transparent": photo("PNG", transparency=(1, 2, 3)),
    "gif": photo("GIF"),
    "bmp8": photo("BMP", "P"),
    "apng": animated("PNG"),
    "awebp": animated("WEBP"),
    "16bit": cv2.imencode(".png", PIXELS.astype(np.uint16) * 257)[1].tobytes(),
}


@pytest.mark.parametrize("kind", OTHERS)
def test_everything_else_becomes_a_png_of_the_pixels_that_are_cropped(kind):
    data = OTHERS[kind]
    name, png = prepare_image("id", "a.jpg", data)
    assert name == "id.png" and png != data
    with Image.open(io.BytesIO(png)) as image:
        assert (image.format, image.mode, image.info) == ("PNG", "RGB", {})
    np.testing.assert_array_equal(decode_image(png, "png"), decode_image(data, "original"))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (photo("JPEG")[:-300], "not a readable image (it is cut off)"),
        (b"these are words", "not a readable image (no known image format)"),
        (b"", "not a readable image (an empty file)"),
        (bare_png((9000, 9000), b""), "not a readable image (9000x9000 pixels, more than the 64 million allowed)"),
        # OpenFace aborts on it.
        (encoded(Image.fromarray(PIXELS).resize((200, 42)), "PNG"), "smaller than 43 pixels (200x42)"),
    ],
)
def test_a_photograph_that_openface_cannot_be_given_gets_a_reason(data, reason):
    assert prepare_image("id", "a.jpg", data) == reason


@pytest.fixture
def photographs(tmp_path):
    """Seven photographs: equal stems, upper case, one truncated, one of words, one tiny; and their manifest."""
    contents = {
        "a_jpg": ("a.JPG", photo("JPEG")),
        "a_png": ("a.png", photo("PNG")),
        "b": ("b.webp", photo("WEBP")),
        "c": ("c.jpg", photo("JPEG")[:-300]),
        "d": ("d.jpg", b"words"),
        "e": ("deep down/e.png", photo("PNG", "L")),
        "f": ("f.png", photo("PNG", "RGBA")),
    }
    rows = []
    with new_zip(tmp_path / "photos.zip") as archive:
        for name, (file, data) in contents.items():
            archive.add(file, data)
            rows.append(manifest_row(Photo(name, file, name, "happy", "frontal", data), "folder"))
    write_manifest(tmp_path / "manifest.csv", rows)
    return tmp_path


def prepare(efgan, folder, chunk, size, images="images.tar"):
    efgan(
        "prepare_openface_chunk", "--photos", folder / "photos.zip", "--manifest", folder / "manifest.csv",
        "--chunk", chunk, "--set", f"openface.chunk={size}", "--images", folder / images,
    )  # fmt: skip
    with tarfile.open(folder / images) as archive:
        return {member.name: archive.extractfile(member).read() for member in archive}


def test_chunks_share_out_the_manifest_and_name_images_by_id(efgan, photographs):
    first, second, third = (prepare(efgan, photographs, chunk, 3) for chunk in range(3))
    assert list(first) == ["a_jpg.jpg", "a_png.png", "b.png", "failed.tsv"]
    assert list(second) == ["e.png", "failed.tsv"]
    assert list(third) == ["f.png", "failed.tsv"]
    assert first["failed.tsv"] == b""
    failed = [line.split("\t") for line in second["failed.tsv"].decode().splitlines()]
    assert [name for name, _ in failed] == ["c", "d"]
    assert failed[1][1] == "not a readable image (no known image format)"


def test_equal_photographs_give_equal_bytes_whatever_the_hour(efgan, photographs, monkeypatch):
    prepare(efgan, photographs, 0, 7)
    monkeypatch.setattr("time.time", lambda: 12345.0)
    prepare(efgan, photographs, 0, 7, "again.tar")
    assert (photographs / "images.tar").read_bytes() == (photographs / "again.tar").read_bytes()
    with tarfile.open(photographs / "images.tar") as archive:
        assert {(m.mtime, m.mode, m.uid, m.gid, m.uname, m.gname) for m in archive} == {(0, 0o644, 0, 0, "", "")}


def test_a_chunk_that_the_manifest_lacks_is_named(efgan, photographs):
    with pytest.raises(InputError, match=r"manifest\.csv: has no chunk 3: its 7 photographs make the chunks 0 to 2 of"):
        prepare(efgan, photographs, 3, 3)
    assert not (photographs / "images.tar").exists()


def test_a_missing_photograph_leaves_no_tar(efgan, photographs):
    rows = (photographs / "manifest.csv").read_text().replace("deep down/e.png", "gone.png")
    (photographs / "manifest.csv").write_text(rows)
    with pytest.raises(InputError, match=r"photograph gone\.png is missing"):
        prepare(efgan, photographs, 0, 7)
    assert not list(photographs.glob("*.tar")) and not list(photographs.glob(".*"))
