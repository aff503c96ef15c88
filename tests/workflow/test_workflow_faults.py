"""A run that is killed at random moments, and machines that misbehave: nothing is lost, and one sentence says it."""

import contextlib
import hashlib
import json
import os
import random
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest
from copied_workflow import Workflow, copy_workflow
from programs import mounted, remount
from safetensors import safe_open

WEIGHTS = "results/rendered/seed0/stargan/weights.safetensors"
#: Seven jobs, the last of which trains for some seconds.
WORDS = (WEIGHTS, "--cores", "2", "--config", "preset=smoke", "checkpoint_minutes=0")
TRAINING = ("train={epochs: 30, constant_epochs: 15, batch: 4}",)
KILLS = 8
VICTIMS = ("everything", "snakemake", "jobs", "Ctrl-C")


def jobs_of(workflow: Workflow) -> list[psutil.Process]:
    """Every process of `efgan` that works in this copy."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.cwd() == str(workflow.folder) and any(word.endswith("/efgan") for word in process.cmdline()):
                found.append(process)
    return found


def digests(workflow: Workflow) -> dict[str, str]:
    """SHA-256 of every result, those included that nobody should leave behind."""
    results = workflow.folder / "results"
    return {
        str(path.relative_to(results)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(results.rglob("*"))
        if path.is_file()
    }


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


def partial_files(results: Path) -> set[Path]:
    return set(results.rglob(".*.partial*"))


@pytest.fixture(scope="module")
def undisturbed(workflow: Workflow) -> dict[str, str]:
    """What a run makes that nothing happens to."""
    workflow.snakemake(*WORDS, *TRAINING)
    return digests(workflow)


def test_killed_at_random_moments_a_run_ends_with_the_same_files(undisturbed: dict[str, str], tmp_path: Path) -> None:
    """SIGKILL for everything (a power cut), for Snakemake or the jobs alone, or Ctrl-C; then the same command again."""
    number = random.SystemRandom().randrange(10**6)
    print(f"random seed {number}")  # noqa: T201
    rng = random.Random(number)
    workflow = copy_workflow(tmp_path / "killed")
    results = workflow.folder / "results"
    for kill in range(KILLS):
        before = partial_files(results)
        run = workflow.start(*WORDS, *TRAINING)
        if kill == 0:
            workflow.wait_for((results / "rendered/manifest.csv").exists, "manifest", run)
        else:
            time.sleep(rng.uniform(1, 12))
        victim = VICTIMS[kill % len(VICTIMS)]
        jobs = jobs_of(workflow)
        if victim == "everything":
            os.killpg(run.pid, signal.SIGKILL)
        elif victim == "snakemake":
            run.kill()
        elif victim == "jobs":
            for job in jobs:
                with contextlib.suppress(psutil.NoSuchProcess):
                    job.kill()
            os.killpg(run.pid, signal.SIGTERM)
        else:
            os.killpg(run.pid, signal.SIGINT)
        run.wait(timeout=120)
        # No orphan goes on beside the next run.
        _, alive = psutil.wait_procs(jobs, timeout=60)
        assert not alive, (victim, [process.cmdline() for process in alive])
        check_whole(results)
        if victim == "Ctrl-C":
            assert partial_files(results) <= before, "an interrupted job cleans up after itself"
        if kill == 0:
            said = workflow.snakemake("results/rendered/faces.csv", *WORDS[1:], *TRAINING)
            assert "A former run was killed" in said, "the lock that it left is lifted"
    log = workflow.snakemake(*WORDS, *TRAINING)
    assert "Traceback" not in log
    assert {name: digest for name, digest in digests(workflow).items() if ".partial" not in name} == undisturbed
    assert "Nothing to be done" in workflow.snakemake(*WORDS, *TRAINING)


def test_a_full_disk_is_one_sentence_and_the_run_goes_on_when_there_is_room(
    undisturbed: dict[str, str], tmp_path: Path
) -> None:
    workflow = copy_workflow(tmp_path)
    (workflow.folder / "results").mkdir()
    words = ("results/rendered/crops.npy", "--cores", "1", "--config", "preset=smoke")
    with mounted(workflow.folder / "results", "-t", "tmpfs", "-o", "size=200k", "tmpfs") as results:
        said = workflow.snakemake(*words, status=1)
        assert re.search(r"error: results/rendered/\S+: its disk is full; free some space", said), said
        assert "Traceback" not in said
        assert digests(workflow).items() <= undisturbed.items(), "a torn file is left"
        remount(results, "size=100m")
        workflow.snakemake(*words)
        assert digests(workflow)["rendered/crops.npy"] == undisturbed["rendered/crops.npy"]


@pytest.fixture(scope="module")
def quick(copy_of_quick: Callable[[Path], Workflow]) -> Iterator[Workflow]:
    """A finished run by a stand-in for `efgan`, which waits while there is a file `hold`; other users may enter."""
    folder = Path(tempfile.mkdtemp(prefix="efgan-faults-"))
    yield copy_of_quick(folder)
    shutil.rmtree(folder)


#: A figure that is lost with all its files, and made again by one quick job.
LOST = "results/rendered/seed0/figures/training_curves.png"


def lose(workflow: Workflow) -> None:
    """One result is to be made again."""
    for suffix in (".png", ".pdf", ".json"):
        (workflow.folder / LOST).with_suffix(suffix).unlink(missing_ok=True)


def test_a_second_run_says_who_holds_the_lock(quick: Workflow) -> None:
    lose(quick)
    hold = quick.folder / "hold"
    hold.touch()
    with quick.background("--cores", "1") as first:
        quick.wait_for((quick.folder / "ended_by").exists, "job", first)
        said = quick.snakemake("--cores", "1", status=1)
        hold.unlink()
        assert first.wait(timeout=120) == 0
    assert f"Another run works on the same files: process {first.pid} on " in said
    assert "Traceback" not in said
    assert "Nothing to be done" in quick.snakemake()
    # Its jobs were told which process they end with; test_faults.py of the unit tests shows that they do.
    assert (quick.folder / "ended_by").read_text(encoding="utf-8").startswith(f"{first.pid}:")


def test_read_only_results_are_one_sentence(quick: Workflow) -> None:
    """On a read-only file system not even root may write; a dry run may still look."""
    lose(quick)
    with mounted(quick.folder / "results", "--bind", str(quick.folder / "results")) as results:
        remount(results, "ro,bind")
        said = quick.snakemake("--cores", "1", status=1)
        assert "results: this user may not write here, or the file system is read-only" in said
        assert "Traceback" not in said
        # Of a lost file: one that is there and would be made again, Snakemake already calls protected.
        assert "draw_curves" in quick.would_run(LOST)


def test_a_missing_permission_is_one_sentence(quick: Workflow) -> None:
    """As another user, who owns everything but the results."""
    if os.geteuid() != 0 or shutil.which("setpriv") is None:
        pytest.skip("changing the user takes root and setpriv")
    lose(quick)
    home = quick.folder / "home"
    home.mkdir()
    program = str(shutil.which("snakemake", path=quick.environment()["PATH"]))
    words = ["env", f"HOME={home}", "setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", program]
    quick.folder.parent.chmod(0o755)
    if subprocess.run([*words, "--version"], env=quick.environment(), capture_output=True, check=False).returncode:
        pytest.skip("another user may not read this environment")
    for path in [quick.folder, *quick.folder.rglob("*")]:
        if "results" not in path.parts:
            os.chown(path, 65534, 65534)
    said = quick.run(*words, "--cores", "1", status=1)
    assert "results: this user may not write here" in said and "Traceback" not in said


def test_a_vanished_input_is_one_sentence(quick: Workflow) -> None:
    recorded = quick.folder / "resources/london/openface.csv"
    recorded.rename(recorded.with_name("gone"))
    said = quick.snakemake("-n", "results/london/faces.csv", "--config", "preset=london", status=1)
    recorded.with_name("gone").rename(recorded)
    assert "Missing input files for rule extract_aus" in said and "resources/london/openface.csv" in said
    assert "Traceback" not in said


def test_after_a_clock_was_set_back_edits_are_still_seen(quick: Workflow) -> None:
    """Results from the future would hide an edited source: the run is refused until they are dated back."""
    quick.snakemake("--cores", "1")
    ahead = time.time() + 300_000
    for number, path in enumerate(sorted((quick.folder / "results").rglob("*"), key=lambda path: path.stat().st_mtime)):
        os.utime(path, (ahead + number, ahead + number))
    with (quick.folder / "src/cascade_efgan/evaluation/similarity.py").open("a", encoding="utf-8") as source:
        source.write("\n# edited\n")
    said = quick.snakemake("-n", status=1)
    assert "a clock was set back" in said and "Traceback" not in said
    for command in re.findall(r"find .*?(?:\\;|\+)", said):
        subprocess.run(["sh", "-c", command], cwd=quick.folder, check=True)
    again = quick.would_run()
    assert {"measure_psnr", "measure_psnr_true"} <= again and "train" not in again
