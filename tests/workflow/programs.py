"""Files for tests, programs in the place of real ones, and disks that are small or read-only."""

import contextlib
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest


def write_files(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    """Write files below a folder, in folders that are made where they are missing; returns the folder."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def write_program(path: Path, text: str) -> Path:
    """Write a program, in a folder that is made where it is missing.

    Another process writes it: a thread of this one that forks while the file is open for writing hands it to its
    child, and Linux runs no program that any process has open so ("Text file busy").
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(["install", "-m", "755", "/dev/stdin", path], input=text, text=True, check=True)
    return path


@contextlib.contextmanager
def mounted(folder: Path, *words: str) -> Iterator[Path]:
    """A mount for the length of a block, `mount WORDS FOLDER`; the test is skipped where that is not permitted."""
    done = subprocess.run(["mount", *words, folder], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"mounting is not permitted here: {done.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", folder], check=True)


def remount(folder: Path, options: str) -> None:
    """Change the options of a mount."""
    subprocess.run(["mount", "-o", f"remount,{options}", folder], check=True)
