"""Jobs that share GPUs. The GPUs are pretended: a program `nvidia-smi` that lists them, and lock files."""

import ctypes
import importlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from programs import write_program

from cascade_efgan import devices
from cascade_efgan.devices import pick_device, share_gpus, slots_folder, visible_gpus, wait_for_slot

LISTED = "GPU 0: NVIDIA H200 (UUID: GPU-aa)\nGPU 1: NVIDIA H200 (UUID: GPU-bb)\n"
DIVIDED = "GPU 0: H200 (UUID: GPU-aa)\n  MIG 1g.18gb Device 0: (UUID: MIG-1)\n  MIG 1g.18gb Device 1: (UUID: MIG-2)\n"
GPUS = {"0": "GPU-aa", "1": "GPU-bb"}
#: Takes a place, says which, and keeps it until its standard input ends.
HOLDER = """
import sys
from pathlib import Path
from cascade_efgan.devices import wait_for_slot
file, word = wait_for_slot({"0": "GPU-aa", "1": "GPU-bb"}, int(sys.argv[2]), Path(sys.argv[1]))
print(word, Path(file.name).name, flush=True)
sys.stdin.read()
"""

#: Loads a stage as the command line does, then says with how many threads PyTorch computes.
STARTED = """
import sys
from cascade_efgan.cli import main
sys.argv = ["efgan", "--threads", "1", "train", "--help"]
try:
    main()
except SystemExit:
    import torch
    print(torch.get_num_threads(), file=sys.stderr)
"""


@pytest.fixture(autouse=True)
def _as_in_a_new_process(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """No test sees real GPUs, another's choice or other processes' places: a GPU is kept while the module is."""
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    importlib.reload(devices)
    yield
    importlib.reload(devices)


def pretend(text: str, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """A program `nvidia-smi` that prints a text."""
    program = write_program(folder / "bin" / "nvidia-smi", f"#!/bin/sh\nprintf '%s' '{text}'\n")
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")


@pytest.fixture
def holders() -> Iterator[list[subprocess.Popen[str]]]:
    """Processes that hold places; ended after the test."""
    running: list[subprocess.Popen[str]] = []
    yield running
    for process in running:
        process.kill()
        process.communicate()


def hold(holders: list[subprocess.Popen[str]], folder: Path, jobs: int = 1) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(folder), str(jobs)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    holders.append(process)
    return process


def answer(process: subprocess.Popen[str]) -> list[str]:
    assert process.stdout is not None
    return process.stdout.readline().split()


def test_two_processes_at_once_get_two_gpus(holders: list[subprocess.Popen[str]], tmp_path: Path) -> None:
    both = [hold(holders, tmp_path), hold(holders, tmp_path)]
    assert sorted(answer(process)[0] for process in both) == ["0", "1"]


def test_a_third_process_waits_until_one_is_killed(
    holders: list[subprocess.Popen[str]],
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first, second = hold(holders, tmp_path), hold(holders, tmp_path)
    words = {answer(process)[0]: process for process in (first, second)}
    third = hold(holders, tmp_path)
    time.sleep(1.5)
    words["1"].kill()
    killed = time.monotonic()
    assert answer(third)[0] == "1"
    assert time.monotonic() - killed < 10
    monkeypatch.setattr("time.sleep", out_of_patience)
    with pytest.raises(TimeoutError), caplog.at_level("INFO"):
        wait_for_slot(GPUS, 1, tmp_path)
    assert "waiting for a GPU: all 2 places on 2 GPUs are taken" in caplog.text


def out_of_patience(_seconds: float) -> None:
    raise TimeoutError


def test_jobs_spread_over_the_gpus_before_they_share_them(holders: list[subprocess.Popen[str]], tmp_path: Path) -> None:
    taken = [answer(hold(holders, tmp_path, jobs=2)) for _ in range(4)]
    assert taken == [["0", "GPU-aa.0"], ["1", "GPU-bb.0"], ["0", "GPU-aa.1"], ["1", "GPU-bb.1"]]


def test_a_cluster_s_choice_is_respected(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """By number or UUID; the places are named by UUID, which is the same however a job sees the device."""
    pretend(LISTED, monkeypatch, tmp_path)
    assert visible_gpus() == {"GPU-aa": "GPU-aa", "GPU-bb": "GPU-bb"}
    for words, expected in [
        ("1", {"1": "GPU-bb"}),
        ("1,0", {"1": "GPU-bb", "0": "GPU-aa"}),
        ("GPU-bb", {"GPU-bb": "GPU-bb"}),
        ("0,-1,1", {"0": "GPU-aa"}),
        ("", {}),
        ("-1", {}),
    ]:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", words)
        assert visible_gpus() == expected, words


def test_parts_of_a_divided_gpu_count_as_gpus(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pretend(DIVIDED, monkeypatch, tmp_path)
    assert list(visible_gpus()) == ["MIG-1", "MIG-2"]


def test_a_job_takes_the_free_gpu_and_keeps_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pretend(LISTED, monkeypatch, tmp_path)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    other, word = wait_for_slot({"0": "GPU-aa"}, 1, slots_folder())
    assert pick_device() == torch.device("cuda") and pick_device() == torch.device("cuda")
    assert visible_gpus() == {"GPU-bb": "GPU-bb"}, "CUDA sees the one that is ours"
    other.close()
    assert word == "0"
    wait_for_slot({"0": "GPU-aa"}, 1, slots_folder())[0].close()


def test_several_jobs_share_a_gpu_by_a_setting(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pretend(LISTED, monkeypatch, tmp_path)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    with wait_for_slot({"0": "GPU-aa"}, 1, slots_folder())[0]:
        share_gpus(2)
        assert pick_device() == torch.device("cuda")
        monkeypatch.setattr("time.sleep", out_of_patience)  # not before: subprocess sleeps until nvidia-smi has ended
        with pytest.raises(TimeoutError):  # both places are taken
            wait_for_slot({"0": "GPU-aa"}, 2, slots_folder())


def test_without_a_gpu_nothing_is_taken(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with caplog.at_level("INFO"):
        assert pick_device() == torch.device("cpu")
    assert [record.getMessage()[:12] for record in caplog.records] == ["no GPU found"]
    assert not slots_folder().exists()


def test_a_gpu_that_pytorch_cannot_use_is_left_to_others(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    pretend(LISTED, monkeypatch, tmp_path)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert pick_device() == torch.device("cpu")
    assert "PyTorch cannot use GPU GPU-aa" in caplog.text
    wait_for_slot({"0": "GPU-aa"}, 1, slots_folder())[0].close()


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "mallopt"), reason="only glibc gives freed memory back like this")
def test_freed_memory_is_kept_for_the_next_tensor() -> None:
    """Page faults of the second block of 64 MiB: none where the first one's memory is kept, else one per page."""
    script = """
import resource, sys
import numpy as np
from cascade_efgan.devices import keep_memory
if sys.argv[1] == "keep":
    keep_memory()
np.ones(2**23)
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
np.ones(2**23)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""
    small = {**os.environ, "NUMPY_MADVISE_HUGEPAGE": "0"}  # else a page may be 2 MiB large, where the machine has some

    def faults(word: str) -> int:
        done = subprocess.run([sys.executable, "-c", script, word], env=small, capture_output=True, check=True)
        return int(done.stdout)

    assert faults("keep") < 100 < faults("give back")


def test_threads_are_set_before_a_stage_imports_pytorch(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the same command gives other roundings in a shell than inside of Snakemake, which sets OMP_NUM_THREADS."""
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    started = subprocess.run([sys.executable, "-c", STARTED], capture_output=True, text=True, check=True)
    assert started.stderr.splitlines()[-1] == "1"
