"""Patch centres and boxes."""

import json

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from PIL import Image

from cascade_efgan.data.checks.pictures import mean_face
from cascade_efgan.data.face_crops.dataset import load_faces
from cascade_efgan.data.face_crops.patches import PatchBox, load_patch_boxes, patch_box, patch_report
from cascade_efgan.data.records import landmarks_of
from cascade_efgan.errors import InputError

PATCHES = {"eyes": (40, 92), "nose": (40, 48), "mouth": (40, 60)}


def report_of(*faces):
    """The report on faces whose points of a region all lie at one place."""
    landmarks = np.full((len(faces), 68, 2), -1000.0)
    for points, places in zip(landmarks, faces, strict=True):
        points[36:48], points[27:36], points[48:68] = places
    return patch_report(landmarks, PATCHES, 128)


def test_centres_are_means_over_images_and_points_of_the_region():
    report = report_of(((60, 30), (64, 60), (62, 90)), ((68, 34), (64, 64), (66, 94)))
    assert [(report[region]["x"], report[region]["y"]) for region in PATCHES] == [(64, 32), (64, 62), (64, 92)]


@pytest.mark.parametrize(
    ("center", "patch", "corner"),
    [
        ((10, 10), (3, 3), (9, 9)),
        ((10, 10), (4, 4), (9, 9)),  # its middle is between two pixels: half a pixel is as near as it gets
        ((0, 0), (40, 92), (0, 0)),
        ((127, 127), (40, 92), (88, 36)),
        ((64, 1), (40, 92), (0, 19)),
        ((-50, 300), (40, 92), (88, 0)),
        ((3, 90), (128, 128), (0, 0)),
    ],
)
def test_a_box_is_centred_on_its_centre_and_never_leaves_the_crop(center, patch, corner):
    assert patch_box(center, patch, 128) == PatchBox(*corner, *patch)


def test_a_report_reads_back_as_boxes(tmp_path):
    report = report_of(((63.5, 35.5), (63.5, 60.5), (63.5, 127)))
    path = tmp_path / "centers.json"
    path.write_text(json.dumps(report))
    assert (report["crop_size"], report["images"]) == (128, 1)
    assert load_patch_boxes(path) == {
        "eyes": PatchBox(16, 18, 40, 92),
        "nose": PatchBox(41, 40, 40, 48),
        "mouth": PatchBox(88, 34, 40, 60),
    }


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"nose": {"top": 1}}, "nose lacks whole numbers top, left, height and width"),
        ({"mouth": None}, "mouth lacks whole numbers"),
        ({"eyes": {"top": 100, "left": 0, "height": 40, "width": 92}}, "the box of eyes leaves the 128x128 crop"),
    ],
)
def test_a_bad_file_is_named(change, message, tmp_path):
    path = tmp_path / "centers.json"
    path.write_text(json.dumps(report_of(((64, 32), (64, 62), (64, 92))) | change))
    with pytest.raises(InputError, match=rf"centers\.json: {message}"):
        load_patch_boxes(path)


def test_the_mean_face_is_the_mean_of_the_given_crops():
    images = np.random.default_rng(0).integers(0, 256, (700, 4, 4, 3), dtype=np.uint8)
    face = mean_face(images, np.arange(3, 699))
    assert face.dtype == np.float64
    np.testing.assert_allclose(face, images[3:699].mean(axis=0, dtype=np.float64), rtol=1e-14)


@pytest.fixture
def centers(efgan, cropped_data):
    """A function that runs the stage, where images 1 and 4 are the train part; it gives the JSON's path."""

    def run(*flags, train=(1, 4), picture="a.png"):
        names = ("crops.npy", "crops.csv", "split.csv", "centers.json", picture)
        crops, index, split, path, picture = (cropped_data.path(name) for name in names)
        ids = pd.read_csv(index)["id"]
        parts = [f"{name},{'train' if place in train else 'test'}\n" for place, name in enumerate(ids)]
        split.write_text("id,part\n" + "".join(parts))
        efgan("patch_centers", "--index", index, "--split", split, "--centers", path, "--crops", crops,
              "--picture", picture, "--set", "crop.size=32", "--set", "patches.eyes=[12, 24]",
              "--set", "patches.nose=[12, 12]", "--set", "patches.mouth=[12, 16]", *flags)  # fmt: skip
        return path

    return run


def test_the_stage_draws_the_patches_on_the_mean_training_face(centers, cropped_data, monkeypatch):
    shown, frames = [], []
    show, frame = Axes.imshow, Axes.add_patch
    monkeypatch.setattr(Axes, "imshow", lambda axis, face, **k: shown.append(face) or show(axis, face, **k))
    monkeypatch.setattr(Axes, "add_patch", lambda axis, box: frames.append(box) or frame(axis, box))
    pictures = [cropped_data.path(name) for name in ("a.png", "b.png")]
    reports = [json.loads(centers(picture=picture.name).read_text()) for picture in pictures]
    assert Image.open(pictures[0]).width > 400
    assert pictures[0].read_bytes() == pictures[1].read_bytes() and reports[0] == reports[1]
    faces = load_faces(cropped_data.path("crops.npy"), cropped_data.path("crops.csv"))
    np.testing.assert_allclose(shown[0], faces.images[[1, 4]].mean(axis=0), atol=0.5)
    y = landmarks_of(faces.index)[[1, 4], 48:68, 1].mean()
    assert reports[0]["mouth"]["y"] == pytest.approx(y, abs=1e-3)
    for drawn, (region, box) in zip(
        frames[:3], load_patch_boxes(cropped_data.path("centers.json")).items(), strict=True
    ):
        assert drawn.get_label() == f"{region} {box.height}×{box.width}"
        # The frame runs along the outer edges of the pixels.
        assert drawn.get_bbox().bounds == (box.left - 0.5, box.top - 0.5, box.width, box.height)


@pytest.mark.parametrize(
    ("flags", "train", "message"),
    [
        (["--set", "crop.size=64"], [1], r"crops\.npy: the crops are 32x32 pixels, but crop\.size is 64"),
        ([], [], r"split\.csv: no image is in the train part"),
    ],
)
def test_what_the_stage_cannot_do_is_one_sentence(centers, cropped_data, flags, train, message):
    with pytest.raises(InputError, match=message):
        centers(*flags, train=train)
    assert not cropped_data.path("centers.json").exists()
