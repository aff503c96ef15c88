"""Files for tests, and programs in the place of real ones."""

import subprocess
from collections.abc import Mapping
from pathlib import Path


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
