"""A training job that is interrupted, preempted and killed: it is run again, and goes on to the same weights."""

import hashlib
import os
import signal

import psutil
from copied_workflow import Workflow

FOLDER = "results/rendered/seed0/baseline"
TARGET = f"{FOLDER}/weights.safetensors"
WORDS = (TARGET, "--cores", "1", "--config", "preset=smoke", "train={epochs: 20, constant_epochs: 10, batch: 4}")


def test_after_ctrl_c_preemption_and_kill_the_weights_are_those_of_an_undisturbed_run(workflow: Workflow) -> None:
    folder = workflow.folder / FOLDER
    log = workflow.folder / "logs/train/rendered/seed0/baseline.log"

    def logged(words: str) -> bool:
        return log.exists() and words in log.read_text(encoding="utf-8")

    def digest() -> str:
        return hashlib.sha256((workflow.folder / TARGET).read_bytes()).hexdigest()

    with workflow.background(*WORDS) as run:
        workflow.wait_for(lambda: logged("epoch 2:"), "second epoch", run)
        os.killpg(run.pid, signal.SIGINT)
        assert run.wait(timeout=120) != 0
    assert "Trying to restart" not in workflow.said()
    assert (folder / "checkpoint.pt").is_file() and not (workflow.folder / TARGET).exists()

    log.unlink()
    with workflow.background(*WORDS) as run:
        for number, epoch in ((signal.SIGTERM, 5), (signal.SIGKILL, 8)):
            workflow.wait_for(lambda epoch=epoch: logged(f"epoch {epoch}:"), f"epoch {epoch}", run)  # type: ignore[misc]
            assert logged("resumed in epoch")
            (job,) = [child for child in psutil.Process(run.pid).children(recursive=True) if "train" in child.cmdline()]
            job.send_signal(number)
        assert run.wait(timeout=300) == 0, workflow.said()
    assert workflow.said().count("Trying to restart") == 2
    assert logged("resumed in epoch")
    assert [path.name for path in folder.iterdir() if "checkpoint" in path.name or "partial" in path.name] == []

    resumed = digest()
    workflow.snakemake(*WORDS, "--forcerun", "train")
    assert not logged("resumed")
    assert digest() == resumed
