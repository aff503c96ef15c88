"""The smallest run with its inputs and outputs in an S3 bucket: nothing of them is on a shared file system."""

import fnmatch
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from compared import PATTERNS, SETTINGS, TARGETS, results_of
from copied_workflow import Workflow, copy_workflow
from s3_server import S3, s3_server

BUCKET, PREFIX = "efgan", "study/"
#: What profiles/kubernetes says about storage, on this machine instead of a cluster.
WORDS = (
    "--default-storage-provider", "s3", "--default-storage-prefix", f"s3://{BUCKET}/{PREFIX}",
    "--shared-fs-usage", "persistence", "software-deployment", "sources", "source-cache",
)  # fmt: skip


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3]:
    """A running server."""
    with s3_server(tmp_path_factory.mktemp("s3")) as server:
        yield server


@pytest.fixture(scope="module")
def workflow(tmp_path_factory: pytest.TempPathFactory, preloaded: Path) -> Workflow:
    """A copy of the workflow."""
    return copy_workflow(tmp_path_factory.mktemp("repository"), preloaded)


def snakemake(workflow: Workflow, s3: S3, *words: str, **variables: str) -> tuple[int, str]:
    """Exit status and output of a run whose files are in the bucket."""
    done = subprocess.run(
        ["snakemake", *WORDS, "--storage-s3-endpoint-url", s3.url, *words], cwd=workflow.folder, text=True,
        env={**workflow.environment(), **s3.environment(), **variables}, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=1500,
    )  # fmt: skip
    return done.returncode, done.stdout


def test_wrong_credentials_end_the_run_before_anything_is_made(workflow: Workflow, s3: S3) -> None:
    status, text = snakemake(
        workflow, s3, "--cores", "1", *TARGETS, "--config", *SETTINGS, SNAKEMAKE_STORAGE_S3_SECRET_KEY="wrong"
    )
    assert status != 0
    assert "403" in text or "SignatureDoesNotMatch" in text, text
    assert not (workflow.folder / "results").exists()


def test_a_run_in_a_bucket_makes_the_same_bytes(workflow: Workflow, s3: S3, local_run: Workflow) -> None:
    status, text = snakemake(workflow, s3, "--cores", "2", *TARGETS, "--config", *SETTINGS)
    assert status == 0, text
    assert not (workflow.folder / "results").exists(), "all results are in the bucket, none beside the code"

    objects = s3.objects(BUCKET, f"{PREFIX}results/")
    found = {
        key: content
        for key, content in objects.items()
        if any(fnmatch.fnmatch(key, pattern.replace("**/", "*/")) for pattern in PATTERNS)
    }
    assert found == results_of(local_run.folder / "results")

    status, text = snakemake(workflow, s3, "--dry-run", *TARGETS, "--config", *SETTINGS)
    assert status == 0 and "Nothing to be done" in text, text
