"""Fréchet and kernel distance: closed forms, other packages' functions, parts of a set, and the stages."""

from pathlib import Path

import numpy as np
import pytest
from evaluation_helpers import write_edits, write_faces

from cascade_efgan.errors import InputError
from cascade_efgan.evaluation.fid import DistanceTo, frechet_distance
from cascade_efgan.evaluation.kernel import kernel_sums
from cascade_efgan.evaluation.metric import read_metric
from cascade_efgan.evaluation.packed_edits import load_edits
from cascade_efgan.evaluation.statistics import load_statistics, save_statistics, statistics
from cascade_efgan.evaluation.values import read_values
from cascade_efgan.stages import fid, identity, kid


def random_covariance(size: int, seed: int) -> np.ndarray:
    """A full covariance matrix `(D, D)`."""
    values = np.random.default_rng(seed).normal(size=(3 * size, size))
    return np.cov(values @ np.diag(np.linspace(0.1, 3, size)), rowvar=False)


def moments(*sets: np.ndarray) -> list[np.ndarray]:
    """Mean and covariance of each set, one after the other."""
    return [value for values in sets for value in (values.mean(axis=0), np.cov(values, rowvar=False))]


def sets(first: int, second: int, size: int = 24, shift: float = 0.3) -> tuple[np.ndarray, np.ndarray]:
    """Two sets of features, `(first, size)` and `(second, size)`."""
    random = np.random.default_rng(0)
    return np.abs(random.normal(shift, 1, (first, size))), np.abs(random.normal(0, 1, (second, size)))


def test_equal_covariances_leave_the_squared_mean_difference() -> None:
    covariance, shift = random_covariance(20, 0), np.linspace(-1, 1, 20)
    assert frechet_distance(np.zeros(20), covariance, shift, covariance) == pytest.approx(shift @ shift, abs=1e-9)
    mean, singular = moments(np.random.default_rng(0).normal(size=(10, 300)))
    assert frechet_distance(mean, singular, mean, singular) == pytest.approx(0, abs=1e-6)


def test_diagonal_gaussians() -> None:
    first, second = np.diag([1.0, 4, 9]), np.diag([16.0, 4, 1])
    expected = 2**2 + (1 - 4) ** 2 + 0 + (3 - 1) ** 2
    assert frechet_distance(np.zeros(3), first, np.array([2.0, 0, 0]), second) == pytest.approx(expected)


@pytest.mark.filterwarnings("ignore:The `disp` argument:DeprecationWarning")  # pytorch-fid's own call
@pytest.mark.parametrize("images", [40, 400])
def test_pytorch_fids_function_agrees(images: int) -> None:
    """With more features than images (singular covariances), and with fewer."""
    from pytorch_fid import fid_score

    random = np.random.default_rng(0)
    mixing = random.normal(size=(100, 100)) / 10
    both = moments(*(np.abs(random.normal(offset, 1, (images, 100)) @ mixing) for offset in (0, 0.2)))
    assert frechet_distance(*both) == pytest.approx(fid_score.calculate_frechet_distance(*both), abs=0.01)


@pytest.mark.parametrize(("images", "part"), [(20, 20), (20, 11), (60, 45)])
def test_parts_have_the_distance_of_their_moments(images: int, part: int) -> None:
    """With fewer images than features (the small matrix), and with more."""
    first, second = sets(images, 90)
    rows = np.random.default_rng(1).permutation(images)[:part]
    expected = frechet_distance(*moments(first[rows], second))
    assert DistanceTo(first, statistics([second], "inception"))(rows) == pytest.approx(expected, rel=1e-8)


def test_torchmetrics_kernel_distance_agrees() -> None:
    import torch
    from torchmetrics.image.kid import poly_mmd

    first, second = sets(40, 40)
    expected = poly_mmd(torch.from_numpy(second), torch.from_numpy(first))
    assert kernel_sums(first, np.arange(40) % 7, second).distance() == pytest.approx(float(expected), rel=1e-9)


def test_the_kernel_distance_without_a_group_is_that_of_the_rest() -> None:
    first, second = sets(30, 17)
    groups = np.arange(30) % 4
    found = kernel_sums(first, groups, second).distance(np.array([0, 1, 3]))
    rest = first[groups != 2]
    assert found == pytest.approx(kernel_sums(rest, np.zeros(len(rest), dtype=int), second).distance(), rel=1e-9)


def test_stages_write_each_distance_without_each_person(tmp_path: Path) -> None:
    faces = write_faces(tmp_path)
    edits, index = write_edits(tmp_path, faces, "test")
    random = np.random.default_rng(0)
    real, made = random.normal(0, 1, (24, 6)), random.normal(1, 1, (18, 6)).astype(np.float32)
    for name, vectors in (("real", real), ("edits", made)):
        np.save(tmp_path / f"{name}.npy", vectors.astype(np.float32))
        save_statistics(tmp_path / f"{name}.safetensors", statistics([vectors], "efficientnet_lite0", {"part": "all"}))
    common = {"method": "ef_gan", "dataset": "rendered", "seed": 0, "real": tmp_path / "real.safetensors",
              "edits_vectors": tmp_path / "edits.npy", "edits_index": index}  # fmt: skip
    of_real = {"real_vectors": tmp_path / "real.npy", "index": faces["index"]}

    def measured(stage, **inputs):
        written = {"metric": tmp_path / "number.json", "values": tmp_path / "values.csv"}
        stage.command(**common, **inputs, **written)
        table = read_values(written["values"]).table
        number = read_metric(written["metric"])
        if stage is not identity:
            assert table["person"].tolist() == ["", "06", "07"]
            assert table["value"].iloc[0] == pytest.approx(number.value, rel=1e-6)
        return number, table

    number, table = measured(fid, edits=tmp_path / "edits.safetensors")
    people = load_edits(edits, index).index["person"]
    rest = statistics([made[people != "06"]], "inception")
    whole = load_statistics(tmp_path / "real.safetensors")
    expected = frechet_distance(whole.mean, whole.covariance, rest.mean, rest.covariance)
    assert table["value"].iloc[1] == pytest.approx(expected, rel=1e-6)
    assert number.details["column"] == "Fréchet distance (EfficientNet-Lite0)"
    assert (number.n, number.details["n_real"], number.details["features"]) == (18, 24, 6)
    number, table = measured(kid, split=faces["split"], **of_real)
    assert (number.name, number.n) == ("kid", 18)
    number, table = measured(identity, **of_real)
    assert (number.name, number.n, len(table)) == ("identity", 12, 12)
    assert not table["id"].str.endswith("happy:happy").any()
    save_statistics(tmp_path / "other", statistics([made], "inception", {"part": "all"}))
    with pytest.raises(InputError, match=r"efficientnet_lite0 \(real images\) and of inception \(edits\)"):
        measured(fid, edits=tmp_path / "other")
    np.save(tmp_path / "edits.npy", made[:5])
    for stage, inputs in ((kid, {"split": faces["split"], **of_real}), (identity, of_real)):
        with pytest.raises(InputError, match=r"make both again|run their rules again"):
            measured(stage, **inputs)
