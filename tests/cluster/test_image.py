"""The Dockerfile as far as it can be checked without building it."""

import fnmatch
import re
import shutil
import subprocess
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
DOCKERFILE = REPOSITORY / "Dockerfile"
TOOLS = REPOSITORY / "build" / "cluster-tools" / "bin"


def instructions(name: str) -> list[str]:
    """Arguments of every instruction of a kind, continued lines joined."""
    text = re.sub(r"^#.*\n", "", DOCKERFILE.read_text(encoding="utf-8"), flags=re.MULTILINE).replace("\\\n", " ")
    return re.findall(rf"^{name} +(.*)$", text, re.MULTILINE)


def test_hadolint_finds_nothing() -> None:
    program = shutil.which("hadolint", path=str(TOOLS)) or shutil.which("hadolint")
    if program is None:
        pytest.skip("needs hadolint: make test-cluster")
    done = subprocess.run([program, str(DOCKERFILE)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_package_comes_by_its_hash_and_the_image_is_not_roots() -> None:
    installs = [
        part
        for run in instructions("RUN")
        for part in run.split("&&")
        if re.search(r"pip (install|sync|download)", part)
    ]
    assert len(installs) == 4
    *packages, own = installs
    assert all("--require-hashes" in part for part in packages)
    assert "--no-deps" in own and own.split()[-1] == "."
    assert int(instructions("USER")[-1]) > 0


def test_the_storage_plugin_that_pods_install_is_the_locked_one() -> None:
    """The lines that the Dockerfile cuts out of the lock are the plugin's, with its hashes."""
    (awk,) = re.findall(r"awk '(.*?)' requirements.lock", DOCKERFILE.read_text(encoding="utf-8"))
    cut = subprocess.run(
        ["awk", awk, str(REPOSITORY / "requirements.lock")], capture_output=True, text=True, check=True
    ).stdout
    assert re.fullmatch(r"snakemake-storage-plugin-s3==[\d.]+ \\\n( +--hash=sha256:[0-9a-f]{64}( \\)?\n)+", cut)


def test_what_is_copied_reaches_the_build_and_nothing_else_does() -> None:
    ignored = REPOSITORY.joinpath(".dockerignore").read_text(encoding="utf-8").splitlines()
    kept = {line[1:] for line in ignored if line.startswith("!")}
    assert "*" in ignored
    copied = {word for words in instructions("COPY") if "--from" not in words for word in words.split()[:-1]}
    assert copied == kept
    assert all((REPOSITORY / name).exists() for name in copied)
    assert not any(fnmatch.fnmatch(name, "*secret*") for name in copied)
