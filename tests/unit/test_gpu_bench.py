"""The pieces of benchmarks/gpu.sh, on the CPU at toy size."""

import json
import os
import subprocess
import sys
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from benchmarks import gpu_setup, gpu_steps, gpu_train
from cascade_efgan.config import Settings
from cascade_efgan.data import AUS, EXPRESSIONS


def piece(out: Path, *words: str) -> None:
    gpu_steps.main([*words, "--out", str(out), "--device", "cpu", "--toy"])


def result(out: Path, name: str) -> dict[str, object]:
    return json.loads((out / f"{name}.json").read_text())


def test_defaults_are_those_of_the_settings_model() -> None:
    settings = Settings().model_dump(mode="json")
    for section, key in (("Network", "network"), ("Losses", "losses"), ("Schedule", "train")):
        assert gpu_setup.defaults(section) == settings[key]


@pytest.mark.parametrize("method", ["stargan", "cascade_ef_gan"])
def test_a_step_piece_leaves_rates_and_work_and_is_not_run_twice(tmp_path: Path, method: str) -> None:
    piece(tmp_path, "step", "--method", method, "--variant", "fast")
    found = result(tmp_path, f"step-{method}-2-fast")
    assert found["toy"] and found["images_per_second"] > 0 and found["tflop_per_iteration"] > 0
    assert found["seconds_per_iteration"] == pytest.approx(
        found["seconds_discriminators"] + found["seconds_generator"] / found["n_critic"]
    )
    assert found["peak_memory_bytes"] is None and found["peak_tflops_bfloat16"] is None
    file = tmp_path / f"step-{method}-2-fast.json"
    before = file.read_bytes()
    piece(tmp_path, "step", "--method", method, "--variant", "fast")
    assert file.read_bytes() == before


def test_what_cannot_be_measured_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GANIMATION_REPLICATE_DIR", raising=False)
    piece(tmp_path, "peer")
    assert "GANIMATION_REPLICATE_DIR" in str(result(tmp_path, "peer-2")["not_measured"])
    piece(tmp_path, "full")
    assert "no steps of ef_gan" in str(result(tmp_path, "full")["not_measured"])


def test_hours_of_the_full_preset_follow_from_the_quickest_steps(tmp_path: Path) -> None:
    for method, batch in product(("ef_gan", "cascade_ef_gan"), (2, 16)):
        for variant, seconds in (("plain", 3.0), ("bfloat16", 1.0)):
            values = {"variant": variant, "seconds_per_iteration": seconds}
            (tmp_path / f"step-{method}-{batch}-{variant}.json").write_text(json.dumps(values))
    found = gpu_steps.extrapolate(tmp_path)
    assert found["batch_2_hours"] == pytest.approx(120 * 723 / 3600)
    assert found["batch_16_ef_gan"] == {"variant": "bfloat16", "iterations": 9000}
    assert "extrapolated" in found["label"]


def make_crops(folder: Path) -> None:
    np.save(folder / "crops.npy", np.random.default_rng(0).integers(0, 256, (9, 32, 32, 3), dtype=np.uint8))
    ids = [f"p{number}" for number in range(9)]
    index = pd.DataFrame({"id": ids, "expression": [*EXPRESSIONS, EXPRESSIONS[0]]} | dict.fromkeys(AUS, 2.5))
    index.to_csv(folder / "crops.csv", index=False)
    pd.DataFrame({"id": ids, "part": ["train"] * 8 + ["test"]}).to_csv(folder / "split.csv", index=False)


def test_training_goes_on_where_it_stopped_and_leaves_a_grid(tmp_path: Path) -> None:
    make_crops(tmp_path)
    words = ["--data", str(tmp_path), "--out", str(tmp_path / "out"), "--method", "baseline", "--batch", "4",
             "--network", json.dumps(gpu_setup.TOY_NETWORK), "--device", "cpu", "--minutes", "0.02"]  # fmt: skip
    epochs = []
    for _ in range(2):
        gpu_train.main(words)
        epochs.append(result(tmp_path / "out", "train-baseline")["epochs"])
    assert 0 < epochs[0] < epochs[1]
    assert result(tmp_path / "out", "train-baseline")["images"] == 8
    with Image.open(tmp_path / "out" / "train-baseline.png") as picture:
        picture.load()
        assert picture.size == (8 * 32, 2 * 32)


def test_the_script_runs_its_pieces_and_stops_when_time_is_over(tmp_path: Path, repository: Path) -> None:
    environment = {
        **os.environ, "OUT": str(tmp_path), "DEVICE": "cpu", "TOY": "1", "METHODS": "ef_gan", "BATCHES": "2",
        "PYTHON": sys.executable, "LIMIT": "1",
    }  # fmt: skip
    environment.pop("GANIMATION_REPLICATE_DIR", None)
    done = subprocess.run([repository / "benchmarks" / "gpu.sh"], env=environment, capture_output=True, text=True)
    assert done.returncode == 0 and "time is over" in done.stderr
    assert not (tmp_path / "full.json").exists()
    # Fast steps lead to the weights of plain ones.
    found = result(tmp_path, "compare-ef_gan")
    assert found["passed"] and 0 < found["mean_difference_in_rates"] < found["largest_difference_in_rates"]


def test_a_bare_machine_needs_neither_pydantic_nor_pandas(repository: Path) -> None:
    blocked = ("pydantic", "pandas", "typer", "snakemake", "cv2", "tensorboard", "yaml", "tqdm", "matplotlib")
    program = (
        "import sys\n"
        f"for name in {blocked}: sys.modules[name] = None\n"
        "import benchmarks.gpu_steps, benchmarks.gpu_setup\n"
    )
    environment = {**os.environ, "PYTHONPATH": f"{repository}/src:{repository}"}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
