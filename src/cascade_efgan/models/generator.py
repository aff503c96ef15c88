"""EF-GAN: Expression Transformer with local focuses, and Refiner (Sec. 3.1). Also GANimation and Baseline."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from cascade_efgan.data.face_crops.patches import PatchBox
from cascade_efgan.models.blocks import ConditionedConv, EncoderDecoder, Start, conv_norm_relu, head, initialize


@dataclass(frozen=True)
class Edit:
    """What one editing module makes of a batch.

    Attributes:
        final: (N, 3, S, S) in [-1, 1], the edited faces (I_z in Sec. 6).
        initial: branch name -> (N, 3, h, w) in [-1, 1], the branches' outputs (I_init, Eq. 1).
        attention: branch name -> (N, 1, h, w) in [0, 1], the attention maps M_A.
    """

    final: Tensor
    initial: dict[str, Tensor]
    attention: dict[str, Tensor]


def compose(color: Tensor, attention: Tensor, image: Tensor) -> Tensor:
    """Eq. 1: `M_A * M_C + (1 - M_A) * I_in`; attention (N, 1, h, w) broadcasts over the colours."""
    return attention * color + (1 - attention) * image


def crop(image: Tensor, box: PatchBox) -> Tensor:
    """The patch of image (N, 3, S, S) inside `box`: (N, 3, box.height, box.width)."""
    return image[:, :, box.top : box.top + box.height, box.left : box.left + box.width]


def stitch(patches: Mapping[str, Tensor], boxes: Mapping[str, PatchBox], canvas: Tensor) -> Tensor:
    """Put patches back at their places in the face: (N, c, S, S).

    Outside the patches the canvas shows; where patches overlap, their mean.
    Not in the paper: it says only "stitched ... according to their respective locations".
    """
    total = torch.zeros_like(canvas)
    count = canvas.new_zeros(canvas.shape[2:])
    for name, patch in patches.items():
        crop(total, boxes[name]).add_(patch)
        box = boxes[name]
        count[box.top : box.top + box.height, box.left : box.left + box.width] += 1
    return torch.where(count > 0, total / count.clamp(min=1), canvas)


class Branch(nn.Module):
    """One branch of the Expression Transformer; alone, the generator of GANimation.

    Source: Fig. 9 (a), Sec. 3.1, Eq. 1.
    """

    def __init__(self, aus: int, width: int, blocks: int, start: Start, resize: bool) -> None:
        super().__init__()
        self.body = EncoderDecoder(ConditionedConv(aus, width, start), width, blocks, start, resize)
        self.color = head(width, 3, start)
        self.attention = head(width, 1, start)

    def forward(self, image: Tensor, aus: Tensor) -> tuple[Tensor, Tensor]:
        """Edit image (N, 3, h, w) towards aus (N, 17): output like image, attention (N, 1, h, w)."""
        features = self.body(image, aus)  # (N, width, h, w)
        # Both heads in one convolution: alone, three or one output channels leave most of a CPU's lanes idle.
        weight = torch.cat([self.color.weight, self.attention.weight])  # (4, width, 7, 7)
        color, attention = F.conv2d(features, weight, padding=3).float().split([3, 1], dim=1)
        attention = torch.sigmoid(attention)  # (N, 1, h, w)
        return compose(torch.tanh(color), attention, image), attention


class Refiner(nn.Module):
    """Fuse the face output with the stitched local outputs (Sec. 3.1, Refiner; Fig. 9 b).

    Args:
        masked: Eq. 1 once more, over the stitched image: the Refiner paints where a mask of its own lets it. Not in
            the paper, whose Refiner repaints every pixel: before any AU gradient reaches the branches, that one must
            learn to copy a picture. The mask starts at sigmoid(-2) = 0.12: open enough to learn, closed enough to keep
            the picture.
    """

    def __init__(self, width: int, blocks: int, start: Start, masked: bool, resize: bool) -> None:
        super().__init__()
        self.body = EncoderDecoder(conv_norm_relu(6, width, 7, 1, 3, start), width, blocks, start, resize)
        self.color = head(width, 3, start)
        self.attention: nn.Conv2d | None = None
        if masked:
            self.attention = initialize(nn.Conv2d(width, 1, 7, 1, 3), start, output=True)
            nn.init.constant_(self.attention.bias, -2.0)  # type: ignore[arg-type]

    def forward(self, face: Tensor, stitched: Tensor) -> Tensor:
        """Two (N, 3, S, S) in [-1, 1] -> (N, 3, S, S) in [-1, 1]."""
        features = self.body(torch.cat([face, stitched], dim=1))  # (N, width, S, S)
        color = torch.tanh(self.color(features).float())
        if self.attention is None:
            return color
        return compose(color, torch.sigmoid(self.attention(features).float()), stitched)


class EFGAN(nn.Module):
    """One editing module: the face branch and, with local focuses, three local branches and the Refiner.

    Args:
        aus: number of AUs.
        boxes: region -> place of its patch; empty for GANimation and Baseline, whose final output is the
            face branch's.
        masked: the Refiner has a mask of its own.
        resize: see `upsample_norm_relu`.
    """

    def __init__(
        self,
        aus: int,
        boxes: Mapping[str, PatchBox],
        width: int,
        blocks: int,
        start: Start,
        masked: bool = False,
        resize: bool = False,
    ) -> None:
        super().__init__()
        self.boxes = dict(boxes)
        regions = ["face", *self.boxes]
        self.branches = nn.ModuleDict({name: Branch(aus, width, blocks, start, resize) for name in regions})
        self.refiner = Refiner(width, blocks, start, masked, resize) if self.boxes else None

    def forward(self, image: Tensor, aus: Tensor) -> Edit:
        """Edit image (N, 3, S, S) in [-1, 1] towards aus (N, 17) in [0, 1]; patches come from `image` itself."""
        initial, attention = {}, {}
        for name, branch in self.branches.items():
            source = image if name == "face" else crop(image, self.boxes[name])
            initial[name], attention[name] = branch(source, aus)
        if self.refiner is None:
            return Edit(initial["face"], initial, attention)
        local = {name: initial[name] for name in self.boxes}
        final = self.refiner(initial["face"], stitch(local, self.boxes, initial["face"]))
        return Edit(final, initial, attention)
