"""The losses, one function per equation.

Signs follow minimisation: the paper's Eq. 3 is what the discriminators maximise. Squared L2 and L1 norms of
images and AU vectors are means over elements, the convention of the public codes under which the paper's
weights have their published effect; the norm without a square of Eq. 7 is taken literally, that of Eq. 6 as
`losses.mask` says.
"""

from collections.abc import Callable, Iterable
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional as F

#: Which scalar of a critic map is penalised, see `gradient_penalty`.
Score = Literal["mean", "sum"]
#: How the size of an attention map is measured, see `attention_loss`.
MaskSize = Literal["mean", "norm"]


def critic_loss(real: Tensor, generated: Tensor) -> Tensor:
    """Eq. 3, first two terms, for the discriminator: mean score of generated minus mean score of real.

    Scores are critic maps of any shape (N, ...). The logarithms printed in Eq. 3 are not taken: WGAN-GP [11],
    which the text names, has none.
    """
    return generated.mean() - real.mean()


def generator_adversarial_loss(generated: Tensor) -> Tensor:
    """Eq. 3 for the generator: minus the mean score of generated images."""
    return -generated.mean()


def gradient_penalty(
    critic: Callable[[Tensor], Tensor], real: Tensor, generated: Tensor, score: Score = "mean"
) -> Tensor:
    """Eq. 3, last term: mean of `(||grad D(x)||_2 - 1)^2` at random points between real and generated.

    Args:
        critic: maps (N, ...) to scores (N, ...).
        real, generated: samples of the same shape (N, ...), without gradient.
        score: which scalar of a critic map is penalised: its mean is D(x) as Eq. 3 uses it; its sum is what
            the public codes of StarGAN and GANimation penalise.
    """
    share = torch.rand(real.shape[0], *[1] * (real.dim() - 1), device=real.device, dtype=real.dtype)
    points = (share * real + (1 - share) * generated).requires_grad_(True)
    scores = critic(points).reshape(len(points), -1)
    total = scores.mean(1).sum() if score == "mean" else scores.sum()
    (gradient,) = torch.autograd.grad(total, points, create_graph=True)
    return ((gradient.flatten(1).norm(dim=1) - 1) ** 2).mean()


def conditional_expression_loss(predicted: Tensor, target: Tensor) -> Tensor:
    """Eq. 4: squared error of D_final's AU regression; predicted, target (N, 17)."""
    return F.mse_loss(predicted, target)


def content_loss(reconstruction: Tensor, image: Tensor) -> Tensor:
    """Eq. 5: L1 between the input and its reconstruction, (N, 3, S, S)."""
    return F.l1_loss(reconstruction, image)


def attention_loss(attention: Iterable[Tensor], size: MaskSize) -> Tensor:
    """Eq. 6: sum over the branches of the size of each map (N, 1, h, w), averaged over the batch.

    Args:
        size: `norm` is the L2 norm that Eq. 6 prints; `mean` is the mean over pixels, which every public code with a
            mask penalises: a uniform map of side S has an L2 norm S times its mean.
    """
    sizes = [maps.mean() if size == "mean" else maps.flatten(1).norm(dim=1).mean() for maps in attention]
    return torch.stack(sizes).sum()


def interpolation_regression(interpolated: Tensor, pseudo: Tensor) -> Tensor:
    """Eq. 7, first term: distance to the pseudo target, (N, 17).

    The small constant keeps the gradient of the norm finite where both agree, as they do at the start.
    """
    return ((interpolated - pseudo).square().sum(1) + 1e-8).sqrt().mean()


def total_variation(attention: Tensor) -> Tensor:
    """GANimation's smoothness of the attention (its Eq. 3): squared differences summed, mean over the batch."""
    rows = (attention[:, :, 1:] - attention[:, :, :-1]).square().sum()
    columns = (attention[:, :, :, 1:] - attention[:, :, :, :-1]).square().sum()
    return (rows + columns) / attention.shape[0]


def image_variation(image: Tensor) -> Tensor:
    """Mean absolute difference of neighbouring pixels of images (N, 3, S, S), rows and columns added.

    Not in the paper: a guard against checkerboards (`losses.image_tv`).
    """
    rows, columns = image.diff(dim=2).abs().mean(), image.diff(dim=3).abs().mean()
    return rows + columns
