"""A small network that reads the 17 AU intensities of a face crop, for the AU error of edits. Beyond the paper.

OpenFace is made for photographs; for rendered faces, whose true AUs are known, a network is trained.
"""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from cascade_efgan.config.evaluation_sections import AuRegressor
from cascade_efgan.data import AU_MAX, AUS
from cascade_efgan.evaluation.trainer import Examples, fit, load_network, predict, seeded

KIND = "au_regressor"

#: Positions per side before the linear layer: AUs belong to places of the face, so places are not averaged away.
GRID = 4


class AuNetwork(nn.Module):
    """Four 3x3 convolutions of stride 2, pooled to 4x4 positions, then one hidden layer.

    Not in the paper: chosen because it learns in seconds on a CPU.
    """

    def __init__(self, width: int) -> None:
        """Build it; `width` is the number of channels of the first convolution (then 2, 4 and 4 times as many)."""
        super().__init__()
        channels = (3, width, 2 * width, 4 * width, 4 * width)
        layers: list[nn.Module] = []
        for before, after in pairwise(channels):
            convolution = nn.Conv2d(before, after, kernel_size=3, stride=2, padding=1, bias=False)
            layers += [convolution, nn.BatchNorm2d(after), nn.ReLU()]
        self.body = nn.Sequential(*layers)
        self.head = nn.Sequential(
            nn.AdaptiveAvgPool2d(GRID),
            nn.Flatten(),
            nn.Linear(4 * width * GRID * GRID, 8 * width),
            nn.ReLU(),
            nn.Linear(8 * width, len(AUS)),
        )

    def forward(self, images: Tensor) -> Tensor:
        """`(B, 3, S, S)` in -1..1 -> `(B, 17)` AU intensities divided by 5, unbounded while learning."""
        intensities: Tensor = self.head(self.body(images))
        return intensities


def train_au_regressor(
    data: Examples, size: int, settings: AuRegressor, seed: int, device: torch.device
) -> tuple[AuNetwork, dict[str, Any]]:
    """Train the regressor with the mean squared error.

    Not in the paper. The absolute error, in which results are given, learns worse: most AUs are 0 in most images, and
    a constant 0 has no gradient that tells how far off the others are (measured on 230 rendered faces of 64 pixels:
    held-out error 0.16 against 0.25 to 0.35, a constant guess 0.76).

    Args:
        data: real images with targets `(N, 17)` float32, AUs in 0..1.
        size: side of the crops, pixels.
        seed: seed of weights, order and augmentation.

    Returns:
        The network, and its description for the JSON beside its weights.
    """
    network = seeded(lambda: AuNetwork(settings.width), seed)
    losses = fit(network, data, functional.mse_loss, settings, n_real=len(data), seed=seed, device=device)
    return network, {
        "kind": KIND,
        "aus": list(AUS),
        "crop_size": size,
        "seed": seed,
        "n_train": len(data),
        "steps": len(losses),
        "settings": settings.model_dump(mode="json"),
    }


def load_au_regressor(weights: str | Path, model: str | Path) -> tuple[AuNetwork, dict[str, Any]]:
    """Load a regressor and its description.

    Raises:
        InputError: a missing or foreign file.
    """
    return load_network(weights, model, KIND, lambda made: AuNetwork(made["settings"]["width"]))


def read_aus(network: AuNetwork, images: np.ndarray, rows: np.ndarray, device: torch.device) -> np.ndarray:
    """AU intensities of some rows of `images` (`(N, S, S, 3)` uint8): `(len(rows), 17)` float32 in 0..5."""
    intensities: np.ndarray = np.clip(predict(network, images, rows, device), 0, 1) * AU_MAX
    return intensities


def au_errors(measured: np.ndarray, wanted: np.ndarray) -> tuple[float, dict[str, float]]:
    """Mean absolute error over images and AUs, and per AU; `measured` and `wanted` are `(N, 17)`, 0..5."""
    errors = absolute_errors(measured, wanted).mean(axis=0)
    return float(errors.mean()), dict(zip(AUS, errors.tolist(), strict=True))


def absolute_errors(measured: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """`(N, 17)` float64, 0..5."""
    errors: np.ndarray = np.abs(measured.astype(np.float64) - wanted.astype(np.float64))
    return errors


def constant_guess_error(train: Sequence[Sequence[float]] | np.ndarray, held_out: np.ndarray) -> float:
    """Error of guessing every AU's training median: what the regressor must beat to measure anything (0..5)."""
    guess = np.median(np.asarray(train, dtype=np.float64), axis=0)
    return float(np.abs(held_out - guess).mean())
