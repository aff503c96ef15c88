"""Crops: the square, the area filter at closed forms, landmarks that move along, bad photographs, and their checks."""

import logging
import re

import cv2
import numpy as np
import pandas as pd
import pytest
from made_faces import landmarks
from picture_files import encoded
from PIL import Image

from cascade_efgan.data import AUS
from cascade_efgan.data.checks.crop_checks import CHECK_COLUMNS, check_crops, read_crop_checks
from cascade_efgan.data.face_crops.crops import (
    crop_image,
    crop_square,
    crops_index,
    face_squares,
    padding_share,
    pixel_hash,
    to_crop,
)
from cascade_efgan.data.face_crops.dataset import INDEX_COLUMNS, INDEX_TEXT
from cascade_efgan.data.photo_files.images import decode_image
from cascade_efgan.data.photo_files.photos import PhotoZip, encode_png
from cascade_efgan.data.records import landmark_values, landmarks_of
from cascade_efgan.errors import InputError

NOISE = np.random.default_rng(0).integers(0, 256, (50, 60, 3), dtype=np.uint8)


def whole(image):
    """The square of a square image: from the outer edge of its first pixel."""
    return (-0.5, -0.5, len(image))


@pytest.fixture
def faces(small_data):
    """A data set whose AUs and landmarks are known; all squares have 90 pixels."""
    small_data.extract_aus()
    return small_data


@pytest.mark.parametrize(
    ("points", "margin", "expected"),
    [(landmarks(left=20, top=30, side=60), 0.25, (5, 15, 90)), (np.array([[0.0, 10.0], [40.0, 30.0]]), 0, (0, 0, 40))],
)
def test_the_square_surrounds_the_landmarks_in_its_middle(points, margin, expected):
    square = crop_square(points, margin)
    assert square == expected
    moved = to_crop(points, square, 90)
    np.testing.assert_allclose((moved.min(axis=0) + moved.max(axis=0)) / 2, [44.5, 44.5])


@pytest.mark.parametrize("size", [48, 24, 13])
def test_shrinking_agrees_with_opencvs_area_filter(size):
    image = NOISE[:48, :48]
    reference = cv2.resize(image, (size, size), interpolation=cv2.INTER_AREA)
    difference = crop_image(image, whole(image), size).astype(int) - reference
    # Both are exact means; they may round a tie differently.
    assert np.abs(difference).max() <= (size < 48)


def test_enlarging_interpolates_linearly():
    image = np.array([[[0], [100]], [[0], [100]]], dtype=np.uint8)
    crop = crop_image(image, whole(image), 8)[0, :, 0]
    expected = np.interp((np.arange(8) + 0.5) / 4 - 0.5, [0, 1], [0, 100])
    np.testing.assert_allclose(crop, expected, atol=0.5)


@pytest.mark.parametrize("size", [8, 20, 64])
@pytest.mark.parametrize("axis", [0, 1])
def test_landmarks_stay_on_the_pixels_that_they_marked(size, axis):
    ramp = np.tile(np.arange(200, dtype=np.uint8)[None, :, None], (200, 1, 1))
    ramp = ramp if axis == 0 else ramp.transpose(1, 0, 2)
    square = (30.3, 20.7, 55.4)
    line = crop_image(ramp, square, size)[..., 0].take(0, axis=axis)
    # A ramp's value is its place; the mean over an area is the value at its middle.
    places = np.arange(40, 75, 5.0)
    in_crop = to_crop(np.stack([places, places], axis=1), square, size)[:, axis]
    np.testing.assert_allclose(np.interp(in_crop, np.arange(size), line), places, atol=0.51)


@pytest.mark.parametrize("square", [(-15.3, -12.8, 80.2), (60.0, 50.0, 20.0), (-3.21, 4.56, 29.87)])
def test_the_border_is_repeated_where_the_square_leaves_the_image(square):
    padded = np.pad(NOISE, ((40, 40), (40, 40), (0, 0)), mode="edge")
    inside = (square[0] + 40, square[1] + 40, square[2])
    np.testing.assert_array_equal(crop_image(NOISE, square, 40), crop_image(padded, inside, 40))
    assert (crop_image(np.full_like(NOISE, 255), square, 17) == 255).all()


@pytest.mark.parametrize(
    ("square", "share"),
    [
        ((-0.5, -0.5, 50), 0),  # from the outer edge of the first pixel
        ((9.5, -0.5, 50), 0),  # to the outer edge of the last one
        ((3.3, 0.7, 20.1), 0),
        ((-10.5, 0, 40), 0.25),
        ((49.5, 0, 20), 0.5),
        ((0, 39.5, 20), 0.5),
        ((49.5, 39.5, 20), 0.75),  # a corner
        ((-25.5, -0.5, 100), 0.7),  # larger than the photograph on three sides: 60 x 50 of 100 x 100
        ((200, 200, 10), 1),
    ],
)
def test_padding_is_the_share_of_the_area_outside_the_photograph(square, share):
    padding = padding_share(square, (60, 50))
    assert padding == pytest.approx(share, abs=1e-12)
    assert (padding == 0) == (share == 0)  # exactly 0 inside: only then is a crop not flagged
    assert padding_share([square, square], [(60, 50), (0, 0)]).tolist() == [padding, 1]  # or without any pixel


def test_the_stage_packs_crops_with_their_index(faces, tmp_path):
    packed = faces.crop()
    assert packed.images.shape == (8, 32, 32, 3)
    assert list(packed.index.columns) == list(INDEX_COLUMNS)
    marks = landmarks_of(packed.index)
    box = marks.max(axis=1) - marks.min(axis=1)
    np.testing.assert_allclose(box.max(axis=1), 32 / 1.5, atol=0.1)
    np.testing.assert_allclose((marks.max(axis=1) + marks.min(axis=1)) / 2, 15.5, atol=0.1)
    # The index's square gives crop and landmarks bit for bit.
    squares = packed.index[["crop_x", "crop_y", "crop_side"]].to_numpy()
    points = landmarks_of(pd.read_csv(faces.path("faces.csv")))
    with PhotoZip(faces.photos) as photos:
        for place, name in enumerate(packed.index["id"]):
            image = decode_image(photos.read(f"{name}.png"), "x")
            np.testing.assert_array_equal(crop_image(image, tuple(squares[place]), 32), packed.images[place])
            moved = to_crop(points[place], squares[place], 32)
            np.testing.assert_array_equal(marks[place], moved.round(4))


def test_the_same_input_gives_the_same_bytes_in_numpys_own_form(faces, tmp_path):
    np.save(tmp_path / "saved.npy", np.array(faces.crop().images))
    first = [faces.path(name).read_bytes() for name in ("crops.npy", "crops.csv")]
    faces.crop()
    assert first == [faces.path(name).read_bytes() for name in ("crops.npy", "crops.csv")]
    assert first[0] == (tmp_path / "saved.npy").read_bytes()


def test_equal_pixels_are_known_whatever_the_file(faces, caplog):
    """A PNG copy of a JPEG, or a file without its EXIF, was one more photograph."""
    with PhotoZip(faces.photos) as photos:
        upright = Image.fromarray(decode_image(photos.read("p00_neutral.png"), "x"))
    exif = Image.Exif()
    exif[0x0112] = 6  # lies on its side, and says so
    turned = encoded(upright.transpose(Image.Transpose.ROTATE_90), "WEBP", lossless=True, exact=True, exif=exif)
    faces.replace_photo("p01_happy.png", turned)
    index = faces.crop().index.set_index("id")
    assert index["pixels"].nunique() == 7 and index["pixels"]["p00_neutral"] == index["pixels"]["p01_happy"]
    assert "1 of 8 photographs are copies of others (the first: p00_neutral and p01_happy)" in caplog.text
    assert pixel_hash(np.zeros((2, 3, 3), np.uint8)) != pixel_hash(np.zeros((3, 2, 3), np.uint8))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, r"photos\.zip: photograph p01_happy\.png is missing"),
        (b"these are words", r"p01_happy\.png: not a readable image"),
        (encode_png(np.zeros((10, 12, 3), np.uint8)), r"p01_happy\.png: the image is 12x10 pixels, but .* 120x100"),
    ],
)
def test_a_bad_photograph_is_named_and_leaves_no_crops(content, message, faces):
    faces.replace_photo("p01_happy.png", content)
    with pytest.raises(InputError, match=message):
        faces.crop()
    assert not faces.path("crops.npy").exists()
    assert not list(faces.folder.glob(".*"))


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("manifest.csv", ",[0-9a-f]{64},02", f",{'0' * 64},02", r"p02_happy\.png: its SHA-256 is .*, but .* says 0000"),
        ("faces.csv", "p01_happy", "stranger", "id stranger has a face but no line in the manifest"),
        (
            "faces.csv",
            r"(?m)^(p00_happy(,[^,]*){18}).*",
            r"\1" + ",7.0" * 136,
            r"p00_happy\.png: all 68 landmarks lie",
        ),
    ],
)
def test_tables_that_do_not_fit_are_named(file, old, new, message, faces):
    faces.path(file).write_text(re.sub(old, new, faces.path(file).read_text()))
    with pytest.raises(InputError, match=message):
        faces.crop()


def checks_of(data, **settings):
    data.crop(*(word for name, value in settings.items() for word in ("--set", f"crop.{name}={value}")))
    return pd.read_csv(data.path("crop_checks.csv"), dtype={"flags": str}, keep_default_na=False)


def test_the_stage_writes_a_row_for_every_crop_and_reads_it_back(faces):
    checks, index = checks_of(faces), pd.read_csv(faces.path("crops.csv"))
    assert list(checks.columns) == list(CHECK_COLUMNS)
    assert list(checks["id"]) == list(index["id"])
    assert (checks["side"] == 90).all()
    assert checks[["offset_x", "offset_y"]].abs().to_numpy().max() < 0.01
    # The squares' lower edge is at 105 (happy) or 106 (neutral), the photograph's at 99.5.
    expected = np.where(checks["id"].str.endswith("happy"), 5.5, 6.5) / 90
    np.testing.assert_allclose(checks["padding"], expected, atol=1e-6)
    assert set(checks["flags"]) == {"padded"}
    pd.testing.assert_frame_equal(read_crop_checks(faces.path("crop_checks.csv"), index, "crops.csv"), checks)


def test_small_and_padded_crops_are_flagged_and_logged(faces, caplog):
    assert not checks_of(faces, small_face=90)["flags"].str.contains("small").any()
    # With 20 rows more, the square of this one is inside.
    faces.replace_photo("p02_happy.png", encode_png(np.zeros((120, 120, 3), dtype=np.uint8)), height=120)
    with caplog.at_level(logging.INFO):
        checks = checks_of(faces, small_face=91).set_index("id")
    assert checks.loc["p02_happy", "flags"] == "small"
    assert set(checks.drop("p02_happy")["flags"]) == {"small padded"}
    assert "8 crops are flagged small (100.0 %), first p00_happy, p00_neutral, p01_happy" in caplog.text
    assert "7 crops are flagged padded (87.5 %), first p00_happy" in caplog.text


def test_too_much_padding_names_the_photograph_before_a_crop_is_made(faces):
    faces.photos.write_bytes(b"nothing reads this")
    with pytest.raises(InputError, match=r"p00_neutral\.png: 7\.2% of the square .*max_padding allows \(7%\)"):
        checks_of(faces, max_padding=0.07)
    assert not any(faces.path(name).exists() for name in ("crops.npy", "crops.csv", "crop_checks.csv"))


@pytest.mark.parametrize(("shift", "fails"), [(0, False), (1.9, False), (2.1, True), (-2.1, True)])
@pytest.mark.parametrize("axis", ["x", "y"])
def test_a_face_beside_the_centre_of_its_crop_is_an_error(axis, shift, fails):
    photographs = pd.DataFrame([dict.fromkeys(INDEX_TEXT, "a") | {"file": "a.png", "width": 100, "height": 100}])
    face = pd.DataFrame({"id": ["a"], **dict.fromkeys(AUS, 0.0), **landmark_values(landmarks(30, 30, 40)[None])})
    index = crops_index(photographs, face, face_squares(face, photographs["file"], margin=0), 32)
    index[[name for name in index if name.startswith(f"{axis}_")]] += shift
    if fails:
        with pytest.raises(InputError, match=r"a\.png: the face's centre is \(.*2\.1.*\) pixels from its crop's"):
            check_crops(photographs, index, 32, 1, 0)
        return
    (row,) = check_crops(photographs, index, 32, 41, 0).to_dict("records")
    assert row[f"offset_{axis}"] == pytest.approx(shift, abs=0.01)
    assert (row["side"], row["padding"], row["flags"]) == (40, 0, "small")  # in pixels of the photograph


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("p01_happy", "stranger", r"crop_checks\.csv: its ids are not those of crops\.csv"),
        ("padded", "huge", r"crop_checks\.csv: flags 'huge' are unknown, expected small or padded"),
        ("padding", "filling", r"crop_checks\.csv: column padding is missing"),
    ],
)
def test_a_table_that_does_not_belong_is_named(old, new, message, cropped_data):
    path = cropped_data.path("crop_checks.csv")
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(InputError, match=message):
        read_crop_checks(path, pd.read_csv(cropped_data.path("crops.csv")), "crops.csv")
