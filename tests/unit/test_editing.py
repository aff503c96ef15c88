"""Editing photographs: crops in and out, targets, continuous editing, and the command line."""

import io
import os
import pty
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from picture_files import read_mark
from PIL import Image
from PIL.ExifTags import Base
from programs import write_program
from small_models import save_random

from cascade_efgan import Editor
from cascade_efgan.data import AUS, EXPRESSIONS
from cascade_efgan.data.crops import crop_image
from cascade_efgan.data.images import decode_image
from cascade_efgan.data.rendered import openface_csv, render, sample_plan
from cascade_efgan.editing import choose_weights, runs
from cascade_efgan.editing.animation import gif_bytes, write_animation
from cascade_efgan.editing.job import EditJob, Plan, plan_files
from cascade_efgan.editing.paste import agreed_change, paste
from cascade_efgan.editing.runs import SMALLEST_RUN, find_weights, prototypes, run_expressions, run_margin
from cascade_efgan.editing.targets import parse_aus, target_aus
from cascade_efgan.errors import InputError
from cascade_efgan.face_finders.found import FoundFace
from cascade_efgan.files import write_json
from cascade_efgan.models.tensors import to_float, to_uint8
from cascade_efgan.orchestration.code_graph import stage_sources

RENDERED = render(sample_plan(1, ["frontal"], 0)[5])
TRUE_FACE = FoundFace(RENDERED.landmarks, RENDERED.aus, 1.0, "rendered")


class Known:
    """A finder that knows where faces are: by the size of the image."""

    def __init__(self, *faces):
        self.faces = list(faces)

    def find(self, image):
        return self.faces


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    return save_random(tmp_path_factory.mktemp("run") / "results" / "rendered" / "seed0" / "cascade_ef_gan")


@pytest.fixture
def editor(weights):
    return Editor.from_file(weights, Known(TRUE_FACE), device="cpu")


@pytest.fixture
def photo(tmp_path):
    """The rendered face as a file."""
    path = tmp_path / "face.png"
    Image.fromarray(RENDERED.image).save(path)
    return path


@pytest.fixture
def found_everywhere(openface_answers):
    """The command line's finder knows the rendered face."""
    openface_answers(openface_csv(RENDERED))


def outside(image, square):
    """Mask of the pixels that a square does not touch."""
    rows, columns = np.mgrid[: image.shape[0], : image.shape[1]]
    x, y, side = square
    return (columns + 0.5 < x) | (columns - 0.5 > x + side) | (rows + 0.5 < y) | (rows - 0.5 > y + side)


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


def test_intensity_zero_gives_the_photograph_back(editor):
    assert np.array_equal(editor.edit(RENDERED.image, expression="happy", intensity=0).image, RENDERED.image)


def test_crops_are_edited_as_the_stored_generator_edits_them(editor, weights):
    from cascade_efgan.models.build import load_generator

    generator, _ = load_generator(weights, weights.with_name("model.json"))
    random = np.random.default_rng(0)
    crops = random.integers(0, 256, (18, 32, 32, 3), dtype=np.uint8)  # more than one batch
    present, target = random.uniform(0, 5, (2, 18, 17))
    made = editor.crops.edit(crops, present, target)
    with torch.inference_mode():
        expected = generator(
            to_float(torch.from_numpy(crops).permute(0, 3, 1, 2)),
            torch.from_numpy(present / 5).float(),
            torch.from_numpy(target / 5).float(),
        )
    for ours, theirs in zip(made, expected, strict=True):
        images = to_uint8(theirs.final).permute(0, 2, 3, 1).numpy()
        assert np.abs(ours.images.astype(int) - images).max() <= 1
        assert {name: values.shape for name, values in ours.attention.items()} == {
            "face": (18, 32, 32), "eyes": (18, 12, 24), "nose": (18, 12, 12), "mouth": (18, 12, 16),
        }  # fmt: skip


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


def test_several_photographs_are_edited_in_one_go(weights):
    large = np.asarray(Image.fromarray(RENDERED.image).resize((512, 512)))

    class BySize:
        def find(self, image):
            scale = image.shape[0] / RENDERED.image.shape[0]
            face = FoundFace((RENDERED.landmarks + 0.5) * scale - 0.5, RENDERED.aus, 1.0, "rendered")
            return [face] if image.any() else []

    editor = Editor.from_file(weights, BySize(), device="cpu")
    both = editor.edit_many([RENDERED.image, large], {"AU12": 5.0})
    for image, made in zip((RENDERED.image, large), both, strict=True):
        alone = editor.edit(image, {"AU12": 5.0}).image
        assert made.image.shape == image.shape and (made.image != image).any()
        assert np.abs(made.image.astype(int) - alone).max() <= 2
    with pytest.raises(InputError, match="photograph 2: no face"):
        editor.edit_many([large, np.zeros_like(large)], {"AU12": 5.0})


def test_a_device_that_is_not_there_is_one_sentence(weights):
    with pytest.raises(InputError, match="device warp: not known"):
        Editor.from_file(weights, device="warp")
    with pytest.raises(InputError, match="device cuda:99: PyTorch sees"):
        Editor.from_file(weights, device="cuda:99")


def test_only_what_both_readings_of_a_change_agree_on_is_pasted():
    crop = np.full((16, 16, 3), 150, dtype=np.uint8)
    crop[:8] = 50
    darker = (crop * 0.6).astype(np.uint8)  # a network that reproduces the crop, but darker
    edited = darker.copy()
    edited[10:12] += 60
    change = agreed_change(crop, edited, darker)
    assert not change[:10].any() and not change[12:].any()
    assert (change[10:12] > 90).all()  # 60 of the network's grey levels are 100 of the crop's
    # White teeth where the network had a dark mouth: the edit less the crop is 50, not the 200 of less the mouth.
    unchanged, edited = crop.copy(), crop.copy()
    unchanged[10:12, 4:8], edited[10:12, 4:8] = 0, 200
    teeth = agreed_change(crop, edited, unchanged)[10:12, 4:8]
    assert (teeth > 20).all() and (teeth < 70).all()
    assert not agreed_change(crop, darker + 1, darker).any()


def test_another_photograph_gives_the_target(editor):
    happy = target_aus(TRUE_FACE.aus, np.full(17, 2.0), None)
    assert np.array_equal(editor.goal(None, like=happy), np.full(17, 2.0))
    assert np.array_equal(editor.goal(None, like=RENDERED.image), TRUE_FACE.aus)


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
    seen = []

    class Seen(Known):
        def find(self, image):
            seen.append(image)
            return self.faces

    editor, path = Editor.from_file(weights, Seen(TRUE_FACE), device="cpu"), tmp_path / "lying.png"
    exif = Image.Exif()
    exif[Base.Orientation] = 6
    lying = Image.fromarray(np.rot90(RENDERED.image))
    lying.save(path, exif=exif)
    deep = Image.fromarray(RENDERED.image[..., 0].astype(np.uint16) * 257)
    wish = {"AU12": 5.0}
    for image in (RENDERED.image, Image.fromarray(RENDERED.image), path, str(path), Image.open(path)):
        goal = {"like": image}
        for made in (
            editor.edit(image, wish, expression="happy"), *editor.edit_many([image], wish, expression="happy"),
            editor.animate(image, 2, wish, expression="happy")[-1], editor.edit(image, wish, **goal),
            editor.edit_faces(image, [TRUE_FACE], np.full((1, 17), 2.0)),
        ):  # fmt: skip
            assert made.image.shape == RENDERED.image.shape
            assert np.array_equal(seen[-1], RENDERED.image)
        assert len(editor.find(image)[0]) == 1
    editor.edit(deep, wish)
    assert np.array_equal(seen[-1][..., 1], RENDERED.image[..., 0])  # true tones, not white
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
        (Image.new("RGB", (1, 32_767)), "the photograph: 1x32767 pixels, one side longer"),
        (Image.new("I", (40, 40)), "pixels of kind I.; save it with 8 bits"),
        ("absent.png", "absent.png: cannot be read"),
    ],
)
def test_what_is_no_photograph_is_one_sentence_and_spoils_nothing(editor, image, words):
    for edit in (editor.edit, lambda given, wish: editor.edit_many([given], wish)):
        with pytest.raises(InputError, match=words.replace("the photograph", "(the )?photograph( 1)?")):
            edit(image, {"AU12": 3.0})
    with pytest.raises(InputError, match="put a single one into a list"):
        editor.edit_many("absent.png" if image is None else RENDERED.image, {"AU12": 3.0})
    assert len(editor.edit(RENDERED.image, {"AU12": 3.0}).faces) == 1


def test_names_and_targets_must_fit(editor):
    with pytest.raises(InputError, match="names: 2 for 1 photographs"):
        editor.edit_many([RENDERED.image], {"AU12": 3.0}, names=["a", "b"])
    with pytest.raises(InputError, match="AUs: expected numbers of 0 to 5 in an array of shape .1, 17"):
        editor.edit_faces(RENDERED.image, [TRUE_FACE], np.zeros(17))


def test_targets_go_the_share_of_the_way_and_stay_on_the_scale():
    present, goal = np.full(17, 1.0), np.full(17, 4.0)
    assert np.allclose(target_aus(present, goal, None, 0.5), 2.5)
    assert np.allclose(target_aus(present, goal, None, 2.0), 5.0)
    mixed = target_aus(present, None, {"AU12": 3.0}, 0.5)
    assert mixed[AUS.index("AU12")] == 2
    assert np.delete(mixed, AUS.index("AU12")).tolist() == [1.0] * 16


def test_au_words_are_read_in_every_common_form():
    assert parse_aus(["AU12=3", "au6=2.5", "1=0"]) == {"AU12": 3.0, "AU06": 2.5, "AU01": 0.0}
    for words in (["AU12"], ["AU12=x"], ["AU12=3", "12=4"], ["AU28=1"], ["AU12=-1"], ["AU12=nan"]):
        with pytest.raises(InputError):
            parse_aus(words)


def test_pasting_the_crop_itself_changes_nothing():
    random = np.random.default_rng(0)
    image = random.integers(0, 256, (90, 120, 3), dtype=np.uint8)
    for square in ((20.3, 10.7, 50.2), (-9.4, 60.1, 45.0), (100.0, -20.0, 40.5), (-5.0, -5.0, 200.0)):
        crop = crop_image(image, square, 16)
        assert np.array_equal(paste(image, square, crop, np.ones((16, 16), dtype=np.float32)), image)


def test_pasting_lands_where_the_crop_came_from():
    image = np.full((100, 100, 3), 100, dtype=np.uint8)
    square = (17.5, 27.5, 64.0)
    edited = crop_image(image, square, 32)
    edited[8:12, 20:24] = 200  # in the photograph: rows 44 to 51, columns 58 to 65
    changed = np.argwhere(paste(image, square, edited)[..., 0] > 150)
    assert changed.min(axis=0).tolist() == [44, 58]
    assert changed.max(axis=0).tolist() == [51, 65]


def test_the_edit_fades_out_towards_the_edge_of_its_square():
    image = np.zeros((100, 100, 3), dtype=np.uint8)
    line = paste(image, (9.5, 9.5, 80.0), np.full((40, 40, 3), 200, dtype=np.uint8))[50, :, 0].astype(int)
    assert line[:10].max() == line[90:].max() == 0
    assert line[10] <= 5
    assert (np.diff(line[10:50]) >= 0).all()
    assert line[25:75].min() == 200


def test_continuous_editing_starts_with_the_photograph_and_ends_with_the_edit(editor):
    frames = editor.animate(RENDERED.image, 4, expression="surprised")
    assert np.array_equal(frames[0].image, RENDERED.image)
    last = editor.edit(RENDERED.image, expression="surprised").image
    # All frames are one batch, whose sums PyTorch may order otherwise.
    assert np.abs(frames[-1].image.astype(int) - last).max() <= 2
    shares = [(frame.faces[0].target - TRUE_FACE.aus).sum() for frame in frames[1:]]
    assert np.allclose(shares, np.array([1, 2, 3]) / 3 * shares[-1])


def test_films_and_strips_hold_the_frames_and_the_mark(tmp_path):
    frames = [np.full((41, 63, 3), 40 * n, dtype=np.uint8) for n in range(5)]
    write_animation(tmp_path / "a.gif", frames, [{"AU12": 1.0}])
    with Image.open(tmp_path / "a.gif") as film:
        assert (film.n_frames, film.size, film.info["loop"]) == (8, (63, 41), 0)
    assert read_mark((tmp_path / "a.gif").read_bytes())["target_aus"] == [{"AU12": 1.0}]
    write_animation(tmp_path / "a.png", frames, [])
    strip = np.asarray(Image.open(tmp_path / "a.png"))
    assert strip.shape == (41, 5 * 63 + 4 * 4, 3)
    assert strip[0, -1, 0] == 160
    with pytest.raises(InputError, match="choose one of these"):
        write_animation(tmp_path / "a.avi", frames, [])
    assert read_mark(gif_bytes(np.stack(frames), 0.1))["tool"] == "cascade-efgan"


def test_films_strips_and_steps_have_the_photographs_colours(
    weights, found_everywhere, efgan, tmp_path, monkeypatch, swapped_profile
):
    # A Display-P3 photograph changed its colours in everything but the still.
    monkeypatch.chdir(tmp_path)
    Image.fromarray(RENDERED.image).save("plain.png")
    Image.fromarray(RENDERED.image).save("profile.png", icc_profile=swapped_profile)
    for name in ("plain", "profile"):
        edit = ("edit", f"{name}.png", "--expression", "happy", "--weights", weights)
        efgan(*edit, "--out", f"{name}.webp", "--steps")
        for suffix in ("gif", "mp4"):
            efgan(*edit, "--continuous", "2", "--out", f"{name}.{suffix}")
        efgan(*edit, "--continuous", "2", "--out", f"{name}_strip.png")
    stills = [Image.open(f"{name}.webp") for name in ("plain", "profile")]
    assert np.array_equal(*stills) and stills[1].info["icc_profile"] == swapped_profile
    av = pytest.importorskip("av")
    for suffix, most in (("_strip.png", 1), ("_steps.png", 1), (".gif", 8), (".mp4", 8)):
        plain, made = (
            next(av.open(f"{name}{suffix}").decode(video=0)).to_ndarray(format="rgb24").astype(int)
            if suffix == ".mp4"
            else np.asarray(Image.open(f"{name}{suffix}").convert("RGB")).astype(int)
            for name in ("plain", "profile")
        )
        assert np.abs(made - plain[..., [1, 0, 2]]).mean() < most < np.abs(made - plain).mean()


def test_an_mp4_plays_the_frames_there_and_back_and_carries_the_mark(tmp_path):
    av = pytest.importorskip("av")
    frames = [np.full((64, 64, 3), 50 * n, dtype=np.uint8) for n in range(4)]
    write_animation(tmp_path / "a.mp4", frames, [{"AU12": 1.0}])
    with av.open(str(tmp_path / "a.mp4")) as film:
        assert '"AU12":1.0' in film.metadata["comment"]
        levels = [frame.to_ndarray(format="rgb24").mean() for frame in film.decode(video=0)]
    assert len(levels) == 18
    assert np.allclose(levels[:6], [0, 50, 100, 150, 100, 50], atol=4)


def test_the_newest_best_method_below_a_folder_is_taken(tmp_path):
    with pytest.raises(InputError, match="the smallest run makes some .*snakemake"):
        find_weights(tmp_path)
    baseline = save_random(tmp_path / "rendered" / "seed0" / "baseline", "baseline")
    assert find_weights(tmp_path) == baseline
    cascade = save_random(tmp_path / "rendered" / "seed0" / "cascade_ef_gan")
    assert find_weights(tmp_path) == cascade
    assert find_weights(baseline.parent) == baseline


def test_stargan_is_refused_because_it_knows_no_aus(tmp_path):
    with pytest.raises(InputError, match="whole expressions"):
        Editor.from_file(save_random(tmp_path / "stargan", "stargan"))


def test_a_run_gives_its_margin_and_its_own_mean_expressions(cropped_data, efgan):
    efgan("split", "--index", cropped_data.path("crops.csv"), "--split", cropped_data.path("split.csv"))
    assert run_margin(cropped_data.folder, 32) == pytest.approx(0.25, abs=0.005)  # `cropped_data` has a quarter
    means = run_expressions(cropped_data.folder)
    assert list(means) == ["happy", "neutral"]
    assert means["neutral"].tolist() == [1.0] * 17
    assert set(run_expressions(None)) == set(prototypes()) == set(EXPRESSIONS)


def test_the_command_edits_a_photograph(photo, weights, found_everywhere, efgan, tmp_path):
    out = tmp_path / "out" / "edited.png"
    efgan("edit", photo, "--expression", "happy", "--au", "AU04=2", "--steps", "--weights", weights, "--out", out)
    edited = np.asarray(Image.open(out))
    assert not np.array_equal(edited, RENDERED.image)
    assert read_mark(out.read_bytes())["target_aus"][0]["AU04"] == 2.0
    assert Image.open(out.with_name("edited_steps.png")).size == (3 * 192 + 2 * 4, 2 * 192 + 4)
    assert sorted(path.name for path in out.parent.iterdir()) == ["edited.png", "edited_steps.png"]


def test_without_out_the_edit_lies_beside_the_photograph_in_its_format(tmp_path, weights, found_everywhere, efgan):
    exif = Image.Exif()
    exif[Base.Make] = "A camera"
    Image.fromarray(RENDERED.image).save(tmp_path / "me.jpg", exif=exif, quality=98)
    efgan("edit", tmp_path / "me.jpg", "--like", tmp_path / "me.jpg", "--au", "AU12=4", "--weights", weights)
    with Image.open(tmp_path / "me_edited.jpg") as edited:
        assert (edited.format, edited.getexif()[Base.Make]) == ("JPEG", "A camera")


def test_a_folder_is_edited_and_one_bad_file_does_not_stop_it(photo, weights, found_everywhere, efgan, tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    (folder / "a.png").write_bytes(photo.read_bytes())
    (folder / "b.jpg").write_bytes(b"no picture")
    Image.fromarray(RENDERED.image).save(folder / "c.bmp")
    with pytest.raises(InputError, match="1 of 3 photographs were not edited"):
        efgan("edit", folder, "--expression", "sad", "--weights", weights, "--out", tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a.png", "c.png"]


def test_each_file_of_a_folder_that_is_not_edited_gets_a_line(weights, found_everywhere, efgan, tmp_path, caplog):
    # A phone's folder: beside the edited photographs, half of it was passed over without a word.
    folder = tmp_path / "photos"
    (folder / "holiday").mkdir(parents=True)
    for name in ("a.jpg", "b.jfif", "d.JPE"):
        Image.fromarray(RENDERED.image).save(folder / name, "JPEG", quality=98)
    (folder / "c.HEIC").write_bytes(b"\0\0\0\x18ftypheic" + bytes(500))
    (folder / "film.mov").write_bytes(b"\0\0\0\x14ftypqt  ")
    (folder / ".hidden").write_bytes(b"")
    efgan("edit", folder, "--expression", "sad", "--weights", weights, "--out", tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a.jpg", "b.jfif", "d.JPE"]
    warnings = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert [warning.split(": ")[0] for warning in warnings[:3]] == [
        str(folder / name) for name in ("c.HEIC", "film.mov", "holiday")
    ]
    assert "convert it to JPEG" in warnings[0]
    assert warnings[3:] == ["3 edited, 3 left out, as the lines above say"]
    for out in ([], ["--out", folder / "a.jpg"]):  # whether or not something is in its way
        with pytest.raises(InputError, match="c.HEIC: not a readable image .a HEIC photograph.; convert it to JPEG"):
            efgan("edit", folder / "c.HEIC", "--expression", "sad", "--weights", weights, *out)
    for name in ("a.jpg", "b.jfif", "d.JPE"):
        (folder / name).unlink()
    with pytest.raises(InputError, match="holds no photograph.*c.HEIC: HEIC is not read"):
        efgan("edit", folder, "--expression", "sad", "--weights", weights, "--out", tmp_path / "out")


def test_a_photograph_that_is_too_long_for_opencv_never_reaches_a_finder(weights):
    # One side of 32,767 pixels or more ended the process, and with it the page for all its users.
    class Untouched:
        def find(self, image):
            raise AssertionError("a finder saw it")

    editor = Editor.from_file(weights, Untouched())
    for shape in ((32_767, 40, 3), (40, 32_767, 3), (9000, 9000, 3), (0, 40, 3)):
        image = np.broadcast_to(np.uint8(0), shape)
        with pytest.raises(InputError, match="the photograph: .* pixels"):
            editor.edit(image, {"AU12": 3.0})
        with pytest.raises(InputError, match="pixels"):
            editor.goal(None, like=image)


@pytest.mark.parametrize("answer", ["", openface_csv(replace(RENDERED, landmarks=RENDERED.landmarks / 20))])
def test_nothing_is_written_when_no_face_can_be_edited(photo, weights, efgan, tmp_path, openface_answers, answer):
    openface_answers(answer)
    with pytest.raises(InputError, match="no face was found|too small"):
        efgan(
            "edit", photo, "--expression", "happy", "--steps", "--weights", weights, "--out", tmp_path / "x" / "a.png"
        )
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["face.png"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["absent.png"], "no such file"),
        (["face.png", "--out", "face.png"], "over the original"),
        (["face.png", "face.png", "--out", "a.png"], "expected a folder"),
        (["face.png", "--out", "a.bmp"], "choose one of these suffixes"),
        (["face.png", "--out", "a.jpg", "--continuous", "4"], "continuous editing is written as"),
        (["face.png", "--continuous", "4"], "--continuous: expected one photograph"),
        (["empty"], "holds no photograph"),
    ],
)
def test_a_command_that_makes_no_sense_is_one_sentence(
    photo, weights, found_everywhere, efgan, monkeypatch, words, message
):
    monkeypatch.chdir(photo.parent)
    (photo.parent / "empty").mkdir()
    with pytest.raises(InputError, match=message):
        efgan("edit", *words, "--expression", "happy", "--weights", weights)


def test_two_photographs_that_would_be_written_to_one_place_are_refused(tmp_path):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "x.png").write_bytes(b"")
    with pytest.raises(InputError, match="both be written there"):
        plan_files([tmp_path / "a", tmp_path / "b"], tmp_path / "out")


@pytest.fixture
def edit_here(weights, found_everywhere, efgan, monkeypatch, tmp_path):
    """`efgan edit` in a folder with a.jpg, a.png, a_steps.png, a_edited.jpg and kept/a.jpg."""
    monkeypatch.chdir(tmp_path)
    for name in ("a.jpg", "a.png", "a_steps.png", "a_edited.jpg", "kept/a.jpg"):
        Path(name).parent.mkdir(exist_ok=True)
        Image.fromarray(RENDERED.image).save(name)
    Path("link.jpg").symlink_to("a.jpg")
    return lambda *words: efgan("edit", *words, "--au", "AU12=5", "--weights", weights)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        # One picture of steps for two photographs; the first one's was lost without a word.
        (["a.jpg", "a.png", "--steps", "--out", "new"], "new/a_steps.png: a.jpg and a.png would both be"),
        # Photographs that were replaced by a picture of steps, by a second edit, by that of another folder.
        (["a.jpg", "--steps", "--out", "a.webp"], "a_steps.png: is there already and would be replaced.*--force"),
        (["a.jpg", "a_steps.png", "--steps", "--force", "--out", "."], "over the original"),
        (["a.jpg"], "a_edited.jpg: is there already"),
        (["a.jpg", "a.png", "--out", "kept"], "kept/a.jpg: is there already"),
        (["a.jpg", "--like", "a_steps.png", "--force", "--out", "a_steps.png"], "over the original"),
        (["a.png", "--force", "--out", "link.jpg"], None),
        (["a.jpg", "--force", "--out", "link.jpg"], "over the original"),
        (["a.jpg", "--continuous", "4", "--out", "kept"], "--continuous: expected one photograph, and --out with"),
        (["a.jpg", "--out", "a.png/b/c.jpg"], "cannot be written below .*a.png, which is a file"),
    ],
)
def test_what_would_be_written_over_is_told_before_anything_is_written(edit_here, words, message, tmp_path):
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.*")}
    if message is None:
        edit_here(*words)
        assert {path for path, data in before.items() if path.read_bytes() != data} == {tmp_path / "link.jpg"}
        return
    with pytest.raises(InputError, match=message):
        edit_here(*words)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*.*")} == before


def test_force_replaces_what_is_there_but_a_folder(edit_here):
    before = Path("a_edited.jpg").read_bytes()
    edit_here("a.jpg", "--force")
    assert Path("a_edited.jpg").read_bytes() != before
    Path("b_edited.jpg").mkdir()
    Path("a.jpg").rename("b.jpg")
    with pytest.raises(InputError, match="b_edited.jpg: a folder; name a file to write"):
        edit_here("b.jpg", "--force")


def test_a_file_that_appears_while_the_editor_works_is_not_replaced(editor, photo):
    plan, other = Plan(photo, photo.with_name("x.png")), photo.with_name("y.png")
    job = EditJob(editor, {"expression": "happy"})
    plan.out.write_text("another program's")
    with pytest.raises(InputError, match="x.png: is there already"):
        job.edit(plan)
    assert plan.out.read_text() == "another program's"
    # As on a disk that takes Y.PNG for y.png: not even --force replaces what the same command wrote.
    job = EditJob(editor, {"expression": "happy"}, force=True)
    job.edit(Plan(photo, other))
    photo.with_name("Y.PNG").symlink_to(other)
    with pytest.raises(InputError, match="Y.PNG: this disk takes it for the file of another one"):
        job.edit(Plan(photo, photo.with_name("Y.PNG")))


def test_a_london_photograph_is_edited_in_place(weights, london_mirror, openface_london):
    from cascade_efgan.data.openface.csv_files import read_openface
    from cascade_efgan.data.openface.detected import choose_face

    truth = choose_face(read_openface(openface_london)["001_03"], 0.5)
    data = (london_mirror / "neutral_front" / "001_03.jpg").read_bytes()
    image = decode_image(data, "001_03")
    face = FoundFace(truth.landmarks, truth.aus, truth.confidence, "OpenFace")
    editor = Editor.from_file(weights, Known(face), device="cpu")
    edited = editor.edit(image, expression="happy").image
    untouched = outside(image, editor.square(face))
    assert np.array_equal(edited[untouched], image[untouched])
    assert not np.array_equal(edited, image)


def test_importing_the_package_loads_neither_torch_nor_mediapipe():
    code = (
        "import sys, cascade_efgan, cascade_efgan.cli; sys.exit(any(m in sys.modules for m in ('torch', 'mediapipe')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_no_stage_of_the_workflow_depends_on_the_editor(repository):
    for stage in ("download", "crop", "train", "generate", "table"):
        assert not [path for path in stage_sources(stage, repository / "src") if "/editing/" in path]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "nothing to do"),
        (["--expression", "happy", "--like", "b.png"], "give one of them"),
        (["--expression", "happy", "--intensity", "nan"], "expected 0"),
        (["--au", "AU12=7"], "0 to 5"),
    ],
)
def test_a_wrong_wish_is_told_before_anything_is_looked_for(efgan, tmp_path, words, message):
    with pytest.raises(InputError, match=message):
        efgan("edit", tmp_path / "absent.png", "--run", tmp_path, *words)


@pytest.fixture
def checkout(monkeypatch, tmp_path):
    """A checkout whose `snakemake` writes down its words and copies `made` to the results."""
    monkeypatch.chdir(tmp_path)
    Path("Snakefile").touch()
    text = '#!/bin/sh\necho "snakemake $*" >ran\ncp -r made results\n'
    program = write_program(tmp_path / "bin" / "snakemake", text)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    return tmp_path


@pytest.fixture
def terminal(monkeypatch):
    """A function that types a line at the terminal at which the command runs."""
    keyboard, seat = pty.openpty()
    with open(seat) as given, open(os.dup(seat), "w") as said:

        def typed(line):
            monkeypatch.setattr("sys.stdin", given)  # here: pytest sets its own as a test begins
            monkeypatch.setattr("sys.stderr", said)
            os.write(keyboard, f"{line}\n".encode())

        yield typed
    os.close(keyboard)


def test_at_a_terminal_the_smallest_run_is_offered_and_its_weights_are_used(checkout, terminal):
    terminal("n")
    with pytest.raises(InputError, match="make one with `snakemake"):
        choose_weights.trained_weights(checkout / "results", None)
    assert not Path("ran").exists()
    terminal("y")  # there is nothing to copy yet
    with pytest.raises(InputError, match="failed"):
        choose_weights.trained_weights(checkout / "results", None)
    assert Path("ran").read_text() == f"{SMALLEST_RUN}\n"
    save_random(checkout / "made" / "rendered" / "seed0" / "cascade_ef_gan")
    terminal("y")
    assert choose_weights.trained_weights(checkout / "results", None).parent.name == "cascade_ef_gan"


def test_without_a_terminal_the_command_is_printed_and_nothing_is_asked(checkout, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    with pytest.raises(InputError, match="`snakemake --cores 2 results/rendered/seed0/cascade_ef_gan/weights"):
        choose_weights.trained_weights(checkout / "results", None)
    assert not Path("ran").exists()


def test_the_packages_weights_are_used_where_there_is_no_run_and_nothing_was_named(monkeypatch, tmp_path, caplog):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(runs, "PRETRAINED", tmp_path / "pretrained")
    with pytest.raises(InputError, match="london: no weights .* the smallest run makes some .*snakemake"):
        Editor.pretrained()
    with pytest.raises(InputError, match="results: no trained generator there"):
        choose_weights.trained_weights(runs.RUNS, None)
    own = save_random(tmp_path / "pretrained" / "london")
    facts = {"margin": 0.3, "expressions": {"happy": dict.fromkeys(AUS, 2)}}
    write_json(own.with_name("run_facts.json"), facts)
    assert choose_weights.trained_weights(runs.RUNS, None) == own
    with caplog.at_level("INFO"):
        editor = Editor.pretrained(device="cpu")
    assert (editor.margin, list(editor.expressions())) == (0.3, ["happy"])
    assert editor.description.endswith("weights london, which come with the package")
    assert editor.description in caplog.text
    with pytest.raises(InputError, match="elsewhere: no trained generator there"):
        choose_weights.trained_weights(tmp_path / "elsewhere", None)
    last = save_random(tmp_path / "results" / "rendered" / "seed0" / "baseline", "baseline")
    assert choose_weights.trained_weights(runs.RUNS, None).resolve() == last
    assert choose_weights.trained_weights(runs.RUNS, tmp_path / "named.safetensors") == tmp_path / "named.safetensors"
    write_json(own.with_name("run_facts.json"), {"margin": 0.3})
    with pytest.raises(InputError, match=r"run_facts\.json: no facts of a run"):
        Editor.pretrained(device="cpu")
