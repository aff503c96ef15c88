"""Fréchet distance: closed forms, pytorch-fid's own function, and the stage."""

from pathlib import Path

import numpy as np
import pytest
from evaluation_helpers import write_edits, write_faces

from cascade_efgan.errors import InputError
from cascade_efgan.evaluation.fid import frechet_distance
from cascade_efgan.evaluation.metric import read_metric
from cascade_efgan.evaluation.packed_edits import load_edits
from cascade_efgan.evaluation.statistics import load_statistics, save_statistics, statistics
from cascade_efgan.evaluation.values import read_values
from cascade_efgan.stages import fid, identity, kid


def random_covariance(size: int, seed: int) -> np.ndarray:
    """A full covariance matrix `(D, D)`."""
    values = np.random.default_rng(seed).normal(size=(3 * size, size))
    return np.cov(values @ np.diag(np.linspace(0.1, 3, size)), rowvar=False)


def test_equal_covariances_leave_the_squared_mean_difference() -> None:
    covariance = random_covariance(20, 0)
    shift = np.linspace(-1, 1, 20)
    assert frechet_distance(np.zeros(20), covariance, shift, covariance) == pytest.approx(shift @ shift, abs=1e-9)
    assert frechet_distance(shift, covariance, shift, covariance) == pytest.approx(0, abs=1e-9)


def test_diagonal_gaussians() -> None:
    first, second = np.array([1.0, 4, 9]), np.array([16.0, 4, 1])
    expected = 2**2 + (1 - 4) ** 2 + 0 + (3 - 1) ** 2
    assert frechet_distance(np.zeros(3), np.diag(first), np.array([2.0, 0, 0]), np.diag(second)) == pytest.approx(
        expected
    )


def test_one_dimension() -> None:
    assert frechet_distance(np.zeros(1), np.array([[4.0]]), np.ones(1), np.array([[9.0]])) == pytest.approx(1 + 1)


def test_symmetric_and_invariant_to_rotation() -> None:
    first, second = random_covariance(15, 1), random_covariance(15, 2)
    mean = np.arange(15) / 10
    value = frechet_distance(mean, first, -mean, second)
    assert frechet_distance(-mean, second, mean, first) == pytest.approx(value, rel=1e-10)
    turn = np.linalg.qr(np.random.default_rng(3).normal(size=(15, 15)))[0]
    turned = frechet_distance(turn @ mean, turn @ first @ turn.T, -turn @ mean, turn @ second @ turn.T)
    assert turned == pytest.approx(value, rel=1e-9)


@pytest.mark.filterwarnings("ignore:The `disp` argument:DeprecationWarning")  # pytorch-fid's own call
@pytest.mark.parametrize("images", [40, 400])
def test_pytorch_fids_function_agrees(images: int) -> None:
    """With more features than images (singular covariances), and with fewer."""
    from pytorch_fid import fid_score

    random = np.random.default_rng(0)
    mixing = random.normal(size=(100, 100)) / 10
    sets = [np.abs(random.normal(offset, 1, (images, 100)) @ mixing) for offset in (0, 0.2)]
    moments = [value for values in sets for value in (values.mean(axis=0), np.cov(values, rowvar=False))]
    assert frechet_distance(*moments) == pytest.approx(fid_score.calculate_frechet_distance(*moments), abs=0.01)


def test_equal_singular_statistics_have_distance_zero() -> None:
    values = np.random.default_rng(0).normal(size=(10, 300))
    mean, covariance = values.mean(axis=0), np.cov(values, rowvar=False)
    assert frechet_distance(mean, covariance, mean, covariance) == pytest.approx(0, abs=1e-6)


def test_stage_writes_each_distance_without_each_person(tmp_path: Path) -> None:
    faces = write_faces(tmp_path)
    edits, index = write_edits(tmp_path, faces, "test")
    random = np.random.default_rng(0)
    real, made = random.normal(0, 1, (24, 6)), random.normal(1, 1, (18, 6))
    for name, vectors in (("real", real), ("edits", made)):
        np.save(tmp_path / f"{name}.npy", vectors.astype(np.float32))
        values = statistics([vectors.astype(np.float32)], "inception", {"part": "all"})
        save_statistics(tmp_path / f"{name}.safetensors", values)
    common = {"method": "ef_gan", "dataset": "rendered", "seed": 0, "real": tmp_path / "real.safetensors",
              "edits_vectors": tmp_path / "edits.npy", "edits_index": index}  # fmt: skip
    of_real = {"real_vectors": tmp_path / "real.npy", "index": faces["index"]}

    def measured(stage, **inputs):
        written = {"metric": tmp_path / "number.json", "values": tmp_path / "values.csv"}
        stage.command(**common, **inputs, **written)
        values = read_values(written["values"])
        assert values is not None
        return read_metric(written["metric"]), values.table

    number, table = measured(fid, edits=tmp_path / "edits.safetensors")
    assert table["person"].tolist() == ["", "06", "07"]
    assert table["value"].iloc[0] == pytest.approx(number.value, rel=1e-6)
    people = load_edits(edits, index).index["person"]
    rest = statistics([made.astype(np.float32)[people != "06"]], "inception")
    whole = load_statistics(tmp_path / "real.safetensors")
    expected = frechet_distance(whole.mean, whole.covariance, rest.mean, rest.covariance)
    assert table["value"].iloc[1] == pytest.approx(expected, rel=1e-6)
    number, table = measured(kid, split=faces["split"], **of_real)
    assert (number.name, number.n, table["person"].tolist()) == ("kid", 18, ["", "06", "07"])
    assert table["value"].iloc[0] == pytest.approx(number.value, rel=1e-6)
    number, table = measured(identity, **of_real)
    assert (number.name, number.n, len(table)) == ("identity", 12, 12)
    np.save(tmp_path / "edits.npy", made[:5].astype(np.float32))
    for stage, inputs in ((kid, {"split": faces["split"], **of_real}), (identity, of_real)):
        with pytest.raises(InputError, match=r"make both again|run their rules again"):
            measured(stage, **inputs)


def test_stage_names_the_distance_by_its_extractor(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    for name, extractor, offset in (
        ("real", "efficientnet_lite0", 0),
        ("edits", "efficientnet_lite0", 1),
        ("other", "inception", 0),
    ):
        save_statistics(tmp_path / name, statistics([random.normal(offset, 1, (50, 4))], extractor, {"part": "all"}))
    _, index = write_edits(tmp_path, write_faces(tmp_path), "test")
    np.save(tmp_path / "edits.npy", random.normal(1, 1, (18, 4)).astype(np.float32))
    rest = (tmp_path / "edits.npy", index, tmp_path / "fid.json", tmp_path / "values.csv")
    fid.command("ef_gan", "rendered", 0, tmp_path / "real", tmp_path / "edits", *rest)
    metric = read_metric(tmp_path / "fid.json")
    assert metric.value == pytest.approx(4, abs=1.5)
    assert metric.details["column"] == "Fréchet distance (EfficientNet-Lite0)"
    assert (metric.n, metric.details["n_real"], metric.details["features"]) == (50, 50, 4)
    with pytest.raises(InputError, match=r"efficientnet_lite0 \(real images\) and of inception \(edits\)"):
        fid.command("ef_gan", "rendered", 0, tmp_path / "real", tmp_path / "other", *rest)
