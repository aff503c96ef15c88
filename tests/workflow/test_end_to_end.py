"""`preset=smoke` from nothing to the tables, with nothing stood in for; and a run whose training job is killed."""

import hashlib
import json
import subprocess
import time
from pathlib import Path

import numpy as np
import pandas as pd
import psutil
import pytest
from copied_workflow import Workflow

TABLES = ("accuracy", "quality", "ablation", "measures")
SEED = "results/rendered/seed0"


@pytest.fixture(scope="module")
def smoke(workflow: Workflow) -> Workflow:
    """A whole run of the smallest preset, on both cores: with `--resources gpu=1` most jobs would run one by one."""
    workflow.snakemake("--cores", "2", "--config", "preset=smoke", "all")
    return workflow


def metric(run: Workflow, method: str, name: str) -> dict[str, object]:
    return json.loads((run.folder / SEED / method / "metrics" / f"{name}.json").read_text(encoding="utf-8"))


def test_all_tables_exist_in_all_formats_and_say_what_made_them(smoke: Workflow) -> None:
    for table in TABLES:
        text = (smoke.folder / f"results/{table}_table.md").read_text(encoding="utf-8")
        assert "smoke" in text and "not the paper's setting" in text.lower()
        assert "nan" not in text.lower().split()
        assert (smoke.folder / f"results/{table}_table.tex").read_text(encoding="utf-8").count("\\toprule") == 1
        assert len(pd.read_csv(smoke.folder / f"results/{table}_table.csv")) > 0


def test_every_table_has_its_intervals_and_tests(smoke: Workflow) -> None:
    for table in TABLES:
        found = json.loads((smoke.folder / f"results/{table}_statistics.json").read_text(encoding="utf-8"))
        shown = pd.read_csv(smoke.folder / f"results/{table}_table.csv").set_index(["method", "column"])["value"]
        for line in found["intervals"]:
            if line["method"] != "real":
                assert line["value"] == pytest.approx(shown[line["method"], line["column"]], abs=1e-6)
        assert found["tests"]
        assert "## Paired tests" in (smoke.folder / f"results/{table}_statistics.md").read_text(encoding="utf-8")
    curve = pd.read_csv(smoke.folder / "results/rendered/fid_curve.csv")
    assert set(curve["set"]) >= {"real", "unchanged", "cascade_ef_gan"}


def test_a_distance_by_another_network_is_never_called_fid(smoke: Workflow) -> None:
    header = next(
        line for line in (smoke.folder / "results/quality_table.md").read_text(encoding="utf-8").splitlines()
        if line.startswith("|")
    )  # fmt: skip
    assert "EfficientNet" in header and "FID" not in header


def test_psnr_in_the_metric_file_is_that_of_the_pictures(smoke: Workflow) -> None:
    """Recomputed here from the packed arrays, by the textbook formula."""
    folder = smoke.folder / SEED
    edits, truth = (np.load(folder / name / "edits_test.npy").astype(float) for name in ("cascade_ef_gan", "true_edit"))
    index = pd.read_csv(folder / "cascade_ef_gan" / "edits_test.csv")
    changed = index["target_expression"] != index["source_expression"]
    error = ((edits - truth) ** 2).mean(axis=(1, 2, 3))[changed]
    assert metric(smoke, "cascade_ef_gan", "psnr_true")["value"] == pytest.approx(10 * np.log10(255**2 / error).mean())


def test_doing_nothing_is_right_about_the_expression_once_in_eight(smoke: Workflow) -> None:
    """The classifier's answer does not depend on the target, so G of the unchanged input is 1 / 8 exactly."""
    number = metric(smoke, "unchanged", "G")
    assert number["value"] == pytest.approx(100 / 8)
    edits = pd.read_csv(smoke.folder / SEED / "unchanged" / "edits_test.csv")
    assert number["n"] == len(edits) == 8 * edits["source_id"].nunique()


def test_every_job_leaves_a_log_and_its_measured_time(smoke: Workflow) -> None:
    logs = {path.relative_to(smoke.folder / "logs").parts[0] for path in (smoke.folder / "logs").rglob("*.log")}
    times = {path.parts[-1] for path in (smoke.folder / "logs/benchmarks").iterdir()}
    assert {"train", "finetune_cascade", "generate", "crop", "split"} <= logs & times
    assert "epoch 2" in (smoke.folder / "logs/train/rendered/seed0/ef_gan.log").read_text(encoding="utf-8")


def test_a_second_run_does_nothing(smoke: Workflow) -> None:
    assert "Nothing to be done" in smoke.snakemake("--config", "preset=smoke")


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_killed_training_job_is_run_again_to_the_same_weights(smoke: Workflow) -> None:
    """Killed for good (SIGKILL) in the middle of training; run again by Snakemake; compared with an undisturbed run."""
    target = f"{SEED}/baseline/weights.safetensors"
    words = [target, "--cores", "1", "--config", "preset=smoke", "train={epochs: 40, constant_epochs: 20, batch: 4}"]
    weights, log = smoke.folder / target, smoke.folder / "logs/train/rendered/seed0/baseline.log"
    log.unlink()
    run = subprocess.Popen(
        ["snakemake", *words],
        cwd=smoke.folder,
        env=smoke.environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 120
    while not (log.exists() and "epoch 2:" in log.read_text(encoding="utf-8")):
        assert run.poll() is None and time.monotonic() < deadline, "training never reached its second epoch"
        time.sleep(0.05)
    jobs = [child for child in psutil.Process(run.pid).children(recursive=True) if "train" in child.cmdline()]
    assert jobs, "the training job was not found"
    for job in jobs:
        job.kill()
    assert run.wait(timeout=300) == 0
    restarted = digest(weights)
    smoke.snakemake(*words, "--forcerun", "train")
    assert digest(weights) == restarted
    assert not list(smoke.folder.joinpath("results").rglob("*partial*"))
