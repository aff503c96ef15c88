"""`openface.sh` that is killed, or whose Snakemake is: what it leaves."""

import os
import signal
import subprocess
from pathlib import Path

import pytest
from copied_workflow import wait_until

from cascade_efgan.orchestration.parent_watch import this_process


def test_a_failed_run_leaves_the_tar_of_the_run_before(eight):
    eight.result()
    before = eight.out.read_bytes()
    assert eight.run(model="model/nope.txt").returncode == 1
    assert eight.out.read_bytes() == before


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, "Snakemake's", "Snakemake's before it"])
def test_openface_ends_with_its_script_and_with_snakemake(eight, end):
    """After `kill -9` of Snakemake, OpenFace worked on to the end of its chunk."""
    snakemake = subprocess.Popen(["sleep", "100"])
    namespace = this_process().partition(":")[2]
    variables = eight.environment(EFGAN_REPLAY_SLEEP="60", EFGAN_WORKFLOW=f"{snakemake.pid}:{namespace}")
    if end == "Snakemake's before it":
        snakemake.kill()
    # Python ignores SIGINT in children that it starts in the background; a shell could not undo that.
    process = subprocess.Popen(
        eight.command(), env=variables, stderr=subprocess.PIPE, restore_signals=True, start_new_session=True
    )
    if end != "Snakemake's before it":
        wait_until(eight.log.exists, "run of OpenFace")
        if isinstance(end, signal.Signals):
            process.send_signal(end)
        else:
            snakemake.kill()  # and stays a zombie, as under a parent that does not look after it
    process.communicate(timeout=30)
    assert process.returncode == 128 + (end if isinstance(end, signal.Signals) else signal.SIGTERM)
    assert not list(eight.scratch.iterdir())
    assert not eight.out.exists() and not list(eight.out.parent.glob(".*"))
    wait_until(lambda: not is_running(eight.program), "end of OpenFace")
    snakemake.kill()
    snakemake.wait()


def test_a_snakemake_of_another_namespace_or_alive_ends_nothing(eight):
    namespace = this_process().partition(":")[2]
    ended = subprocess.Popen(["true"])
    ended.wait()
    assert eight.run(EFGAN_WORKFLOW=f"{os.getpid()}:{namespace}").returncode == 0
    assert eight.run(EFGAN_WORKFLOW=f"{ended.pid}:of a container").returncode == 0


def test_what_a_killed_script_left_is_cleaned_at_the_next_start(eight, tmp_path):
    """A work folder in the temporary directory and a half-written tar stayed for ever."""
    process = subprocess.Popen(eight.command(), env=eight.environment(EFGAN_REPLAY_SLEEP="60"), start_new_session=True)
    wait_until(eight.log.exists, "run of OpenFace")
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    (left,) = eight.scratch.iterdir()
    (eight.out.parent / f".{eight.out.name}.{process.pid}.partial").touch()
    record = eight.out.parent / f".{eight.out.name}.work"
    assert record.read_text().splitlines()[1] == str(left)
    kept = [tmp_path / "mine", tmp_path / "efgan-openface.elsewhere"]
    assert eight.run().returncode == 0  # and asserts that nothing is left
    for folder, host in zip(kept, (os.uname().nodename, "another-machine"), strict=True):
        folder.mkdir()
        record.write_text(f"{host}\n{folder}\n")
        assert eight.run().returncode == 0 and folder.is_dir()


def is_running(program):
    def words(path):
        try:
            return path.read_bytes().split(b"\0")
        except OSError:
            return []

    return any(
        bytes(program) in words(path) and b"-fdir" in words(path) for path in Path("/proc").glob("[0-9]*/cmdline")
    )
