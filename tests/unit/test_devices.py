"""Jobs that share GPUs. The GPUs are pretended: a program `nvidia-smi` that lists them, and lock files."""

import contextlib
import ctypes
import importlib
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from programs import write_program

from cascade_efgan import devices
from cascade_efgan.devices import pick_device, share_gpus, visible_gpus, wait_for_slot

LISTED = "GPU 0: NVIDIA H200 (UUID: GPU-aa)\nGPU 1: NVIDIA H200 (UUID: GPU-bb)\n"
DIVIDED = "GPU 0: H200 (UUID: GPU-aa)\n  MIG 1g.18gb Device 0: (UUID: MIG-1)\n  MIG 1g.18gb Device 1: (UUID: MIG-2)\n"
#: Takes a place, says which, and keeps it until its standard input ends.
HOLDER = """
import logging, sys
from pathlib import Path
from cascade_efgan.devices import wait_for_slot
logging.basicConfig(level="INFO", stream=sys.stdout, format="%(message)s")
file, word = wait_for_slot({"0": "GPU-aa", "1": "GPU-bb"}, int(sys.argv[1]))
print(word, Path(file.name).name, flush=True)
sys.stdin.read()
"""

Hold = Callable[..., subprocess.Popen[str]]


@pytest.fixture(autouse=True)
def _as_in_a_new_process(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """No test sees real GPUs, another's choice or other processes' places: a GPU is kept while the module is."""
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES")
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    importlib.reload(devices)
    yield
    importlib.reload(devices)


@pytest.fixture
def pretend(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str, bool], None]:
    """`pretend(TEXT, USABLE)`: a program `nvidia-smi` that prints a text, and whether PyTorch can use a GPU."""

    def listed(text: str, usable: bool) -> None:
        program = write_program(tmp_path / "bin" / "nvidia-smi", f"#!/bin/sh\nprintf '%s' '{text}'\n")
        monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
        monkeypatch.setattr(torch.cuda, "is_available", lambda: usable)

    return listed


@pytest.fixture
def hold() -> Iterator[Hold]:
    """`hold(JOBS)`: a process that holds a place; ended after the test."""
    with contextlib.ExitStack() as running:

        def started(jobs: int = 1) -> subprocess.Popen[str]:
            words = [sys.executable, "-c", HOLDER, str(jobs)]
            process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            running.callback(process.communicate)
            running.callback(process.kill)
            return process

        yield started


def answer(process: subprocess.Popen[str]) -> list[str]:
    assert process.stdout is not None
    return process.stdout.readline().split()


def test_each_process_gets_a_gpu_and_a_third_waits_until_one_is_killed(hold: Hold) -> None:
    words = {answer(process)[0]: process for process in (hold(), hold())}
    assert sorted(words) == ["0", "1"]
    third = hold()
    assert " ".join(answer(third)) == "waiting for a GPU: all 2 places on 2 GPUs are taken"
    words["1"].kill()
    assert answer(third)[0] == "1"


def test_jobs_spread_over_the_gpus_before_they_share_them(hold: Hold) -> None:
    taken = [answer(hold(2)) for _ in range(4)]
    assert taken == [["0", "GPU-aa.0"], ["1", "GPU-bb.0"], ["0", "GPU-aa.1"], ["1", "GPU-bb.1"]]


@pytest.mark.parametrize(
    ("text", "chosen", "expected"),
    [
        (LISTED, None, {"GPU-aa": "GPU-aa", "GPU-bb": "GPU-bb"}),
        (LISTED, "1", {"1": "GPU-bb"}),
        (LISTED, "1,0", {"1": "GPU-bb", "0": "GPU-aa"}),
        (LISTED, "GPU-bb", {"GPU-bb": "GPU-bb"}),
        (LISTED, "0,-1,1", {"0": "GPU-aa"}),
        (LISTED, "", {}),
        (LISTED, "-1", {}),
        (DIVIDED, None, {"MIG-1": "MIG-1", "MIG-2": "MIG-2"}),
    ],
)
def test_a_cluster_s_choice_is_respected(
    monkeypatch: pytest.MonkeyPatch,
    pretend: Callable[[str, bool], None],
    text: str,
    chosen: str | None,
    expected: dict[str, str],
) -> None:
    """By number or UUID; the places are named by UUID, which is the same however a job sees the device."""
    pretend(text, True)
    if chosen is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", chosen)
    assert visible_gpus() == expected


def test_a_job_takes_the_free_gpu_and_keeps_it(pretend: Callable[[str, bool], None]) -> None:
    pretend(LISTED, True)
    with wait_for_slot({"0": "GPU-aa"}, 1)[0]:
        assert pick_device() == torch.device("cuda") == pick_device()
    assert visible_gpus() == {"GPU-bb": "GPU-bb"}, "CUDA sees the one that is ours"
    wait_for_slot({"0": "GPU-aa"}, 1)[0].close()


def test_several_jobs_share_a_gpu_by_a_setting(
    monkeypatch: pytest.MonkeyPatch, pretend: Callable[[str, bool], None], hold: Hold
) -> None:
    pretend(LISTED, True)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    with wait_for_slot({"0": "GPU-aa"}, 1)[0]:
        share_gpus(2)
        assert pick_device() == torch.device("cuda")
        assert answer(hold(2)) == ["1", "GPU-bb.0"], "both places of the first are taken"


@pytest.mark.parametrize(
    ("text", "told"), [("", "no GPU found: running on the CPU"), (LISTED, "PyTorch cannot use GPU GPU-aa")]
)
def test_without_a_usable_gpu_none_is_kept_from_others(
    pretend: Callable[[str, bool], None], caplog: pytest.LogCaptureFixture, text: str, told: str
) -> None:
    pretend(text, False)
    with caplog.at_level("INFO"):
        assert pick_device() == torch.device("cpu")
    assert told in caplog.text and caplog.text.count("no GPU found") == 1
    wait_for_slot({"0": "GPU-aa"}, 1)[0].close()


def test_without_nvidias_program_there_is_no_gpu(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    assert visible_gpus() == {}


def printed(script: str, *words: str) -> str:
    """What a new interpreter says last."""
    done = subprocess.run([sys.executable, "-c", script, *words], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()[-1]


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "mallopt"), reason="only glibc gives freed memory back like this")
def test_freed_memory_is_kept_for_the_next_tensor(monkeypatch: pytest.MonkeyPatch) -> None:
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
    monkeypatch.setenv("NUMPY_MADVISE_HUGEPAGE", "0")  # else a page may be 2 MiB large, where the machine has some
    assert int(printed(script, "keep")) < 100 < int(printed(script, "give back"))


def test_threads_are_set_before_a_stage_imports_pytorch(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the same command gives other roundings in a shell than inside of Snakemake, which sets OMP_NUM_THREADS."""
    script = """
import sys
from cascade_efgan.cli import main
sys.argv = ["efgan", "--threads", "1", "train", "--help"]
try:
    main()
except SystemExit:
    import torch
    print(torch.get_num_threads())
"""
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    assert printed(script) == "1"
