"""Training of the two measuring networks (expression classifier, AU regressor): one short, seeded loop for both."""

import json
import math
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

import cv2
import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor, nn
from tqdm import tqdm

from cascade_efgan import __version__
from cascade_efgan.config.evaluation_sections import AuRegressor, Classifier
from cascade_efgan.errors import InputError
from cascade_efgan.files import atomic_path, not_the_file, read_json, write_json
from cascade_efgan.models.tensors import to_float, to_pixels

#: Largest random shift (share of the crop's side), zoom (share of the size, in and out) and change of brightness of
#: training images. Not in the paper. The zoom is needed: a crop follows the landmarks, so that raised brows and a
#: dropped jaw shrink the face in it by a seventh, and a network learns "surprised" by the size of the head. Measured on
#: rendered faces, whose true edits keep their source's crop: without zoom 17 % of those to "surprised" were recognised
#: (all expressions: 81 %), with it 97 % (99.6 %), at the same R.
MAX_SHIFT = 1 / 32
MAX_ZOOM = 0.1
MAX_BRIGHTNESS = 0.1

Network = TypeVar("Network", bound=nn.Module)

#: What the loop reads epochs, learning rate and batch size from.
FitSettings = Classifier | AuRegressor


class Examples:
    """Training images of several arrays, seen as one list without copying them, and `targets`, in the same order."""

    def __init__(self, *parts: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
        """Each part: array `(Nk, S, S, 3)` uint8 RGB (memory maps are fine), rows used `(Mk,)`, targets `(Mk, ...)`."""
        self._places = [(images, row) for images, rows, _ in parts for row in rows]
        self.targets = np.concatenate([targets for _, _, targets in parts])

    def __len__(self) -> int:
        """Number of examples."""
        return len(self._places)

    def images(self, numbers: np.ndarray) -> np.ndarray:
        """The images of some examples: `(B, S, S, 3)` uint8."""
        return np.stack([images[row] for images, row in (self._places[number] for number in numbers)])


def augment(images: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Flip, shift, zoom and brighten at random: `(B, S, S, 3)` uint8 -> the same.

    A mirrored face keeps its expression and its AUs, which have no side. Where the frame leaves the picture, the
    border's pixels are repeated. Not in the paper: it names no augmentation of its classifier.
    """
    count, size = images.shape[:2]
    flips = np.where(random.random(count) < 0.5, -1.0, 1.0)
    zooms = np.exp(random.uniform(-1, 1, count) * np.log1p(MAX_ZOOM))
    shifts = random.uniform(-MAX_SHIFT * size, MAX_SHIFT * size, (count, 2))
    gains = random.uniform(1 - MAX_BRIGHTNESS, 1 + MAX_BRIGHTNESS, (count, 1, 1, 1)).astype(np.float32)
    middle = (size - 1) / 2
    moved = np.empty_like(images)
    for number, (flip, zoom, (right, down)) in enumerate(zip(flips, zooms, shifts, strict=True)):
        across = flip * zoom
        matrix = np.array([[across, 0, middle - across * middle + right], [0, zoom, middle - zoom * middle + down]])
        moved[number] = cv2.warpAffine(
            images[number], matrix, (size, size), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
    brightened: np.ndarray = np.clip(np.rint(moved * gains), 0, 255).astype(np.uint8)
    return brightened


def seeded(build: Callable[[], Network], seed: int) -> Network:
    """Build a network whose initial weights depend on `seed` only; PyTorch's own generator is left as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return build()


def fit(
    network: nn.Module,
    data: Examples,
    loss: Callable[[Tensor, Tensor], Tensor],
    settings: FitSettings,
    *,
    n_real: int,
    seed: int,
    device: torch.device,
) -> list[float]:
    """Train `network` in place with Adam and a cosine decay to 0, and give back the loss of every step.

    Same seed and machine give the same bits on a CPU.

    Args:
        network: maps `(B, 3, S, S)` in -1..1 to what `loss` compares with targets.
        loss: (output, targets) -> scalar.
        settings: batch size, initial learning rate, and epochs: passes over the real images.
        n_real: real images. Edits that R+G adds do not count: every classifier of a table is trained for the same
            number of steps, so that R+G compares training data and not training time.
        seed: seed of the order of examples and of the augmentation.

    Raises:
        InputError: the loss is no finite number.
    """
    network.to(device).to(memory_format=torch.channels_last).train()
    optimizer = torch.optim.Adam(network.parameters(), lr=settings.learning_rate, betas=(0.9, 0.999))
    steps = settings.epochs * math.ceil(n_real / settings.batch)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=steps, eta_min=0)
    random = np.random.default_rng(seed)
    losses: list[float] = []
    batches = _batches(len(data), settings.batch, steps, random)
    for numbers in tqdm(batches, total=steps, file=sys.stderr, disable=None, mininterval=1):
        inputs = to_float(to_pixels(augment(data.images(numbers), random), device))
        value = loss(network(inputs), torch.from_numpy(data.targets[numbers]).to(device))
        optimizer.zero_grad(set_to_none=True)
        value.backward()
        optimizer.step()
        schedule.step()
        losses.append(float(value.detach()))
        if not math.isfinite(losses[-1]):
            raise InputError(
                f"loss of step {len(losses)} is {losses[-1]}: lower learning_rate of this section and run again"
            )
    return losses


def predict(
    network: nn.Module, images: np.ndarray, rows: np.ndarray, device: torch.device, batch: int = 64
) -> np.ndarray:
    """Outputs of a network for some rows of `images` (`(N, S, S, 3)` uint8), as float32 `(len(rows), ...)`."""
    network.to(device).to(memory_format=torch.channels_last).eval()
    outputs = np.empty(0, dtype=np.float32)
    with torch.inference_mode():
        for start in range(0, len(rows), batch):
            inputs = to_float(to_pixels(images[rows[start : start + batch]], device))
            values = network(inputs).float().cpu().numpy()
            if start == 0:
                # One array from the start: small ones kept from every batch would break the memory between them into
                # pieces too small for the next batch, and it would grow with the number of images after all.
                outputs = np.empty((len(rows), *values.shape[1:]), dtype=np.float32)
            outputs[start : start + len(values)] = values
    return outputs


def save_network(weights: str | Path, model: str | Path, network: nn.Module, description: Mapping[str, Any]) -> None:
    """Write the weights as safetensors and what they belong to as JSON; neither file can carry code."""
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in network.state_dict().items()}
    with atomic_path(weights) as partial:
        partial.write_bytes(save(tensors))  # save_file lets only the owner read it
    write_json(model, {**description, "version": __version__})


def load_network(
    weights: str | Path, model: str | Path, kind: str, build: Callable[[dict[str, Any]], Network]
) -> tuple[Network, dict[str, Any]]:
    """A network as `save_network` wrote it, and its description, from which `build` makes one of the same form.

    Raises:
        InputError: a missing or foreign file, or weights of another network.
    """
    description = read_json(model)
    if not isinstance(description, dict) or description.get("kind") != kind:
        raise InputError(f"{model}: expected the description of a network of kind {kind}; give the matching file")
    network = build(description)
    try:
        network.load_state_dict(load_file(weights))
    except FileNotFoundError:
        told = not_the_file(weights) or f"{weights}: no such file; run the rule that makes it first"
        raise InputError(told) from None
    except (SafetensorError, json.JSONDecodeError) as error:
        told = not_the_file(weights) or f"{weights}: not a safetensors file ({error}); delete it and run its rule again"
        raise InputError(told) from None
    except RuntimeError:
        raise InputError(
            f"{weights}: weights of another network than the JSON beside it describes; make both again"
        ) from None
    return network, description


def _batches(count: int, batch: int, steps: int, random: np.random.Generator) -> Iterator[np.ndarray]:
    """`steps` full batches from endless shuffled passes: a last batch of one image would break batch normalisation."""
    waiting = np.empty(0, dtype=np.int64)
    for _ in range(steps):
        while len(waiting) < batch:
            waiting = np.concatenate([waiting, random.permutation(count)])
        yield waiting[:batch]
        waiting = waiting[batch:]
