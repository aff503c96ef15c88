"""Fixtures of the tests that need a cluster or an object store; `make test-cluster` installs and runs them."""

from collections.abc import Callable
from pathlib import Path

import pytest
from compared import SETTINGS, TARGETS
from copied_workflow import Workflow, copy_workflow


@pytest.fixture(scope="session")
def local_run(made_once: Callable[[str, Callable[[Path], object]], Path], preloaded: Path) -> Workflow:
    """A finished run on this machine, which those elsewhere must equal byte for byte."""

    def fill(folder: Path) -> None:
        copy_workflow(folder, preloaded).snakemake("--cores", "2", *TARGETS, "--config", *SETTINGS)

    return Workflow(made_once("local_run", fill), preloaded)
