"""Progressive editing: modules in cascade and the Interpolator that supervises them (Sec. 3.2)."""

from collections.abc import Callable
from typing import cast

import torch
from torch import Tensor, nn

from cascade_efgan.models.generator import EFGAN, Edit


class Interpolator(nn.Module):
    """Intermediate AUs from the input's AUs and the residual to the pseudo target (Sec. 3.2).

    A multilayer perceptron corrects the pseudo target; its last layer starts at zero, so that training
    starts from linear interpolation. Not in the paper: it gives neither sizes nor this start, which keeps
    the few epochs of fine-tuning from being spent on relearning the identity.
    """

    def __init__(self, aus: int, width: int) -> None:
        super().__init__()
        last = nn.Linear(width, aus)
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)
        self.correction = nn.Sequential(nn.Linear(2 * aus, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU(), last)

    def forward(self, aus: Tensor, residual: Tensor) -> Tensor:
        """aus, residual (N, 17), residual = pseudo target - aus -> intermediate AUs (N, 17)."""
        return aus + residual + self.correction(torch.cat([aus, residual], dim=1))


def pseudo_target(source: Tensor, target: Tensor, step: int, steps: int) -> Tensor:
    """Linear interpolation `y_x + (k / n) (y_target - y_x)` for step k of n, all (N, 17).

    Source: Sec. 3.2, Intermediate Supervision; the even spacing is not in the paper.
    """
    return source + (step / steps) * (target - source)


class Cascade(nn.Module):
    """One or more editing modules in sequence, each with its own weights, sharing one Interpolator.

    Args:
        make_module: builds one `EFGAN`.
        steps: number of modules; 1 is the single-step method, which has no Interpolator.
        aus: number of AUs.
        interpolator_width: hidden units of the Interpolator.
    """

    def __init__(self, make_module: Callable[[], EFGAN], steps: int, aus: int, interpolator_width: int) -> None:
        super().__init__()
        self.steps = nn.ModuleList(make_module() for _ in range(steps))
        self.interpolator = Interpolator(aus, interpolator_width) if steps > 1 else None

    def modules_in_order(self) -> list[EFGAN]:
        """The editing modules, first to last."""
        return cast("list[EFGAN]", list(self.steps))

    def module_targets(self, source: Tensor, target: Tensor) -> list[Tensor]:
        """AUs (N, 17) that each module edits to: the Interpolator's, and the target itself for the last."""
        if self.interpolator is None:
            return [target]
        count = len(self.steps)
        residuals = (pseudo_target(source, target, step, count) - source for step in range(1, count))
        return [*(self.interpolator(source, residual) for residual in residuals), target]

    def forward(self, image: Tensor, source: Tensor, target: Tensor) -> list[Edit]:
        """Edit image (N, 3, S, S) with AUs source (N, 17) towards target (N, 17): one `Edit` per module."""
        edits = []
        for module, aus in zip(self.modules_in_order(), self.module_targets(source, target), strict=True):
            edits.append(module(image, aus))
            image = edits[-1].final
        return edits
