"""The one place that turns optimisations of the training step on and off; docs/speed.md gives their gains.

Each is exact: the plain path, with every switch off, computes the same step up to the rounding of float32, and
weights, checkpoints and their names are the same whatever the switches.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn.utils import parametrize

from cascade_efgan.models.blocks import LabelledConv, SpectralNorm, StridedConv
from cascade_efgan.models.generator import EFGAN, Branch

if TYPE_CHECKING:
    from cascade_efgan.config.training_sections import Speed
    from cascade_efgan.training.objective import Objective


@dataclass(frozen=True)
class Switches:
    """What objectives and optimiser steps read; layers have attributes of their own.

    Attributes:
        merged_critics: no layer of a discriminator mixes images, so one batch gives the scores of two.
        cached_spectral_norm: weights do not change within a step, so neither do their norms.
        fused_adam: the same formula, in one pass over a weight and its state instead of about ten.
        cuda_graphs: a replay launches the recorded kernels on the recorded memory.
    """

    merged_critics: bool = True
    cached_spectral_norm: bool = True
    fused_adam: bool = True
    cuda_graphs: bool = False


def apply_speed(objective: "Objective", speed: "Speed", device: torch.device) -> None:
    """Set every switch on an objective and its networks, in place; call it before the optimisers are made.

    Args:
        objective: its networks lie on `device` already.
        speed: the settings' section.
        device: `cuda_graphs` and `streams` are left off where it is no GPU.
    """
    gpu = device.type == "cuda"
    objective.switches = Switches(
        merged_critics=speed.merged_critics,
        cached_spectral_norm=speed.cached_spectral_norm,
        fused_adam=speed.fused_adam,
        cuda_graphs=speed.cuda_graphs and gpu,
    )
    for network in (objective.generator, objective.discriminators):
        # A memory format says where numbers lie, not what they are.
        network.to(memory_format=torch.channels_last if speed.channels_last else torch.contiguous_format)
        for module in network.modules():
            if isinstance(module, LabelledConv):
                module.untiled = speed.untiled_labels  # a convolution of a constant plane is a sum of its kernel
            elif isinstance(module, Branch):
                module.merged = speed.merged_heads  # output channels of a convolution do not see each other
            elif isinstance(module, SpectralNorm):
                module.fused = speed.fused_spectral_norm  # the derivative of W / s, written out
            elif isinstance(module, StridedConv):
                # The same sums; where they end in few pixels the time is that of reading the weights.
                module.product = speed.small_map_products and not gpu
            elif isinstance(module, EFGAN):
                # Branches share neither weights nor inputs that they write.
                names = module.branches if speed.streams and gpu and module.boxes else ()
                module.streams = {name: torch.cuda.Stream(device) for name in names}


@contextmanager
def weights_once(networks: Sequence[nn.Module], cached: bool) -> Iterator[None]:
    """One power iteration for every spectral norm of `networks` in this block, however often they are used.

    Args:
        networks: in training mode.
        cached: also keep the divided weights, which every use makes anew otherwise.
    """
    norms: list[SpectralNorm] = []
    convolutions: list[StridedConv] = []
    for network in networks:
        for module in network.modules():
            if isinstance(module, parametrize.ParametrizationList) and module.training:
                norm = module[0]
                if isinstance(norm, SpectralNorm):
                    norm.iterate(module.original)
                    norms.append(norm.eval())
            elif isinstance(module, StridedConv) and module.product:
                module.matrix = module.weight_matrix()
                convolutions.append(module)
    try:
        with parametrize.cached() if cached else nullcontext():
            yield
    finally:
        for norm in norms:
            norm.train()
        for convolution in convolutions:
            convolution.matrix = None
