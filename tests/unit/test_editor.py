"""`Editor`: what it changes, what it takes, what it refuses."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image
from PIL.ExifTags import Base
from rendered_photo import RENDERED, TRUE_FACE, Known, outside
from small_models import small_spec

from cascade_efgan import Editor
from cascade_efgan.data import AUS
from cascade_efgan.errors import InputError
from cascade_efgan.face_finders.found import FoundFace
from cascade_efgan.models.build import load_generator
from cascade_efgan.models.generator import Edit
from cascade_efgan.models.tensors import to_float, to_uint8


def test_edit_changes_the_face_and_not_one_pixel_outside_its_square(editor):
    edited = editor.edit(RENDERED.image, {"AU12": 5.0}, steps=True)
    untouched = outside(RENDERED.image, editor.square(TRUE_FACE))
    assert 0.2 < untouched.mean() < 0.9
    assert np.array_equal(edited.image[untouched], RENDERED.image[untouched])
    assert not np.array_equal(edited.image, RENDERED.image)
    assert len(edited.steps) == editor.spec.steps == 2
    assert np.array_equal(edited.steps[-1], edited.image)
    assert edited.faces[0].target[AUS.index("AU12")] == 5
    assert edited.faces[0].attention[0].shape == (32, 32)
    assert np.array_equal(editor.edit(RENDERED.image, expression="happy", intensity=0).image, RENDERED.image)


def test_crops_are_edited_as_the_stored_generator_edits_them(editor, weights):
    generator, _ = load_generator(weights, weights.with_name("model.json"))
    random = np.random.default_rng(0)
    crops = random.integers(0, 256, (18, 32, 32, 3), dtype=np.uint8)  # more than one batch
    aus = random.uniform(0, 5, (2, 18, 17))
    made = editor.crops.edit(crops, *aus)
    with torch.inference_mode():
        images = to_float(torch.from_numpy(crops).permute(0, 3, 1, 2))
        expected = generator(images, *torch.from_numpy(aus / 5).float())
    assert [edit.images.shape for edit in made] == [(2, 32, 32, 3)] * 18
    for step, theirs in enumerate(expected):
        images = to_uint8(theirs.final).permute(0, 2, 3, 1).numpy()
        assert np.abs(np.stack([edit.images[step] for edit in made]).astype(int) - images).max() <= 1
        attention = {name: values[:, 0].numpy() for name, values in theirs.attention.items()}
        largest = attention["face"].copy()
        for name, box in editor.spec.boxes.items():
            here = np.s_[:, box.top : box.top + box.height, box.left : box.left + box.width]
            largest[here] = np.maximum(largest[here], attention[name])
        np.testing.assert_allclose([edit.attention[step] for edit in made], largest, atol=1e-5)


def test_many_faces_are_edited_at_once_and_a_small_one_is_left_alone(weights):
    moved = FoundFace(TRUE_FACE.landmarks + (RENDERED.image.shape[1], 0), TRUE_FACE.aus, 1.0, "moved")
    small = FoundFace(TRUE_FACE.landmarks / 20, TRUE_FACE.aus, 1.0, "small")
    pair = np.hstack([RENDERED.image] * 2)
    editor = Editor.from_file(weights, Known(TRUE_FACE, moved, small), device="cpu")
    both = editor.edit(pair, {"AU26": 5.0})
    assert len(both.faces) == 2
    assert "too small" in both.skipped[0]
    left, right = np.hsplit(both.image, 2)
    assert np.abs(left.astype(int) - right).max() <= 1
    one = editor.edit(pair, {"AU26": 5.0}, faces=1)
    assert np.array_equal(np.hsplit(one.image, 2)[0], RENDERED.image)
    with pytest.raises(InputError, match="there is no face 3"):
        editor.edit(pair, {"AU26": 5.0}, faces=2)


class Telltale(torch.nn.Module):
    """Paints a crop in one colour: how many crops came together, the AU12 that went with it, and its own grey."""

    def forward(self, image, source, goal):
        au12 = (source + goal)[:, AUS.index("AU12")] / 2
        colour = torch.stack([torch.full_like(au12, len(image) / 5), au12, (image[:, 0, 0, 0] + 1) / 2], dim=1)
        return [Edit((2 * colour - 1)[..., None, None].expand_as(image), {}, {"face": torch.ones_like(image[:, :1])})]


def test_the_faces_of_several_photographs_are_one_batch_and_each_gets_its_own_edit():
    def face(number):
        return replace(TRUE_FACE, aus=np.where(np.array(AUS) == "AU12", number, 0.0))

    faces = [[face(0.0)], [face(1.0), face(2.0)], [face(3.0)], []]
    finder = Known()
    finder.find = lambda image: faces[len(image) - 256]
    editor = Editor(Telltale(), small_spec("baseline"), {}, 0.25, finder, "cpu")
    images = [np.full((256 + number, 256, 3), 50 * number, dtype=np.uint8) for number in range(4)]
    made = editor.edit_many(images[:3], {"AU26": 5.0})
    colours, unchanged = (
        [[getattr(one, crops)[-1][0, 0].tolist() for one in photo.faces] for photo in made]
        for crops in ("steps", "unchanged")
    )
    assert colours == unchanged == [[[204, 0, 0]], [[204, 51, 50], [204, 102, 50]], [[204, 153, 100]]]
    assert [photo.image.shape for photo in made] == [image.shape for image in images[:3]]
    with pytest.raises(InputError, match="photograph 2: no face"):
        editor.edit_many(images[2:], {"AU26": 5.0})


def test_a_device_that_is_not_there_is_one_sentence(weights):
    with pytest.raises(InputError, match="device warp: not known"):
        Editor.from_file(weights, device="warp")
    with pytest.raises(InputError, match="device cuda:99: PyTorch sees"):
        Editor.from_file(weights, device="cuda:99")


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        ({}, "nothing to do"),
        ({"expression": "hungry"}, "hungry: no expression"),
        ({"expression": "happy", "like": np.zeros(17)}, "give one of them"),
        ({"aus": {"AU99": 1.0}}, "AU99: not one of the 17"),
        ({"aus": {"AU12": 6.0}}, "AU12=6: expected"),
        ({"aus": {"AU12": 1.0}, "intensity": 3.0}, "intensity 3"),
        ({"like": np.full(16, 1.0)}, "AUs: expected numbers of 0 to 5 in an array of shape .17"),
        ({"like": np.full(17, np.nan)}, "AUs: expected numbers"),
        ({"like": [6.0] * 17}, "AUs: expected numbers"),
        ({"like": ["much"] * 17}, "AUs: expected numbers"),
        ({"like": RENDERED.image[..., 0]}, "the other photograph: an array of uint8 of shape"),
        ({"like": 3}, "the other photograph: a int; give an array"),
        ({"expression": "happy", "faces": "largest"}, "no face 'largest'"),
    ],
)
def test_a_wish_that_makes_no_sense_is_one_sentence(editor, wish, words):
    with pytest.raises(InputError, match=words):
        editor.edit(RENDERED.image, **wish)


def test_pillows_images_and_paths_are_taken_wherever_arrays_are(weights, tmp_path):
    finder, path = Known(TRUE_FACE), tmp_path / "lying.png"
    editor = Editor.from_file(weights, finder, device="cpu")
    exif = Image.Exif()
    exif[Base.Orientation] = 6
    lying = Image.fromarray(np.rot90(RENDERED.image))
    lying.save(path, exif=exif)
    deep = Image.fromarray(RENDERED.image[..., 0].astype(np.uint16) * 257)
    wish = {"AU12": 5.0}
    for image in (RENDERED.image, Image.fromarray(RENDERED.image), path, str(path), Image.open(path)):
        for made in (
            editor.edit(image, wish, expression="happy"), *editor.edit_many([image], wish, expression="happy"),
            editor.animate(image, 2, wish, expression="happy")[-1], editor.edit(image, wish, like=image),
            editor.edit_faces(image, [TRUE_FACE], np.full((1, 17), 2.0)),
        ):  # fmt: skip
            assert made.image.shape == RENDERED.image.shape
            assert np.array_equal(finder.seen[-1], RENDERED.image)
        assert np.array_equal(editor.goal(None, like=image), TRUE_FACE.aus)
    assert np.array_equal(editor.goal(None, like=[2.0] * 17), np.full(17, 2.0))
    editor.edit(deep, wish)
    assert np.array_equal(finder.seen[-1][..., 1], RENDERED.image[..., 0])  # true tones, not white
    assert editor.edit_many([], wish) == []
    assert np.array_equal(editor.edit_faces(RENDERED.image, [], np.zeros((0, 17))).image, RENDERED.image)


@pytest.mark.parametrize(
    ("image", "words"),
    [
        (RENDERED.image[:0], "the photograph: .*x0 pixels"),
        (RENDERED.image / 255, "an array of float64 of shape .*expected uint8 .H, W, 3. RGB"),
        (RENDERED.image[..., 0], "of shape .*expected uint8"),
        (np.dstack([RENDERED.image, RENDERED.image[..., :1]]), "of shape .*expected uint8"),
        (b"bytes", "the photograph: a bytes; give an array, an image of Pillow's, or a path"),
        (None, "a NoneType; give an array"),
        # One side of 32,767 pixels or more ended the process, and with it the page for all its users.
        (Image.new("RGB", (1, 32_767)), "the photograph: 1x32767 pixels, one side longer"),
        (np.broadcast_to(np.uint8(0), (40, 32_767, 3)), "the photograph: 32767x40 pixels, one side longer"),
        (np.broadcast_to(np.uint8(0), (9000, 9000, 3)), "the photograph: 9000x9000 pixels, more than"),
        (Image.new("I", (40, 40)), "pixels of kind I.; save it with 8 bits"),
        ("absent.png", "absent.png: cannot be read"),
    ],
)
def test_what_is_no_photograph_is_one_sentence_reaches_no_finder_and_spoils_nothing(weights, image, words):
    finder = Known(TRUE_FACE)
    editor = Editor.from_file(weights, finder, device="cpu")
    words, wish = words.replace("the photograph", "(the (other )?photograph|photograph 1)"), {"AU12": 3.0}
    with pytest.raises(InputError, match=words):
        editor.edit(image, wish)
    with pytest.raises(InputError, match=words):
        editor.edit_many([image], wish)
    if image is not None:
        with pytest.raises(InputError, match=words):
            editor.goal(None, like=image)
    with pytest.raises(InputError, match="put a single one into a list"):
        editor.edit_many("absent.png" if image is None else RENDERED.image, wish)
    assert finder.seen == []
    assert len(editor.edit(RENDERED.image, wish).faces) == 1


def test_names_and_targets_must_fit(editor):
    with pytest.raises(InputError, match="names: 2 for 1 photographs"):
        editor.edit_many([RENDERED.image], {"AU12": 3.0}, names=["a", "b"])
    with pytest.raises(InputError, match="AUs: expected numbers of 0 to 5 in an array of shape .1, 17"):
        editor.edit_faces(RENDERED.image, [TRUE_FACE], np.zeros(17))


def test_continuous_editing_starts_with_the_photograph_and_ends_with_the_edit(editor):
    frames = editor.animate(RENDERED.image, 4, expression="surprised")
    assert np.array_equal(frames[0].image, RENDERED.image)
    last = editor.edit(RENDERED.image, expression="surprised").image
    # All frames are one batch, whose sums PyTorch may order otherwise.
    assert np.abs(frames[-1].image.astype(int) - last).max() <= 2
    shares = [(frame.faces[0].target - TRUE_FACE.aus).sum() for frame in frames[1:]]
    assert np.allclose(shares, np.array([1, 2, 3]) / 3 * shares[-1])


def test_importing_the_package_loads_neither_torch_nor_mediapipe():
    code = (
        "import sys, cascade_efgan, cascade_efgan.cli; sys.exit(any(m in sys.modules for m in ('torch', 'mediapipe')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
