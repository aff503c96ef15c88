"""PSNR: closed forms, what is left out, and the stage."""

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from evaluation_helpers import write_edits, write_faces

from cascade_efgan.errors import InputError
from cascade_efgan.evaluation.metric import read_metric
from cascade_efgan.evaluation.packed_edits import load_edits
from cascade_efgan.evaluation.psnr import compare_edits, psnr
from cascade_efgan.evaluation.values import read_values
from cascade_efgan.stages import psnr as psnr_stage
from cascade_efgan.stages import psnr_true, ssim


def test_closed_forms() -> None:
    black, white = np.zeros((4, 4, 3), np.uint8), np.full((4, 4, 3), 255, np.uint8)
    assert psnr(black, white) == 0
    assert psnr(black, black) == math.inf
    # All pixels off by 5: 20 log10(255 / 5); uint8 differences must not wrap around.
    assert psnr(np.full_like(black, 7), np.full_like(black, 2)) == pytest.approx(20 * math.log10(51))
    assert psnr(np.full_like(black, 2), np.full_like(black, 7)) == pytest.approx(20 * math.log10(51))
    one = black.copy()
    one[0, 0, 0] = 255
    assert psnr(black, one) == pytest.approx(10 * math.log10(48))


def test_large_images_are_summed_in_double_precision() -> None:
    first = np.zeros((512, 512, 3), np.uint8)
    assert psnr(first, first + np.uint8(1)) == pytest.approx(20 * math.log10(255), abs=1e-12)


def test_the_mean_is_over_images_in_db_and_counts_what_it_leaves_out(tmp_path: Path) -> None:
    faces = write_faces(tmp_path)
    edits = load_edits(*write_edits(tmp_path, faces, "test"))
    changed = np.flatnonzero(edits.changes)
    offsets = {row: number for number, row in enumerate(changed)}

    def partner(row: int) -> np.ndarray | None:
        image = edits.images[row].astype(int)
        if offsets[row] == 0:
            return None
        if offsets[row] == 1:
            return edits.images[row]
        return np.where(image < 128, image + 10, image - 10).astype(np.uint8)

    found = compare_edits(edits, partner, "no_counterpart")
    assert found.mean == pytest.approx(20 * math.log10(25.5))
    assert (found.rows, found.reason) == (changed[2:].tolist(), None)
    assert found.details == {"edits": 18, "left_out": {"own_expression": 6, "no_counterpart": 1, "identical": 1}}


def test_nothing_to_compare_is_no_number_but_a_reason(tmp_path: Path) -> None:
    edits = load_edits(*write_edits(tmp_path, write_faces(tmp_path), "test"))
    found = compare_edits(edits, lambda row: edits.images[row], "no_true_edit")
    assert (found.mean, found.values) == (None, [])
    assert (
        found.reason
        == "no edit can be compared with its counterpart: of 18, 6 to their source's own expression, 12 identical to it"
    )


def test_stage_against_counterparts_and_true_edits(tmp_path: Path) -> None:
    faces = write_faces(tmp_path)
    edits, index = write_edits(tmp_path, faces, "test")
    table = pd.read_csv(index, dtype={"person": str})
    table.loc[table["source_id"] == "p06_sad", "counterpart_id"] = ""
    table.to_csv(index, index=False)
    out = tmp_path / "psnr.json"
    common = {"method": "ef_gan", "dataset": "rendered", "seed": 0, "edits": edits, "edits_index": index, "metric": out,
              "values": tmp_path / "values.csv"}  # fmt: skip
    psnr_stage.command(crops=faces["crops"], index=faces["index"], **common)
    metric = read_metric(out)
    assert metric.n == 10
    assert metric.details["left_out"] == {"own_expression": 6, "no_counterpart": 2, "identical": 0}
    # Two independent normal noises of deviation 8: MSE 128 (clipping and rounding change it by a few percent).
    assert metric.value == pytest.approx(10 * math.log10(255**2 / 128), abs=0.7)
    ssim.command(crops=faces["crops"], index=faces["index"], **common)
    similarity, each = read_metric(out), read_values(tmp_path / "values.csv")
    assert (similarity.name, similarity.n) == ("ssim", 10)
    assert each is not None
    assert similarity.value == pytest.approx(each.table["value"].mean())
    psnr_true.command(true_edits=edits, true_edits_index=index, **common)
    assert read_metric(out).value is None
    assert "12 identical" in str(read_metric(out).reason)
    small = tmp_path / "small.npy"
    np.save(small, np.load(edits)[:, ::2, ::2])
    with pytest.raises(InputError, match=r"images of 32 pixels, but .*small.npy has 16"):
        psnr_true.command(true_edits=small, true_edits_index=index, **common)


def test_true_edits_are_matched_by_source_and_target_not_by_place(tmp_path: Path) -> None:
    faces = write_faces(tmp_path)
    edits, index = write_edits(tmp_path, faces, "test")
    order = np.random.default_rng(0).permutation(18)
    truth, truth_index = tmp_path / "true.npy", tmp_path / "true.csv"
    np.save(truth, np.load(edits)[order] // 2)
    pd.read_csv(index, dtype=str).iloc[order].to_csv(truth_index, index=False)
    psnr_true.command(
        "ef_gan", "rendered", 0, edits, index, truth, truth_index, tmp_path / "m.json", tmp_path / "v.csv"
    )
    images = np.load(edits)[load_edits(edits, index).changes]
    expected = np.mean([psnr(image, image // 2) for image in images])
    assert read_metric(tmp_path / "m.json").value == pytest.approx(expected)


def test_wrong_edits_are_one_sentence(tmp_path: Path) -> None:
    faces = write_faces(tmp_path)
    edits, index = write_edits(tmp_path, faces, "test")
    table = pd.read_csv(index, dtype=str)
    table.iloc[[0, 0, *range(2, 18)]].to_csv(index, index=False)
    with pytest.raises(InputError, match="edit of p06_happy to happy appears twice"):
        load_edits(edits, index)
    table.iloc[:5].to_csv(index, index=False)
    with pytest.raises(InputError, match="5 rows, but"):
        load_edits(edits, index)
    table.drop(columns="AU45").to_csv(index, index=False)
    with pytest.raises(InputError, match="AU45 is missing"):
        load_edits(edits, index)
