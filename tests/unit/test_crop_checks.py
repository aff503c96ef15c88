"""What is checked of every crop: padding, small faces, centres, and the table that says so."""

import logging

import numpy as np
import pandas as pd
import pytest
from made_faces import landmarks

from cascade_efgan.data import AUS
from cascade_efgan.data.checks.crop_checks import CHECK_COLUMNS, check_crops, read_crop_checks
from cascade_efgan.data.face_crops.crops import crops_index, face_squares
from cascade_efgan.data.face_crops.dataset import INDEX_TEXT
from cascade_efgan.data.photo_files.photos import encode_png
from cascade_efgan.data.records import landmark_values
from cascade_efgan.errors import InputError


@pytest.fixture
def faces(small_data):
    """A data set whose faces all have squares of 90 pixels."""
    small_data.extract_aus()
    return small_data


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
