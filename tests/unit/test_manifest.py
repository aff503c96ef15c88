"""The manifest, the zips and the decoding of photographs."""

import io

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from cascade_efgan.data.images import decode_image, image_size
from cascade_efgan.data.manifest import COLUMNS, manifest_row, read_manifest, read_manifest_rows, write_manifest
from cascade_efgan.data.photos import Photo, PhotoZip, encode_png, new_zip
from cascade_efgan.errors import InputError

PIXELS = np.arange(4 * 6 * 3, dtype=np.uint8).reshape(4, 6, 3)


def row(**changes):
    photo = Photo("007_03", "007_03.png", "007", "neutral", "frontal", encode_png(PIXELS))
    return manifest_row(photo, "london") | changes


def jpeg(image, orientation=1):
    buffer = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(image).save(buffer, format="JPEG", exif=exif)
    return buffer.getvalue()


def test_a_manifest_reads_back_sorted_and_with_its_zeros(tmp_path):
    path = tmp_path / "manifest.csv"
    write_manifest(path, [row(), row(id="003_08", file="003_08.png", person="003", expression="happy")])
    manifest = read_manifest(path)
    assert list(manifest.columns) == list(COLUMNS)
    assert list(pd.read_csv(path)["copies"]) == [1, 1]  # of the same bytes under two names
    assert list(manifest["id"]) == ["003_08", "007_03"]
    assert list(manifest["person"]) == ["003", "007"]
    assert (manifest["width"].iloc[0], manifest["height"].iloc[0]) == (6, 4)
    assert b"\r" not in path.read_bytes()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"id": "003 08"}, "id of id '003 08' is '003 08', expected letters, digits"),
        ({"id": "b", "file": "007_03.png"}, "file of id 'b' is '007_03.png', expected every file once"),
        ({"id": "b", "expression": "smiling"}, "unknown expression 'smiling' in line 3; expected one of angry"),
        (
            {"id": "b", "file": "a\nb.jpg"},
            r"file of id 'b' is 'a\\nb.jpg', expected no line break in it \(rename the phot",
        ),
        ({"id": "b", "person": "a\rb"}, r"person of id 'b' is 'a\\rb', expected no line break in it"),
        ({"id": "b", "gaze": "up"}, "gaze of id 'b' is 'up', expected one of left, frontal, right"),
        ({"id": "b", "person": ""}, "person of id 'b' is '', expected a name or number"),
        ({"id": "b", "sha256": "12ab"}, "sha256 of id 'b' is '12ab', expected 64 hexadecimal digits"),
        ({"id": "b", "width": -1}, "width of id 'b' is -1, expected a whole number of pixels"),
        ({}, "id 007_03 appears twice, expected every id once"),
    ],
)
def test_a_bad_row_is_refused_in_one_sentence(changes, message, tmp_path):
    with pytest.raises(InputError, match=message) as caught:
        write_manifest(tmp_path / "manifest.csv", [row(), row(**{"file": "b.png"} | changes)])
    assert "manifest.csv" in str(caught.value)
    assert not (tmp_path / "manifest.csv").exists()


def test_some_rows_are_those_of_the_whole_manifest(tmp_path):
    path = tmp_path / "manifest.csv"
    rows = [row(id=f"i{number}", file=f'"{number}", x.png', person=f"00{number}") for number in range(7)]
    write_manifest(path, rows)
    whole = read_manifest(path)
    for first, count in ((0, 3), (3, 3), (6, 3), (0, 9), (7, 3), (50, 3)):
        some = read_manifest_rows(path, first, count)
        pd.testing.assert_frame_equal(some.reset_index(drop=True), whole[first : first + count].reset_index(drop=True))
        assert list(some["person"]) == [f"00{number}" for number in range(first, min(first + count, 7))]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("london,6,4", "london,wide,4", "column width holds 'wide' in line 2"),
        ("sha256", "md5", "column sha256 is missing"),
        ("i4,i4.png", "i 4,i4.png", "id of id 'i 4' is 'i 4'"),
    ],
)
def test_bad_rows_among_some_are_named_as_in_the_whole(old, new, message, tmp_path):
    path = tmp_path / "manifest.csv"
    write_manifest(path, [row(id=f"i{number}", file=f"i{number}.png") for number in range(7)])
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(InputError, match=message):
        read_manifest_rows(path, 2, 3)


def test_an_empty_manifest_is_refused(tmp_path):
    path = tmp_path / "manifest.csv"
    path.write_text(",".join(COLUMNS) + "\n")
    with pytest.raises(InputError, match=r"manifest\.csv: no rows"):
        read_manifest(path)
    path.write_text("")
    with pytest.raises(InputError, match=r"manifest\.csv: not a CSV file"):
        read_manifest(path)


def test_an_absent_manifest_is_named(tmp_path):
    with pytest.raises(InputError, match=r"absent\.csv: no such file"):
        read_manifest(tmp_path / "absent.csv")


def test_a_zip_depends_on_nothing_but_its_members(tmp_path):
    for name in ("a.zip", "b.zip"):
        with new_zip(tmp_path / name) as archive:
            archive.add("x.png", encode_png(PIXELS))
            archive.add("x.csv", "face\n")
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()


def test_a_zip_is_whole_or_absent(tmp_path):
    def fail():
        with new_zip(tmp_path / "a.zip") as archive:
            archive.add("x", b"1")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert list(tmp_path.iterdir()) == []


def test_a_zip_names_what_it_lacks(tmp_path):
    with new_zip(tmp_path / "a.zip") as archive:
        archive.add("x", b"1")
    with PhotoZip(tmp_path / "a.zip") as photos:
        assert photos.read("x") == b"1"
        with pytest.raises(InputError, match=r"a\.zip: photograph y\.jpg is missing"):
            photos.read("y.jpg")
    (tmp_path / "b.zip").write_bytes(b"no zip")
    with pytest.raises(InputError, match=r"b\.zip: not a zip file"):
        PhotoZip(tmp_path / "b.zip")
    with pytest.raises(InputError, match=r"c\.zip: no such file"):
        PhotoZip(tmp_path / "c.zip")


def test_a_damaged_member_is_named(tmp_path):
    with new_zip(tmp_path / "a.zip") as archive:
        archive.add("x.png", b"0123456789")
    path = tmp_path / "a.zip"
    path.write_bytes(path.read_bytes().replace(b"0123456789", b"0123x56789"))
    with PhotoZip(path) as photos, pytest.raises(InputError, match=r"a\.zip: x\.png is damaged"):
        photos.read("x.png")


def test_png_decodes_to_the_same_pixels():
    np.testing.assert_array_equal(decode_image(encode_png(PIXELS), "x"), PIXELS)


def test_orientation_is_applied_to_pixels_and_size():
    image = np.zeros((16, 32, 3), dtype=np.uint8)
    image[:, :16] = 255
    data = jpeg(image, orientation=6)
    turned = decode_image(data, "x")
    assert image_size(data, "x") == (16, 32)
    assert turned.shape == (32, 16, 3)
    assert turned[:12].mean() > 240
    assert turned[20:].mean() < 15


def test_an_unreadable_image_is_named():
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    with pytest.raises(InputError, match=r"a\.jpg: not a readable image \(it is cut off"):
        decode_image(jpeg(noise)[:2000], "a.jpg")
    for read in (decode_image, image_size):
        with pytest.raises(InputError, match=r"a\.jpg: not a readable image \(no known image format\)"):
            read(b"these are words", "a.jpg")
