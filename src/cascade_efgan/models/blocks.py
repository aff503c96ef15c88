"""The layers that every network here is made of, and how they are initialised."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal, TypeVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils import parametrize

#: How convolutions start. `orthogonal` adds spectral normalisation (Sec. 8, all but output layers);
#: `normal` is N(0, 0.02), GANimation's code; `default` is PyTorch's, StarGAN's code.
Start = Literal["orthogonal", "normal", "default"]
Layer = TypeVar("Layer", bound=nn.Module)


def initialize(layer: Layer, start: Start, output: bool = False, gain: float = 1) -> Layer:
    """Initialise a (de)convolution; with `orthogonal`, spectrally normalise it unless it is an output layer.

    Args:
        gain: largest singular value of a normalised weight.

    Source: Sec. 8, EF-GAN Training Details.
    """
    weight: Tensor = layer.weight  # type: ignore[assignment]
    if start == "normal":
        nn.init.normal_(weight, 0.0, 0.02)
    elif start == "orthogonal":
        nn.init.orthogonal_(weight)
        if not output:
            outputs = 1 if isinstance(layer, nn.ConvTranspose2d) else 0
            parametrize.register_parametrization(layer, "weight", SpectralNorm(weight, outputs, gain))
    return layer


class SpectralNorm(nn.Module):
    """Divide a weight by its largest singular value, which one power iteration per step follows, times a gain.

    The same numbers, random draws and names in a state dict as `torch.nn.utils.parametrizations.spectral_norm`, whose
    class is private, and does neither `divided_product` nor float32 under autocast.

    Source: Sec. 8; Miyato et al., Spectral Normalization for Generative Adversarial Networks, ICLR 2018.

    Args:
        weight: of a (de)convolution.
        outputs: its dimension of output channels.
        gain: largest singular value of what comes out; 1 in the paper cited.
    """

    _u: Tensor
    _v: Tensor

    def __init__(self, weight: Tensor, outputs: int, gain: float = 1) -> None:
        super().__init__()
        self.outputs, self.gain = outputs, gain
        matrix = self._matrix(weight)
        for name, length in zip(("_u", "_v"), matrix.shape, strict=True):
            self.register_buffer(name, F.normalize(matrix.new_empty(length).normal_(0, 1), dim=0))
        for _ in range(15):
            self.iterate(weight)

    @torch.no_grad()
    def iterate(self, weight: Tensor) -> None:
        """One power iteration, in place: both singular vectors move towards the largest singular value's."""
        matrix, u, v = self._matrix(weight), self._u, self._v
        with torch.autocast(weight.device.type, enabled=False):  # products of low precision would move u and v
            F.normalize(torch.mv(matrix, v), dim=0, out=u)
            F.normalize(torch.mv(matrix.T, u), dim=0, out=v)

    def forward(self, weight: Tensor) -> Tensor:
        """A weight of any shape -> the same shape, largest singular value about `gain`."""
        u, v = self._vectors(weight)
        with torch.autocast(weight.device.type, enabled=False):
            return weight / (torch.vdot(u, torch.mv(self._matrix(weight), v)) / self.gain)

    def divided_product(self, matrix: Tensor, rows: Tensor) -> Tensor:
        """A weight as a matrix (outputs, K), divided by its norm / `gain`, @ rows (M, K) transposed: (outputs, M).

        `(W / s) @ rows.T` is `W @ rows.T / s`: a large weight is neither divided nor is the division differentiated. As
        one more row, v brings W v, and with it the norm's share of the weight's gradient, at the price of a row.
        """
        u, v = self._vectors(matrix)
        with torch.no_grad(), torch.autocast(matrix.device.type, enabled=False):
            norm = torch.vdot(u, torch.mv(matrix, v))
        product = torch.mm(matrix, torch.cat([rows, v[None].to(rows.dtype)]).T)
        along = torch.vdot(u, product[:, -1].float())
        # Its value from float32 arithmetic, its derivative from the product, whatever the precision.
        return product[:, :-1] / ((norm + along - along.detach()) / self.gain).to(product.dtype)

    def _vectors(self, weight: Tensor) -> tuple[Tensor, Tensor]:
        """Both singular vectors, in training after one more iteration; copies, which a later use does not change."""
        if self.training:
            self.iterate(weight)
        return self._u.clone(), self._v.clone()

    def _matrix(self, weight: Tensor) -> Tensor:
        return weight.movedim(self.outputs, 0).flatten(1)


@contextmanager
def fixed_weights(*networks: nn.Module) -> Iterator[None]:
    """A block in which weights do not change: every spectral norm in training mode makes one power iteration in all.

    A `StridedConv` has one matrix in it: PyTorch adds the gradients of one tensor in place (250 MiB less at the
    paper's width).
    """
    norms: list[SpectralNorm] = []
    convolutions: list[StridedConv] = []
    for module in (module for network in networks for module in network.modules()):
        if isinstance(module, parametrize.ParametrizationList) and module.training:
            norm = module[0]
            if isinstance(norm, SpectralNorm):
                norm.iterate(module.original)
                norms.append(norm.eval())
        elif isinstance(module, StridedConv):
            module.matrix = module.weight_matrix()
            convolutions.append(module)
    try:
        with parametrize.cached():  # and is divided by once
            yield
    finally:
        for norm in norms:
            norm.train()
        for convolution in convolutions:
            convolution.matrix = None


class StridedConv(nn.Conv2d):
    """Conv(inputs, outputs, 4, 2, 1), the discriminators' layer.

    The last ones hold nearly all weights and make maps of a few pixels: there a convolution is little more than one
    reading of its weights, and on a CPU a matrix product reads them as they lie, where a convolution sorts them first.

    Attributes:
        matrix: `weight_matrix()` while `fixed_weights` lasts.
    """

    #: Pixels of the largest map that is made by a product.
    FEW_PIXELS = 16
    matrix: Tensor | None = None

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(inputs, outputs, 4, 2, 1)

    def weight_matrix(self) -> Tensor:
        """The weight before its spectral normalisation: (outputs, inputs 16)."""
        norms = self._spectral_norm()
        weight: Tensor = self.weight if norms is None else norms.original
        return weight.flatten(1)

    def _spectral_norm(self) -> Any:
        return self.parametrizations.weight if parametrize.is_parametrized(self) else None  # type: ignore[union-attr]

    def forward(self, x: Tensor) -> Tensor:
        """(N, inputs, H, W) -> (N, outputs, H / 2, W / 2), rounded down."""
        height, width = (side // 2 for side in x.shape[2:])
        if x.device.type != "cpu" or height * width > self.FEW_PIXELS:
            return super().forward(x)
        windows = F.unfold(x, 4, padding=1, stride=2).mT.flatten(0, 1)  # (N h w, inputs 16)
        matrix = self.weight_matrix() if self.matrix is None else self.matrix
        norms = self._spectral_norm()
        product = torch.mm(matrix, windows.T) if norms is None else norms[0].divided_product(matrix, windows)
        bias: Any = self.bias
        maps = product + bias[:, None].to(product.dtype)  # (outputs, N h w)
        return maps.unflatten(1, (len(x), height, width)).transpose(0, 1).contiguous()


def conv_norm_relu(inputs: int, outputs: int, kernel: int, stride: int, padding: int, start: Start) -> nn.Sequential:
    """Convolution, affine instance norm, ReLU. No bias: the norm would remove it (GANimation's own code)."""
    conv = nn.Conv2d(inputs, outputs, kernel, stride, padding, bias=False)
    return nn.Sequential(initialize(conv, start), nn.InstanceNorm2d(outputs, affine=True), nn.ReLU(inplace=True))


def upsample_norm_relu(inputs: int, outputs: int, start: Start, resize: bool) -> nn.Sequential:
    """Deconv(inputs, outputs, 4, 2, 1), affine instance norm, ReLU: doubles height and width.

    Args:
        resize: every pixel twice, then Conv(inputs, outputs, 3, 1, 1), in place of the deconvolution, whose four
            kernels of neighbouring pixels have no weight in common. Not in the paper (Fig. 9: Deconv).
    """
    layer: nn.Module
    if resize:
        conv = initialize(nn.Conv2d(inputs, outputs, 3, 1, 1, bias=False), start)
        layer = nn.Sequential(nn.Upsample(scale_factor=2), conv)
    else:
        layer = initialize(nn.ConvTranspose2d(inputs, outputs, 4, 2, 1, bias=False), start)
    return nn.Sequential(layer, nn.InstanceNorm2d(outputs, affine=True), nn.ReLU(inplace=True))


class Residual(nn.Module):
    """Two Conv(c, c, 3, 1, 1) with instance norm, a ReLU between them, added to the input."""

    def __init__(self, channels: int, start: Start) -> None:
        super().__init__()
        conv = nn.Conv2d(channels, channels, 3, 1, 1, bias=False)
        self.first = conv_norm_relu(channels, channels, 3, 1, 1, start)
        self.second = nn.Sequential(initialize(conv, start), nn.InstanceNorm2d(channels, affine=True))

    def forward(self, x: Tensor) -> Tensor:
        """(N, c, H, W) -> (N, c, H, W)."""
        return x + self.second(self.first(x))


class ConditionedConv(nn.Module):
    """Conv(3 + c, width, 7, 1, 3) of an image with c AUs or labels tiled over its pixels, without making the tiles.

    A convolution of a constant plane is the sum of those kernel weights that fall inside the image, so the
    condition's share of the sum needs no sliding window: 17 of the first layer's 20 channels cost nearly nothing.
    The weights, their names and the function are those of the plain convolution.
    """

    def __init__(self, conditions: int, width: int, start: Start) -> None:
        super().__init__()
        self.conv = initialize(nn.Conv2d(3 + conditions, width, 7, 1, 3, bias=False), start)
        self.norm = nn.InstanceNorm2d(width, affine=True)

    def forward(self, image: Tensor, condition: Tensor) -> Tensor:
        """Image (N, 3, H, W), condition (N, c) -> (N, width, H, W), after norm and ReLU."""
        weight = self.conv.weight
        features = F.conv2d(image, weight[:, :3], padding=3)
        kernels = torch.einsum("nc,ocuv->nouv", condition, weight[:, 3:])  # one 7x7 kernel per image and channel
        rows, columns = (reach(side, image) for side in image.shape[2:])  # (H, 7), (W, 7)
        return F.relu(self.norm(features.add_(rows @ kernels @ columns.T)), inplace=True)


def reach(side: int, like: Tensor) -> Tensor:
    """Which of 7 kernel taps fall inside an image at each of `side` positions: (side, 7) of 0 and 1."""
    taps = torch.arange(side, device=like.device)[:, None] + torch.arange(-3, 4, device=like.device)
    return ((taps >= 0) & (taps < side)).to(like.dtype)


class EncoderDecoder(nn.Module):
    """The body shared by every generator: two strided convolutions, residual blocks, two deconvolutions.

    Source: Fig. 9 (a, b) and the generators of StarGAN and GANimation, whose layers it draws.

    Args:
        first: the first layer, to (N, width, H, W): `ConditionedConv`, or `conv_norm_relu` without a condition.
        resize: see `upsample_norm_relu`.
    """

    def __init__(self, first: nn.Module, width: int, blocks: int, start: Start, resize: bool) -> None:
        super().__init__()
        self.first = first
        self.rest = nn.Sequential(
            conv_norm_relu(width, 2 * width, 4, 2, 1, start),  # (N, 2w, H/2, W/2)
            conv_norm_relu(2 * width, 4 * width, 4, 2, 1, start),  # (N, 4w, H/4, W/4)
            *(Residual(4 * width, start) for _ in range(blocks)),
            upsample_norm_relu(4 * width, 2 * width, start, resize),  # (N, 2w, H/2, W/2)
            upsample_norm_relu(2 * width, width, start, resize),  # (N, w, H, W)
        )

    def forward(self, *inputs: Tensor) -> Tensor:
        """What `first` takes, with H and W multiples of 4 -> (N, width, H, W)."""
        return self.rest(self.first(*inputs))


def head(width: int, outputs: int, start: Start) -> nn.Conv2d:
    """Conv(width, outputs, 7, 1, 3), an output layer: neither norm nor spectral normalisation."""
    return initialize(nn.Conv2d(width, outputs, 7, 1, 3, bias=False), start, output=True)
