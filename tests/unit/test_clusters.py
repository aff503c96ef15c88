"""Jobs that a killed run left behind, and lists of files for all seeds."""

from pathlib import Path

import pytest
from programs import write_program

from cascade_efgan.errors import InputError
from cascade_efgan.orchestration import cluster
from cascade_efgan.orchestration.cli_args import for_all_seeds, with_seeds

LISTING = """\
11|efgan_0b1c|/data/study
12|efgan_0b1c|/data/study of another
13|interactive|/data/study
14|efgan_77aa|/data/study
"""


def stand_ins(folder: Path, monkeypatch: pytest.MonkeyPatch, squeue: str, scancel: str = "true") -> None:
    """Shell scripts in the place of Slurm's commands."""
    for name, script in (("squeue", squeue), ("scancel", scancel)):
        write_program(folder / name, f"#!/bin/sh\n{script}\n")
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")


def test_jobs_of_the_workflow_and_folder_are_found_and_no_others() -> None:
    assert cluster.jobs_of_folder(LISTING, Path("/data/study")) == ["11", "14"]


def test_jobs_are_cancelled_and_their_end_is_awaited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    listing = (
        f"[ -e {tmp_path}/gone ] || echo '7|efgan_x|{tmp_path}'; [ -e {tmp_path}/told ] && touch {tmp_path}/gone; true"
    )
    stand_ins(tmp_path, monkeypatch, listing, f'echo "$@" >> {tmp_path}/told')
    assert cluster.cancel_left_behind(tmp_path) == ["7"]
    assert (tmp_path / "told").read_text(encoding="utf-8") == "7\n"
    assert cluster.cancel_left_behind(tmp_path) == []


def test_the_jobs_of_another_run_that_is_at_work_are_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_ins(tmp_path, monkeypatch, f"echo '7|efgan_x|{tmp_path}'", f"touch {tmp_path}/told")
    record = tmp_path / ".snakemake" / "runs" / "login2.4711.json"
    record.parent.mkdir(parents=True)
    text = '{"pid": 4711, "host": "login2", "since": "2026-01-01", "command": "snakemake"}'
    record.write_text(text, encoding="utf-8")
    assert cluster.cancel_left_behind(tmp_path) == []
    assert not (tmp_path / "told").exists()


def test_a_job_that_does_not_end_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_ins(tmp_path, monkeypatch, f"echo '7|efgan_x|{tmp_path}'")
    with pytest.raises(InputError, match="Slurm jobs 7 of an earlier run do not end"):
        cluster.cancel_left_behind(tmp_path, patience=0)


def test_a_slurm_that_does_not_answer_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_ins(tmp_path, monkeypatch, "echo 'slurm_load_jobs error: Unable to contact slurm controller' >&2; exit 1")
    with pytest.raises(InputError, match="squeue: slurm_load_jobs error: Unable to contact slurm controller; run the"):
        cluster.left_behind(tmp_path)


def test_seeds_are_put_back_into_paths() -> None:
    paths = [Path("a/seed{seed}/G.json"), Path("b.json")]
    assert with_seeds(paths, [3, 10]) == [Path("a/seed3/G.json"), Path("a/seed10/G.json"), Path("b.json")]


def test_paths_that_differ_in_their_seed_alone_are_one_word() -> None:
    paths = [f"results/rendered/seed{seed}/{name}/G.json" for seed in (0, 12) for name in ("a", "b")]
    words = for_all_seeds(paths)
    assert words == ["results/rendered/seed{seed}/a/G.json", "results/rendered/seed{seed}/b/G.json"]
    assert sorted(map(str, with_seeds(map(Path, words), [0, 12]))) == sorted(paths)


@pytest.mark.parametrize(
    ("name", "image"),
    [
        ("registry.example/efgan:1", "docker://registry.example/efgan:1"),
        ("docker://efgan:1", "docker://efgan:1"),
        ("/images/efgan.sif", "/images/efgan.sif"),
        ("", None),
        (None, None),
    ],
)
def test_one_name_of_the_image_serves_kubernetes_and_apptainer(name: str | None, image: str | None) -> None:
    assert cluster.apptainer_image(name, contained=True) == image


def test_without_a_name_it_is_the_image_built_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where jobs run in containers and it was not built, only OpenFace does."""
    monkeypatch.chdir(tmp_path)
    assert (cluster.apptainer_image(None, contained=True), cluster.apptainer_image("", contained=False)) == (
        None,
        "efgan.sif",
    )
    (tmp_path / "efgan.sif").touch()
    assert cluster.apptainer_image(None, contained=True) == "efgan.sif"
