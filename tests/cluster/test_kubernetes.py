"""The Kubernetes profile: job objects that Kubernetes would take, whose commands do the work from a bucket alone."""

import json
import re
import subprocess
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import kubernetes.client
import pytest
from copied_workflow import PROGRAMS, Workflow, copy_workflow
from fake_kubernetes import FakeKubernetes, fake_kubernetes, image_variables
from s3_server import S3, s3_server

#: A CPU job, a group of six and a GPU job.
TARGET = "results/rendered/seed0/real/classifier.safetensors"
IMAGE = "registry.example/efgan:1"
WORDS = (
    "--workflow-profile", "profiles/kubernetes", "--seconds-between-status-checks", "1",
    TARGET, "--config", "preset=smoke",
)  # fmt: skip


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[FakeKubernetes, S3, Workflow]]:
    """A finished run by the profile."""
    folder = tmp_path_factory.mktemp("kubernetes")
    workflow = copy_workflow(folder / "repository")
    # The files under git are what the executor sends to the pods.
    subprocess.run(["git", "init", "--quiet", "."], cwd=workflow.folder, check=True)
    subprocess.run(["git", "add", "--all"], cwd=workflow.folder, check=True)
    with s3_server(folder) as s3, fake_kubernetes(folder, image_variables(PROGRAMS, folder)) as cluster:
        variables = {
            **s3.environment(), "SNAKEMAKE_STORAGE_S3_ENDPOINT_URL": s3.url, "EFGAN_BUCKET": "s3://efgan/study",
            "EFGAN_IMAGE": IMAGE, "KUBECONFIG": str(cluster.kubeconfig),
        }  # fmt: skip
        with workflow.background(*WORDS, variables={**workflow.environment(), **variables}) as run:
            status = run.wait(timeout=600)
        assert status == 0, workflow.said() + "\n".join(cluster.log(name) for name in cluster.jobs)
        yield cluster, s3, workflow


def container_of(job: dict[str, Any]) -> dict[str, Any]:
    """The one container of a job."""
    (container,) = job["spec"]["template"]["spec"]["containers"]
    return container


def rules_of(job: dict[str, Any]) -> list[str]:
    """Rules that the command of a job runs."""
    found = re.search(r"--allowed-rules ([\w ]+?) --", container_of(job)["args"][1])
    assert found is not None
    return found[1].split()


def job_of(cluster: FakeKubernetes, rule: str) -> dict[str, Any]:
    """The job whose pod ran a rule."""
    jobs = [job for job in cluster.jobs.values() if rule in rules_of(job)]
    (job,) = jobs
    return job


def test_the_jobs_work_from_the_bucket_alone(
    finished: tuple[FakeKubernetes, S3, Workflow], local_run: Workflow
) -> None:
    cluster, s3, workflow = finished
    objects = s3.objects("efgan", "study/")
    for name in ("results/rendered/crops.npy", "results/rendered/split.csv", TARGET):
        assert objects[name] == (local_run.folder / name).read_bytes()
    assert not (workflow.folder / "results").exists()
    assert len(cluster.jobs) == 3, "the short jobs from faces to patches are one"


def test_the_objects_are_ones_that_kubernetes_takes(finished: tuple[FakeKubernetes, S3, Workflow]) -> None:
    """No field is unknown to the API's schema or has another type; names are DNS labels."""
    client = kubernetes.client.ApiClient()
    for body in finished[0].jobs.values():
        response = SimpleNamespace(data=json.dumps(body))
        parsed = client.deserialize(response, "V1Job")
        assert client.sanitize_for_serialization(parsed) == body
        assert re.fullmatch(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", body["metadata"]["name"])
        assert body["spec"]["template"]["spec"]["restartPolicy"] == "Never"
        assert container_of(body)["image"] == IMAGE


def test_a_gpu_job_asks_for_one_gpu_and_limits_equal_requests(finished: tuple[FakeKubernetes, S3, Workflow]) -> None:
    cluster, *_ = finished
    gpu = container_of(job_of(cluster, "classify"))["resources"]
    assert gpu["limits"]["nvidia.com/gpu"] == gpu["requests"]["nvidia.com/gpu"] == "1"
    assert gpu["limits"]["memory"] == gpu["requests"]["memory"]
    assert "nvidia.com/gpu" not in container_of(job_of(cluster, "render"))["resources"]["limits"]


def test_secrets_reach_the_jobs_as_secrets_only(finished: tuple[FakeKubernetes, S3, Workflow]) -> None:
    cluster, s3, _ = finished
    for body in cluster.jobs.values():
        assert s3.secret not in str(body)
    assert any(s3.secret in values.values() for values in cluster.secrets.values())
