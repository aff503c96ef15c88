"""The DAG, without running anything."""

import itertools
import re
import shlex
from pathlib import Path

import pytest
from copied_workflow import EDGES, REPOSITORY, Workflow, edges_from_file
from typer.main import get_command

from cascade_efgan.cli import app
from cascade_efgan.config import PRESETS, resolve
from cascade_efgan.orchestration.stage_names import STAGES


def rule_edges(workflow: Workflow, *words: str) -> list[str]:
    """`RULE -> RULE` for every edge between rules, sorted."""
    dot = workflow.snakemake("--rulegraph", "dot", *words)
    names = dict(re.findall(r'(\d+)\[label = "(\w+)"', dot))
    return sorted(f"{names[start]} -> {names[end]}" for start, end in re.findall(r"(\d+) -> (\d+)", dot))


def commands(workflow: Workflow, *words: str) -> list[list[str]]:
    """The words of every `efgan` command that a dry run prints."""
    text = workflow.snakemake("--dry-run", "--nocolor", *words)
    found = re.findall(r"^ +(?:exec )?efgan ((?:.*\\\n)*.*)$", text, re.MULTILINE)
    assert [one for one in found if one.rstrip().endswith("\\")] == [], "a shell takes a last backslash for a word"
    return [shlex.split(command.replace("\\\n", " ")) for command in found]


def test_rules_of_the_default_run_depend_on_each_other_as_recorded(workflow: Workflow) -> None:
    edges = rule_edges(workflow)
    assert edges == edges_from_file(), f"if the change is meant, write these lines to {EDGES}:\n" + "\n".join(edges)


@pytest.mark.parametrize("preset", PRESETS)
def test_every_command_of_a_preset_is_one_its_stage_understands(workflow: Workflow, preset: str) -> None:
    """The dry run builds, and the command line of each job parses: no flag is unknown and none is missing."""
    found = commands(workflow, "--config", f"preset={preset}", "all")
    assert len(found) > 40
    group = get_command(app)
    for words in found:
        stage = next(position for position, word in enumerate(words) if word in STAGES)
        command = group.get_command(None, words[stage])  # type: ignore[attr-defined,arg-type]
        assert command is not None, f"no stage {words[stage]}"
        command.make_context(words[stage], words[stage + 1 :])


def test_a_cascade_starts_from_the_weights_of_its_single_step_method_and_seed(workflow: Workflow) -> None:
    found = commands(workflow, "results/rendered/seed3/cascade_ef_gan/weights.safetensors", "--config", "seeds=[3, 4]")
    (words,) = (words for words in found if "finetune" in words)
    assert words[words.index("--init-from") + 1] == "results/rendered/seed3/ef_gan/weights.safetensors"


def test_wild_images_are_split_by_person_and_may_start_from_the_packages_weights(workflow: Workflow) -> None:
    wanted = ["methods=[stargan]", "crop={size: 96}", "wild={dataset: london, init_from: rendered_baseline}"]
    found = commands(workflow, "results/london/seed0/figures/fig08_wild.png", "--config", *wanted)
    stages = [next(word for word in words if word in STAGES) for words in found]
    (words,) = (words for words, stage in zip(found, stages, strict=True) if stage == "train")
    assert words[words.index("--init-from") + 1] == "src/cascade_efgan/pretrained/rendered_baseline/weights.safetensors"
    assert words[words.index("--method") + 1] == "baseline"
    splits = {
        words[words.index("--index") + 1]: words for words in found if "--labelled" in words or "--no-labelled" in words
    }
    assert "split.by=person" in splits["results/london/crops.csv"]
    assert "split.by=image" in splits["results/rendered/crops.csv"]


def figures_made(found: list[list[str]]) -> dict[str, set[str]]:
    """Data set -> names of the figures that a dry run would draw, each as PNG, PDF and JSON."""
    made: dict[str, set[str]] = {}
    for path in (Path(word) for words in found for word in words if "/figures/" in word and word.endswith(".png")):
        made.setdefault(path.parts[1], set()).add(path.stem)
        assert all(any(str(path.with_suffix(suffix)) in words for words in found) for suffix in (".pdf", ".json"))
    return made


def test_all_draws_every_figure_of_every_data_set(workflow: Workflow) -> None:
    found = commands(workflow, "--config", "preset=paper", "all")
    of_tables = {
        *("fig03_attention", "fig04_cascade_steps", "fig05_methods", "fig06_ablation", "fig07_continuous"),
        *("fig11_more_edits", "fig12_all_expressions"),
        *("training_curves", "confusion", "expression_gap", "best_and_worst"),
    }
    assert figures_made(found) == {
        "rafd": of_tables,
        "cfeed": of_tables,
        "affectnet": {"fig08_wild", "training_curves"},
        "combined": {"training_curves"},
    }
    trained = {word for words in found for word in words if word.endswith("/weights.safetensors")}
    assert "results/rafd/seed0/baseline/weights.safetensors" in trained
    assert "results/cfeed/seed0/baseline/weights.safetensors" not in trained, "trained for a picture alone"


def test_a_run_of_few_methods_draws_what_they_have(workflow: Workflow) -> None:
    made = figures_made(commands(workflow, "--config", "preset=smoke", "methods=[ganimation]", "all"))["rendered"]
    assert {"fig05_methods", "fig06_ablation", "action_units"} <= made
    assert not {"fig03_attention", "fig04_cascade_steps", "fig07_continuous"} & made


def test_one_table_runs_only_what_it_shows(workflow: Workflow) -> None:
    methods = {
        words[words.index("--method") + 1]
        for words in commands(workflow, "results/ablation_table.md")
        if "train" in words[:6]
    }
    assert methods == {"baseline", "ef_gan", "baseline_cascade", "cascade_ef_gan"}


def test_a_data_set_depends_on_its_own_module_alone(workflow: Workflow) -> None:
    text = workflow.snakemake("--dry-run", "--nocolor", "results/london/photos.zip", "--config", "preset=london")
    assert "src/cascade_efgan/data/sources/london.py" in text
    for other in ("rendered_photos.py", "rendered/draw.py", "rafd.py", "affectnet.py"):
        assert f"src/cascade_efgan/data/{other}" not in text


def test_a_table_names_its_numbers_once_for_all_seeds(workflow: Workflow) -> None:
    """Linux takes 128 KiB as one command, and a shell's command is one word."""
    seeds = list(range(5))
    found = commands(workflow, "results/quality_table.md", "--config", "preset=smoke", f"seeds={seeds}")
    (words,) = (words for words in found if "table" in words and "quality" in words)
    paths = [value for name, value in itertools.pairwise(words) if name == "--metrics"]
    assert "results/rendered/seed{seed}/cascade_ef_gan/metrics/psnr.json" in paths
    assert all("seed{seed}" in path for path in paths) and len(paths) == len(set(paths))


def test_nested_settings_of_the_command_line_are_merged_over_the_preset(workflow: Workflow) -> None:
    words = ("--config", "preset=smoke", "train={epochs: 7}", "london={limit: null}", "datasets=[rendered, london]")
    found = commands(workflow, *words, "results/rendered/seed0/stargan/weights.safetensors")
    (command,) = (command for command in found if "train" in command)
    assert "train.epochs=7" in command
    assert f"train.batch={resolve({'preset': 'smoke'}).train.batch}" in command


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (
            ["preset=huge"],
            "configuration key preset is 'huge': expected one of laptop, evening, smoke, full, paper, london",
        ),
        (["crpo={size: 64}"], "configuration key crpo is unknown: allowed here are preset, datasets"),
        (["train={epochs: many}"], "configuration key train.epochs is 'many': input should be a valid integer"),
        (["seeds=[1, 1]"], "seeds lists a value twice"),
        (["methods=[cascade_ef_gan]"], "methods lists cascade_ef_gan, which starts from ef_gan: list ef_gan too"),
    ],
)
def test_a_wrong_setting_is_one_sentence(workflow: Workflow, words: list[str], sentence: str) -> None:
    text = workflow.snakemake("--dry-run", "--config", *words, status=1)
    assert sentence in text
    assert "Traceback" not in text


def test_the_workflow_lints_clean(workflow: Workflow) -> None:
    assert "your workflow is in a good condition" in workflow.snakemake("--lint")


def test_outside_the_repository_the_missing_code_is_one_sentence(workflow: Workflow, tmp_path: Path) -> None:
    snakefile = str(workflow.folder / "Snakefile")
    (tmp_path / "config.yaml").write_text("preset: smoke\n", encoding="utf-8")
    text = Workflow(tmp_path).snakemake("--dry-run", "--cores", "1", "--snakefile", snakefile, status=1)
    assert "run snakemake in the repository's root folder" in text


def test_the_rules_declare_what_the_house_rules_ask(workflow: Workflow) -> None:
    """Docstring, log, benchmark, code, and a GPU for the rules that use PyTorch."""
    text = "".join(path.read_text(encoding="utf-8") for path in (REPOSITORY / "workflow/rules").glob("*.smk"))
    rules = re.findall(r"^(?:rule|checkpoint) (\w+):\n((?:(?: {4}.*)?\n)*)", text, re.MULTILINE)
    assert len(rules) > 20
    for name, body in rules:
        for part in ('    """', "    log:", "    benchmark:", "        code="):
            assert part in body, f"rule {name} lacks {part.strip()}"
        if name == "run_openface":  # the one rule whose program is not ours
            continue
        assert re.search(r"code=(lambda wildcards: )?(code_of|download_code)\b", body), name
        trains = {"train", "finetune_cascade", "finetune_wild", "classify", "classify_again", "regress_aus"}
        heavy = trains | {
            "generate",
            "accuracy",
            "features",
            "au_error",
            "draw_networks",
            "sensitivity",
            "claim_values",
        }
        stage = re.search(r"command_of\(\s*\"(\w+)\"", body)
        assert stage is not None
        assert ("gpu=1" in body) == (stage[1] in heavy), name
