"""Jobs that a killed run left behind on Slurm, and the image that jobs run in."""

from collections.abc import Callable
from pathlib import Path

import pytest
from programs import write_files, write_program

from cascade_efgan.errors import InputError
from cascade_efgan.orchestration import cluster


@pytest.fixture
def slurm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """`slurm(SQUEUE, SCANCEL)`: shell scripts in the place of Slurm's commands, which work in the test's folder."""
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")

    def stand_ins(squeue: str, scancel: str = 'echo "$@" >> told') -> None:
        for name, script in (("squeue", squeue), ("scancel", scancel)):
            write_program(tmp_path / name, f"#!/bin/sh\ncd {tmp_path}\n{script}\n")

    return stand_ins


def test_jobs_of_the_workflow_and_folder_are_cancelled_and_their_end_is_awaited(
    slurm: Callable[..., None], tmp_path: Path
) -> None:
    others = f"12|efgan_x|{tmp_path} of another\n13|interactive|{tmp_path}\n"
    ours = f"11|efgan_x|{tmp_path}\n14|efgan_y|{tmp_path}\n"
    slurm(f"printf '{others}'; [ -e gone ] || printf '{ours}'; if [ -e told ]; then touch gone; fi")
    assert cluster.cancel_left_behind(tmp_path, patience=20) == ["11", "14"]
    assert (tmp_path / "told").read_text(encoding="utf-8") == "11 14\n"
    assert cluster.cancel_left_behind(tmp_path) == []


def test_the_jobs_of_another_run_that_is_at_work_are_left_alone(slurm: Callable[..., None], tmp_path: Path) -> None:
    slurm(f"echo '7|efgan_x|{tmp_path}'")
    record = '{"pid": 4711, "host": "login2", "since": "2026-01-01", "command": "snakemake"}'
    write_files(tmp_path, {".snakemake/runs/login2.4711.json": record})
    assert cluster.cancel_left_behind(tmp_path, patience=0) == []
    assert not (tmp_path / "told").exists()


@pytest.mark.parametrize(
    ("squeue", "sentence"),
    [
        ('echo "7|efgan_x|$PWD"', "Slurm jobs 7 of an earlier run do not end"),
        ("echo 'error: Unable to contact controller' >&2; exit 1", "squeue: error: Unable to contact controller; run"),
    ],
)
def test_a_job_that_does_not_end_and_a_silent_slurm_are_one_sentence(
    slurm: Callable[..., None], tmp_path: Path, squeue: str, sentence: str
) -> None:
    slurm(squeue)
    with pytest.raises(InputError, match=sentence):
        cluster.cancel_left_behind(tmp_path, patience=0)


@pytest.mark.parametrize(
    ("name", "contained", "image", "built"),
    [
        ("registry.example/efgan:1", True, "docker://registry.example/efgan:1", "docker://registry.example/efgan:1"),
        ("docker://efgan:1", True, "docker://efgan:1", "docker://efgan:1"),
        ("/images/efgan.sif", True, "/images/efgan.sif", "/images/efgan.sif"),
        (None, True, None, "efgan.sif"),
        ("", True, None, "efgan.sif"),
        ("", False, "efgan.sif", "efgan.sif"),
    ],
)
def test_one_name_of_the_image_serves_kubernetes_and_apptainer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str | None, contained: bool, image: str, built: str
) -> None:
    """Without a name it is the one built here; where it was not built, jobs in containers are only OpenFace's."""
    monkeypatch.chdir(tmp_path)
    assert cluster.apptainer_image(name, contained) == image
    (tmp_path / "efgan.sif").touch()
    assert cluster.apptainer_image(name, contained) == built
