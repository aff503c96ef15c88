"""What runs again after which change. A stand-in for `efgan` makes the files: these tests are about the DAG."""

import os
import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from copied_workflow import Workflow, with_followers


@pytest.fixture(scope="module")
def finished(copy_of_quick: Callable[[Path], Workflow], tmp_path_factory: pytest.TempPathFactory) -> Workflow:
    """A run of everything, finished."""
    return copy_of_quick(tmp_path_factory.mktemp("finished"))


def test_touching_every_file_reruns_nothing(finished: Workflow) -> None:
    now = time.time()
    for folder in ("results", "src"):
        for number, path in enumerate(sorted(finished.folder.joinpath(folder).rglob("*"))):
            os.utime(path, (now - number / 1000, now - number / 1000))
    assert finished.would_run() == set()


SRC = "src/cascade_efgan"
OF_PSNR = {"measure_psnr", "measure_ssim", "measure_psnr_true", "draw_scores", "measure_claims"}


@pytest.mark.parametrize(
    ("files", "rules"),
    [
        (f"{SRC}/stages/split.py", {"split"}),
        (f"{SRC}/training/losses.py", {"train", "finetune_cascade"}),
        (f"{SRC}/evaluation/similarity.py", OF_PSNR),
        (f"{SRC}/figures/expression_gap.py", {"draw_scores"}),
        (f"{SRC}/figures/networks.py", {"draw_networks", "measure_claims"}),
        (
            f"{SRC}/config/settings.py {SRC}/config/presets/smoke.yaml {SRC}/cli.py {SRC}/orchestration/run_lock.py",
            set(),
        ),
        ("results/rendered/seed0/real/classifier.json", {"measure_accuracy_real", "measure_accuracy_edits"}),
    ],
)
def test_an_edited_module_or_result_reruns_what_reads_it(finished: Workflow, files: str, rules: set[str]) -> None:
    """The stages that import it and what depends on them, and nothing else."""
    before = {path: path.read_bytes() for path in map(finished.folder.joinpath, files.split())}
    try:
        for path, text in before.items():
            path.write_bytes(text + b"\n# edited\n")
        found = finished.would_run()
    finally:
        for path, text in before.items():
            path.write_bytes(text)
    assert found - {"all"} == with_followers(rules) - {"all"}


@pytest.mark.parametrize(
    ("settings", "rules"),
    [
        (["classifier={epochs: 77}"], {"classify", "classify_with_edits"}),
        (["finetune={epochs: 77}"], {"finetune_cascade"}),
        (["generation_batch=77"], {"generate"}),
        (["checkpoint_minutes=3", "jobs_per_gpu=2"], set()),
    ],
)
def test_a_changed_setting_reruns_the_rules_that_use_it(
    finished: Workflow, settings: list[str], rules: set[str]
) -> None:
    """And the tables and the record, which show the settings. How often to save and how to share GPUs: only these."""
    assert finished.would_run("--config", *settings) == with_followers({*rules, "describe_run", "record_settings"})


def test_another_seed_reruns_all_but_the_data(finished: Workflow) -> None:
    of_data = {"render", "extract_aus", "crop", "split", "average_patch_centers", "report_aus", "draw_contact_sheet"}
    of_data |= {"extract_features_real"}
    assert finished.would_run("--config", "seeds=[5]") == with_followers({"render", "record_settings"}) - of_data


def test_a_lost_result_is_made_again_alone(finished: Workflow) -> None:
    lost = finished.folder / "results" / "rendered" / "seed0" / "figures" / "training_curves.pdf"
    lost.unlink()
    text = finished.snakemake()
    assert set(re.findall(r"^(?:local)?rule (\w+):$", text, re.MULTILINE)) == {
        "draw_curves", "record_provenance", "build_page", "describe_crate", "all",
    }  # fmt: skip
    assert lost.is_file()
