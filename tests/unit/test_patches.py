"""Patch centres and boxes."""

import json

import numpy as np
import pytest
from matplotlib.axes import Axes
from PIL import Image

from cascade_efgan.data.checks.patch_picture import mean_face
from cascade_efgan.data.dataset import load_faces
from cascade_efgan.data.patches import PatchBox, load_patch_boxes, patch_box, patch_report
from cascade_efgan.data.records import landmarks_of
from cascade_efgan.errors import InputError

PATCHES = {"eyes": (40, 92), "nose": (40, 48), "mouth": (40, 60)}


def points(eyes, nose, mouth):
    landmarks = np.full((68, 2), -1000.0)
    landmarks[36:48], landmarks[27:36], landmarks[48:68] = eyes, nose, mouth
    return landmarks


def test_centres_are_means_over_images_and_points_of_the_region():
    landmarks = np.stack([points((60, 30), (64, 60), (62, 90)), points((68, 34), (64, 64), (66, 94))])
    report = patch_report(landmarks, PATCHES, 128)
    centers = {region: (report[region]["x"], report[region]["y"]) for region in PATCHES}
    assert centers == {"eyes": (64, 32), "nose": (64, 62), "mouth": (64, 92)}


@pytest.mark.parametrize("width", [3, 4])
def test_a_box_is_centred_on_its_centre(width):
    box = patch_box((10.0, 10.0), (width, width), 32)
    middle = np.arange(box.left, box.left + width).mean()
    # An even box has its middle between two pixels: half a pixel is as near as it gets.
    assert abs(middle - 10) <= (0 if width % 2 else 0.5)


@pytest.mark.parametrize(
    ("center", "corner"), [((0, 0), (0, 0)), ((127, 127), (88, 36)), ((64, 1), (0, 19)), ((-50, 300), (88, 0))]
)
def test_a_box_never_leaves_the_crop(center, corner):
    box = patch_box(center, (40, 92), 128)
    assert (box.top, box.left) == corner
    assert (box.height, box.width) == (40, 92)


def test_a_patch_of_the_crops_size_fills_it():
    assert patch_box((3.0, 90.0), (128, 128), 128) == PatchBox(0, 0, 128, 128)


def test_a_report_reads_back_as_boxes(tmp_path):
    report = patch_report(np.stack([points((63.5, 35.5), (63.5, 60.5), (63.5, 127))]), PATCHES, 128)
    path = tmp_path / "centers.json"
    path.write_text(json.dumps(report))
    assert report["crop_size"] == 128
    assert report["images"] == 1
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
    report = patch_report(np.stack([points((64, 32), (64, 62), (64, 92))]), PATCHES, 128)
    path = tmp_path / "centers.json"
    path.write_text(json.dumps(report | change))
    with pytest.raises(InputError, match=rf"centers\.json: {message}"):
        load_patch_boxes(path)


def test_the_stage_uses_training_images_only(efgan, cropped_data):
    faces = load_faces(cropped_data.path("crops.npy"), cropped_data.path("crops.csv"))
    ids = list(faces.index["id"])
    split, centers = cropped_data.path("split.csv"), cropped_data.path("centers.json")
    flags = [
        "--index", cropped_data.path("crops.csv"), "--split", split, "--centers", centers, "--set", "crop.size=32",
        "--set", "patches.eyes=[12, 24]", "--set", "patches.nose=[12, 12]", "--set", "patches.mouth=[12, 16]",
    ]  # fmt: skip
    split.write_text("id,part\n" + "".join(f"{name},{'train' if k == 3 else 'test'}\n" for k, name in enumerate(ids)))
    efgan("patch_centers", *flags)
    report = json.loads(centers.read_text())
    assert report["images"] == 1
    assert report["mouth"]["y"] == pytest.approx(landmarks_of(faces.index)[3, 48:68, 1].mean(), abs=1e-3)
    assert load_patch_boxes(centers)["eyes"].width == 24
    split.write_text("id,part\n" + "".join(f"{name},test\n" for name in ids))
    with pytest.raises(InputError, match=r"split\.csv: no image is in the train part"):
        efgan("patch_centers", *flags)


def small_stage(data):
    """Flags of the stage for the small data set, and its crops."""
    faces = load_faces(data.path("crops.npy"), data.path("crops.csv"))
    ids = list(faces.index["id"])
    data.path("split.csv").write_text(
        "id,part\n" + "".join(f"{name},{'train' if place in (1, 4) else 'test'}\n" for place, name in enumerate(ids))
    )
    flags = [
        "--index", data.path("crops.csv"), "--split", data.path("split.csv"), "--centers", data.path("centers.json"),
        "--set", "crop.size=32", "--set", "patches.eyes=[12, 24]", "--set", "patches.nose=[12, 12]",
        "--set", "patches.mouth=[12, 16]",
    ]  # fmt: skip
    return flags, faces


def test_the_mean_face_is_the_mean_of_the_given_crops():
    images = np.random.default_rng(0).integers(0, 256, (700, 4, 4, 3), dtype=np.uint8)
    rows = np.arange(3, 699)
    face = mean_face(images, rows)
    assert face.dtype == np.float64
    np.testing.assert_allclose(face, images[3:699].mean(axis=0, dtype=np.float64), rtol=1e-14)


def test_the_stage_draws_the_patches_on_the_mean_training_face(efgan, cropped_data, monkeypatch):
    flags, faces = small_stage(cropped_data)
    picture, shown, frames = cropped_data.path("patches.png"), [], []
    show, frame = Axes.imshow, Axes.add_patch
    monkeypatch.setattr(Axes, "imshow", lambda axis, face, **k: shown.append(face) or show(axis, face, **k))
    monkeypatch.setattr(Axes, "add_patch", lambda axis, box: frames.append(box) or frame(axis, box))
    efgan("patch_centers", *flags, "--crops", cropped_data.path("crops.npy"), "--picture", picture)
    np.testing.assert_allclose(shown[0], faces.images[[1, 4]].mean(axis=0), atol=0.5)
    boxes = load_patch_boxes(cropped_data.path("centers.json"))
    for drawn, (region, box) in zip(frames, boxes.items(), strict=True):
        assert drawn.get_label() == f"{region} {box.height}×{box.width}"
        # The frame runs along the outer edges of the pixels.
        assert drawn.get_bbox().bounds == (box.left - 0.5, box.top - 0.5, box.width, box.height)
    assert Image.open(picture).width > 400


def test_the_picture_does_not_change_the_centres_and_has_the_same_bytes_again(efgan, cropped_data):
    flags, _ = small_stage(cropped_data)
    centers, pictures = cropped_data.path("centers.json"), [cropped_data.path(f"{name}.png") for name in "ab"]
    efgan("patch_centers", *flags)
    alone = centers.read_text()
    for picture in pictures:
        efgan("patch_centers", *flags, "--crops", cropped_data.path("crops.npy"), "--picture", picture)
    assert centers.read_text() == alone
    assert pictures[0].read_bytes() == pictures[1].read_bytes()


@pytest.mark.parametrize("flag", ["--crops", "--picture"])
def test_crops_and_picture_belong_together(flag, efgan, cropped_data):
    flags, _ = small_stage(cropped_data)
    with pytest.raises(InputError, match="--crops and --picture belong together"):
        efgan("patch_centers", *flags, flag, cropped_data.path("crops.npy"))
    assert not cropped_data.path("centers.json").exists()


def test_crops_of_another_size_are_named(efgan, cropped_data):
    flags, _ = small_stage(cropped_data)
    with pytest.raises(InputError, match=r"crops\.npy: the crops are 32x32 pixels, but crop\.size is 64"):
        efgan("patch_centers", *flags, "--set", "crop.size=64", "--crops", cropped_data.path("crops.npy"),
              "--picture", cropped_data.path("patches.png"))  # fmt: skip
    assert not cropped_data.path("centers.json").exists()
