"""A training step without the optimisations of docs/speed.md, by PyTorch's own layers: which the fast one equals."""

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils import parametrize
from torch.nn.utils.parametrizations import spectral_norm

from cascade_efgan.models.blocks import ConditionedConv
from cascade_efgan.models.discriminator import Discriminator
from cascade_efgan.models.generator import Branch, compose
from cascade_efgan.training.objective import Batch, Objective
from cascade_efgan.training.optimizers import Optimizers

if TYPE_CHECKING:  # a machine that only measures speed needs no pydantic
    from cascade_efgan.config.training_sections import Schedule


class TiledConv(ConditionedConv):
    """A convolution over the image and its condition, tiled over the pixels."""

    def forward(self, image: Tensor, condition: Tensor) -> Tensor:
        """As `ConditionedConv.forward`."""
        tiles = condition[:, :, None, None].expand(-1, -1, *image.shape[2:])
        return F.relu(self.norm(self.conv(torch.cat([image, tiles], dim=1))))


class TwoHeads(Branch):
    """A convolution for the colour, and one for the attention."""

    def forward(self, image: Tensor, aus: Tensor) -> tuple[Tensor, Tensor]:
        """As `Branch.forward`."""
        features = self.body(image, aus)
        attention = torch.sigmoid(self.attention(features).float())
        return compose(torch.tanh(self.color(features).float()), attention, image), attention


class TwoPasses(Discriminator):
    """A pass of the real images, and one of the generated ones."""

    def compare(self, real: Tensor, generated: Tensor) -> tuple[Tensor, Tensor, Tensor | None]:
        """As `Discriminator.compare`."""
        scores, predicted = self(real)
        return scores, self(generated)[0], predicted


class Scaled(nn.Module):
    """A weight times the gain of a discriminator's layer."""

    def __init__(self, gain: float) -> None:
        super().__init__()
        self.gain = gain

    def forward(self, weight: Tensor) -> Tensor:
        """Any shape."""
        return self.gain * weight


PLAIN: dict[type, type] = {ConditionedConv: TiledConv, Branch: TwoHeads, Discriminator: TwoPasses}


def make_plain(network: nn.Module) -> None:
    """Put PyTorch's own layers with the same weights into a network, and the classes above, in place."""
    for module in list(network.modules()):
        module.__class__ = PLAIN.get(type(module), type(module))
        for name, child in list(module.named_children()):
            if isinstance(child, nn.Conv2d | nn.ConvTranspose2d):
                setattr(module, name, plain_convolution(child))


def plain_convolution(layer: nn.Conv2d | nn.ConvTranspose2d) -> nn.Module:
    """PyTorch's own layer in place of one of this project; spectrally normalised, it has the same state dict."""
    kind = nn.ConvTranspose2d if isinstance(layer, nn.ConvTranspose2d) else nn.Conv2d
    sizes = (layer.in_channels, layer.out_channels, layer.kernel_size, layer.stride, layer.padding)
    plain = kind(*sizes, bias=layer.bias is not None, device=next(layer.parameters()).device)  # type: ignore[arg-type]
    if parametrize.is_parametrized(layer):
        spectral_norm(plain)
        parametrize.register_parametrization(plain, "weight", Scaled(layer.parametrizations.weight[0].gain))  # type: ignore[union-attr,index]
    plain.load_state_dict(layer.state_dict())
    return plain


class PlainOptimizers(Optimizers):
    """`Optimizers` by plain layers, made of the objective's, and by Adam as PyTorch writes its formula down."""

    def __init__(self, objective: Objective, schedule: "Schedule", device: torch.device) -> None:
        make_plain(objective.generator)
        make_plain(objective.discriminators)
        super().__init__(objective, schedule, device)

    def discriminators(self, batch: Batch) -> dict[str, Tensor]:
        """As `Optimizers.discriminators`; `cached`: spectral norms iterate once per step."""
        with parametrize.cached():
            return super().discriminators(batch)

    def generator(self, batch: Batch) -> dict[str, Tensor]:
        """As `Optimizers.generator`."""
        with parametrize.cached():
            return super().generator(batch)

    def _adam(self, module: nn.Module, schedule: "Schedule") -> torch.optim.Adam:
        betas = (schedule.beta1, schedule.beta2)
        return torch.optim.Adam(module.parameters(), schedule.learning_rate, betas, fused=False, foreach=False)
