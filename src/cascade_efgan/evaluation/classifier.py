"""ResNet-18, the expression classifier of the columns R, G and R+G (Sec. 4.3, Table 1)."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional
from torchvision.models.resnet import BasicBlock, ResNet

from cascade_efgan.config.settings import Classifier
from cascade_efgan.data import EXPRESSIONS
from cascade_efgan.errors import InputError
from cascade_efgan.evaluation.fitting import (
    Examples,
    count_steps,
    fit,
    load_weights,
    predict,
    read_description,
    seeded,
)

KIND = "expression_classifier"


class ResNet18(ResNet):
    """torchvision's ResNet-18 with a width.

    Not in the paper, which names no network: StarGAN, whose protocol it follows, measures with ResNet-18.
    At width 64 it is torchvision's `resnet18`, layer for layer. Its stem (7x7 convolution of stride 2, max pooling)
    is kept for small crops as well: on rendered faces of 64 pixels, leaving out the pooling doubled the time of a
    step, and in equal time reached 91 % where the whole network reached 97 %.
    """

    def __init__(self, classes: int, width: int) -> None:
        """Build it.

        Args:
            classes: number of outputs.
            width: channels of the first stage (ResNet-18: 64); the others have 2, 4 and 8 times as many.
        """
        super().__init__(BasicBlock, [2, 2, 2, 2], num_classes=classes)
        if width != 64:
            self.inplanes = width
            self.conv1 = nn.Conv2d(3, width, kernel_size=7, stride=2, padding=3, bias=False)
            self.bn1 = nn.BatchNorm2d(width)
            self.layer1 = self._make_layer(BasicBlock, width, 2)
            self.layer2 = self._make_layer(BasicBlock, 2 * width, 2, stride=2)
            self.layer3 = self._make_layer(BasicBlock, 4 * width, 2, stride=2)
            self.layer4 = self._make_layer(BasicBlock, 8 * width, 2, stride=2)
            self.fc = nn.Linear(8 * width, classes)
            self._initialise()

    def _initialise(self) -> None:
        """Torchvision's own initialisation, for the layers that were built anew."""
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")


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
        n_real: how many of them are real: the steps are `settings.epochs` passes over these (`count_steps`).
        classes: names of the outputs.
        size: side of the crops, pixels.
        settings: width, epochs, learning rate, batch.
        seed: seed of weights, order and augmentation.
        device: where to compute.

    Returns:
        The network, and its description for the JSON beside its weights.
    """
    network = seeded(lambda: ResNet18(len(classes), settings.width), seed)
    assert isinstance(network, ResNet18)
    steps = count_steps(n_real, settings)
    losses = fit(network, data, functional.cross_entropy, settings, steps=steps, seed=seed, device=device)
    last = losses[-max(1, len(losses) // 20) :]
    return network, {
        "kind": KIND,
        "classes": list(classes),
        "crop_size": size,
        "seed": seed,
        "n_real": n_real,
        "n_edits": len(data) - n_real,
        "steps": steps,
        "final_loss": float(np.mean(last)),
        "settings": settings.model_dump(mode="json"),
    }


def load_classifier(weights: str | Path, model: str | Path) -> tuple[ResNet18, dict[str, Any]]:
    """Load a classifier and its description.

    Raises:
        InputError: a missing or foreign file.
    """
    description = read_description(model, KIND)
    network = ResNet18(len(description["classes"]), description["settings"]["width"])
    load_weights(network, weights)
    return network, description


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


def check_training(names: Sequence[str], classes: Sequence[str], source: str | Path) -> None:
    """Refuse training data without an example of some expression.

    Raises:
        InputError: an empty class.
    """
    empty = [name for name in classes if name not in set(names)]
    if empty:
        raise InputError(
            f"{source}: no training image shows {empty[0]}; enlarge the data set or lower split.test_share, "
            "or choose another split.seed"
        )


def accuracy_details(true: Sequence[str], predicted: Sequence[str]) -> tuple[float, dict[str, Any]]:
    """Accuracy in percent, with details: `per_expression` accuracies and `confusion[true][predicted]` counts."""
    present = [name for name in EXPRESSIONS if name in set(true)]
    confusion: dict[str, dict[str, int]] = {name: {} for name in present}
    for one, other in zip(true, predicted, strict=True):
        confusion[one][other] = confusion[one].get(other, 0) + 1
    per_expression = {name: 100 * row.get(name, 0) / sum(row.values()) for name, row in confusion.items()}
    correct = sum(row.get(name, 0) for name, row in confusion.items())
    return 100 * correct / len(true), {"per_expression": per_expression, "confusion": confusion}
