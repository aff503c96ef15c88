"""Shapes, counts and identities of the networks."""

from pathlib import Path

import pytest
import torch
from small_models import BOXES, NETWORK, small_spec
from torch import nn

from cascade_efgan.config import Settings
from cascade_efgan.config.resolve import settings_from_flags
from cascade_efgan.data.face_crops.dataset import load_images
from cascade_efgan.data.face_crops.patches import PatchBox
from cascade_efgan.data.openface.csv_files import read_openface
from cascade_efgan.data.sources.folder import read_labels
from cascade_efgan.data.sources.licensed import archive_of
from cascade_efgan.editing.photo import load_photo
from cascade_efgan.editing.runs import find_weights
from cascade_efgan.errors import InputError
from cascade_efgan.methods import METHODS
from cascade_efgan.models.blocks import upsample_norm_relu
from cascade_efgan.models.build import (
    Discriminators,
    ModelSpec,
    build_generator,
    load_generator,
    load_weights,
    save_model,
    start_from_single_step,
)
from cascade_efgan.models.cascade import Cascade, pseudo_target
from cascade_efgan.models.generator import compose, stitch


def spec_of(method: str, **network: object) -> ModelSpec:
    return small_spec(method, **{"cascade_steps": 3} | network)


def parameters(module: nn.Module) -> int:
    return sum(p.numel() for p in module.parameters())


def test_ganimation_has_the_public_implementations_parameter_counts() -> None:
    spec = ModelSpec("ganimation", 128, Settings().network.model_dump(), {})
    assert round(parameters(build_generator(spec)) / 1e6, 2) == 8.47
    assert round(parameters(Discriminators(spec)) / 1e6, 2) == 44.86


@pytest.mark.parametrize("method", METHODS)
def test_every_method_edits_and_is_judged(method: str) -> None:
    generator, critics, info = build_generator(spec_of(method)), Discriminators(spec_of(method)), METHODS[method]
    image, aus = torch.rand(2, 3, 32, 32) * 2 - 1, torch.rand(2, 17)
    if not isinstance(generator, Cascade):
        assert generator(image, torch.eye(8)[:2]).shape == image.shape
        return
    edits = generator(image, aus, aus.flip(0))
    assert len(edits) == len(critics.steps) == (3 if info.is_cascade else 1)
    for edit, step in zip(edits, critics.steps, strict=True):
        assert edit.final.shape == image.shape and edit.final.abs().max() <= 1
        assert set(step) == ({"final", "face", *BOXES} if info.local_focuses else {"final"})
        for name, attention in edit.attention.items():
            assert attention.shape == (2, 1, *edit.initial[name].shape[2:])
            assert attention.min() >= 0 and attention.max() <= 1
        scores, predicted = step["final"](edit.final)
        assert predicted.shape == (2, 17) and scores.shape[:2] == (2, 1)


def test_attention_of_zero_keeps_the_input_and_of_one_takes_the_colour() -> None:
    color, image = torch.rand(1, 3, 4, 4), torch.rand(1, 3, 4, 4)
    assert torch.equal(compose(color, torch.zeros(1, 1, 4, 4), image), image)
    assert torch.equal(compose(color, torch.ones(1, 1, 4, 4), image), color)


def test_overlapping_patches_are_averaged_and_the_canvas_shows_elsewhere() -> None:
    boxes = {"eyes": PatchBox(0, 0, 4, 4), "nose": PatchBox(0, 2, 4, 4)}
    patches = {"eyes": torch.zeros(1, 3, 4, 4), "nose": torch.ones(1, 3, 4, 4)}
    stitched = stitch(patches, boxes, torch.full((1, 3, 8, 8), 7.0))
    assert stitched[0, 0, 0].tolist() == [0.0, 0.0, 0.5, 0.5, 1.0, 1.0, 7.0, 7.0]
    assert (stitched[:, :, 4:] == 7).all()


def test_spectral_norm_is_on_every_convolution_but_the_outputs() -> None:
    generator, critics = build_generator(spec_of("ef_gan")), Discriminators(spec_of("ef_gan"))
    for network in (generator, critics):
        for name, layer in network.named_modules():
            if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
                is_output = name.rsplit(".", 1)[-1] in {"color", "attention", "critic", "label"}
                assert hasattr(layer, "parametrizations") != is_output, name
    assert not any(hasattr(layer, "parametrizations") for layer in build_generator(spec_of("ganimation")).modules())


def test_interpolator_starts_at_linear_interpolation_and_ends_at_the_target() -> None:
    cascade = build_generator(spec_of("baseline_cascade"))
    assert isinstance(cascade, Cascade)
    source, target = torch.rand(3, 17), torch.rand(3, 17)
    targets = cascade.module_targets(source, target)
    torch.testing.assert_close(targets[0], source + (target - source) / 3)
    torch.testing.assert_close(targets[1], pseudo_target(source, target, 2, 3))
    assert targets[2] is target


def test_cascade_modules_start_equal_and_do_not_share_weights() -> None:
    single, cascade = build_generator(spec_of("ef_gan")), build_generator(spec_of("cascade_ef_gan"))
    start_from_single_step(cascade, single.state_dict())
    first, last = cascade.get_submodule("steps.0"), cascade.get_submodule("steps.2")
    for a, b, c in zip(first.parameters(), last.parameters(), single.parameters(), strict=True):
        assert torch.equal(a, b) and torch.equal(a, c) and a is not b


def test_stored_models_give_the_same_edits(tmp_path: Path) -> None:
    spec = spec_of("cascade_ef_gan")
    generator = build_generator(spec).eval()
    save_model(tmp_path / "w.safetensors", tmp_path / "m.json", generator, spec)
    loaded, loaded_spec = load_generator(tmp_path / "w.safetensors", tmp_path / "m.json")
    assert loaded_spec == spec
    image, aus = torch.rand(1, 3, 32, 32), torch.rand(2, 1, 17)
    with torch.no_grad():
        assert torch.equal(generator(image, *aus)[-1].final, loaded(image, *aus)[-1].final)


def test_damaged_or_foreign_weights_are_named(tmp_path: Path) -> None:
    weights, model = tmp_path / "w.safetensors", tmp_path / "m.json"
    save_model(weights, model, build_generator(spec_of("baseline", width=8)), spec_of("baseline"))
    with pytest.raises(InputError, match="w.safetensors: these weights do not fit"):
        load_generator(weights, model)
    weights.write_bytes(weights.read_bytes()[:100])
    with pytest.raises(InputError, match="w.safetensors: not a whole safetensors file"):
        load_generator(weights, model)
    weights.unlink()
    with pytest.raises(InputError, match="w.safetensors: no such weights"):
        load_generator(weights, model)


LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 7043128\n"
POINTERS = {
    "git lfs pull": LFS,
    "git annex get weights.safetensors": b"/annex/objects/SHA256E-s7--00.safetensors\n",
    "dvc pull": b"outs:\n- md5: 0123456789abcdef\n  size: 7\n  hash: md5\n  path: weights.safetensors\n",
    "on GitHub: Raw": b"\n<!DOCTYPE html>\n<html><body>Not Found</body></html>",
}


@pytest.mark.parametrize("fetch", POINTERS)
def test_a_pointer_in_place_of_a_file_says_how_to_fetch_the_file(tmp_path, fetch):
    """It used to say "not a whole safetensors file; delete it and train again", hours for a minute of download.

    And of photographs, CSVs and labels: "no known image format", "no CSV of OpenFace", an unknown column.
    """
    readers = {"weights.safetensors": load_weights, "model.json": ModelSpec.from_json, "x.npy": load_images,
               "a.jpg": load_photo, "a.csv": read_openface, "labels.csv": read_labels}  # fmt: skip
    for name, read in readers.items():
        file = tmp_path / name
        file.write_bytes(POINTERS[fetch].replace(b"weights.safetensors", file.name.encode()))
        with pytest.raises(InputError, match=fetch.replace("weights.safetensors", name)) as told:
            read(file)
        assert str(file) in str(told.value) and "delete" not in str(told.value)


def test_a_link_to_a_cache_that_is_empty_and_a_lone_dvc_file_say_how_to_fetch(tmp_path):
    path = tmp_path / "weights.safetensors"
    path.symlink_to(tmp_path / ".dvc" / "cache" / "00")
    with pytest.raises(InputError, match=r"a link of DVC to .*fetch the content with `dvc pull`"):
        load_weights(path)
    path.unlink()
    path.symlink_to(".git/annex/objects/00")
    with pytest.raises(InputError, match=r"git annex get weights.safetensors"):
        find_weights(tmp_path)
    path.unlink()
    (tmp_path / "weights.safetensors.dvc").write_text("outs: []\n")
    with pytest.raises(InputError, match=r"dvc pull .*weights.safetensors.dvc"):
        find_weights(tmp_path)
    (tmp_path / "photos.zip.dvc").write_text("outs: []\n")
    with pytest.raises(InputError, match=r"dvc pull .*photos.zip.dvc"):
        archive_of(settings_from_flags([f"folder.archive={tmp_path / 'photos.zip'}"]), "folder")
    path.write_bytes(b"torn")
    with pytest.raises(InputError, match="not a whole safetensors file"):
        load_weights(path)


def test_the_masked_refiner_keeps_the_stitched_image_where_its_mask_is_closed() -> None:
    generator = build_generator(spec_of("ef_gan", refiner="mask")).eval()
    module = generator.modules_in_order()[0]
    nn.init.zeros_(module.refiner.attention.weight)
    image, aus = torch.rand(2, 3, 32, 32) * 2 - 1, torch.rand(2, 17)
    with torch.no_grad():
        edit = module(image, aus)
        stitched = stitch({name: edit.initial[name] for name in BOXES}, BOXES, edit.initial["face"])
        color = (edit.final - 0.8808 * stitched) / 0.1192  # sigmoid(-2) = 0.1192
        assert color.abs().max() < 1.01
        nn.init.constant_(module.refiner.attention.bias, -100.0)
        torch.testing.assert_close(module(image, aus).final, stitched)
    # A description from before there was a choice repaints.
    old = {name: value for name, value in NETWORK.items() if name != "refiner"}
    assert build_generator(ModelSpec("ef_gan", 32, old, BOXES)).modules_in_order()[0].refiner.attention is None


@pytest.mark.parametrize("method", ["stargan", "ef_gan"])
def test_maps_are_doubled_without_deconvolutions_where_a_setting_asks_for_it(method: str) -> None:
    generator = build_generator(spec_of(method, upsampling="resize"))
    assert not any(isinstance(layer, nn.ConvTranspose2d) for layer in generator.modules())
    # Every pixel of a constant map is made alike, which a deconvolution's four kernels would not do.
    double = upsample_norm_relu(3, 4, "default", resize=True)[0](torch.ones(1, 3, 6, 6))[..., 1:-1, 1:-1]
    torch.testing.assert_close(double, double[..., :1, :1].expand_as(double))
    assert double.shape == (1, 4, 10, 10)
    old = {name: value for name, value in NETWORK.items() if name != "upsampling"}
    stored = build_generator(ModelSpec(method, 32, old, BOXES if method == "ef_gan" else {}))
    assert any(isinstance(layer, nn.ConvTranspose2d) for layer in stored.modules())
