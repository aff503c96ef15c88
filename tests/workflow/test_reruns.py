"""What runs again after which change. A stand-in for `efgan` makes the files: these tests are about the DAG."""

import os
import re
import time

import pytest
from copied_workflow import STAND_IN, Workflow, with_followers
from programs import write_program


@pytest.fixture(scope="module")
def finished(workflow: Workflow, tmp_path_factory: pytest.TempPathFactory) -> Workflow:
    """A run of everything, finished."""
    programs = tmp_path_factory.mktemp("programs")
    write_program(programs / "efgan", STAND_IN)
    finished = Workflow(workflow.folder, programs)
    finished.snakemake("--cores", "8", "--resources", "gpu=1", "all", "--config", "preset=smoke")
    return finished


def again(finished: Workflow, *settings: str) -> set[str]:
    """The rules that a further run would run, with some settings changed; without: with none changed."""
    return finished.would_run("--config", "preset=smoke", *settings)


def test_a_second_run_does_nothing(finished: Workflow) -> None:
    text = finished.snakemake("--config", "preset=smoke")
    assert "Nothing to be done" in text


def test_touching_every_file_reruns_nothing(finished: Workflow) -> None:
    now = time.time()
    for folder in ("results", "src"):
        for number, path in enumerate(sorted(finished.folder.joinpath(folder).rglob("*"))):
            os.utime(path, (now - number / 1000, now - number / 1000))
    assert again(finished) == set()


@pytest.mark.parametrize(
    ("modules", "rules"),
    [
        (["stages/split.py"], {"split"}),
        (["training/losses.py"], {"train", "finetune_cascade"}),
        (
            ["evaluation/similarity.py"],
            {"measure_psnr", "measure_ssim", "measure_psnr_true", "draw_scores", "measure_claims"},
        ),
        (["figures/expression_gap.py"], {"draw_scores"}),
        (["figures/networks.py"], {"draw_networks", "measure_claims"}),
        (["config/settings.py", "config/presets/smoke.yaml", "cli.py", "orchestration/snakemake_command.py"], set()),
    ],
)
def test_an_edited_module_reruns_the_stages_that_import_it(
    finished: Workflow, modules: list[str], rules: set[str]
) -> None:
    """Those and what depends on them, and nothing else."""
    paths = [finished.folder / "src" / "cascade_efgan" / name for name in modules]
    before = [path.read_bytes() for path in paths]
    try:
        for path, text in zip(paths, before, strict=True):
            path.write_bytes(text + b"\n# edited\n")
        found = again(finished)
    finally:
        for path, text in zip(paths, before, strict=True):
            path.write_bytes(text)
    assert found == (with_followers(rules) if rules else set())


@pytest.mark.parametrize(
    ("setting", "rules"),
    [
        ("classifier={epochs: 77}", {"classify", "classify_with_edits"}),
        ("finetune={epochs: 77}", {"finetune_cascade"}),
        ("generation_batch=77", {"generate"}),
    ],
)
def test_a_changed_setting_reruns_the_rules_that_use_it(finished: Workflow, setting: str, rules: set[str]) -> None:
    """And the tables and the record, which show the settings."""
    assert again(finished, setting) == with_followers({*rules, "describe_run", "record_settings"})


def test_a_lost_result_is_made_again_alone(finished: Workflow) -> None:
    lost = finished.folder / "results" / "rendered" / "seed0" / "figures" / "training_curves.pdf"
    lost.unlink()
    text = finished.snakemake("--config", "preset=smoke")
    assert set(re.findall(r"^(?:local)?rule (\w+):$", text, re.MULTILINE)) == {
        "draw_curves", "record_provenance", "build_page", "describe_crate", "all",
    }  # fmt: skip
    assert lost.is_file()
