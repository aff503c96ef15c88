"""Fixtures: a copy of the workflow in a temporary folder, without results; finished runs, made once and copied."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from copied_workflow import STAND_IN, Workflow, copy_workflow
from dvc_repository import Repository, make_repository
from programs import write_program

Once = Callable[[str, Callable[[Path], object]], Path]


@pytest.fixture(scope="module")
def workflow(tmp_path_factory: pytest.TempPathFactory) -> Workflow:
    """A copy for the tests of one file."""
    return copy_workflow(tmp_path_factory.mktemp("repository"))


@pytest.fixture(scope="session")
def finished_smoke(made_once: Once, preloaded: Path) -> Path:
    """A whole run of `preset=smoke`, made once for all processes of the session; tests change copies of it only.

    By `dvc repro`, and committed. On both cores: with `--resources gpu=1` most jobs would run one by one.
    """

    def fill(folder: Path) -> None:
        run = make_repository(copy_workflow(folder, preloaded, "preset: smoke\n"))
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


@pytest.fixture(scope="session")
def copy_of_quick(made_once: Once) -> Callable[[Path], Workflow]:
    """The same of a whole run by a stand-in for `efgan`, of two methods: every rule makes something."""

    def fill(folder: Path) -> None:
        programs = write_program(folder / "programs" / "efgan", STAND_IN).parent
        config = "preset: smoke\nmethods: [ef_gan, cascade_ef_gan]\n"
        copy_workflow(folder / "repository", programs, config).snakemake("--cores", "4")

    finished = made_once("finished_quick", fill)

    def copy(folder: Path) -> Workflow:
        shutil.copytree(finished, folder, symlinks=True, dirs_exist_ok=True)
        return Workflow(folder / "repository", folder / "programs")

    return copy


@pytest.fixture
def results(finished_smoke: Path, tmp_path: Path) -> Path:
    """The results of a finished run at another place, as a download leaves them; files are linked, not copied."""
    folder = tmp_path / "download"
    shutil.copytree(finished_smoke / "results", folder, copy_function=os.link)
    return folder
