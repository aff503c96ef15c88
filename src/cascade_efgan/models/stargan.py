"""StarGAN's generator (Choi et al., CVPR 2018), as its authors publish it."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from cascade_efgan.data import EXPRESSIONS
from cascade_efgan.models.blocks import ConditionedConv, EncoderDecoder, head


class StarGANGenerator(nn.Module):
    """Image and one-hot target expression -> image, without attention.

    The authors keep running statistics in their instance norms and never use them (they never call `eval`);
    without them the function is the same.
    """

    def __init__(self, labels: int, width: int, blocks: int, resize: bool = False) -> None:
        super().__init__()
        self.body = EncoderDecoder(ConditionedConv(labels, width, "default"), width, blocks, "default", resize)
        self.color = head(width, 3, "default")

    def forward(self, image: Tensor, labels: Tensor) -> Tensor:
        """(N, 3, S, S) in [-1, 1], (N, c) one-hot -> (N, 3, S, S) in [-1, 1]."""
        return torch.tanh(self.color(self.body(image, labels)).float())


def one_hot(label: Tensor) -> Tensor:
    """Class indices (N,) -> (N, 8) float."""
    return F.one_hot(label, len(EXPRESSIONS)).float()
