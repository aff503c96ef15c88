"""Train the AU regressor on rendered training faces."""

import logging
from pathlib import Path
from typing import Annotated

from typer import Option

from cascade_efgan.config import settings_from_flags
from cascade_efgan.data import AU_MAX
from cascade_efgan.data.face_crops.dataset import load_faces, part_rows
from cascade_efgan.devices import pick_device
from cascade_efgan.errors import InputError
from cascade_efgan.evaluation.au_regressor import au_errors, constant_guess_error, read_aus, train_au_regressor
from cascade_efgan.evaluation.metric import hashed
from cascade_efgan.evaluation.trainer import Examples, save_network

log = logging.getLogger("efgan.regress_aus")


def command(
    seed: Annotated[int, Option(min=0, help="seed of weights, order and augmentation")],
    crops: Annotated[Path, Option(help="crops.npy")],
    index: Annotated[Path, Option(help="crops.csv")],
    split: Annotated[Path, Option(help="split.csv: learns from its training part, is measured on its test part")],
    weights: Annotated[Path, Option(help="regressor's weights to write (safetensors)")],
    model: Annotated[Path, Option(help="regressor's description to write (JSON), with its error on held-out faces")],
    settings: Annotated[list[str], Option("--set", help="section.key=value; section au_regressor")] = [],
) -> None:
    """Train a small network to read AUs from face crops, and measure it on held-out faces."""
    config = settings_from_flags(settings).au_regressor
    faces = load_faces(crops, index)
    train, test = (part_rows(faces.index, split, part) for part in ("train", "test"))
    if len(train) == 0 or len(test) == 0:
        raise InputError(
            f"{split}: {len(train)} training and {len(test)} test images, expected some of both; change split"
        )
    device = pick_device()
    data = Examples((faces.images, train, faces.aus[train]))
    network, description = train_au_regressor(data, faces.size, config, seed, device)
    known = faces.aus[test] * AU_MAX
    error, per_au = au_errors(read_aus(network, faces.images, test, device), known)
    description |= {
        "n_held_out": len(test),
        "held_out_error": error,
        "held_out_error_per_au": per_au,
        "constant_guess_error": constant_guess_error(faces.aus[train] * AU_MAX, known),
        "inputs": hashed([crops, index, split]),
    }
    save_network(weights, model, network, description)
    guess = description["constant_guess_error"]
    log.info("held-out error %.3f on %d faces (a constant guess: %.3f), AUs in 0..5", error, len(test), guess)
