"""A real run, interrupted as by Ctrl-C, then killed as by a power cut, and started again each time."""

import json
import os
import signal
from pathlib import Path

import numpy as np
from copied_workflow import Workflow
from safetensors import safe_open

SEED = "results/rendered/seed0"
#: One number and all that it needs: seven jobs.
WORDS = (f"{SEED}/stargan/metrics/psnr.json", "--cores", "2", "--config", "preset=smoke")


def check_whole(results: Path) -> None:
    """Open every finished file: none is torn."""
    for path in results.rglob("[!.]*"):
        if path.suffix == ".json":
            json.loads(path.read_text(encoding="utf-8"))
        elif path.suffix == ".npy":
            assert len(np.load(path)) > 0
        elif path.suffix == ".safetensors":
            with safe_open(path, "np") as file:
                assert list(file.keys())


def partial_files(results: Path) -> list[Path]:
    return list(results.rglob(".*.partial*"))


def test_an_interrupted_run_finishes_when_it_is_started_again(workflow: Workflow) -> None:
    results = workflow.folder / "results"

    with workflow.background(*WORDS) as run:
        workflow.wait_for((results / "rendered/manifest.csv").exists, "manifest", run)
        os.killpg(run.pid, signal.SIGINT)
        assert run.wait(timeout=120) != 0
    check_whole(results)
    assert not partial_files(results), "an interrupted job cleans up after itself"

    with workflow.background(*WORDS) as run:
        workflow.wait_for((workflow.folder / "logs/train/rendered/seed0/stargan.log").exists, "training", run)
        os.killpg(run.pid, signal.SIGKILL)
        run.wait(timeout=120)
    check_whole(results)
    assert not (workflow.folder / SEED / "stargan/weights.safetensors").exists()

    assert "A former run was killed" in workflow.snakemake(*WORDS), "the lock that it left is lifted"
    number = json.loads((workflow.folder / SEED / "stargan/metrics/psnr.json").read_text(encoding="utf-8"))
    assert np.isfinite(number["value"])
    assert "Nothing to be done" in workflow.snakemake(*WORDS)
