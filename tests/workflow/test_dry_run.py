"""The DAG, without running anything: its commands, its figures, and that `dvc.yaml` tracks what it reads and makes."""

import functools
import itertools
import json
import re
import shlex
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
import yaml
from copied_workflow import EDGES, PROGRAMS, REPOSITORY, Workflow, edges_from_file
from typer.main import get_command

from cascade_efgan.audit.page.build import rule_texts
from cascade_efgan.cli import app
from cascade_efgan.config import resolve
from cascade_efgan.orchestration.stage_names import STAGES
from cascade_efgan.orchestration.study import EVERY_TRAINING, model_artifacts

#: Runs that have among them every preset, data set, rule and kind of training; and one of few methods.
RUNS = {
    " ".join(words): words
    for run in (
        *EVERY_TRAINING,
        *({"preset": preset} for preset in ("evening", "smoke", "full")),
        {"preset": "smoke", "methods": ["ganimation"]},
    )
    if (words := [f"{key}={json.dumps(value)}" for key, value in run.items()])
}
PAPER, LONDON, FEW = 'preset="paper"', 'preset="london"', 'preset="smoke" methods=["ganimation"]'
Words = list[str]
Planned = Callable[..., str]


@pytest.fixture(scope="module")
def planned(workflow: Workflow) -> Planned:
    """What a dry run prints; each is made once."""
    return functools.cache(lambda *words: workflow.snakemake("--dry-run", "--nocolor", *words))


def commands(plan: str) -> list[Words]:
    """The words of every `efgan` command of a plan."""
    found = re.findall(r"^ +(?:exec )?efgan ((?:.*\\\n)*.*)$", plan, re.MULTILINE)
    assert [one for one in found if one.rstrip().endswith("\\")] == [], "a shell takes a last backslash for a word"
    return [shlex.split(command.replace("\\\n", " ")) for command in found]


def stage_of(words: Words) -> str:
    return next(word for word in words if word in STAGES)


def after(words: Words, flag: str) -> str:
    return words[words.index(flag) + 1]


def files(plan: str, kind: str) -> set[str]:
    """What all jobs of a plan read ("input") or make ("output")."""
    lines = re.findall(rf"^ +{kind}: (.+)$", plan, re.MULTILINE)
    return {file.strip() for line in lines for file in line.split(", ")} - {"<TBD>"}


def test_rules_of_the_default_run_depend_on_each_other_as_recorded(workflow: Workflow) -> None:
    dot = workflow.snakemake("--rulegraph", "dot")
    names = dict(re.findall(r'(\d+)\[label = "(\w+)"', dot))
    edges = sorted(f"{names[start]} -> {names[end]}" for start, end in re.findall(r"(\d+) -> (\d+)", dot))
    assert edges == edges_from_file(), f"if the change is meant, write these lines to {EDGES}:\n" + "\n".join(edges)


@pytest.mark.parametrize("run", RUNS)
def test_every_command_of_a_run_is_one_its_stage_understands(planned: Planned, run: str) -> None:
    """The dry run builds, and the command line of each job parses: no flag is unknown and none is missing."""
    found = commands(planned("all", "--config", *RUNS[run]))
    assert len(found) > 40
    group = get_command(app)
    for words in found:
        stage = stage_of(words)
        command = group.get_command(None, stage)  # type: ignore[attr-defined,arg-type]
        command.make_context(stage, words[words.index(stage) + 1 :])


@pytest.fixture(scope="module")
def dvc() -> dict[str, Any]:
    return yaml.safe_load((REPOSITORY / "dvc.yaml").read_text(encoding="utf-8"))


def paths(entries: list[Any]) -> list[str]:
    """Names of a list in `dvc.yaml`, whose entries may carry options."""
    return [next(iter(entry)) if isinstance(entry, dict) else entry for entry in entries]


def outside(found: set[str], places: list[str]) -> set[str]:
    return {file for file in found if not {file, *map(str, PurePosixPath(file).parents)} & {*places}}


@pytest.mark.parametrize("run", RUNS)
def test_dvc_tracks_what_snakemake_reads_and_makes(planned: Planned, dvc: dict[str, Any], run: str) -> None:
    stage = dvc["stages"]["reproduce"]
    deps, outs = paths(stage["deps"]), paths(stage["outs"])
    inputs, made = (files(planned("all", "--config", *RUNS[run]), kind) for kind in ("input", "output"))
    assert len(inputs) > 50 and len(made) > 50
    assert outside(made, outs) == outside(inputs - made, [*deps, *outs]) == set()
    for section in ("metrics", "plots", "params"):
        for place in {*paths(dvc[section])} - {*deps}:
            assert outside(made, [place]) != made, f"no rule makes {place}, which {section} names"
    weights = {file for file in made if file.endswith("/weights.safetensors") and "/cascade_from_scratch/" not in file}
    assert weights <= {artifact["path"] for artifact in dvc["artifacts"].values()}, "all but that of a claim alone"


def test_every_artifact_is_made_by_some_run(planned: Planned, dvc: dict[str, Any]) -> None:
    assert dvc["artifacts"] == model_artifacts(), "run `make config`"
    made = set().union(*(files(planned("all", "--config", *words), "output") for words in RUNS.values()))
    assert {artifact["path"] for artifact in dvc["artifacts"].values()} <= made
    assert all(artifact["desc"] for artifact in dvc["artifacts"].values())


def test_the_one_stage_of_dvc_runs_snakemake_and_keeps_its_records(dvc: dict[str, Any]) -> None:
    """Without them a clone would run everything again; outputs that are no `persist` would be deleted first."""
    (stage,) = dvc["stages"].values()
    assert stage["cmd"] == "snakemake all"
    text = (REPOSITORY / "Snakefile").read_text(encoding="utf-8")
    read = set(re.findall(r'^(?:configfile|include): "(.+)"$', text, re.MULTILINE))
    assert "config.yaml" in read and not outside(read, paths(stage["deps"]))
    assert all((REPOSITORY / place).exists() for place in paths(stage["deps"]))
    assert ".snakemake/metadata" in paths(stage["outs"])
    assert all(options == {"persist": True} for out in stage["outs"] for options in out.values())


def test_seeds_share_a_word_but_not_weights_and_nested_settings_are_merged_over_the_preset(planned: Planned) -> None:
    """Linux takes 128 KiB as one command, and a shell's command is one word."""
    words = ("preset=smoke", "seeds=[3, 4]", "train={epochs: 7}", "london={limit: null}", "datasets=[rendered, london]")
    found = commands(planned("results/quality_table.md", "--config", *words))
    starts = [after(words, "--init-from") for words in found if "finetune" in words and after(words, "--seed") == "3"]
    assert {"results/rendered/seed3/ef_gan/weights.safetensors"} < {*starts}
    assert all("/seed3/" in path for path in starts)
    (table,) = (words for words in found if stage_of(words) == "table")
    metrics = [word for flag, word in itertools.pairwise(table) if flag == "--metrics"]
    assert "results/rendered/seed{seed}/cascade_ef_gan/metrics/psnr.json" in metrics
    assert all("seed{seed}" in path for path in metrics) and len(metrics) == len({*metrics})
    train = next(words for words in found if stage_of(words) == "train")
    assert {"train.epochs=7", f"train.batch={resolve({'preset': 'smoke'}).train.batch}"} <= {*train}


def test_wild_images_are_split_by_person_and_may_start_from_the_packages_weights(planned: Planned) -> None:
    wanted = ["methods=[stargan]", "crop={size: 96}", "wild={dataset: london, init_from: rendered_baseline}"]
    found = commands(planned("results/london/seed0/figures/fig08_wild.png", "--config", *wanted))
    (train,) = (words for words in found if stage_of(words) == "train")
    assert after(train, "--init-from") == "src/cascade_efgan/pretrained/rendered_baseline/weights.safetensors"
    assert after(train, "--method") == "baseline"
    splits = {after(words, "--index"): words for words in found if stage_of(words) == "split"}
    assert "split.by=person" in splits["results/london/crops.csv"]
    assert "split.by=image" in splits["results/rendered/crops.csv"]


def figures(plan: str) -> dict[str, set[str]]:
    """Data set -> names of the figures that a plan would draw, each as PNG, PDF and JSON."""
    made: dict[str, set[str]] = {}
    found = {word for words in commands(plan) for word in words if "/figures/" in word}
    for path in (Path(word) for word in found if word.endswith(".png")):
        made.setdefault(path.parts[1], set()).add(path.stem)
        assert {str(path.with_suffix(suffix)) for suffix in (".pdf", ".json")} <= found
    return made


def test_every_figure_of_every_data_set_is_drawn_of_the_methods_that_there_are(planned: Planned) -> None:
    paper = planned("all", "--config", *RUNS[PAPER])
    of_tables = {
        *("fig03_attention", "fig04_cascade_steps", "fig05_methods", "fig06_ablation", "fig07_continuous"),
        *("fig11_more_edits", "fig12_all_expressions"),
        *("training_curves", "confusion", "expression_gap", "best_and_worst"),
    }
    wild = {"affectnet": {"fig08_wild", "training_curves"}, "combined": {"training_curves"}}
    assert figures(paper) == {"rafd": of_tables, "cfeed": of_tables, **wild}
    trained = {PurePosixPath(file).parent for file in files(paper, "output") if file.endswith("/weights.safetensors")}
    assert PurePosixPath("results/rafd/seed0/baseline") in trained
    assert PurePosixPath("results/cfeed/seed0/baseline") not in trained, "trained for a picture alone"
    few = figures(planned("all", "--config", *RUNS[FEW]))["rendered"]
    assert few == of_tables - {"fig03_attention", "fig04_cascade_steps", "fig07_continuous"} | {"action_units"}


def test_one_table_runs_only_what_it_shows(planned: Planned) -> None:
    trained = [words for words in commands(planned("results/ablation_table.md")) if stage_of(words) == "train"]
    methods = {after(words, "--method") for words in trained}
    assert methods == {"baseline", "ef_gan", "baseline_cascade", "cascade_ef_gan"}


def test_a_data_set_depends_on_its_own_module_alone(planned: Planned) -> None:
    plan = planned("all", "--config", *RUNS[LONDON])
    read = files(plan[plan.index("checkpoint download:") :].split("\n\n")[0], "input")
    sources = {Path(file).name for file in read if "/data/sources/" in file}
    assert "london.py" in sources and not sources & {"rendered.py", "rafd.py", "cfeed.py", "affectnet.py", "folder.py"}


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("preset=huge", "preset is 'huge': expected one of laptop, evening, smoke, full, paper, london"),
        ("train={epochs: many}", "configuration key train.epochs is 'many': input should be a valid integer"),
    ],
)
def test_a_wrong_setting_is_one_sentence(workflow: Workflow, words: str, sentence: str) -> None:
    text = workflow.snakemake("--dry-run", "--config", words, status=1)
    assert sentence in text and "Traceback" not in text


def test_the_workflow_lints_clean(workflow: Workflow) -> None:
    assert "your workflow is in a good condition" in workflow.snakemake("--lint")


def test_outside_the_repository_the_missing_code_is_one_sentence(workflow: Workflow, tmp_path: Path) -> None:
    snakefile = str(workflow.folder / "Snakefile")
    (tmp_path / "config.yaml").write_text("preset: smoke\n", encoding="utf-8")
    text = Workflow(tmp_path).snakemake("--dry-run", "--cores", "1", "--snakefile", snakefile, status=1)
    assert "run snakemake in the repository's root folder" in text


#: Words that plain Snakemake 9.27.1 cannot read.
LITERAL = ("--cores", "8", "--resources", "gpu=1", "all", "--dry-run", "--quiet")


def test_the_literal_command_works_by_the_command_that_is_installed(workflow: Workflow) -> None:
    """Installed after Snakemake, this project's script of the same name has replaced Snakemake's own."""
    script = (PROGRAMS / "snakemake").read_text(encoding="utf-8")
    assert "cascade_efgan.orchestration.snakemake_command" in script, "install the package last: make distclean test"
    workflow.snakemake(*LITERAL)


def test_plain_snakemake_still_cannot_read_the_literal_command(workflow: Workflow) -> None:
    """When this fails, Snakemake has learnt it: remove `orchestration/snakemake_command.py` and its script."""
    plain = "import sys; from snakemake.cli import main; main(sys.argv[1:])"
    text = workflow.run(sys.executable, "-c", plain, *LITERAL, status=1)
    assert "dictionary update sequence element #1 has length 1" in text


def test_the_page_can_say_of_every_rule_what_it_does(tmp_path: Path) -> None:
    """Of those made from another rule too."""
    with zipfile.ZipFile(tmp_path / "source.zip", "w") as packed:
        for path in (REPOSITORY / "workflow/rules").glob("*.smk"):
            packed.write(path, path.name)
    known = {name for edge in edges_from_file() for name in edge.split(" -> ")} - {"all"}
    texts = rule_texts(tmp_path / "source.zip")
    assert known <= {*texts} and texts["measure_ssim"] == "SSIM of the same pairs."


def test_the_rules_declare_what_the_house_rules_ask() -> None:
    """Docstring, log, benchmark, code, and a GPU for the rules that use PyTorch."""
    heavy = {
        *("train", "classify", "classify_again", "regress_aus", "generate", "accuracy", "features", "au_error"),
        *("draw_networks", "sensitivity", "claim_values"),
    }
    text = "".join(path.read_text(encoding="utf-8") for path in (REPOSITORY / "workflow/rules").glob("*.smk"))
    rules = re.findall(r"^(?:rule|checkpoint) (\w+):\n((?:(?: {4}.*)?\n)*)", text, re.MULTILINE)
    assert len(rules) > 20
    for name, body in rules:
        for part in ('    """', "    log:", "    benchmark:", "        code="):
            assert part in body, f"rule {name} lacks {part.strip()}"
        if name != "run_openface":  # the one rule whose program is not ours
            assert re.search(r"code=(lambda wildcards: )?(code_of|download_code)\b", body), name
            stage = re.search(r"command_of\(\s*\"(\w+)\"", body)
            assert stage is not None and ("gpu=1" in body) == (stage[1] in heavy), name
