"""The AU regressor: closed forms, learning, and the two stages."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from evaluation_helpers import write_edits, write_faces

from cascade_efgan.data import AUS
from cascade_efgan.errors import InputError
from cascade_efgan.evaluation.au_regressor import AuNetwork, au_errors, constant_guess_error, read_aus
from cascade_efgan.evaluation.metric import read_metric
from cascade_efgan.files import read_json
from cascade_efgan.stages import au_error, regress_aus


def regress(faces: dict[str, Path], name: str = "au", seed: int = 0, epochs: int = 40) -> dict[str, Path]:
    """Run the regress_aus stage; its two files."""
    torch.set_num_threads(1)
    values = {"width": 4, "epochs": epochs, "batch": 6, "learning_rate": 0.005}
    settings = [f"au_regressor.{key}={value}" for key, value in values.items()]
    files = {
        "weights": faces["crops"].with_name(f"{name}.safetensors"),
        "model": faces["crops"].with_name(f"{name}.json"),
    }
    data = {key: faces[key] for key in ("crops", "index", "split")}
    regress_aus.command(seed=seed, **data, **files, settings=settings)
    return files


def test_error_closed_form() -> None:
    measured = np.zeros((2, 17))
    measured[:, 0] = [1, -3]
    value, per_au = au_errors(measured, np.zeros((2, 17)))
    assert (value, per_au["AU01"], per_au["AU45"]) == (pytest.approx(2 / 17), 2, 0)
    assert constant_guess_error(np.repeat([[0.0], [1.0], [5.0]], 17, axis=1), np.full((4, 17), 3.0)) == 2


@pytest.mark.parametrize("size", [32, 128])
def test_shapes_and_range(size: int) -> None:
    network = AuNetwork(4)
    with torch.no_grad():
        network.head[-1].bias.copy_(torch.linspace(-3, 3, 17))
    images = np.random.default_rng(0).integers(0, 256, (3, size, size, 3), dtype=np.uint8)
    intensities = read_aus(network, images, np.arange(3), torch.device("cpu"))
    assert (intensities.shape, intensities.min(), intensities.max()) == ((3, 17), 0, 5)


def test_it_learns_and_says_its_own_error(tmp_path: Path) -> None:
    faces = write_faces(tmp_path)
    files = regress(faces)
    description = read_json(files["model"])
    assert (description["n_train"], description["n_held_out"]) == (18, 6)
    assert list(description["held_out_error_per_au"]) == list(AUS)
    assert description["held_out_error"] < 0.5 * description["constant_guess_error"]
    edits, index = write_edits(tmp_path, faces, "test")
    out = tmp_path / "au_error.json"
    common = {"method": "ef_gan", "dataset": "rendered", "seed": 0, "edits": edits, "edits_index": index, "metric": out}
    au_error.command(**common, **files, readings=tmp_path / "readings_au.csv")
    good = read_metric(out)
    readings, wanted = pd.read_csv(tmp_path / "readings_au.csv"), pd.read_csv(index)
    assert readings["id"].tolist() == (wanted["source_id"] + ":" + wanted["target_expression"]).tolist()
    error = np.abs(readings[list(AUS)].to_numpy() - wanted[list(AUS)].to_numpy()).mean()
    assert (good.n, good.value) == (18, pytest.approx(error, abs=1e-3))
    assert good.details["held_out_error"] == description["held_out_error"]
    assert good.value == pytest.approx(np.mean(list(good.details["per_au"].values())))
    # Wrong targets: the pictures stay, the wanted AUs of happy and sad change places.
    table = pd.read_csv(index, dtype=str)
    swap = {"happy": "sad", "sad": "happy", "neutral": "neutral"}
    goals = table.drop_duplicates("target_expression").set_index("target_expression")[list(AUS)]
    table[list(AUS)] = goals.loc[table["target_expression"].map(swap)].to_numpy()
    table.to_csv(index, index=False)
    au_error.command(**common, **files)
    assert read_metric(out).value > good.value + 0.5


def test_the_seed_alone_decides_the_bits_and_no_part_may_be_empty(tmp_path: Path) -> None:
    faces = write_faces(tmp_path)
    first, again, other = (regress(faces, str(n), n // 2, 1)["weights"].read_bytes() for n in range(3))
    assert first == again != other
    pd.read_csv(faces["split"]).assign(part="train").to_csv(faces["split"], index=False)
    with pytest.raises(InputError, match="24 training and 0 test images"):
        regress(faces)
