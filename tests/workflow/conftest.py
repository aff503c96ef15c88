"""Fixtures: a copy of the workflow in a temporary folder, without results; a finished run of the smallest preset."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from copied_workflow import Workflow, copy_workflow
from dvc_repository import Repository, make_repository


@pytest.fixture(scope="module")
def workflow(tmp_path_factory: pytest.TempPathFactory) -> Workflow:
    """A copy for the tests of one file."""
    return copy_workflow(tmp_path_factory.mktemp("repository"))


@pytest.fixture(scope="session")
def finished_smoke(made_once: Callable[[str, Callable[[Path], object]], Path], preloaded: Path) -> Path:
    """A whole run of `preset=smoke`, made once for all processes of the session; tests change copies of it only.

    By `dvc repro`, and committed. On both cores: with `--resources gpu=1` most jobs would run one by one.
    """

    def fill(folder: Path) -> None:
        run = make_repository(folder, "preset: smoke\n", preloaded)
        run.dvc("repro")
        run.commit("results")

    return made_once("finished_smoke", fill)


@pytest.fixture(scope="session")
def copy_of_smoke(finished_smoke: Path, preloaded: Path) -> Callable[[Path], Repository]:
    """A function that copies the finished run to a folder: all paths in its records are relative."""

    def copy(folder: Path) -> Repository:
        shutil.copytree(finished_smoke, folder, symlinks=True, dirs_exist_ok=True)
        return Repository(folder, preloaded)

    return copy


@pytest.fixture
def results(finished_smoke: Path, tmp_path: Path) -> Path:
    """The results of a finished run at another place, as a download leaves them; files are linked, not copied."""
    folder = tmp_path / "download"
    shutil.copytree(finished_smoke / "results", folder, copy_function=os.link)
    return folder
