"""`efgan classify`: the expression classifier of R, or of R+G."""

import logging
from pathlib import Path
from typing import Annotated

import numpy as np
from typer import Option

from cascade_efgan.config import settings_from_flags
from cascade_efgan.data.dataset import load_faces, part_rows
from cascade_efgan.devices import pick_device
from cascade_efgan.errors import InputError
from cascade_efgan.evaluation.classifier import check_training, class_numbers, train_classifier
from cascade_efgan.evaluation.edits import load_edits
from cascade_efgan.evaluation.fitting import examples, save_network
from cascade_efgan.evaluation.metric import hashed

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
    faces = load_faces(crops, index)
    rows = part_rows(faces.index, split, "train")
    names = faces.index["expression"].iloc[rows].tolist()
    check_training(names, faces.expressions, split)
    parts = [(faces.images, rows, class_numbers(names, faces.expressions, index))]
    if (edits is None) != (edits_index is None):
        raise InputError("--edits and --edits-index belong together: give both (R+G) or neither (R)")
    if edits is not None and edits_index is not None:
        made = load_edits(edits, edits_index)
        foreign = sorted(set(made.index["source_id"]) - set(faces.index["id"].iloc[rows]))
        if foreign:
            raise InputError(
                f"{edits_index}: edits {foreign[0]}, which is no training image of {split}; "
                "give edits made with --part train, because others would leak the test part"
            )
        if made.images.shape[1] != faces.size:
            raise InputError(
                f"{edits}: images of {made.images.shape[1]} pixels, but {crops} has {faces.size}; make both again"
            )
        labels = class_numbers(made.index["target_expression"].tolist(), faces.expressions, edits_index)
        parts.append((made.images, np.arange(len(made)), labels))
    network, description = train_classifier(
        examples(parts), len(rows), faces.expressions, faces.size, config, seed, pick_device()
    )
    inputs = [path for path in (crops, index, split, edits, edits_index) if path is not None]
    save_network(weights, model, network, {**description, "inputs": hashed(inputs)})
    log.info(
        "%d steps on %d images, final loss %.4f",
        description["steps"],
        sum(len(p[1]) for p in parts),
        description["final_loss"],
    )
