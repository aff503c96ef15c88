"""Parts of the editor: targets, pasting, films and strips, ONNX files."""

import json
from dataclasses import replace

import av
import numpy as np
import pytest
import torch
from picture_files import read_mark
from PIL import Image
from rendered_photo import RENDERED
from small_models import save_random, small_spec

from cascade_efgan.data import AUS
from cascade_efgan.data.face_crops.crops import crop_image
from cascade_efgan.editing import onnx_export
from cascade_efgan.editing.animation import write_animation
from cascade_efgan.editing.inputs import parse_aus, target_aus
from cascade_efgan.editing.paste import agreed_change, paste
from cascade_efgan.errors import InputError
from cascade_efgan.models.build import load_generator


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


def test_pasting_lands_where_the_crop_came_from_and_fades_out_towards_the_edge_of_its_square():
    image = np.full((100, 100, 3), 100, dtype=np.uint8)
    square = (17.5, 27.5, 64.0)
    edited = crop_image(image, square, 32)
    edited[8:12, 20:24] = 200  # in the photograph: rows 44 to 51, columns 58 to 65
    changed = np.argwhere(paste(image, square, edited)[..., 0] > 150)
    assert changed.min(axis=0).tolist() == [44, 58]
    assert changed.max(axis=0).tolist() == [51, 65]
    white = np.full((40, 40, 3), 200, dtype=np.uint8)
    line = paste(np.zeros_like(image), (9.5, 9.5, 80.0), white)[50, :, 0].astype(int)
    assert line[:10].max() == line[90:].max() == 0
    assert line[10] <= 5
    assert (np.diff(line[10:50]) >= 0).all()
    assert line[25:75].min() == 200


def test_films_and_strips_hold_the_frames_and_the_mark(tmp_path):
    frames, targets = [np.full((41, 63, 3), 40 * n, dtype=np.uint8) for n in range(5)], [{"AU12": 1.0}]
    for suffix in ("gif", "png", "mp4"):
        write_animation(tmp_path / f"a.{suffix}", frames, targets)
    with Image.open(tmp_path / "a.gif") as film:
        assert (film.n_frames, film.size, film.info["loop"]) == (8, (63, 41), 0)
    strip = np.asarray(Image.open(tmp_path / "a.png"))
    assert strip.shape == (41, 5 * 63 + 4 * 4, 3)
    assert strip[0, -1, 0] == 160
    for suffix in ("gif", "png"):
        assert read_mark((tmp_path / f"a.{suffix}").read_bytes())["target_aus"] == targets
    with av.open(str(tmp_path / "a.mp4")) as film:
        assert '"AU12":1.0' in film.metadata["comment"]
        levels = [frame.to_ndarray(format="rgb24").mean() for frame in film.decode(video=0)]
    assert len(levels) == 24
    assert np.allclose(levels[:8], [0, 40, 80, 120, 160, 120, 80, 40], atol=4)


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
    for suffix, most in (("_strip.png", 1), ("_steps.png", 1), (".gif", 8), (".mp4", 8)):
        plain, made = (
            next(av.open(f"{name}{suffix}").decode(video=0)).to_ndarray(format="rgb24").astype(int)
            if suffix == ".mp4"
            else np.asarray(Image.open(f"{name}{suffix}").convert("RGB")).astype(int)
            for name in ("plain", "profile")
        )
        assert np.abs(made - plain[..., [1, 0, 2]]).mean() < most < np.abs(made - plain).mean()


@pytest.mark.parametrize("method", ["baseline", "cascade_ef_gan"])
def test_the_exported_file_edits_any_batch_as_pytorch_does(tmp_path, efgan, method):
    weights, spec = save_random(tmp_path, method), small_spec(method)
    out = tmp_path / "model.onnx"
    efgan("export", "--onnx", out, "--weights", weights)
    with pytest.raises(InputError, match="model.onnx: is there already.*--force"):
        efgan("export", "--onnx", out, "--weights", weights)
    generator, _ = load_generator(weights, weights.with_name("model.json"))
    session = onnx_export.onnx_session(out)
    for batch in (1, 5):
        given = onnx_export.inputs(spec, batch, seed=9)
        with torch.inference_mode():
            expected = generator(*given.values())[-1]
        edited, attention = onnx_export.run_onnx(session, given)
        assert np.abs(edited - expected.final.numpy()).max() < onnx_export.TOLERANCE
        assert np.abs(attention - expected.attention["face"].numpy()).max() < onnx_export.TOLERANCE
    properties = session.get_modelmeta().custom_metadata_map
    assert json.loads(properties["aus"]) == list(AUS)
    assert (properties["method"], properties["crop_size"], properties["margin"]) == (method, "32", "0.15")


def test_a_file_that_computes_something_else_is_not_written(tmp_path):
    weights, spec = save_random(tmp_path, "baseline"), small_spec("baseline")
    generator, _ = load_generator(weights, weights.with_name("model.json"))

    def noisy(_generator, _given, edits):
        if not torch.compiler.is_exporting():
            return [*edits[:-1], replace(edits[-1], final=edits[-1].final + 0.01)]

    generator.register_forward_hook(noisy)
    with pytest.raises(RuntimeError, match="differs from PyTorch by 0.01"):
        onnx_export.export_onnx(generator, spec, 0.15, tmp_path / "out" / "model.onnx")
    assert list((tmp_path / "out").iterdir()) == []
    assert not any("parametrizations" in name for name in generator.state_dict())  # the quicker form of the same
