"""Critics of images and of AU vectors."""

from itertools import pairwise

import torch
from torch import Tensor, nn

from cascade_efgan.models.blocks import Start, StridedConv, initialize


class Discriminator(nn.Module):
    """A PatchGAN critic, with a head for AUs or labels where asked for.

    Conv(3, w, 4, 2, 1), then `layers` x Conv(c, 2c, 4, 2, 1), leaky ReLU 0.01; Conv(c, 1, 3, 1, 1) is the
    critic map; a convolution over the whole last map predicts them.

    Source: Fig. 9 (c), Sec. 7 (5 bottleneck layers for faces, 3 for patches; AU head on D_final only).

    Args:
        size: height and width of its images; each at least `2 ** (layers + 1)`.
        outputs: number of AUs or labels that it predicts; 0 for none.
        gain: of the spectrally normalised layers. Not in the paper, which normalises to 1: a ReLU halves the energy of
            what it gets, so that five layers hand 6 % of the difference of two faces on to the heads, and the critic
            learns little before these have grown. With sqrt(2) (He et al., ICCV 2015) it is 31 %.
    """

    def __init__(
        self, size: tuple[int, int], width: int, layers: int, outputs: int, start: Start, gain: float = 1
    ) -> None:
        super().__init__()
        channels = [3, *(width * 2**layer for layer in range(layers + 1))]
        body: list[nn.Module] = []
        for before, after in pairwise(channels):
            body += [initialize(StridedConv(before, after), start, gain=gain), nn.LeakyReLU(0.01, inplace=True)]
        self.body = nn.Sequential(*body)
        height, breadth = (side // 2 ** (layers + 1) for side in size)
        self.critic = initialize(nn.Conv2d(channels[-1], 1, 3, 1, 1, bias=False), start, output=True)
        head = nn.Conv2d(channels[-1], outputs, (height, breadth), bias=False) if outputs else None
        # Of AUs too; published weights have it by this name.
        self.label = None if head is None else initialize(head, start, output=True)

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor | None]:
        """Image (N, 3, h, w) in [-1, 1] -> critic map (N, 1, h', w'), what it predicts (N, c) or None."""
        features = self.body(image)
        predicted = None if self.label is None else self.label(features).flatten(1).float()
        return self.critic(features).float(), predicted

    def compare(self, real: Tensor, generated: Tensor) -> tuple[Tensor, Tensor, Tensor | None]:
        """Critic maps of both images (N, 3, h, w), prediction for `real`: in one pass, as no layer mixes images."""
        scores, predicted = self(torch.cat([real, generated]))
        real_scores, generated_scores = scores.chunk(2)
        return real_scores, generated_scores, None if predicted is None else predicted[: len(real)]


class AuCritic(nn.Module):
    """D_interp: a critic of AU vectors, real against interpolated (Sec. 3.2). Not in the paper: its layers."""

    def __init__(self, aus: int, width: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Linear(aus, width), nn.LeakyReLU(0.01), nn.Linear(width, width), nn.LeakyReLU(0.01),
            nn.Linear(width, 1),
        )  # fmt: skip

    def forward(self, aus: Tensor) -> Tensor:
        """AUs (N, 17) -> score (N, 1)."""
        return self.body(aus)
