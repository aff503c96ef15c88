"""Train the expression classifier of R or of R+G."""

import logging
from pathlib import Path
from typing import Annotated

from typer import Option

from cascade_efgan.config import settings_from_flags
from cascade_efgan.devices import pick_device
from cascade_efgan.evaluation.classifier import train_classifier, training_data
from cascade_efgan.evaluation.metric import hashed
from cascade_efgan.evaluation.trainer import save_network

log = logging.getLogger("efgan.classify")


def command(
    seed: Annotated[int, Option(min=0, help="seed of weights, order and augmentation")],
    crops: Annotated[Path, Option(help="crops.npy")],
    index: Annotated[Path, Option(help="crops.csv")],
    split: Annotated[Path, Option(help="split.csv; its training part is used")],
    weights: Annotated[Path, Option(help="classifier's weights to write (safetensors)")],
    model: Annotated[Path, Option(help="classifier's description to write (JSON)")],
    edits: Annotated[Path | None, Option(help="edits of the training images: trains the classifier of R+G")] = None,
    edits_index: Annotated[Path | None, Option(help="index of these edits (CSV)")] = None,
    settings: Annotated[list[str], Option("--set", help="section.key=value; section classifier")] = [],
) -> None:
    """Train the expression classifier of R (real training images), or of R+G (with edits of training images)."""
    config = settings_from_flags(settings).classifier
    faces, data, real = training_data(crops, index, split, edits, edits_index)
    network, description = train_classifier(data, real, faces.expressions, faces.size, config, seed, pick_device())
    inputs = [path for path in (crops, index, split, edits, edits_index) if path is not None]
    save_network(weights, model, network, {**description, "inputs": hashed(inputs)})
    log.info("%d steps on %d images, final loss %.4f", description["steps"], len(data), description["final_loss"])
