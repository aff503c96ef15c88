"""Fixtures: a copy of the workflow in a temporary folder, without results."""

import pytest
from copied_workflow import Workflow, copy_workflow


@pytest.fixture(scope="module")
def workflow(tmp_path_factory: pytest.TempPathFactory) -> Workflow:
    """A copy for the tests of one file."""
    return copy_workflow(tmp_path_factory.mktemp("repository"))
