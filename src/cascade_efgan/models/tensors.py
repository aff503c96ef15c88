"""Images as bytes and as networks see them."""

import torch
from torch import Tensor


def to_float(images: Tensor) -> Tensor:
    """uint8 (N, 3, S, S) in 0..255 -> float32 in [-1, 1]."""
    return images.float().div_(127.5).sub_(1)


def to_uint8(images: Tensor) -> Tensor:
    """Float (N, 3, S, S) in [-1, 1] -> uint8 in 0..255, rounded to nearest."""
    return images.float().add(1).mul_(127.5).round_().clamp_(0, 255).to(torch.uint8)
