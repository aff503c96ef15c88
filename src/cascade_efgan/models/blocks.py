"""The layers that every network here is made of, and how they are initialised."""

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import spectral_norm

#: How convolutions start. `orthogonal` adds spectral normalisation (Sec. 8, all but output layers);
#: `normal` is N(0, 0.02), GANimation's code; `default` is PyTorch's, StarGAN's code.
Start = Literal["orthogonal", "normal", "default"]


def started(layer: nn.Module, start: Start, output: bool = False) -> nn.Module:
    """Initialise a (de)convolution; with `orthogonal`, spectrally normalise it unless it is an output layer.

    Source: Sec. 8, EF-GAN Training Details.
    """
    weight: Tensor = layer.weight  # type: ignore[assignment]
    if start == "normal":
        nn.init.normal_(weight, 0.0, 0.02)
    elif start == "orthogonal":
        nn.init.orthogonal_(weight)
        if not output:
            return spectral_norm(layer)
    return layer


def conv_norm_relu(inputs: int, outputs: int, kernel: int, stride: int, padding: int, start: Start) -> nn.Sequential:
    """Convolution, affine instance norm, ReLU. No bias: the norm would remove it (GANimation's own code)."""
    conv = nn.Conv2d(inputs, outputs, kernel, stride, padding, bias=False)
    return nn.Sequential(started(conv, start), nn.InstanceNorm2d(outputs, affine=True), nn.ReLU(inplace=True))


def deconv_norm_relu(inputs: int, outputs: int, start: Start) -> nn.Sequential:
    """Deconv(inputs, outputs, 4, 2, 1), affine instance norm, ReLU: doubles height and width."""
    deconv = nn.ConvTranspose2d(inputs, outputs, 4, 2, 1, bias=False)
    return nn.Sequential(started(deconv, start), nn.InstanceNorm2d(outputs, affine=True), nn.ReLU(inplace=True))


class Residual(nn.Module):
    """Two Conv(c, c, 3, 1, 1) with instance norm, a ReLU between them, added to the input."""

    def __init__(self, channels: int, start: Start) -> None:
        super().__init__()
        conv = nn.Conv2d(channels, channels, 3, 1, 1, bias=False)
        self.first = conv_norm_relu(channels, channels, 3, 1, 1, start)
        self.second = nn.Sequential(started(conv, start), nn.InstanceNorm2d(channels, affine=True))

    def forward(self, x: Tensor) -> Tensor:
        """(N, c, H, W) -> (N, c, H, W)."""
        return x + self.second(self.first(x))


class LabelledConv(nn.Module):
    """Conv(3 + c, width, 7, 1, 3) of an image with c labels tiled over its pixels, without making the tiles.

    A convolution of a constant plane is the sum of those kernel weights that fall inside the image, so the
    labels' share of the sum needs no sliding window: 17 of the first layer's 20 channels cost nearly nothing.
    The weights, their names and the function are those of the plain convolution.
    """

    def __init__(self, labels: int, width: int, start: Start) -> None:
        super().__init__()
        self.conv = started(nn.Conv2d(3 + labels, width, 7, 1, 3, bias=False), start)
        self.norm = nn.InstanceNorm2d(width, affine=True)

    def forward(self, image: Tensor, labels: Tensor) -> Tensor:
        """Image (N, 3, H, W), labels (N, c) -> (N, width, H, W), after norm and ReLU."""
        weight: Tensor = self.conv.weight  # type: ignore[assignment]
        features = F.conv2d(image, weight[:, :3], padding=3)
        kernels = torch.einsum("nc,ocuv->nouv", labels, weight[:, 3:])  # one 7x7 kernel an image and channel
        rows, columns = (reach(side, image) for side in image.shape[2:])  # (H, 7), (W, 7)
        return F.relu(self.norm(features + rows @ kernels @ columns.T), inplace=True)


def reach(side: int, like: Tensor) -> Tensor:
    """Which of 7 kernel taps fall inside an image at each of `side` positions: (side, 7) of 0 and 1."""
    taps = torch.arange(side, device=like.device)[:, None] + torch.arange(-3, 4, device=like.device)
    return ((taps >= 0) & (taps < side)).to(like.dtype)


class EncoderDecoder(nn.Module):
    """The body shared by every generator: two strided convolutions, residual blocks, two deconvolutions.

    Source: Fig. 9 (a, b) and the generators of StarGAN and GANimation, whose layers it draws.

    Args:
        first: the first layer, to (N, width, H, W): `LabelledConv`, or `conv_norm_relu` without labels.
    """

    def __init__(self, first: nn.Module, width: int, blocks: int, start: Start) -> None:
        super().__init__()
        self.first = first
        self.rest = nn.Sequential(
            conv_norm_relu(width, 2 * width, 4, 2, 1, start),  # (N, 2w, H/2, W/2)
            conv_norm_relu(2 * width, 4 * width, 4, 2, 1, start),  # (N, 4w, H/4, W/4)
            *(Residual(4 * width, start) for _ in range(blocks)),
            deconv_norm_relu(4 * width, 2 * width, start),  # (N, 2w, H/2, W/2)
            deconv_norm_relu(2 * width, width, start),  # (N, w, H, W)
        )

    def forward(self, *inputs: Tensor) -> Tensor:
        """What `first` takes, with H and W multiples of 4 -> (N, width, H, W)."""
        return self.rest(self.first(*inputs))


def head(width: int, outputs: int, start: Start) -> nn.Conv2d:
    """Conv(width, outputs, 7, 1, 3), an output layer: neither norm nor spectral normalisation."""
    layer = nn.Conv2d(width, outputs, 7, 1, 3, bias=False)
    started(layer, start, output=True)
    return layer
