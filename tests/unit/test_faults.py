"""Full disks, missing rights, two processes at once, dead ones, and a clock set back: the parts, one by one."""

import contextlib
import json
import multiprocessing
import os
import platform
import re
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from copied_workflow import wait_until
from safetensors.torch import save_file

from cascade_efgan.errors import InputError
from cascade_efgan.files import atomic_path
from cascade_efgan.orchestration.future_files import refuse_future
from cascade_efgan.orchestration.run_lock import Runs, unwritable
from cascade_efgan.training.output_lock import alone_in

NUMBERS = np.random.default_rng(0).random(10**6)


def mount(*words: str) -> None:
    """Mount something, or skip the test where that is not permitted."""
    done = subprocess.run(["mount", *words], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"mounting is not permitted here: {done.stderr.strip()}")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of three megabytes."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount("-t", "tmpfs", "-o", "size=3m", "tmpfs", str(folder))
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def write_zip(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("numbers", NUMBERS.tobytes())


WRITERS: dict[str, Callable[[Path], object]] = {
    "a.npy": lambda path: np.save(path, NUMBERS),
    "a.pt": lambda path: torch.save(torch.tensor(NUMBERS), path),
    "a.safetensors": lambda path: save_file({"a": torch.tensor(NUMBERS)}, path),
    "a.csv": lambda path: pd.DataFrame({"a": NUMBERS}).to_csv(path),
    "a.zip": write_zip,
    "a.txt": lambda path: path.write_bytes(NUMBERS.tobytes()),
}


@pytest.mark.parametrize("name", WRITERS)
def test_a_full_disk_is_one_sentence_and_leaves_the_former_file(small_disk: Path, name: str) -> None:
    path = small_disk / name
    path.write_bytes(b"former")
    with pytest.raises(InputError, match=re.escape(f"{path}: its disk is full")), atomic_path(path) as partial:
        WRITERS[name](partial)
    assert [file.name for file in small_disk.iterdir()] == [name] and path.read_bytes() == b"former"
    subprocess.run(["mount", "-o", "remount,size=60m", str(small_disk)], check=True)
    with atomic_path(path) as partial:
        WRITERS[name](partial)
    assert path.stat().st_size > len(b"former")


def test_a_read_only_disk_is_one_sentence(small_disk: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    with pytest.raises(InputError, match="its file system is read-only"), atomic_path(small_disk / "a.csv") as partial:
        partial.write_text("a", encoding="utf-8")
    assert unwritable([str(small_disk / "new" / "a.csv")]) == str(small_disk)


def test_an_error_of_another_file_keeps_its_own_words(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), atomic_path(tmp_path / "a.csv"):
        (tmp_path / "gone").read_bytes()
    with pytest.raises(PermissionError, match="input.csv"), atomic_path(tmp_path / "a.csv"):
        raise PermissionError(13, "Permission denied", "input.csv")


def test_an_input_that_vanished_is_one_sentence(tmp_path: Path) -> None:
    words = ["--method", "stargan", "--dataset", "rendered", "--seed", "0", "--metric", "fid.json"]
    words += ["--values", "values.csv", "--edits-vectors", "gone.npy", "--edits-index", "gone.csv"]
    program = [sys.executable, "-c", "from cascade_efgan.cli import main; main()", "fid", *words]
    done = subprocess.run(
        [*program, "--real", "gone.npz", "--edits", "gone.npz"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "error: gone.npz: no such file" in done.stderr and "Traceback" not in done.stderr


def hold(folder: Path, ready: Path, seconds: float, fingerprint: str) -> None:
    with alone_in(folder, fingerprint, seconds=0.01):
        ready.touch()
        time.sleep(seconds)


@contextlib.contextmanager
def holder(folder: Path, seconds: float, fingerprint: str) -> Iterator[multiprocessing.Process]:
    """Another process that holds the folder."""
    ready = folder.parent / "ready"
    context = multiprocessing.get_context("fork")
    process = context.Process(target=hold, args=(folder, ready, seconds, fingerprint))
    process.start()
    wait_until(ready.exists, "holder of the folder")
    yield process  # type: ignore[misc]
    process.kill()
    process.join()


@pytest.mark.parametrize(("mine", "done"), [("same", True), ("other", False)])
def test_a_second_training_waits_says_for_whom_and_takes_equal_results(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, mine: str, done: bool
) -> None:
    with holder(tmp_path / "out", 1.0, "same") as process, alone_in(tmp_path / "out", mine, seconds=0.01) as made:
        assert not process.is_alive() or process.exitcode is None
        process.join(timeout=60)
        assert made is done
    assert f"process {process.pid} on {platform.node()}" in caplog.text
    assert list((tmp_path / "out").iterdir()) == []


def test_a_killed_training_leaves_no_lock(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with holder(tmp_path / "out", 60, "same") as process:
        process.kill()
        process.join()
        with alone_in(tmp_path / "out", "same", seconds=0.01) as made:
            assert made is False
    assert "waiting" not in caplog.text


END_WITH = "from cascade_efgan.orchestration.parent_watch import end_with"


def test_a_job_ends_with_its_workflow() -> None:
    """The workflow is killed for good; a shell is between it and the job, as Snakemake's does."""
    job = f"import os, time; {END_WITH}; end_with(os.environ['W']); time.sleep(60)"
    workflow = subprocess.Popen(
        [sys.executable, "-c", STARTS_A_JOB], env={**os.environ, "JOB": job}, stdout=subprocess.PIPE, text=True,
        start_new_session=True,
    )  # fmt: skip
    assert workflow.stdout is not None
    pid = int(workflow.stdout.readline())
    try:
        time.sleep(1)
        assert not ended(pid)
        workflow.kill()
        workflow.wait()
        wait_until(lambda: ended(pid), "end of the job, which outlives its workflow", seconds=30)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(workflow.pid, signal.SIGKILL)


STARTS_A_JOB = """
import os, subprocess, sys
from cascade_efgan.orchestration.parent_watch import this_process
shell = f"{sys.executable} -c \\"$JOB\\" & echo $!; wait"
subprocess.run(["bash", "-c", shell], env={**os.environ, "W": this_process()})
"""


def ended(pid: int) -> bool:
    """Gone, or a zombie that nobody has waited for."""
    try:
        return ") Z " in Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except FileNotFoundError:
        return True


def test_a_job_whose_workflow_died_while_it_started_ends_too() -> None:
    job = f"import time; {END_WITH}; end_with('4194303:' + NS); time.sleep(60)"
    namespace = os.stat("/proc/self/ns/pid").st_ino
    program = [sys.executable, "-c", job.replace("NS", repr(str(namespace)))]
    assert subprocess.run(program, check=False, timeout=30).returncode == -signal.SIGTERM


def test_every_stage_looks_for_its_workflow() -> None:
    """As test above, by the command that the rules call."""
    workflow = f"4194303:{os.stat('/proc/self/ns/pid').st_ino}"
    done = subprocess.run(
        [sys.executable, "-c", "from cascade_efgan.cli import main; main()", "config"],
        env={**os.environ, "EFGAN_WORKFLOW": workflow}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == -signal.SIGTERM
    assert "the workflow that started this job is gone" in done.stderr


def test_a_workflow_of_other_process_ids_is_not_watched() -> None:
    job = "from cascade_efgan.orchestration.parent_watch import end_with; end_with('4194303:1'); print('went on')"
    assert (
        subprocess.run([sys.executable, "-c", job], check=True, timeout=30, capture_output=True).stdout == b"went on\n"
    )


def snakemake_folder(tmp_path: Path, host: str) -> Path:
    """What a run that was killed leaves."""
    for name in ("locks", "runs"):
        (tmp_path / name).mkdir()
    (tmp_path / "locks/0.output.lock").write_text("results/a\n", encoding="utf-8")
    record = {"host": host, "pid": 4194305, "since": "2026-01-01 12:00:00", "command": "snakemake all"}
    (tmp_path / f"runs/{host}.4194305.json").write_text(json.dumps(record), encoding="utf-8")
    return tmp_path


def test_the_lock_of_a_dead_run_is_lifted(tmp_path: Path) -> None:
    runs = Runs(snakemake_folder(tmp_path, platform.node()))
    file, removed = runs.join()
    assert removed is not None and "process 4194305" in removed
    assert list((tmp_path / "locks").iterdir()) == []
    file.close()
    runs.leave()
    assert list((tmp_path / "runs").iterdir()) == []


def test_the_lock_of_another_machine_and_of_an_unknown_run_stay(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    far = snakemake_folder(tmp_path / "a", "elsewhere")
    assert Runs(far).join()[1] is None and list((far / "locks").iterdir())
    unknown = snakemake_folder(tmp_path / "b", platform.node())
    for record in (unknown / "runs").iterdir():
        record.unlink()
    assert Runs(unknown).join()[1] is None and list((unknown / "locks").iterdir())


def test_the_lock_of_a_living_run_stays_and_its_owner_is_named(tmp_path: Path) -> None:
    living = Runs(tmp_path)
    file, _ = living.join()
    (tmp_path / "locks").mkdir()
    (tmp_path / "locks/0.output.lock").touch()
    second = Runs(tmp_path)
    second.own = tmp_path / "runs/second.json"
    other, removed = second.join()
    assert removed is None and list((tmp_path / "locks").iterdir())
    (sentence,) = second.others()
    assert sentence.startswith(f"process {os.getpid()} on {platform.node()} (since ")
    file.close()
    other.close()


def test_files_from_the_future_are_refused_and_the_advice_mends_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the advice every source is newer than every result, and the results keep their order."""
    monkeypatch.chdir(tmp_path)
    ahead = time.time() + 100_000
    for number, name in enumerate(("src/a.py", "results/first.csv", "results/second.csv")):
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).touch()
        if number:
            os.utime(name, (ahead + number, ahead + number))
    with pytest.raises(InputError, match=r"results/second\.csv is dated .* after now, and so are 1 other") as caught:
        refuse_future("results", ["src"])
    for command in re.findall(r"find .*?(?:\\;|\+)", str(caught.value)):
        subprocess.run(["sh", "-c", command], check=True)
    refuse_future("results", ["src"])
    first, second, source = (
        Path(name).stat().st_mtime for name in ("results/first.csv", "results/second.csv", "src/a.py")
    )
    assert first < second < source


def test_times_that_are_right_are_not_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    refuse_future("results", ["src"])
    Path("results").mkdir()
    Path("results/a").touch()
    refuse_future("results", ["src"])
