"""Random changes of training images, so that few photographs are not memorised. Not in the paper.

Written out because torchvision's transforms draw once for a batch, and a run is resumed bit by bit only if the draws of
each image are the run's own.
"""

import torch
from torch import Tensor
from torch.nn import functional as F

#: Numbers that an image's changes are drawn from.
DRAWS = 10

#: Largest changes at strength 1: rotation (radians), scale, move (share of half the side), then brightness, each
#: colour, contrast and saturation as shares.
ROTATION, SCALE, MOVE = 0.14, 0.08, 0.07
BRIGHTNESS, COLOUR, CONTRAST, SATURATION = 0.15, 0.1, 0.2, 0.3


def augmented(images: Tensor, draws: Tensor) -> Tensor:
    """Images turned, scaled, moved and recoloured, each by its own draws; the edge is repeated where nothing was.

    Args:
        images: (N, 3, S, S) float in [-1, 1].
        draws: (N, DRAWS) float, of -1 to 1 times the strength.

    Returns:
        As `images`.
    """
    angle, scale, across, down, brightness, contrast, saturation = draws[:, :7].T
    cosine, sine = angle.mul(ROTATION).cos() * (1 + SCALE * scale), angle.mul(ROTATION).sin() * (1 + SCALE * scale)
    rows = torch.stack([cosine, -sine, MOVE * across]), torch.stack([sine, cosine, MOVE * down])
    places = F.affine_grid(torch.stack(rows).permute(2, 0, 1), list(images.shape), align_corners=False)
    images = F.grid_sample(images, places, mode="bicubic", padding_mode="border", align_corners=False)
    light = (1 + BRIGHTNESS * brightness)[:, None, None, None] * (1 + COLOUR * draws[:, 7:, None, None])
    images = (images + 1) * light - 1
    images = images.mean((1, 2, 3), keepdim=True).lerp(images, (1 + CONTRAST * contrast)[:, None, None, None])
    return images.mean(1, keepdim=True).lerp(images, (1 + SATURATION * saturation)[:, None, None, None]).clamp(-1, 1)
