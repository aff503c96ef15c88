"""Assumptions varied: lines beside the run's own numbers, curves of distances, and the page."""

import numpy as np
import pytest
import torch
from evaluation_helpers import write_edits, write_faces

from cascade_efgan.config import resolve
from cascade_efgan.data.face_crops.dataset import load_faces, part_rows
from cascade_efgan.evaluation.distance_curve import measure_curves
from cascade_efgan.evaluation.fid import distance
from cascade_efgan.evaluation.metric import Metric
from cascade_efgan.evaluation.packed_edits import load_edits
from cascade_efgan.evaluation.sensitivity import (
    FinishedRun,
    Moved,
    lines,
    vary_classifier,
    vary_own_expression,
    vary_psnr_mean,
    vary_real_images,
    vary_unit,
)
from cascade_efgan.evaluation.statistics import statistics
from cascade_efgan.evaluation.values import write_values
from cascade_efgan.tables.sensitivity_text import sensitivity_markdown


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> FinishedRun:
    """A tiny finished run: eight people, edits that really show what they should."""
    folder = tmp_path_factory.mktemp("run")
    paths = write_faces(folder)
    faces = load_faces(paths["crops"], paths["index"])
    own = folder / "seed0" / "stargan"
    own.mkdir(parents=True)
    made = load_edits(*write_edits(own, paths, "test"))
    for name, values in (("G", 100.0 * made.changes), ("psnr", [20.0, 40.0] * 9)):
        number = Metric(name, 1.0, 18, "rendered", "stargan", 0)
        write_values(own / f"values_{name}.csv", number, made.ids, made.index["person"], values)
    random = np.random.default_rng(0)
    np.save(folder / "features_real.npy", random.normal(0, 1, (24, 5)).astype(np.float32))
    np.save(own / "features_test.npy", random.normal(1, 1, (18, 5)).astype(np.float32))
    settings = resolve({"preset": "smoke", "classifier": {"epochs": 12, "learning_rate": 0.003, "batch": 6}})
    train, test = (part_rows(faces.index, paths["split"], part) for part in ("train", "test"))
    return FinishedRun(faces, train, test, folder / "seed0", {"stargan": made}, settings, 0, torch.device("cpu"))


def test_values_are_summed_up_otherwise(run: FinishedRun) -> None:
    """G without edits to the own expression; dB of the mean squared error; two people give no width but images do."""
    assert [moved.value for moved in vary_own_expression(run)] == [100]
    assert [moved.value for moved in vary_psnr_mean(run)] == pytest.approx([-10 * np.log10((1e-2 + 1e-4) / 2)])
    assert [moved.variation for moved in vary_unit(run)] == ["image"]


def test_distances_to_other_parts_of_the_real_images(run: FinishedRun) -> None:
    moved = {one.variation: one.value for one in vary_real_images(run)}
    real, edits = np.load(run.folder.parent / "features_real.npy"), np.load(run.folder / "stargan/features_test.npy")
    whole, part = (statistics([values], "inception") for values in (edits, real[run.train]))
    assert (set(moved), moved["train"]) == ({"train", "test"}, pytest.approx(distance(whole, part), rel=1e-6))


def test_the_classifier_is_trained_anew(run: FinishedRun) -> None:
    """Pictures of the helper are easy: other seeds and a smaller crop must read them too."""
    moved = list(vary_classifier(run))
    assert [one.variation for one in moved] == ["seed + 1", "seed + 2", "2 pixels less on each side"]
    assert min(one.value for one in moved) > 60


def test_lines_stand_beside_the_runs_own_numbers() -> None:
    about = ("the seed", "–", "seed 0")
    found = [Moved(*about, "seed + 1", "G", method, value) for method, value in (("stargan", 50.0), ("ef_gan", 70.0))]
    found += [
        Moved(*about, "seed 0", "au_error", "stargan", 0.5),
        Moved(*about, "seed + 1", "au_error", "stargan", 0.6),
    ]
    table = lines(found, {("G", "stargan"): 60.0, ("G", "ef_gan"): 55.0})
    assert table["change"].tolist() == pytest.approx([-10, 15, 0.1])
    text = sensitivity_markdown(table, "rendered", "laptop", 0)
    assert "50.00 (-10.00)" in text
    assert "0.600 (+0.100)" in text
    row = next(line for line in text.splitlines() if "G ↑" in line)
    assert row.split("|")[-2].strip() == "another"  # StarGAN was better in the run, EF-GAN is now


def test_the_frechet_distance_falls_with_the_number_of_images_and_the_kernel_distance_does_not() -> None:
    random = np.random.default_rng(0)
    curves = measure_curves(
        random.normal(size=(400, 30)), {"stargan": random.normal(0.2, 1, (100, 30))}, "inception", 0
    )
    curve = curves[curves["set"] == "real"]
    assert curve["n"].tolist() == [20, 40, 80, 160, 200]
    assert curve["fid"].is_monotonic_decreasing
    assert curve["fid"].iloc[0] > 4 * curve["fid"].iloc[-1]
    assert (curve["kid"].abs() < 3 * curve["kid_deviation"]).all()
    last = curves[curves["set"] == "stargan"].iloc[-1]
    assert (last["n"], last["draws"], last["fid_deviation"]) == (100, 1, 0)
