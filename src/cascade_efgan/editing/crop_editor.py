"""A trained generator on face crops: arrays in, arrays out, in batches, on a CPU or a GPU."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from cascade_efgan.data import AU_MAX
from cascade_efgan.errors import InputError

if TYPE_CHECKING:
    import torch

    from cascade_efgan.models.build import ModelSpec
    from cascade_efgan.models.cascade import Cascade

#: Where PyTorch computes, such as "cpu" or "cuda"; None: a GPU where there is one, else the CPU.
Device: TypeAlias = "torch.device | str | None"

#: Crops that go through the network at a time.
_BATCH = 16


@dataclass(frozen=True)
class CropEdit:
    """What the K steps of the cascade made of a crop, first to last; the last is the edit."""

    images: np.ndarray  # (K, S, S, 3) uint8 RGB
    attention: np.ndarray  # (K, S, S) float32, 0..1: where each repainted, the largest of its branches' maps


class CropEditor:
    """The part of `Editor` that knows the network. Several threads may use one at a time.

    `generator`: a `Cascade` (of one module for single-step methods). `InputError`: there is no such device here.
    """

    def __init__(self, generator: "Cascade", spec: "ModelSpec", device: Device = None) -> None:
        from cascade_efgan.devices import pick_device

        self._device = _device(device) if device is not None else pick_device()
        self._generator = fix_weights(generator).to(self._device)
        self.spec = spec

    def edit(self, crops: np.ndarray, present: np.ndarray, target: np.ndarray) -> list[CropEdit]:
        """The edits of crops, made in batches of at most 16.

        Args:
            crops: `(N, S, S, 3)` uint8 RGB, as `crop_image` cuts them from `square`.
            present: `(N, 17)`, 0..5, the AUs that they show.
            target: `(N, 17)`, 0..5, the AUs that they are to show.
        """
        import torch

        size = self.spec.crop_size
        if crops.shape != (len(crops), size, size, 3) or crops.dtype != np.uint8:
            raise ValueError(f"crops: {crops.dtype} {crops.shape}, expected uint8 (N, {size}, ..., 3)")
        if not len(crops) == len(present) == len(target):
            raise ValueError(f"{len(crops)} crops, {len(present)} present and {len(target)} target AUs")
        with torch.inference_mode():
            batches = [slice(first, first + _BATCH) for first in range(0, len(crops), _BATCH)]
            return [edit for batch in batches for edit in self._edit_batch(crops[batch], present[batch], target[batch])]

    def _edit_batch(self, crops: np.ndarray, present: np.ndarray, target: np.ndarray) -> list[CropEdit]:
        import torch

        from cascade_efgan.models.tensors import to_images, to_tensor

        image = to_tensor(crops, self._device)
        source, goal = (
            torch.from_numpy((np.asarray(aus) / AU_MAX).astype(np.float32)).to(self._device).clamp(0, 1)
            for aus in (present, target)
        )
        steps = self._generator(image, source, goal)
        images = np.stack([to_images(step.final) for step in steps], axis=1)
        return list(map(CropEdit, images, np.stack([self._largest(step.attention) for step in steps], axis=1)))

    def _largest(self, attention: "Mapping[str, torch.Tensor]") -> np.ndarray:
        """Of every pixel the largest of the maps (N, 1, h, w) of all branches."""
        maps = {name: values[:, 0].float().cpu().numpy() for name, values in attention.items()}
        whole = maps["face"].copy()
        for name, box in self.spec.boxes.items():
            part = whole[:, box.top : box.top + box.height, box.left : box.left + box.width]
            np.maximum(part, maps[name], out=part)
        return whole


def fix_weights(generator: "Cascade") -> "Cascade":
    """The generator with its spectrally normalised weights in the place of what computes them: the same, but quicker.

    It is changed in place, to evaluation mode as well, and fit to be exported.
    """
    from torch.nn.utils import parametrize

    generator.eval()
    for module in list(generator.modules()):
        if parametrize.is_parametrized(module, "weight"):
            parametrize.remove_parametrizations(module, "weight", leave_parametrized=True)
    return generator.requires_grad_(False)


def _device(name: "torch.device | str") -> "torch.device":
    import torch

    try:
        device = torch.device(name)
    except RuntimeError:
        raise InputError(f"device {name}: not known; choose cpu, cuda, or cuda:0 and so on") from None
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise InputError(f"device {name}: PyTorch sees {torch.cuda.device_count()} GPUs; choose another, or cpu")
    return device
