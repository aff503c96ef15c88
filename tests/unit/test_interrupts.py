"""Ctrl-C, as a terminal sends it: to the command and to every process that it started."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from small_models import save_random

EFGAN = Path(sys.executable).parent / "efgan"
#: Two are promised, and are kept where the machine does nothing else; before, an upload took its minute.
MOST_SECONDS = 20


@contextlib.contextmanager
def started(*words: object, **variables: str) -> Iterator[subprocess.Popen[str]]:
    """A command in a group of its own."""
    command = subprocess.Popen(
        [str(word) for word in (EFGAN, *words)], env={**os.environ, **variables}, stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    try:
        yield command
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(command.pid, signal.SIGKILL)


def line_with(command: subprocess.Popen[str], words: str) -> str:
    """Wait until the command says something."""
    assert command.stderr is not None
    for line in command.stderr:
        if words in line:
            return line
    pytest.fail(f"it ended without {words!r}")


def interrupted(command: subprocess.Popen[str]) -> None:
    """Ctrl-C: one line, the status of an interrupted command, and soon; standard error ends with its last process."""
    began = time.monotonic()
    os.killpg(command.pid, signal.SIGINT)
    _, said = command.communicate(timeout=60)
    assert time.monotonic() - began < MOST_SECONDS
    assert said.splitlines() == [said.strip()] and said.endswith("efgan: stopped by Ctrl-C\n"), said
    assert command.returncode == 130


def test_ctrl_c_ends_a_stage_in_one_line(tmp_path: Path) -> None:
    photos = tmp_path / "photos.zip"
    words = ["--dataset", "rendered", "--set", "rendered.people=200", "--photos", photos]
    words += ["--manifest", tmp_path / "manifest.csv", "--completeness", tmp_path / "completeness.json"]
    with started("download", *words) as command:
        line_with(command, "version")
        while not any(tmp_path.iterdir()):  # in the middle of its work, not of its imports
            assert command.poll() is None
            time.sleep(0.05)
        interrupted(command)
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    """Weights of an untrained EF-GAN at 32 x 32 pixels."""
    return save_random(tmp_path, "ef_gan")


def test_ctrl_c_ends_the_page_in_one_line_during_an_upload(weights: Path, models_mirror: Path) -> None:
    with started("app", "--port", 0, "--weights", weights, EFGAN_MODELS_MIRROR=str(models_mirror)) as command:
        port = int(line_with(command, "in a browser").split("127.0.0.1:")[1].split("/")[0])
        with socket.create_connection(("127.0.0.1", port)) as upload:
            upload.sendall(b"POST /api/photos HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000000\r\n\r\n")
            upload.sendall(bytes(1000))
            time.sleep(0.5)
            interrupted(command)
            with contextlib.suppress(ConnectionResetError):  # an answer is lost where some of the upload was not read
                assert upload.recv(4096).startswith(b"HTTP/1.1 503")
