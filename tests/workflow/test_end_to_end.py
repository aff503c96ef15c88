"""`preset=smoke` from nothing to the tables by `dvc repro`, with nothing stood in for."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from dvc_repository import Repository

from cascade_efgan.config import resolve
from cascade_efgan.files import read_json, sha256_file

TABLES = ("accuracy", "quality", "ablation", "measures")
SEED = "results/rendered/seed0"


@pytest.fixture(scope="module")
def smoke(copy_of_smoke: Callable[[Path], Repository], tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """A copy of a whole run of the smallest preset."""
    return copy_of_smoke(tmp_path_factory.mktemp("smoke"))


def metric(run: Repository, method: str, name: str) -> dict[str, Any]:
    return read_json(run.folder / SEED / method / "metrics" / f"{name}.json")


@pytest.mark.parametrize("table", TABLES)
def test_every_table_exists_in_all_formats_says_what_made_it_and_has_intervals_and_tests(
    smoke: Repository, table: str
) -> None:
    folder = smoke.folder / "results"
    text = (folder / f"{table}_table.md").read_text(encoding="utf-8")
    assert "smoke" in text and "not the paper's setting" in text.lower()
    assert "nan" not in text.lower().split()
    assert (folder / f"{table}_table.tex").read_text(encoding="utf-8").count("\\toprule") == 1
    shown = pd.read_csv(folder / f"{table}_table.csv").set_index(["method", "column"])["value"]
    found = read_json(folder / f"{table}_statistics.json")
    for line in found["intervals"]:
        if line["method"] != "real":
            assert line["value"] == pytest.approx(shown[line["method"], line["column"]], abs=1e-6)
    assert found["intervals"] and found["tests"]
    assert "## Paired tests" in (folder / f"{table}_statistics.md").read_text(encoding="utf-8")


def test_the_curve_of_distances_has_real_images_controls_and_methods(smoke: Repository) -> None:
    curve = pd.read_csv(smoke.folder / "results/rendered/fid_curve.csv")
    assert set(curve["set"]) >= {"real", "unchanged", "cascade_ef_gan"}


def test_a_distance_by_another_network_is_never_called_fid(smoke: Repository) -> None:
    text = (smoke.folder / "results/quality_table.md").read_text(encoding="utf-8")
    header = next(line for line in text.splitlines() if line.startswith("|"))
    assert "EfficientNet" in header and "FID" not in header


def test_psnr_in_the_metric_file_is_that_of_the_pictures(smoke: Repository) -> None:
    """Recomputed here from the packed arrays, by the textbook formula."""
    folder = smoke.folder / SEED
    edits, truth = (np.load(folder / name / "edits_test.npy").astype(float) for name in ("cascade_ef_gan", "true_edit"))
    index = pd.read_csv(folder / "cascade_ef_gan" / "edits_test.csv")
    changed = index["target_expression"] != index["source_expression"]
    error = ((edits - truth) ** 2).mean(axis=(1, 2, 3))[changed]
    assert metric(smoke, "cascade_ef_gan", "psnr_true")["value"] == pytest.approx(10 * np.log10(255**2 / error).mean())


def test_doing_nothing_is_right_about_the_expression_once_in_eight(smoke: Repository) -> None:
    """The classifier's answer does not depend on the target, so G of the unchanged input is 1 / 8 exactly."""
    number = metric(smoke, "unchanged", "G")
    assert number["value"] == pytest.approx(100 / 8)
    edits = pd.read_csv(smoke.folder / SEED / "unchanged" / "edits_test.csv")
    assert number["n"] == len(edits) == 8 * edits["source_id"].nunique()


def test_every_job_leaves_a_log_and_its_measured_time(smoke: Repository) -> None:
    logs = {path.relative_to(smoke.folder / "logs").parts[0] for path in (smoke.folder / "logs").rglob("*.log")}
    times = {path.parts[-1] for path in (smoke.folder / "logs/benchmarks").iterdir()}
    assert {"train", "finetune_cascade", "generate", "crop", "split"} <= logs & times
    assert "epoch 2" in (smoke.folder / "logs/train/rendered/seed0/ef_gan.log").read_text(encoding="utf-8")


def test_every_figure_has_a_caption_with_data_preset_seed_and_counts(smoke: Repository) -> None:
    folder = smoke.folder / SEED / "figures"
    captions = [read_json(path) for path in folder.glob("*.json")]
    assert {"3", "4", "5", "6", "7", "11, 13", "12, 14", None} == {caption["paper_figure"] for caption in captions}
    for caption in captions:
        assert caption["caption"].endswith("Data: Rendered faces. Preset smoke, seed 0.") and caption["n"]
        for suffix in ("png", "pdf"):
            assert (folder / f"{caption['name']}.{suffix}").stat().st_size > 1000


def test_the_numbers_of_a_figure_are_those_of_the_tables(smoke: Repository) -> None:
    matrices, errors, gap = (
        read_json(smoke.folder / SEED / "figures" / f"{name}.json")["numbers"]
        for name in ("confusion", "action_units", "expression_gap")
    )
    for method in ("stargan", "cascade_ef_gan", "true_edit"):
        counts = np.array(matrices[method])
        assert 100 * np.trace(counts) / counts.sum() == pytest.approx(metric(smoke, method, "G")["value"])
        measured = metric(smoke, method, "au_error")["value"]
        assert errors["mean_absolute_error"][method] == pytest.approx(measured, abs=1e-3)
    part = pd.DataFrame(gap["bins"]).query("method == 'stargan' and measure == 'psnr'")
    mean = np.average(part["mean"], weights=part["edits"])
    assert mean == pytest.approx(metric(smoke, "stargan", "psnr_true")["value"])


def test_the_report_holds_every_table_figure_and_setting_with_its_caption(smoke: Repository) -> None:
    smoke.snakemake("--report", "report.html", "--config", "preset=smoke", "all")
    text = (smoke.folder / "report.html").read_text(encoding="utf-8")
    categories, results = (
        json.loads(found[1])
        for name in ("categories", "results")
        if (found := re.search(rf"var {name} = ([\[{{].*);\n", text))
    )
    assert sorted(categories) == [
        "0 Claims", "1 Tables", "2 Figures of the paper", "3 More figures", "4 Data", "5 The run",
    ]  # fmt: skip
    paths = [*(smoke.folder / SEED / "figures").glob("*.png"), *(smoke.folder / "results").glob("*_table.*")]
    made = {path.relative_to(smoke.folder).as_posix() for path in paths}
    made |= {f"results/{table}_statistics.{suffix}" for table in TABLES for suffix in ("md", "csv")}
    names = ("au_report.md", "contact_sheet.png", "patches.png", "fid_curve.png")
    made |= {f"results/rendered/{name}" for name in names}
    assert set(results) == made | {"results/claims.md", "results/claims.csv", "results/run.json"}
    for path, result in results.items():
        assert len(result["caption"]) > 100 and "system-message" not in result["caption"], path
        if "/figures/" in path:
            assert "Preset smoke, seed 0." in result["caption"], path
    assert "finetune_cascade" in re.search(r"var rulegraph_spec = (.*);\n", text)[1]
    assert "preset" in results["results/run.json"]["caption"]


def test_a_second_run_does_nothing(smoke: Repository) -> None:
    assert "Nothing to be done" in smoke.snakemake("--config", "preset=smoke")


def test_the_tables_are_what_dvc_shows_as_metrics(smoke: Repository) -> None:
    shown = json.loads(smoke.dvc("metrics", "show", "--json"))[""]["data"]
    for method in ("unchanged", "cascade_ef_gan"):
        row = shown[f"results/metrics/accuracy/rendered/{method}.json"]["data"]
        assert row["G"] == pytest.approx(metric(smoke, method, "G")["value"], abs=1e-5)
    assert len(shown) >= 5 + 5 + 6


def test_training_curves_are_what_dvc_shows_as_plots(smoke: Repository) -> None:
    smoke.dvc("plots", "show")
    page = (smoke.folder / "dvc_plots/index.html").read_text(encoding="utf-8")
    assert all(f'"method": "{method}"' in page for method in resolve({"preset": "smoke"}).methods)
    assert '"loss": "G/L_cond"' in page and '"field": "loss"' in page


def test_a_colleague_pulls_the_same_results_and_has_nothing_to_do(smoke: Repository, tmp_path: Path) -> None:
    smoke.dvc("remote", "add", "--local", "--default", "store", str(tmp_path / "store"))
    smoke.dvc("push")
    colleague = smoke.clone(tmp_path / "colleague")
    colleague.dvc("remote", "add", "--local", "--default", "store", str(tmp_path / "store"))
    colleague.dvc("pull")
    assert colleague.digests() == smoke.digests()
    assert "Nothing to be done" in colleague.snakemake()
    assert "files are those that dvc.lock records" in colleague.run("efgan", "check_artifacts")
    colleague.git("tag", "--annotate", "--message", "release", "rendered-ef_gan@v1.0.0")
    colleague.dvc("artifacts", "get", ".", "rendered-ef_gan", "--out", "generator.safetensors")
    released = sha256_file(smoke.folder / SEED / "ef_gan/weights.safetensors")
    assert sha256_file(colleague.folder / "generator.safetensors") == released
