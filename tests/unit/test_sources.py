"""The rendered faces as a data set, through the same stages as photographs."""

import numpy as np
import pandas as pd

from cascade_efgan.data import AUS, EXPRESSIONS
from cascade_efgan.data.face_crops.crops import crop_image
from cascade_efgan.data.face_crops.dataset import load_faces
from cascade_efgan.data.photo_files.images import decode_image
from cascade_efgan.data.photo_files.manifest import read_manifest
from cascade_efgan.data.photo_files.photos import PhotoZip
from cascade_efgan.data.records import landmarks_of
from cascade_efgan.data.rendered import render, sample_plan
from cascade_efgan.files import read_json


def test_true_values_and_edits_of_the_whole_plan_come_through(tmp_path, efgan):
    """Two people, one gaze."""
    plan = {face.id: face for face in sample_plan(2, ["frontal"], 5)}
    out = tmp_path
    photographs = ("--photos", out / "photos.zip", "--manifest", out / "manifest.csv")
    efgan("download", "--dataset", "rendered", *photographs, "--completeness", out / "completeness.json",
          "--openface", out / "openface.zip", "--set", "rendered.people=2", "--set", "rendered.gazes=[frontal]",
          "--set", "rendered.seed=5")  # fmt: skip
    assert read_json(out / "completeness.json") == {
        "expected": 16, "found": 16, "missing": [], "unexpected": [], "left_out": {}, "side_files": {},
    }  # fmt: skip
    manifest = read_manifest(out / "manifest.csv")
    assert list(manifest["id"]) == sorted(plan)
    assert manifest["expression"].value_counts().to_dict() == dict.fromkeys(EXPRESSIONS, 2)
    efgan("extract_aus", "--dataset", "rendered", *photographs, "--openface", out / "openface.zip",
          "--faces", out / "faces.csv", "--excluded", out / "excluded.csv", "--provenance", out / "openface.json",
          )  # fmt: skip
    efgan("crop", *photographs, "--faces", out / "faces.csv", "--crops", out / "crops.npy",
          "--index", out / "crops.csv", "--checks", out / "crop_checks.csv", "--set", "crop.size=64")  # fmt: skip
    assert pd.read_csv(out / "excluded.csv").empty
    faces = load_faces(out / "crops.npy", out / "crops.csv")
    found = landmarks_of(pd.read_csv(out / "faces.csv"))
    assert len(faces) == 16
    for place in (0, 9):
        row = faces.index.iloc[place]
        truth = render(plan[row["id"]])
        with PhotoZip(out / "photos.zip") as photos:
            image = decode_image(photos.read(f"{row['id']}.png"), row["id"])
        np.testing.assert_array_equal(image, truth.image)
        # OpenFace's CSV form keeps two decimals of an intensity and one of a coordinate.
        np.testing.assert_allclose(row[list(AUS)].to_numpy(dtype=float), truth.aus, atol=0.0051)
        np.testing.assert_allclose(found[place], truth.landmarks, atol=0.051)
        square = (row["crop_x"], row["crop_y"], row["crop_side"])
        np.testing.assert_array_equal(crop_image(truth.image, square, 64), faces.images[place])
