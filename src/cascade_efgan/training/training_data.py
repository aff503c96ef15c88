"""Training images resident on the device, and batches in a seeded order.

Images are changed at random so that few photographs are not memorised. Not in the paper. Written out because
torchvision's transforms draw once for a batch, and a run is resumed bit by bit only if each image's draws are its own.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from cascade_efgan.models.tensors import to_float
from cascade_efgan.training.objective import Batch

if TYPE_CHECKING:  # the benchmark on a bare GPU machine has no pandas
    from cascade_efgan.data.face_crops.dataset import Faces


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


class TrainingData:
    """A data set's training part in memory, as uint8 on the device.

    Args:
        faces: the training faces only.
        device: where batches are made.
    """

    def __init__(self, faces: "Faces", device: torch.device) -> None:
        images = np.ascontiguousarray(np.moveaxis(np.asarray(faces.images), -1, 1))
        self.images = torch.from_numpy(images).to(device)
        self.aus = torch.from_numpy(np.ascontiguousarray(faces.aus, dtype=np.float32)).to(device)
        self.labels = torch.from_numpy(np.ascontiguousarray(faces.labels)).to(device)

    def __len__(self) -> int:
        """Number of training images."""
        return len(self.images)

    def batch(self, rows: Tensor, targets: Tensor, mirrored: Tensor, draws: Tensor | None = None) -> Batch:
        """Images `rows` with the AUs and labels of images `targets`.

        Args:
            rows, targets: (N,) int64.
            mirrored: (N,) bool, flips left and right.
            draws: (N, DRAWS) float, what `augmented` takes; None: nothing else is changed.
        """
        images = self.images[rows]
        images = to_float(torch.where(mirrored[:, None, None, None], images.flip(3), images))
        if draws is not None:
            images = augmented(images, draws)
        return Batch(images, self.aus[rows], self.aus[targets], self.labels[rows], self.labels[targets])

    def epoch(self, size: int, flip: bool, seed: int, skip: int = 0, augment: float = 0) -> Iterator[Batch]:
        """Every image once, in an order, with targets and changes, that `seed` alone decides.

        Targets are the AUs of another random training image (GANimation; not in the paper). The last
        incomplete batch is left out unless it is the only one.

        Args:
            size: batch size.
            flip: mirror half of the images.
            seed: seed of order, targets, flips and other changes.
            skip: batches to leave out at the beginning, without making them; the others are what they would be.
            augment: strength of the changes other than flips, 0 to 1.
        """
        order = torch.Generator().manual_seed(seed)
        device, count = self.images.device, len(self)
        rows = torch.randperm(count, generator=order).to(device)
        targets = torch.randint(count, (count,), generator=order).to(device)
        mirrored = (torch.rand(count, generator=order) < (0.5 if flip else 0.0)).to(device)
        draws = (augment * (2 * torch.rand(count, DRAWS, generator=order) - 1)).to(device) if augment else None
        size = min(size, count)
        for start in range(skip * size, count - size + 1, size):
            part = slice(start, start + size)
            yield self.batch(rows[part], targets[part], mirrored[part], None if draws is None else draws[part])
