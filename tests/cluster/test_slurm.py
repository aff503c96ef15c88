"""The smallest run on a real Slurm, with a job cancelled, the controller killed and the node drained on the way.

Afterwards every table, number and weight equals those of a run on this machine, byte for byte.
"""

import os
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from compared import SETTINGS, TARGETS, results_of
from copied_workflow import PROGRAMS, Workflow, copy_workflow
from programs import write_program
from slurm_cluster import Cluster, missing_programs, slurm_cluster

EF_GAN = "results/rendered/seed0/ef_gan"
#: The training, which is cancelled and left behind, is a process of Slurm's job; every other stage starts at once.
EFGAN = """#!/bin/sh
case " $* " in *" --threads "[0-9]" train "*) exec {real}/efgan "$@" ;; esac
exec {preloaded}/efgan "$@"
"""
#: Seconds between two questions to Slurm: each is a program, on the cores that the jobs need.
EVERY = 1.0
#: The profile as it is, with shorter waits: a test needs no mercy with the controller or a network's file system. The
#: node has no accounting, and says so only when `sacct` is called, which Debian installs all the same.
WORDS = (
    "--workflow-profile", "profiles/slurm", "--slurm-status-command", "squeue", "--latency-wait", "5",
    "--slurm-init-seconds-before-status-checks", "2", *TARGETS, "--config", *SETTINGS,
)  # fmt: skip


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """A running cluster. Its folder is not pytest's, which munged finds too private for its socket."""
    if os.geteuid() != 0 or missing_programs():
        pytest.skip(f"needs root and Debian's slurm-wlm and munge (missing: {missing_programs()}): make test-cluster")
    with tempfile.TemporaryDirectory() as folder, slurm_cluster(Path(folder)) as running:
        yield running


@pytest.fixture
def workflow(tmp_path: Path, preloaded: Path) -> Workflow:
    """A copy of the workflow, whose programs are those of `EFGAN`."""
    program = write_program(tmp_path / "programs" / "efgan", EFGAN.format(real=PROGRAMS, preloaded=preloaded))
    return copy_workflow(tmp_path / "repository", program.parent)


def training_log(workflow: Workflow) -> str:
    """The log of the training job's present attempt."""
    log = workflow.folder / "logs/train/rendered/seed0/ef_gan.log"
    return log.read_text(encoding="utf-8") if log.exists() else ""


def jobs_of(cluster: Cluster, rule: str, *states: str) -> list[str]:
    """Ids of the jobs of a rule or group."""
    return [number for number, (_, comment, *_) in cluster.jobs(*states).items() if comment.startswith(f"rule_{rule}")]


def request_of(cluster: Cluster, job: str) -> dict[str, str]:
    """What a job asked for, as `scontrol` shows it."""
    return dict(word.split("=", 1) for word in cluster.run("scontrol", "show", "job", job).split() if "=" in word)


def megabytes(request: dict[str, str]) -> float:
    """Memory that a job asked for; Slurm writes 3000M and 6G."""
    number, unit = request["MinMemoryNode"][:-1], request["MinMemoryNode"][-1]
    return float(number) * {"M": 1, "G": 1024}[unit]


def wait_for_training(workflow: Workflow, run: subprocess.Popen[bytes], words: str) -> None:
    """Wait until the training job's log says something."""
    workflow.wait_for(lambda: words in training_log(workflow), f"'{words}' in the training's log", run)


def test_a_disturbed_run_on_slurm_makes_the_same_bytes(
    cluster: Cluster, local_run: Workflow, workflow: Workflow
) -> None:
    checkpoint = workflow.folder / EF_GAN / "checkpoint.pt"
    variables = cluster.added_to(workflow.environment())

    with workflow.background(*WORDS, variables=variables) as run:
        wait_for_training(workflow, run, "epoch 3:")
        (job,) = jobs_of(cluster, "train", "RUNNING")
        first = request_of(cluster, job)
        assert first["TresPerJob"] == "gres:gpu:1"
        cluster.run("scancel", job)
        wait_for_training(workflow, run, "resumed in epoch")
        assert checkpoint.is_file(), "a cancelled training saves before it ends"
        assert "Trying to restart" in workflow.said()
        # The workflow's own process dies; the job that it had submitted runs on.
        (orphan,) = jobs_of(cluster, "train", "RUNNING")
        second = request_of(cluster, orphan)
        assert megabytes(second) == pytest.approx(2 * megabytes(first), abs=2), "the second attempt gets more memory"
        os.killpg(run.pid, signal.SIGKILL)
        run.wait(timeout=60)
    assert orphan in jobs_of(cluster, "train", "RUNNING")
    assert not (workflow.folder / EF_GAN / "weights.safetensors").exists()

    with workflow.background(*WORDS, variables=variables) as run:
        cancelled = f"Slurm job {orphan}, which an earlier run left behind, was cancelled"
        workflow.wait_for(lambda: cancelled in workflow.said(), "the end of the orphan", run)
        assert orphan not in cluster.jobs("RUNNING", "COMPLETING")
        # It may wait in the queue behind groups of short jobs, which want the one GPU as well.
        workflow.wait_for(lambda: bool(jobs_of(cluster, "train", "RUNNING")), "a new training job", run, EVERY)
        # The node is taken out of service: what runs goes on, what comes waits.
        cluster.run("scontrol", "update", f"NodeName={cluster.node}", "State=DRAIN", "Reason=test")
        workflow.wait_for(lambda: cluster.node_state() == "drained", "the end of the running jobs", run, EVERY)
        workflow.wait_for(lambda: bool(cluster.jobs("PENDING")), "a job waits for the node", run, EVERY)
        assert run.poll() is None
        cluster.run("scontrol", "update", f"NodeName={cluster.node}", "State=RESUME")
        assert run.wait(timeout=900) == 0, workflow.said()

    assert results_of(workflow.folder / "results") == results_of(local_run.folder / "results")
    assert not checkpoint.exists()
