"""Images as bytes and as networks see them."""

import numpy as np
import torch
from torch import Tensor


def to_float(images: Tensor) -> Tensor:
    """uint8 (N, 3, S, S) in 0..255 -> float32 in [-1, 1]."""
    return images.float().div_(127.5).sub_(1)


def to_uint8(images: Tensor) -> Tensor:
    """Float (N, 3, S, S) in [-1, 1] -> uint8 in 0..255, rounded to nearest."""
    return images.float().add(1).mul_(127.5).round_().clamp_(0, 255).to(torch.uint8)


def to_tensor(images: np.ndarray, device: torch.device) -> Tensor:
    """uint8 (N, S, S, 3) -> float32 (N, 3, S, S) in [-1, 1] on the device."""
    return to_float(torch.from_numpy(np.ascontiguousarray(np.moveaxis(images, -1, 1))).to(device))


def to_pixels(images: np.ndarray, device: torch.device) -> Tensor:
    """uint8 (N, S, S, 3) -> float32 (N, 3, S, S) in 0..255 on the device; memory stays channels last.

    Measuring networks take them so: a sixth faster on a CPU.
    """
    return torch.from_numpy(np.asarray(images)).to(device).permute(0, 3, 1, 2).float()


def to_images(tensor: Tensor) -> np.ndarray:
    """Float (N, 3, S, S) in [-1, 1] -> uint8 (N, S, S, 3)."""
    images: np.ndarray = to_uint8(tensor).permute(0, 2, 3, 1).cpu().numpy()
    return images
