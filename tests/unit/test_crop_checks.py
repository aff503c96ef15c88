"""What is checked of every crop: padding, small faces, centres, and the table that says so."""

import logging

import numpy as np
import pandas as pd
import pytest
from made_faces import landmarks

from cascade_efgan.data.checks.crop_checks import CHECK_COLUMNS, check_crops, read_crop_checks
from cascade_efgan.data.crops import crops_index, face_squares
from cascade_efgan.data.images import decode_image
from cascade_efgan.data.manifest import read_manifest, write_manifest
from cascade_efgan.data.photos import PhotoZip, encode_png, new_zip, sha256
from cascade_efgan.data.records import landmark_values
from cascade_efgan.errors import InputError


def crop_with_checks(efgan, data, *flags):
    """Run the stage as the workflow does; the square of every face has a side of 90 pixels."""
    paths = {name: data.path(name) for name in ("crops.npy", "crops.csv", "crop_checks.csv")}
    efgan(
        "crop", "--photos", data.photos, "--manifest", data.manifest, "--faces", data.path("faces.csv"),
        "--crops", paths["crops.npy"], "--index", paths["crops.csv"], "--checks", paths["crop_checks.csv"],
        "--set", "crop.size=32", "--set", "crop.margin=0.25", *flags,
    )  # fmt: skip
    return pd.read_csv(paths["crop_checks.csv"], dtype={"flags": str}, keep_default_na=False)


def enlarge_photo(data, file):
    """Put 20 rows of pixels below one photograph, so that its square is inside."""
    manifest = read_manifest(data.manifest)
    with PhotoZip(data.photos) as photos:
        contents = {name: photos.read(name) for name in manifest["file"]}
    image = decode_image(contents[file], file)
    contents[file] = encode_png(np.pad(image, ((0, 20), (0, 0), (0, 0))))
    with new_zip(data.photos) as archive:
        for name, content in contents.items():
            archive.add(name, content)
    changed = manifest["file"] == file
    manifest.loc[changed, ["sha256", "height"]] = [sha256(contents[file]), 120]
    write_manifest(data.manifest, manifest.to_dict("records"))


def tables(side=60.0):
    """Manifest and index of one face, of the given side, in the middle of a photograph of 100 x 100 pixels."""
    manifest = pd.DataFrame(
        [("a", "a.png", "a", "happy", "frontal", "london", 100, 100)],
        columns=["id", "file", "person", "expression", "gaze", "dataset", "width", "height"],
    )
    points = landmarks(left=50 - side / 2, top=50 - side / 2, side=side)
    aus = {f"AU{number:02d}": [0.0] for number in (1, 2, 4, 5, 6, 7, 9, 10, 12, 14, 15, 17, 20, 23, 25, 26, 45)}
    faces = pd.DataFrame({"id": ["a"], **aus, **landmark_values(points[None])})
    return manifest, crops_index(manifest, faces, face_squares(faces, manifest["file"], margin=0), 32)


def test_the_stage_writes_a_row_for_every_crop(efgan, small_data):
    small_data.extract_aus()
    checks = crop_with_checks(efgan, small_data)
    assert list(checks.columns) == list(CHECK_COLUMNS)
    assert list(checks["id"]) == list(pd.read_csv(small_data.path("crops.csv"))["id"])
    assert (checks["side"] == 90).all()
    assert checks[["offset_x", "offset_y"]].abs().to_numpy().max() < 0.01
    # The squares' lower edge is at 105 (happy) or 106 (neutral), the photograph's at 99.5.
    expected = np.where(checks["id"].str.endswith("happy"), 5.5, 6.5) / 90
    np.testing.assert_allclose(checks["padding"], expected, atol=1e-6)
    assert set(checks["flags"]) == {"padded"}


def test_small_and_padded_crops_are_flagged_and_logged(efgan, small_data, caplog):
    small_data.extract_aus()
    enlarge_photo(small_data, "p02_happy.png")
    with caplog.at_level(logging.INFO):
        checks = crop_with_checks(efgan, small_data, "--set", "crop.small_face=91").set_index("id")
    assert checks.loc["p02_happy", "flags"] == "small"
    assert set(checks.drop("p02_happy")["flags"]) == {"small padded"}
    assert "8 crops are flagged small (100.0 %), first p00_happy, p00_neutral, p01_happy" in caplog.text
    assert "7 crops are flagged padded (87.5 %), first p00_happy" in caplog.text


def test_a_side_at_the_limit_is_not_small(efgan, small_data):
    small_data.extract_aus()
    checks = crop_with_checks(efgan, small_data, "--set", "crop.small_face=90")
    assert not checks["flags"].str.contains("small").any()


def test_too_much_padding_names_the_photograph_before_a_crop_is_made(efgan, small_data):
    small_data.extract_aus()
    small_data.photos.write_bytes(b"nothing reads this")
    with pytest.raises(InputError, match=r"p00_neutral\.png: 7\.2% of the square .*max_padding allows \(7%\)"):
        crop_with_checks(efgan, small_data, "--set", "crop.max_padding=0.07")
    assert not any(small_data.path(name).exists() for name in ("crops.npy", "crops.csv", "crop_checks.csv"))


@pytest.mark.parametrize(("shift", "fails"), [(1.9, False), (2.1, True), (-2.1, True)])
@pytest.mark.parametrize("axis", ["x", "y"])
def test_a_face_beside_the_centre_of_its_crop_is_an_error(axis, shift, fails):
    manifest, index = tables()
    index[[name for name in index if name.startswith(f"{axis}_")]] += shift
    if fails:
        with pytest.raises(InputError, match=r"a\.png: the face's centre is \(.*2\.1.*\) pixels from its crop's"):
            check_crops(manifest, index, 32, 1, 0)
    else:
        assert check_crops(manifest, index, 32, 1, 0)[f"offset_{axis}"].item() == pytest.approx(shift, abs=0.01)


def test_checks_are_in_pixels_of_the_photograph():
    manifest, index = tables(side=40)
    row = check_crops(manifest, index, 32, 41, 0).iloc[0]
    assert (row["side"], row["padding"], row["flags"]) == (40, 0, "small")


def test_the_table_reads_back(efgan, small_data):
    small_data.extract_aus()
    written = crop_with_checks(efgan, small_data)
    index = pd.read_csv(small_data.path("crops.csv"))
    pd.testing.assert_frame_equal(read_crop_checks(small_data.path("crop_checks.csv"), index, "crops.csv"), written)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("p01_happy", "stranger", r"crop_checks\.csv: its ids are not those of crops\.csv"),
        ("padded", "huge", r"crop_checks\.csv: flags 'huge' are unknown, expected small or padded"),
        ("padding", "filling", r"crop_checks\.csv: column padding is missing"),
    ],
)
def test_a_table_that_does_not_belong_is_named(old, new, message, efgan, small_data):
    small_data.extract_aus()
    crop_with_checks(efgan, small_data)
    path = small_data.path("crop_checks.csv")
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(InputError, match=message):
        read_crop_checks(path, pd.read_csv(small_data.path("crops.csv")), "crops.csv")
