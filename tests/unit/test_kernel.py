"""Kernel distance, parts of the Fréchet distance, SSIM and identity: closed forms and other packages."""

import numpy as np
import pandas as pd
import pytest
from evaluation_helpers import write_faces

from cascade_efgan.data.dataset import read_index
from cascade_efgan.evaluation.fid import DistanceTo, frechet_distance
from cascade_efgan.evaluation.kernel import kernel_sums
from cascade_efgan.evaluation.similarity import (
    directions,
    identity_of_edits,
    identity_of_pairs,
    mean_by_image,
    ordered_share,
    ssim,
)
from cascade_efgan.evaluation.statistics import statistics


def sets(first: int, second: int, size: int = 24, shift: float = 0.3) -> tuple[np.ndarray, np.ndarray]:
    """Two sets of features, `(first, size)` and `(second, size)`."""
    random = np.random.default_rng(0)
    return np.abs(random.normal(shift, 1, (first, size))), np.abs(random.normal(0, 1, (second, size)))


def test_torchmetrics_kernel_distance_agrees() -> None:
    import torch
    from torchmetrics.image.kid import poly_mmd

    first, second = sets(40, 40)
    expected = poly_mmd(torch.from_numpy(second), torch.from_numpy(first))
    found = kernel_sums(first, np.arange(40) % 7, second)
    assert found.distance() == pytest.approx(float(expected), rel=1e-9)


def test_the_kernel_distance_without_a_group_is_that_of_the_rest() -> None:
    first, second = sets(30, 17)
    groups = np.arange(30) % 4
    found = kernel_sums(first, groups, second).distance(np.array([0, 1, 3]))
    rest = first[groups != 2]
    assert found == pytest.approx(kernel_sums(rest, np.zeros(len(rest), dtype=int), second).distance(), rel=1e-9)


def test_two_samples_of_one_distribution_have_no_kernel_distance_in_the_mean() -> None:
    """The same draws have a Fréchet distance far above 0: that is its bias."""
    kernel, frechet = [], []
    for seed in range(40):
        both = np.random.default_rng(seed).normal(size=(2, 20, 16))
        kernel.append(kernel_sums(both[0], np.zeros(20, dtype=int), both[1]).distance())
        frechet.append(DistanceTo(both[0], statistics([both[1]], "inception"))(np.arange(20)))
    assert abs(np.mean(kernel)) < 2.5 * np.std(kernel) / np.sqrt(40)
    assert np.mean(frechet) > 10 * np.std(frechet) / np.sqrt(40)


@pytest.mark.parametrize(("images", "part"), [(20, 20), (20, 11), (60, 45)])
def test_parts_have_the_distance_of_their_moments(images: int, part: int) -> None:
    """With fewer images than features (the small matrix), and with more."""
    first, second = sets(images, 90)
    rows = np.random.default_rng(1).permutation(images)[:part]
    real = statistics([second], "inception")
    own = statistics([first[rows]], "inception")
    expected = frechet_distance(own.mean, own.covariance, real.mean, real.covariance)
    assert DistanceTo(first, real)(rows) == pytest.approx(expected, rel=1e-8)


def test_ssim_of_equal_and_of_constant_images() -> None:
    image = np.random.default_rng(0).integers(0, 256, (32, 32, 3)).astype(np.uint8)
    assert ssim(image, image) == pytest.approx(1)
    assert ssim(image, 255 - image) < 0
    # Constant images: only the luminance term is left (Wang et al. 2004, Eq. 6), C1 = (0.01 * 255)^2.
    dark, light = np.full((32, 32, 3), 50, np.uint8), np.full((32, 32, 3), 100, np.uint8)
    c1 = (0.01 * 255) ** 2
    assert ssim(dark, light) == pytest.approx((2 * 50 * 100 + c1) / (50**2 + 100**2 + c1), rel=1e-6)


def test_identity_of_edits_leaves_out_the_own_expression() -> None:
    expressions = {"source_expression": ["sad"] * 3, "target_expression": ["sad", "happy", "happy"]}
    edits = pd.DataFrame({"source_id": ["a", "a", "b"], "person": ["1", "1", "2"], **expressions})
    vectors = np.array([[2.0, 1.0], [1.0, 3.0], [0.0, 1.0]])
    unit = directions(vectors, np.array([0.0, 1.0]))
    found = identity_of_edits(edits, unit, np.array([[1.0, 0], [1, 0], [1, 0]]))
    assert found["id"].tolist() == ["a:happy", "b:happy"]
    assert found["value"].tolist() == pytest.approx([1 / np.sqrt(5), 0])


def test_pairs_of_real_images(tmp_path) -> None:
    index = read_index(write_faces(tmp_path, people=3)["index"])
    unit = np.eye(3)[index["person"].astype(int).to_numpy()]  # a person's images all look the same
    pairs = identity_of_pairs(index, unit, np.array([0, 4]))
    assert [len(pairs[kind]) for kind in ("same_person", "other_person")] == [4, 4]
    assert {cosine for _, cosine in pairs["same_person"]} == {1}
    assert {cosine for _, cosine in pairs["other_person"]} == {0}
    table = mean_by_image(pairs["same_person"], index)
    assert table["id"].tolist() == index["id"].iloc[[0, 4]].tolist()


def test_the_ordered_share_counts_ties_half() -> None:
    assert ordered_share(np.array([3.0, 2]), np.array([1.0, 2])) == pytest.approx((1 + 1 + 1 + 0.5) / 4)
