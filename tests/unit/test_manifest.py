"""The manifest, and the zips of photographs."""

import zipfile

import numpy as np
import pandas as pd
import pytest

from cascade_efgan.data.photo_files.manifest import (
    COLUMNS,
    manifest_row,
    read_manifest,
    read_manifest_rows,
    write_manifest,
)
from cascade_efgan.data.photo_files.photos import Photo, PhotoZip, encode_png, new_zip
from cascade_efgan.errors import InputError

PIXELS = np.arange(4 * 6 * 3, dtype=np.uint8).reshape(4, 6, 3)


def row(**changes):
    photo = Photo("007_03", "007_03.png", "007", "neutral", "frontal", encode_png(PIXELS))
    return manifest_row(photo, "london") | changes


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


@pytest.mark.parametrize(
    ("text", "message"), [(",".join(COLUMNS) + "\n", "no rows"), ("", "not a CSV file"), (None, "no such file")]
)
def test_an_empty_or_absent_manifest_is_named(tmp_path, text, message):
    if text is not None:
        (tmp_path / "manifest.csv").write_text(text)
    with pytest.raises(InputError, match=rf"manifest\.csv: {message}"):
        read_manifest(tmp_path / "manifest.csv")


def write_zip(path, **files):
    with new_zip(path) as archive:
        for name, data in files.items():
            archive.add(name, data)


def test_a_zip_depends_on_nothing_but_its_members_and_is_whole_or_absent(tmp_path):
    for name in ("a.zip", "b.zip"):
        write_zip(tmp_path / name, x=encode_png(PIXELS), y="face\n")
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "a.zip") as made:
        assert {member.date_time for member in made.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    with pytest.raises(TypeError):
        write_zip(tmp_path / "c.zip", x=b"1", y=None)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.zip", "b.zip"]


def test_a_zip_names_what_it_lacks_or_what_is_damaged(tmp_path):
    path = tmp_path / "a.zip"
    write_zip(path, x=b"1", y=b"0123456789")
    path.write_bytes(path.read_bytes().replace(b"0123456789", b"0123x56789"))
    with PhotoZip(path) as photos:
        assert photos.read("x") == b"1"
        with pytest.raises(InputError, match=r"a\.zip: photograph z is missing"):
            photos.read("z")
        with pytest.raises(InputError, match=r"a\.zip: y is damaged"):
            photos.read("y")
    (tmp_path / "b.zip").write_bytes(b"no zip")
    for name, message in (("b.zip", "not a zip file"), ("c.zip", "no such file")):
        with pytest.raises(InputError, match=f"{name}: {message}"):
            PhotoZip(tmp_path / name)
