"""Feature statistics, the extractors, and Inception's weights."""

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from evaluation_helpers import write_edits, write_faces

from cascade_efgan.config.evaluation_sections import Fid
from cascade_efgan.data.face_crops.dataset import part_rows, read_index
from cascade_efgan.errors import InputError
from cascade_efgan.evaluation import inception_weights as weights_module
from cascade_efgan.evaluation.features import EfficientNetFeatures, InceptionFeatures, build_extractor, feature_batches
from cascade_efgan.evaluation.inception_weights import INCEPTION
from cascade_efgan.evaluation.statistics import load_statistics, save_statistics, statistics
from cascade_efgan.files import sha256_file
from cascade_efgan.models.tensors import to_pixels
from cascade_efgan.stages import features, fetch_weights

LITE = ["fid.extractor=efficientnet_lite0", "fid.batch=8"]


@pytest.fixture(autouse=True)
def _no_mirror(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test sees weights that this machine may have."""
    monkeypatch.delenv(INCEPTION.variable, raising=False)
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def lite() -> EfficientNetFeatures:
    return EfficientNetFeatures()


@pytest.mark.parametrize("batch", [1, 7, 50, 64])
def test_streamed_moments_are_numpys(batch: int) -> None:
    # A mean far from 0 beside small deviations: a naive sum of squares would lose six digits here.
    values = np.random.default_rng(0).normal(1000, 0.01, (50, 6))
    result = statistics((values[start : start + batch] for start in range(0, 50, batch)), "efficientnet_lite0")
    assert result.n == 50
    np.testing.assert_allclose(result.mean, values.mean(axis=0), rtol=1e-14)
    np.testing.assert_allclose(result.covariance, np.cov(values, rowvar=False), rtol=1e-7, atol=1e-12)
    with pytest.raises(InputError, match="1 images, but a covariance needs two"):
        statistics([values[:1]], "inception")


def test_statistics_are_the_same_bytes_and_read_back(tmp_path: Path) -> None:
    result = statistics([np.random.default_rng(0).normal(size=(5, 4))], "inception", {"part": "all", "x.npy": "ab"})
    for name in ("a", "b"):
        save_statistics(tmp_path / name, result)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    back = load_statistics(tmp_path / "a")
    assert (back.n, back.extractor, back.origin) == (5, "inception", {"part": "all", "x.npy": "ab"})
    assert back.covariance.dtype == np.float64
    assert np.array_equal(back.covariance, result.covariance)
    (tmp_path / "c").write_bytes(b"no safetensors")
    with pytest.raises(InputError, match="holds no feature statistics"):
        load_statistics(tmp_path / "c")
    with pytest.raises(InputError, match="no such file"):
        load_statistics(tmp_path / "absent")


def test_features_do_not_depend_on_the_batch(lite: EfficientNetFeatures) -> None:
    images = np.random.default_rng(0).integers(0, 256, (5, 32, 32, 3), dtype=np.uint8)
    whole = np.concatenate(list(feature_batches(lite, images, np.arange(5), 5, torch.device("cpu"))))
    parts = np.concatenate(list(feature_batches(lite, images, np.arange(5), 2, torch.device("cpu"))))
    assert whole.shape == (5, 1280)
    assert whole.dtype == np.float64
    # Batches of another size may take other kernels: float32 rounding, 2e-5 of the features' size.
    np.testing.assert_allclose(parts, whole, atol=2e-5 * np.abs(whole).max())


def test_packaged_weights_are_a_trained_classifiers(lite: EfficientNetFeatures) -> None:
    """Upright black and white bars look like a radiator, class 753 of ImageNet's 1000, by a wide margin."""
    bars = np.zeros((1, 224, 224, 3), dtype=np.uint8)
    bars[:, :, np.arange(224) % 8 < 4] = 255
    with torch.inference_mode():
        chances = lite.network._fc(lite(to_pixels(bars, torch.device("cpu")))).softmax(dim=1)[0]
    assert chances.argmax().item() == 753
    assert chances.max() > 0.1


def test_stage_on_all_images_and_on_a_part(tmp_path: Path) -> None:
    """The features of all images are written, the statistics are of the part; both are those of the extractor."""
    faces = write_faces(tmp_path, people=3)
    written, vectors = tmp_path / "real.safetensors", tmp_path / "real.npy"
    features.command(write_edits(tmp_path, faces, "test")[0], written, vectors, settings=LITE)
    assert (load_statistics(written).n, load_statistics(written).part) == (18, "all")
    features.command(faces["crops"], written, vectors, faces["index"], faces["split"], "test", settings=LITE)
    rows = part_rows(read_index(faces["index"]), faces["split"], "test")
    found, every = load_statistics(written), np.load(vectors)
    assert (found.n, found.part, every.shape, every.dtype) == (6, "test", (9, 1280), np.float32)
    assert found.mean == pytest.approx(every[rows].mean(axis=0), abs=1e-6)
    assert found.covariance == pytest.approx(np.cov(every[rows], rowvar=False), abs=1e-4)
    with pytest.raises(InputError, match="--index and --split"):
        features.command(faces["crops"], written, vectors, part="test", settings=LITE)


@pytest.mark.parametrize(("setting", "message"), [
    ("fid.extractor=inception", "fetch_weights rule, set fid.inception_weights or EFGAN_WEIGHTS_MIRROR"),
    ("fid.inception_weights=/nowhere/weights.pth", "no file /nowhere/weights.pth"),
])  # fmt: skip
def test_inception_without_weights_is_an_error_and_no_other_extractor(
    tmp_path: Path, setting: str, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        features.command(write_faces(tmp_path)["crops"], tmp_path / "out", tmp_path / "vectors", settings=[setting])
    assert not (tmp_path / "out").exists()


def test_weights_with_another_hash_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / INCEPTION.name).write_bytes(b"something else")
    monkeypatch.setenv(INCEPTION.variable, str(tmp_path))
    with pytest.raises(InputError, match="SHA-256 begins with f41f3fa6, expected 6726825d"):
        fetch_weights.command(tmp_path / "out.pth")
    assert not (tmp_path / "out.pth").exists()
    with pytest.raises(InputError, match="SHA-256 begins with"):
        InceptionFeatures(tmp_path / INCEPTION.name)


def test_mirror_setting_and_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pytorch_fid.inception import FID_WEIGHTS_URL

    assert INCEPTION.url == FID_WEIGHTS_URL
    assert INCEPTION.name.partition(".pth")[0].endswith(INCEPTION.sha256[:8])
    other = b"stands for the weights"
    known = replace(INCEPTION, sha256=hashlib.sha256(other).hexdigest())
    monkeypatch.setattr(weights_module, "INCEPTION", known)
    (tmp_path / INCEPTION.name).write_bytes(other)
    out = tmp_path / "results" / "weights.pth"
    fetch_weights.command(out, [f"fid.inception_weights={tmp_path / INCEPTION.name}"])
    assert out.read_bytes() == other
    out.unlink()
    monkeypatch.setenv(INCEPTION.variable, str(tmp_path))
    fetch_weights.command(out)
    assert out.read_bytes() == other


def test_inception_is_pytorch_fids_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With random weights in the published form: the features are those of pytorch-fid's own network and scaling."""
    from pytorch_fid import inception

    empty = inception._inception_v3(num_classes=1008, aux_logits=False, weights=None)
    empty.Mixed_5b = inception.FIDInceptionA(192, pool_features=32)
    empty.Mixed_5c = inception.FIDInceptionA(256, pool_features=64)
    empty.Mixed_5d = inception.FIDInceptionA(288, pool_features=64)
    for name, size in (("6b", 128), ("6c", 160), ("6d", 160), ("6e", 192)):
        setattr(empty, f"Mixed_{name}", inception.FIDInceptionC(768, channels_7x7=size))
    empty.Mixed_7b, empty.Mixed_7c = inception.FIDInceptionE_1(1280), inception.FIDInceptionE_2(2048)
    path = tmp_path / INCEPTION.name
    torch.save(empty.state_dict(), path)
    monkeypatch.setattr(weights_module, "INCEPTION", replace(INCEPTION, sha256=sha256_file(path)))
    download = inception.load_state_dict_from_url
    extractor = build_extractor(Fid(), path)
    assert inception.load_state_dict_from_url is download
    assert extractor.network.training is False
    assert extractor.network.state_dict()["blocks.0.0.conv.weight"].equal(empty.Conv2d_1a_3x3.conv.weight)
    images = np.random.default_rng(0).integers(0, 256, (1, 32, 32, 3), dtype=np.uint8)
    with torch.inference_mode():
        ours = extractor(to_pixels(images, torch.device("cpu")))
        theirs = extractor.network(torch.from_numpy(images).permute(0, 3, 1, 2) / 255.0)[0]
    assert ours.shape == (1, 2048)
    assert torch.equal(ours, theirs[:, :, 0, 0])
