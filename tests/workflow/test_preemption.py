"""A training job that is interrupted and preempted: Snakemake runs it again, and it goes on to the same weights."""

import contextlib
import hashlib
import os
import signal
import subprocess
from collections.abc import Iterator

import psutil
from copied_workflow import Workflow

FOLDER = "results/rendered/seed0/baseline"
TARGET = f"{FOLDER}/weights.safetensors"
WORDS = (TARGET, "--cores", "1", "--config", "preset=smoke", "train={epochs: 40, constant_epochs: 20, batch: 4}")


@contextlib.contextmanager
def running(workflow: Workflow, epoch: int) -> Iterator[subprocess.Popen[bytes]]:
    """A run in the background whose training job has ended some epoch; leader of its own process group."""
    log = workflow.folder / "logs/train/rendered/seed0/baseline.log"
    log.unlink(missing_ok=True)
    (workflow.folder / "background.log").unlink(missing_ok=True)
    with workflow.background(*WORDS) as run:
        workflow.wait_for(
            lambda: log.exists() and f"epoch {epoch}:" in log.read_text(encoding="utf-8"), f"epoch {epoch}", run
        )
        yield run


def digest(workflow: Workflow) -> str:
    return hashlib.sha256((workflow.folder / TARGET).read_bytes()).hexdigest()


def test_a_preempted_job_is_run_again_and_ctrl_c_ends_the_run(workflow: Workflow) -> None:
    checkpoint = workflow.folder / FOLDER / "checkpoint.pt"

    with running(workflow, epoch=2) as run:
        os.killpg(run.pid, signal.SIGINT)
        assert run.wait(timeout=120) != 0
    assert "Trying to restart" not in workflow.said()
    assert checkpoint.is_file() and not (workflow.folder / TARGET).exists()

    with running(workflow, epoch=5) as run:
        log = workflow.folder / "logs/train/rendered/seed0/baseline.log"
        assert "resumed in epoch" in log.read_text(encoding="utf-8")
        (job,) = [child for child in psutil.Process(run.pid).children(recursive=True) if "train" in child.cmdline()]
        job.send_signal(signal.SIGTERM)
        assert run.wait(timeout=300) == 0, workflow.said()
    assert workflow.said().count("Trying to restart") == 1
    assert "resumed in epoch" in log.read_text(encoding="utf-8")
    assert not checkpoint.exists()

    resumed = digest(workflow)
    workflow.snakemake(*WORDS, "--forcerun", "train")
    assert "resumed" not in log.read_text(encoding="utf-8")
    assert digest(workflow) == resumed


def test_how_often_to_save_and_how_to_share_gpus_reruns_nothing(workflow: Workflow) -> None:
    assert (workflow.folder / TARGET).is_file()
    assert workflow.would_run(*WORDS, "checkpoint_minutes=3", "jobs_per_gpu=2") == set()
