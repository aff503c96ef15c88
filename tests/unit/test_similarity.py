"""PSNR, SSIM and identity: closed forms, what is left out, and the stage."""

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from evaluation_helpers import write_edits, write_faces

from cascade_efgan.data.face_crops.dataset import read_index
from cascade_efgan.errors import InputError
from cascade_efgan.evaluation.identity import identity_of_edits, identity_of_pairs, mean_by_image, ordered_share
from cascade_efgan.evaluation.metric import Metric, read_metric
from cascade_efgan.evaluation.packed_edits import load_edits
from cascade_efgan.evaluation.similarity import compare_edits, psnr, ssim
from cascade_efgan.evaluation.values import read_values
from cascade_efgan.stages import similarity


@pytest.fixture
def faces(tmp_path: Path) -> dict[str, Path]:
    return write_faces(tmp_path)


@pytest.fixture
def edits(tmp_path: Path, faces: dict[str, Path]) -> tuple[Path, Path]:
    return write_edits(tmp_path, faces, "test")


def measured(name: str, edits: tuple[Path, Path], partners: tuple[Path, Path]) -> Metric:
    """The number that the stage writes, whose values agree with it."""
    number, values = edits[0].with_name("number.json"), edits[0].with_name("values.csv")
    similarity.command(name, "ef_gan", "rendered", 0, *edits, *partners, number, values)  # type: ignore[arg-type]
    found, each = read_metric(number), read_values(values)
    assert found.name == name
    assert (each is None) == (found.value is None)
    if each is not None:
        assert (found.n, found.value) == (len(each.table), pytest.approx(each.table["value"].mean()))
    return found


@pytest.mark.parametrize(("first", "second", "expected"), [
    (0, 255, 0.0), (0, 0, math.inf),
    (7, 2, 20 * math.log10(51)), (2, 7, 20 * math.log10(51)),  # uint8 differences must not wrap around
])  # fmt: skip
def test_psnr_of_even_images(first: int, second: int, expected: float) -> None:
    images = np.full((2, 4, 4, 3), [[[[first]]], [[[second]]]], np.uint8)
    assert psnr(*images) == pytest.approx(expected)


def test_psnr_is_over_all_pixels_and_channels_in_double_precision() -> None:
    black, one = np.zeros((2, 4, 4, 3), np.uint8)
    one[0, 0, 0] = 255
    assert psnr(black, one) == pytest.approx(10 * math.log10(48))
    large = np.zeros((512, 512, 3), np.uint8)
    assert psnr(large, large + np.uint8(1)) == pytest.approx(20 * math.log10(255), abs=1e-12)


def test_ssim_of_equal_and_of_constant_images() -> None:
    image = np.random.default_rng(0).integers(0, 256, (32, 32, 3)).astype(np.uint8)
    assert ssim(image, image) == pytest.approx(1)
    assert ssim(image, 255 - image) < 0
    # Constant images: only the luminance term is left (Wang et al. 2004, Eq. 6), C1 = (0.01 * 255)^2.
    dark, light = np.full((32, 32, 3), 50, np.uint8), np.full((32, 32, 3), 100, np.uint8)
    c1 = (0.01 * 255) ** 2
    assert ssim(dark, light) == pytest.approx((2 * 50 * 100 + c1) / (50**2 + 100**2 + c1), rel=1e-6)


def test_the_mean_is_over_images_in_db_and_counts_what_it_leaves_out(edits: tuple[Path, Path]) -> None:
    made = load_edits(*edits)
    changed = np.flatnonzero(made.changes).tolist()

    def partner(row: int) -> np.ndarray | None:
        image = made.images[row].astype(int)
        shifted = np.where(image < 128, image + 10, image - 10).astype(np.uint8)
        return {changed[0]: None, changed[1]: made.images[row]}.get(row, shifted)

    found = compare_edits(made, partner, "no_counterpart")
    assert found.mean == pytest.approx(20 * math.log10(25.5))
    assert (found.rows, found.reason) == (changed[2:], None)
    assert found.details == {"edits": 18, "left_out": {"own_expression": 6, "no_counterpart": 1, "identical": 1}}


def test_stage_against_counterparts(faces: dict[str, Path], edits: tuple[Path, Path]) -> None:
    table = pd.read_csv(edits[1], dtype={"person": str})
    table.loc[table["source_id"] == "p06_sad", "counterpart_id"] = ""
    table.to_csv(edits[1], index=False)
    found = measured("psnr", edits, (faces["crops"], faces["index"]))
    assert found.n == 10
    assert found.details["left_out"] == {"own_expression": 6, "no_counterpart": 2, "identical": 0}
    # Two independent normal noises of deviation 8: MSE 128 (clipping and rounding change it by a few percent).
    assert found.value == pytest.approx(10 * math.log10(255**2 / 128), abs=0.7)
    of_structure = measured("ssim", edits, (faces["crops"], faces["index"]))
    assert of_structure.n == 10
    assert -1 <= of_structure.value <= 1  # type: ignore[operator]


def test_true_edits_are_matched_by_source_and_target_not_by_place(tmp_path: Path, edits: tuple[Path, Path]) -> None:
    order = np.random.default_rng(0).permutation(18)
    truth = tmp_path / "true.npy", tmp_path / "true.csv"
    np.save(truth[0], np.load(edits[0])[order] // 2)
    pd.read_csv(edits[1], dtype=str).iloc[order].to_csv(truth[1], index=False)
    images = np.load(edits[0])[load_edits(*edits).changes]
    expected = np.mean([psnr(image, image // 2) for image in images])
    assert measured("psnr_true", edits, truth).value == pytest.approx(expected)


def test_nothing_to_compare_is_no_number_but_a_reason(edits: tuple[Path, Path]) -> None:
    assert measured("psnr_true", edits, edits).reason == (
        "no edit can be compared with its counterpart: of 18, 6 to their source's own expression, 12 identical to it"
    )
    small = edits[0].with_name("small.npy")
    np.save(small, np.load(edits[0])[:, ::2, ::2])
    with pytest.raises(InputError, match=r"images of 32 pixels, but .*small.npy has 16"):
        measured("psnr_true", edits, (small, edits[1]))


@pytest.mark.parametrize(("change", "message"), [
    (lambda table: table.iloc[[0, 0, *range(2, 18)]], "edit of p06_happy to happy appears twice"),
    (lambda table: table.iloc[:5], "5 rows, but"),
    (lambda table: table.drop(columns="AU45"), "AU45 is missing"),
])  # fmt: skip
def test_wrong_edits_are_one_sentence(edits: tuple[Path, Path], change, message: str) -> None:
    change(pd.read_csv(edits[1], dtype=str)).to_csv(edits[1], index=False)
    with pytest.raises(InputError, match=message):
        load_edits(*edits)


def test_identity_is_the_cosine_from_the_middle_of_the_real_images() -> None:
    real = np.array([[1.0, 1], [-1, 1], [0, 1]])  # their middle is (0, 1)
    found = identity_of_edits(np.array([[1.0, 3], [0, 2], [2, 1]]), real, np.array([0, 0, 1]))
    assert found.tolist() == pytest.approx([1 / np.sqrt(5), 0, -1])


def test_pairs_of_real_images(faces: dict[str, Path]) -> None:
    index = read_index(faces["index"]).query("person < '03'")
    vectors = np.eye(3)[index["person"].astype(int).to_numpy()]  # a person's images all look the same
    pairs = identity_of_pairs(index, vectors, np.array([0, 4]))
    assert pairs["same_person"]["value"].tolist() == pytest.approx([1] * 4)
    assert pairs["other_person"]["value"].tolist() == pytest.approx([-1 / 2] * 4)
    table = mean_by_image(pairs["same_person"], index)
    assert table["id"].tolist() == index["id"].iloc[[0, 4]].tolist()


def test_the_ordered_share_counts_ties_half() -> None:
    assert ordered_share(pd.Series([3.0, 2]), pd.Series([1.0, 2])) == pytest.approx((1 + 1 + 1 + 0.5) / 4)
