"""Fixtures of the tests that need a cluster or an object store; `make test-cluster` installs and runs them."""

from pathlib import Path

import pytest
from compared import SETTINGS, TARGETS
from copied_workflow import Workflow, copy_workflow


@pytest.fixture(scope="session")
def local_run(tmp_path_factory: pytest.TempPathFactory, preloaded: Path) -> Workflow:
    """A finished run on this machine, which those elsewhere must equal byte for byte."""
    local = copy_workflow(tmp_path_factory.mktemp("local"), preloaded)
    local.snakemake("--cores", "2", *TARGETS, "--config", *SETTINGS)
    return local
