"""Full disks, missing rights, two processes at once, dead ones, and a clock set back: the parts, one by one."""

import contextlib
import multiprocessing
import os
import platform
import re
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import psutil
import pytest
import torch
from programs import mounted, remount, write_files
from safetensors.torch import save

from cascade_efgan.errors import InputError
from cascade_efgan.evaluation.statistics import FeatureStatistics, save_statistics
from cascade_efgan.evaluation.trainer import save_network
from cascade_efgan.files import atomic_path, write_text
from cascade_efgan.models.build import save_weights
from cascade_efgan.orchestration.future_files import refuse_future
from cascade_efgan.orchestration.run_lock import joined, other_runs, unwritable
from cascade_efgan.training.output_lock import alone_in

NUMBERS = np.random.default_rng(0).random(10**6)
EFGAN = (sys.executable, "-c", "from cascade_efgan.cli import main; main()")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of three megabytes."""
    with mounted(tmp_path, "-t", "tmpfs", "-o", "size=3m", "tmpfs"):
        yield tmp_path


def write_zip(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("numbers", NUMBERS.tobytes())


WRITERS: dict[str, Callable[[Path], object]] = {
    "a.npy": lambda path: np.save(path, NUMBERS),
    "a.pt": lambda path: torch.save(torch.tensor(NUMBERS), path),
    "a.safetensors": lambda path: path.write_bytes(save({"a": torch.tensor(NUMBERS)})),
    "a.csv": lambda path: pd.DataFrame({"a": NUMBERS[:200_000]}).to_csv(path),
    "a.zip": write_zip,
    "a.txt": lambda path: path.write_bytes(NUMBERS.tobytes()),
}


def test_whoever_may_read_a_table_may_read_weights_and_statistics(tmp_path: Path) -> None:
    # In a group's folder, or of a container's root, weights were their maker's alone.
    table, weights, network, statistics = (tmp_path / name for name in ("a.csv", "b", "c", "d"))
    write_text(table, "a\n")
    save_weights(weights, torch.nn.Linear(2, 2))
    save_network(network, tmp_path / "model.json", torch.nn.Linear(2, 2), {})
    save_statistics(statistics, FeatureStatistics(np.zeros(2), np.eye(2), 3, "inception"))
    assert {path.stat().st_mode for path in (weights, network, statistics)} == {table.stat().st_mode}


@pytest.mark.parametrize("name", WRITERS)
def test_a_full_disk_is_one_sentence_and_leaves_the_former_file(small_disk: Path, name: str) -> None:
    path = small_disk / name
    path.write_bytes(b"former")
    with pytest.raises(InputError, match=re.escape(f"{path}: its disk is full")), atomic_path(path) as partial:
        WRITERS[name](partial)
    assert [file.name for file in small_disk.iterdir()] == [name] and path.read_bytes() == b"former"
    remount(small_disk, "size=60m")
    with atomic_path(path) as partial:
        WRITERS[name](partial)
    assert path.stat().st_size > len(b"former")


def test_a_read_only_disk_is_one_sentence(small_disk: Path) -> None:
    remount(small_disk, "ro")
    with pytest.raises(InputError, match="its file system is read-only"), atomic_path(small_disk / "a.csv") as partial:
        partial.write_text("a", encoding="utf-8")
    assert unwritable([str(small_disk / "new" / "a.csv")]) == str(small_disk)


def test_an_error_of_another_file_keeps_its_own_words(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), atomic_path(tmp_path / "a.csv"):
        (tmp_path / "gone").read_bytes()
    with pytest.raises(PermissionError, match="input.csv"), atomic_path(tmp_path / "a.csv"):
        raise PermissionError(13, "Permission denied", "input.csv")


def test_an_input_that_vanished_is_one_sentence(tmp_path: Path) -> None:
    words = "fid --method stargan --dataset rendered --seed 0 --metric fid.json --values values.csv --real gone.npz"
    words += " --edits gone.npz --edits-vectors gone.npy --edits-index gone.csv"
    done = subprocess.run([*EFGAN, *words.split()], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "error: gone.npz: no such file" in done.stderr and "Traceback" not in done.stderr


@contextlib.contextmanager
def elsewhere(held: Callable[[], contextlib.AbstractContextManager[object]], seconds: float = 60) -> Iterator[int]:
    """Another process that holds something for some seconds, or until it is killed at the end of the block; its id."""
    context = multiprocessing.get_context("fork")
    ready = context.Event()

    def hold() -> None:
        with held():
            ready.set()
            time.sleep(seconds)

    process = context.Process(target=hold)
    process.start()
    assert ready.wait(60) and process.pid
    yield process.pid
    process.kill()
    process.join()


@pytest.mark.parametrize(("mine", "done"), [("same", True), ("other", False)])
def test_a_second_training_waits_says_for_whom_and_takes_equal_results(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, mine: str, done: bool
) -> None:
    began = time.monotonic()
    with (
        elsewhere(lambda: alone_in(tmp_path / "out", "same", seconds=0.01), seconds=1) as first,
        alone_in(tmp_path / "out", mine, seconds=0.01) as made,
    ):
        assert made is done and time.monotonic() - began > 1
    assert f"process {first} on {platform.node()}" in caplog.text
    assert list((tmp_path / "out").iterdir()) == []


def test_a_killed_training_leaves_no_lock(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with elsewhere(lambda: alone_in(tmp_path / "out", "same")):
        pass
    with alone_in(tmp_path / "out", "same", seconds=0.01) as made:
        assert made is False
    assert "waiting" not in caplog.text


STARTS_A_JOB = """
import os, subprocess, sys
from cascade_efgan.orchestration.parent_watch import this_process
job = "import os, time; from cascade_efgan.orchestration.parent_watch import end_with as e; e(os.environ['W']); "
shell = f'{sys.executable} -c "{job} time.sleep(60)" & echo $!; wait'
subprocess.run(["bash", "-c", shell], env={**os.environ, "W": this_process()})
"""


def test_a_job_ends_with_its_workflow() -> None:
    """The workflow is killed for good; a shell is between it and the job, as Snakemake's does."""
    workflow = subprocess.Popen([sys.executable, "-c", STARTS_A_JOB], stdout=subprocess.PIPE, text=True)
    assert workflow.stdout is not None
    job = psutil.Process(int(workflow.stdout.readline()))
    time.sleep(1)
    assert job.is_running()
    workflow.kill()
    workflow.wait()
    gone, _ = psutil.wait_procs([job], timeout=30)
    assert gone or job.status() == psutil.STATUS_ZOMBIE


@pytest.mark.parametrize(("namespace", "ends"), [(str(os.stat("/proc/self/ns/pid").st_ino), True), ("1", False)])
def test_every_stage_ends_if_its_workflow_died_while_it_started(namespace: str, ends: bool) -> None:
    """Not so where the workflow's process ids are others."""
    done = subprocess.run(
        [*EFGAN, "config"], env={**os.environ, "EFGAN_WORKFLOW": f"4194303:{namespace}"}, capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    assert done.returncode == (-15 if ends else 0)
    assert ("the workflow that started this job is gone" in done.stderr) == ends


@pytest.mark.parametrize(("host", "lifted"), [(platform.node(), True), ("elsewhere", False), (None, False)])
def test_the_lock_of_a_dead_run_is_lifted_and_no_others(tmp_path: Path, host: str | None, lifted: bool) -> None:
    """Not one of another machine, nor one of an unknown run, which left no record."""
    files = {"locks/0.output.lock": "results/a\n"}
    if host:
        record = f'{{"host": "{host}", "pid": 4194305, "since": "2026-01-01 12:00:00", "command": "snakemake all"}}'
        files[f"runs/{host}.4194305.json"] = record
    write_files(tmp_path, files)
    with joined(tmp_path) as removed:
        assert ("process 4194305, since 2026" in str(removed)) == lifted
    left = {str(path.relative_to(tmp_path)) for name in ("locks", "runs") for path in (tmp_path / name).iterdir()}
    assert left == (set() if lifted else {*files})


def test_the_lock_of_a_living_run_stays_and_its_owner_is_named(tmp_path: Path) -> None:
    write_files(tmp_path, {"locks/0.output.lock": ""})
    with elsewhere(lambda: joined(tmp_path)) as other, joined(tmp_path) as removed:
        assert removed is None and list((tmp_path / "locks").iterdir())
        (sentence,) = other_runs(tmp_path)
    assert sentence.startswith(f"process {other} on {platform.node()} (since ")


def test_files_from_the_future_are_refused_and_the_advice_mends_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the advice every source is newer than every result, and the results keep their order."""
    monkeypatch.chdir(tmp_path)
    refuse_future("results", ["src"])
    names = ("results/first.csv", "results/second.csv", "src/a.py")
    write_files(tmp_path, dict.fromkeys(names, ""))
    refuse_future("results", ["src"])
    long_ago = time.time() - 1_000_000
    os.utime(names[2], (long_ago, long_ago))
    for number, name in enumerate(names[:2]):
        ahead = time.time() + 100_000 + number
        os.utime(name, (ahead, ahead))
    with pytest.raises(InputError, match=r"results/second\.csv is dated .* after now, and so are 1 other") as caught:
        refuse_future("results", ["src"])
    for command in re.findall(r"find .*?(?:\\;|\+)", str(caught.value)):
        subprocess.run(["sh", "-c", command], check=True)
    refuse_future("results", ["src"])
    times = [Path(name).stat().st_mtime for name in names]
    assert times == sorted(times) and len(set(times)) == len(times)
