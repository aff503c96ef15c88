"""`dvc.yaml` and the Snakefile agree: what DVC tracks is what Snakemake reads and makes, for every data set."""

import copy
import json
import re
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
import yaml
from copied_workflow import REPOSITORY, Workflow

from cascade_efgan.orchestration.study import EVERY_TRAINING, model_artifacts

#: Runs that have among them every data set, every rule and every kind of training, as words of Snakemake's `--config`.
RUNS = {
    " ".join(words): words
    for words in ([f"{key}={json.dumps(value)}" for key, value in run.items()] for run in EVERY_TRAINING)
}


def files_of(workflow: Workflow, settings: list[str]) -> tuple[set[str], set[str]]:
    """What all jobs of a run read and make."""
    text = workflow.snakemake("--dry-run", "--nocolor", "--forceall", "all", "--config", *settings)
    found = {}
    for word in ("input", "output"):
        lines = re.findall(rf"^ +{word}: (.+)$", text, re.MULTILINE)
        found[word] = {file.strip() for line in lines for file in line.split(", ")} - {"<TBD>"}
    return found["input"], found["output"]


def paths(entries: list[Any]) -> list[str]:
    """Names of a list in `dvc.yaml`, whose entries may carry options."""
    return [next(iter(entry)) if isinstance(entry, dict) else entry for entry in entries]


def below(file: str, places: list[str]) -> bool:
    return any(place in (file, *map(str, PurePosixPath(file).parents)) for place in places)


def disagreements(dvc: dict[str, Any], inputs: set[str], outputs: set[str]) -> list[str]:
    """One sentence for each file that one of the two knows and the other does not."""
    stage = dvc["stages"]["reproduce"]
    outs, deps = paths(stage["outs"]), paths(stage["deps"])
    found = [f"outs lack {file}" for file in outputs if not below(file, outs)]
    found += [f"deps lack {file}" for file in inputs - outputs if not below(file, [*deps, *outs])]
    for section in ("metrics", "plots", "params"):
        named = [file for file in paths(dvc[section]) if file not in deps]
        made = {file for file in named if any(below(output, [file]) for output in outputs)}
        found += [f"no rule makes {file}, which {section} names" for file in named if file not in made]
    weights = {file for file in outputs if file.endswith("/weights.safetensors")}
    artifacts = {artifact["path"] for artifact in dvc["artifacts"].values()}
    found += [f"artifacts lack {file}" for file in weights - artifacts]
    return sorted(found)


@pytest.fixture(scope="module")
def dvc() -> dict[str, Any]:
    return yaml.safe_load((REPOSITORY / "dvc.yaml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def files(workflow: Workflow) -> dict[str, tuple[set[str], set[str]]]:
    return {name: files_of(workflow, settings) for name, settings in RUNS.items()}


@pytest.mark.parametrize("run", RUNS)
def test_dvc_tracks_what_snakemake_reads_and_makes(
    dvc: dict[str, Any], files: dict[str, tuple[set[str], set[str]]], run: str
) -> None:
    inputs, outputs = files[run]
    assert len(inputs) > 50 and len(outputs) > 50
    assert disagreements(dvc, inputs, outputs) == []


def test_a_disagreement_is_named(dvc: dict[str, Any], files: dict[str, tuple[set[str], set[str]]]) -> None:
    """The check above can fail: each kind of disagreement, planted."""
    wrong = copy.deepcopy(dvc)
    wrong["stages"]["reproduce"]["deps"].remove("src")
    wrong["stages"]["reproduce"]["outs"] = [".snakemake/metadata", "results/rendered"]
    wrong["metrics"] = ["results/scores"]
    del wrong["artifacts"]["rendered-ef_gan"]
    found = disagreements(wrong, *files[next(iter(RUNS))])
    for sentence in (
        "deps lack src/cascade_efgan/training/losses.py",
        "outs lack results/accuracy_table.md",
        "no rule makes results/scores, which metrics names",
        "artifacts lack results/rendered/seed0/ef_gan/weights.safetensors",
    ):
        assert sentence in found


def test_every_artifact_is_made_by_some_run(dvc: dict[str, Any], files: dict[str, tuple[set[str], set[str]]]) -> None:
    assert dvc["artifacts"] == model_artifacts(), "run `make config`"
    made = set().union(*(outputs for _, outputs in files.values()))
    assert {artifact["path"] for artifact in dvc["artifacts"].values()} <= made
    assert all(artifact["desc"] for artifact in dvc["artifacts"].values())


def test_the_one_stage_runs_snakemake_on_the_files_that_it_depends_on(dvc: dict[str, Any], workflow: Workflow) -> None:
    """The command is one that Snakemake takes; the Snakefile reads nothing outside the stage's dependencies."""
    (stage,) = dvc["stages"].values()
    program, *words = stage["cmd"].split()
    assert program == "snakemake" and workflow.would_run(*words)
    text = (REPOSITORY / "Snakefile").read_text(encoding="utf-8")
    read = re.findall(r'^(?:configfile|include): "(.+)"$', text, re.MULTILINE)
    deps = paths(stage["deps"])
    assert "config.yaml" in read and [file for file in read if not below(file, deps)] == []
    assert [place for place in deps if not Path(REPOSITORY, place).exists()] == []


def test_records_of_snakemake_go_with_the_results(dvc: dict[str, Any]) -> None:
    """Without its records a clone would run everything again; outputs that are no `persist` would be deleted first."""
    outs = dvc["stages"]["reproduce"]["outs"]
    assert ".snakemake/metadata" in paths(outs)
    assert all(options == {"persist": True} for out in outs for options in out.values())
