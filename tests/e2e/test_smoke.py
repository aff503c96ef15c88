"""The whole workflow for real, at the smallest size: from nothing to the tables, interrupted twice on the way."""

import contextlib
import csv
import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from copied_workflow import Workflow, copy_workflow
from safetensors import safe_open

from cascade_efgan.files import sha256_file
from cascade_efgan.methods import CONTROLS, METHODS

SMOKE = ("--config", "preset=smoke")
SEED = Path("results", "rendered", "seed0")


@contextlib.contextmanager
def running(workflow: Workflow) -> Iterator[subprocess.Popen[bytes]]:
    """A run in the background, leader of its own process group: a signal to the group reaches its jobs too."""
    with (workflow.folder / "background.log").open("wb") as log:
        run = subprocess.Popen(
            ["snakemake", *SMOKE],
            cwd=workflow.folder,
            env=workflow.environment(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield run
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(run.pid, signal.SIGKILL)
        run.wait(timeout=60)


def wait_for(pattern: str, workflow: Workflow, run: subprocess.Popen[bytes]) -> None:
    """Wait for a file that a job writes."""
    deadline = time.monotonic() + 600
    while not list(workflow.folder.glob(pattern)):
        log = workflow.folder / "background.log"
        assert run.poll() is None, f"the run ended before {pattern}:\n{log.read_text(encoding='utf-8')}"
        assert time.monotonic() < deadline, f"no {pattern} after ten minutes:\n{log.read_text(encoding='utf-8')}"
        time.sleep(0.2)


def check_whole(results: Path) -> None:
    """Open every finished file: none is torn."""
    for path in results.rglob("[!.]*"):
        if path.suffix == ".json":
            json.loads(path.read_text(encoding="utf-8"))
        elif path.suffix == ".npy":
            np.load(path, mmap_mode="r")[-1].sum()
        elif path.suffix == ".safetensors":
            with safe_open(path, "np") as file:
                assert list(file.keys())


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Workflow:
    """A finished run that was interrupted as by Ctrl-C, then killed as by a power cut, and started again each time."""
    workflow = copy_workflow(tmp_path_factory.mktemp("repository"))
    results = workflow.folder / "results"

    with running(workflow) as run:
        wait_for("results/rendered/split.csv", workflow, run)
        os.killpg(run.pid, signal.SIGINT)
        assert run.wait(timeout=120) != 0
    check_whole(results)
    assert not list(results.rglob(".*.partial*")), "an interrupted job cleans up after itself"

    with running(workflow) as run:
        wait_for("results/rendered/seed0/*/weights.safetensors", workflow, run)
        os.killpg(run.pid, signal.SIGKILL)
        run.wait(timeout=120)
    check_whole(results)
    workflow.snakemake("--unlock", *SMOKE)

    workflow.snakemake(*SMOKE)
    return workflow


def metrics(workflow: Workflow) -> dict[tuple[str, str], dict]:
    """(method, name) -> metric file."""
    paths = (workflow.folder / SEED).glob("*/metrics/*.json")
    return {(path.parents[1].name, path.stem): json.loads(path.read_text(encoding="utf-8")) for path in paths}


def test_all_tables_and_pictures_are_there(finished: Workflow) -> None:
    results = finished.folder / "results"
    for table in ("accuracy", "quality", "ablation"):
        for suffix in ("md", "csv", "tex"):
            text = (results / f"{table}_table.{suffix}").read_text(encoding="utf-8")
            assert "Cascade EF-GAN" in text or "cascade_ef_gan" in text
        text = (results / f"{table}_table.md").read_text(encoding="utf-8")
        assert "smoke" in text
        assert "not the paper's setting" in text.lower()
    assert (finished.folder / SEED / "grid.png").read_bytes().startswith(b"\x89PNG")


def test_every_number_is_computed_or_explained(finished: Workflow) -> None:
    found = metrics(finished)
    assert {method for method, _ in found} == {*METHODS, *CONTROLS, "real"}
    for (method, name), metric in found.items():
        assert (metric["method"], metric["name"]) == (method, name)
        if metric["value"] is None:
            assert metric["reason"], (method, name)
        else:
            assert np.isfinite(metric["value"])
            assert metric["n"] > 0
    assert ("unchanged", "R+G") not in found


def test_the_controls_bracket_the_edits(finished: Workflow) -> None:
    """What holds at any size: the true edit has the AUs that were asked for, the unchanged input has not."""
    found = metrics(finished)
    assert found["true_edit", "psnr_true"]["value"] is None
    assert found["unchanged", "psnr_true"]["value"] > 5


def test_the_tables_show_the_numbers_of_the_metric_files(finished: Workflow) -> None:
    found = metrics(finished)
    shown = {}
    for table in ("accuracy", "quality", "ablation"):
        with (finished.folder / "results" / f"{table}_table.csv").open(encoding="utf-8") as file:
            shown[table] = list(csv.DictReader(file))
        assert shown[table]
    text = json.dumps(shown)
    for method, name in (("cascade_ef_gan", "psnr"), ("stargan", "fid"), ("true_edit", "G"), ("real", "R")):
        value = found[method, name]["value"]
        assert any(f"{value:.{digits}f}" in text for digits in (1, 2, 3)) or str(value) in text, (method, name)


def test_a_second_run_does_nothing(finished: Workflow) -> None:
    assert "Nothing to be done" in finished.snakemake(*SMOKE)


def test_training_again_gives_the_same_bytes(finished: Workflow) -> None:
    weights = SEED / "baseline" / "weights.safetensors"
    before = sha256_file(finished.folder / weights)
    (finished.folder / weights).unlink()
    finished.snakemake(*SMOKE, str(weights))
    assert sha256_file(finished.folder / weights) == before


def test_every_job_left_a_log_and_a_benchmark(finished: Workflow) -> None:
    logs = {
        path.relative_to(finished.folder / "logs").with_suffix("") for path in finished.folder.glob("logs/**/*.log")
    }
    folder = finished.folder / "logs" / "benchmarks"
    benchmarks = {path.relative_to(folder).with_suffix("") for path in folder.rglob("*.tsv")}
    assert len(logs) > 80
    assert logs == benchmarks
