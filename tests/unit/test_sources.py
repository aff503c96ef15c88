"""The rendered faces as a data set, through the same stages as photographs."""

import numpy as np
import pandas as pd
import pytest

from cascade_efgan.data import AUS
from cascade_efgan.data.crops import crop_image
from cascade_efgan.data.dataset import load_faces
from cascade_efgan.data.images import decode_image
from cascade_efgan.data.manifest import read_manifest
from cascade_efgan.data.photos import PhotoZip
from cascade_efgan.data.records import landmarks_of
from cascade_efgan.data.rendered import render, sample_plan
from cascade_efgan.files import read_json


@pytest.fixture(scope="module")
def plan():
    """Two people, one gaze."""
    return {face.id: face for face in sample_plan(2, ["frontal"], 5)}


@pytest.fixture
def downloaded(tmp_path, efgan):
    """A folder with the stage's three files for that plan."""
    out = tmp_path / "rendered"
    efgan("download", "--dataset", "rendered", "--photos", out / "photos.zip", "--manifest", out / "manifest.csv",
          "--completeness", out / "completeness.json", "--openface", out / "openface.zip",
          "--set", "rendered.people=2", "--set", "rendered.gazes=[frontal]",
          "--set", "rendered.seed=5")  # fmt: skip
    return out


def test_the_stage_renders_the_whole_plan(downloaded, plan):
    manifest = read_manifest(downloaded / "manifest.csv")
    assert read_json(downloaded / "completeness.json") == {
        "expected": 16, "found": 16, "missing": [], "unexpected": [], "left_out": {}, "side_files": {},
    }  # fmt: skip
    assert list(manifest["id"]) == sorted(plan)
    assert manifest["expression"].value_counts().to_dict() == dict.fromkeys(manifest["expression"].unique(), 2)
    assert manifest["expression"].nunique() == 8
    with PhotoZip(downloaded / "photos.zip") as photos:
        for row in manifest.head(3).to_dict("records"):
            image = decode_image(photos.read(row["file"]), row["file"])
            np.testing.assert_array_equal(image, render(plan[row["id"]]).image)


def test_true_values_come_through_and_true_edits_fit_the_crops(downloaded, plan, efgan):
    out = downloaded
    efgan("extract_aus", "--dataset", "rendered", "--photos", out / "photos.zip", "--manifest", out / "manifest.csv",
          "--openface", out / "openface.zip", "--faces", out / "faces.csv",
          "--excluded", out / "excluded.csv", "--provenance", out / "openface.json")  # fmt: skip
    efgan("crop", "--photos", out / "photos.zip", "--manifest", out / "manifest.csv", "--faces", out / "faces.csv",
          "--crops", out / "crops.npy", "--index", out / "crops.csv", "--checks", out / "crop_checks.csv",
          "--set", "crop.size=64")  # fmt: skip
    assert pd.read_csv(out / "excluded.csv").empty
    faces = load_faces(out / "crops.npy", out / "crops.csv")
    photo = pd.read_csv(out / "faces.csv")
    assert len(faces) == 16
    for place in (0, 9):
        row = faces.index.iloc[place]
        truth = render(plan[row["id"]])
        # OpenFace's CSV form keeps two decimals of an intensity and one of a coordinate.
        np.testing.assert_allclose(row[list(AUS)].to_numpy(dtype=float), truth.aus, atol=0.0051)
        np.testing.assert_allclose(landmarks_of(photo)[place], truth.landmarks, atol=0.051)
        square = (row["crop_x"], row["crop_y"], row["crop_side"])
        np.testing.assert_array_equal(crop_image(truth.image, square, 64), faces.images[place])
