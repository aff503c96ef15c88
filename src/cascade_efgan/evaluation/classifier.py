"""ResNet-18, the expression classifier of the columns R, G and R+G (Sec. 4.3, Table 1)."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from cascade_efgan.config.evaluation_sections import Classifier
from cascade_efgan.data import EXPRESSIONS
from cascade_efgan.data.face_crops.dataset import Faces, load_faces, part_rows
from cascade_efgan.errors import InputError
from cascade_efgan.evaluation.packed_edits import load_edits
from cascade_efgan.evaluation.resnet import ResNet18
from cascade_efgan.evaluation.trainer import Examples, fit, load_network, predict, seeded

KIND = "expression_classifier"


def training_data(
    crops: Path, index: Path, split: Path, edits: Path | None, edits_index: Path | None
) -> tuple[Faces, Examples, int]:
    """What a classifier learns from: real training images (R), with edits of them (R+G).

    The data set, the examples, and how many of them are real.

    Raises:
        InputError: a class without an example, or edits of other images.
    """
    faces = load_faces(crops, index)
    rows = part_rows(faces.index, split, "train")
    names = faces.index["expression"].iloc[rows].tolist()
    if empty := [name for name in faces.expressions if name not in names]:
        raise InputError(
            f"{split}: no training image shows {empty[0]}; enlarge the data set or lower split.test_share, "
            "or choose another split.seed"
        )
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
    return faces, Examples(*parts), len(rows)


def train_classifier(
    data: Examples,
    n_real: int,
    classes: Sequence[str],
    size: int,
    settings: Classifier,
    seed: int,
    device: torch.device,
) -> tuple[ResNet18, dict[str, Any]]:
    """Train an expression classifier.

    Args:
        data: images with targets `(N,)` int64, positions in `classes`; real ones, and edits for R+G.
        n_real: how many of them are real: what the epochs are counted in (`fit`).
        size: side of the crops, pixels.
        seed: seed of weights, order and augmentation.

    Returns:
        The network, and its description for the JSON beside its weights.
    """
    network = seeded(lambda: ResNet18(len(classes), settings.width), seed)
    losses = fit(network, data, functional.cross_entropy, settings, n_real=n_real, seed=seed, device=device)
    return network, {
        "kind": KIND,
        "classes": list(classes),
        "crop_size": size,
        "seed": seed,
        "n_real": n_real,
        "n_edits": len(data) - n_real,
        "steps": len(losses),
        "final_loss": float(np.mean(losses[-max(1, len(losses) // 20) :])),
        "settings": settings.model_dump(mode="json"),
    }


def load_classifier(weights: str | Path, model: str | Path) -> tuple[ResNet18, dict[str, Any]]:
    """Load a classifier and its description.

    Raises:
        InputError: a missing or foreign file.
    """
    return load_network(weights, model, KIND, lambda made: ResNet18(len(made["classes"]), made["settings"]["width"]))


def classify(
    network: nn.Module, classes: Sequence[str], images: np.ndarray, rows: np.ndarray, device: torch.device
) -> list[str]:
    """The most probable expression of some rows of `images` (`(N, S, S, 3)` uint8)."""
    scores = predict(network, images, rows, device)
    return [classes[best] for best in scores.argmax(axis=1)]


def class_numbers(names: Sequence[str], classes: Sequence[str], source: str | Path) -> np.ndarray:
    """Positions of expression names in `classes`: `(N,)` int64.

    Raises:
        InputError: a name that the classifier does not know.
    """
    unknown = sorted(set(names) - set(classes))
    if unknown:
        raise InputError(
            f"{source}: expression {unknown[0]} is none of the classifier's ({', '.join(classes)}); "
            "train it on a data set that holds this expression"
        )
    return np.array([classes.index(name) for name in names], dtype=np.int64)


def hits(true: Sequence[str], predicted: Sequence[str]) -> list[float]:
    """100 for each image whose expression was recognised, 0 for the others."""
    return [100.0 * (one == other) for one, other in zip(true, predicted, strict=True)]


def accuracy_details(true: Sequence[str], predicted: Sequence[str]) -> tuple[float, dict[str, Any]]:
    """Accuracy in percent, with details: `per_expression` accuracies and `confusion[true][predicted]` counts."""
    confusion = {
        name: dict(Counter(other for one, other in zip(true, predicted, strict=True) if one == name))
        for name in EXPRESSIONS
        if name in true
    }
    per_expression = {name: 100 * row.get(name, 0) / sum(row.values()) for name, row in confusion.items()}
    correct = sum(row.get(name, 0) for name, row in confusion.items())
    return 100 * correct / len(true), {"per_expression": per_expression, "confusion": confusion}
