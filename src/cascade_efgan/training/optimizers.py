"""Optimiser steps of discriminators and generator: forward, backward, Adam."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from cascade_efgan.devices import wants_bfloat16
from cascade_efgan.training.objective import Batch, Loss, Objective

if TYPE_CHECKING:  # a machine that only measures speed needs no pydantic
    from cascade_efgan.config.training_sections import Schedule


class Optimizers:
    """The two kinds of optimiser steps of a run, with Adam's state (Sec. 8).

    Args:
        objective: networks and what they minimise.
        schedule: Adam's settings and the precision.
        device: where the networks are.
    """

    def __init__(self, objective: Objective, schedule: "Schedule", device: torch.device) -> None:
        self.objective, self.device = objective, device
        self.autocast = torch.autocast(
            device.type, dtype=torch.bfloat16, enabled=wants_bfloat16(schedule.precision, device)
        )
        self.generator_optimiser = self._adam(objective.generator, schedule)
        self.discriminators_optimiser = self._adam(objective.discriminators, schedule)
        self.discriminator_rate = schedule.discriminator_rate
        self.learning_rate = schedule.learning_rate

    @property
    def learning_rate(self) -> float:
        """Adam's rate of the generator's next step; the discriminators' is `discriminator_rate` times as large."""
        return float(self.generator_optimiser.param_groups[0]["lr"])

    @learning_rate.setter
    def learning_rate(self, rate: float) -> None:
        self.generator_optimiser.param_groups[0]["lr"] = rate
        self.discriminators_optimiser.param_groups[0]["lr"] = rate * self.discriminator_rate

    def discriminators(self, batch: Batch) -> dict[str, Tensor]:
        """One step of all discriminators: their loss terms and `D/gradient_norm`, scalars on the device."""
        return self._step(self.discriminators_optimiser, self.objective.discriminator_loss, batch, "D")

    def generator(self, batch: Batch) -> dict[str, Tensor]:
        """One step of the generator, discriminators as they are: its loss terms and `G/gradient_norm`."""
        self.objective.discriminators.requires_grad_(False)
        terms = self._step(self.generator_optimiser, self.objective.generator_loss, batch, "G")
        self.objective.discriminators.requires_grad_(True)
        return terms

    def state_dict(self) -> dict[str, Any]:
        """State of both optimisers."""
        return {
            "generator": self.generator_optimiser.state_dict(),
            "discriminators": self.discriminators_optimiser.state_dict(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore both optimisers."""
        self.generator_optimiser.load_state_dict(state["generator"])
        self.discriminators_optimiser.load_state_dict(state["discriminators"])

    def _step(
        self, optimiser: torch.optim.Optimizer, loss_of: Callable[[Batch], Loss], batch: Batch, prefix: str
    ) -> dict[str, Tensor]:
        """Forward, backward and Adam; the norm of the gradient shows a NaN anywhere."""
        # Both optimisers' gradients are freed: the step's own tensors take their place in memory.
        for each in (self.generator_optimiser, self.discriminators_optimiser):
            each.zero_grad(set_to_none=True)
        with self.autocast:
            loss = loss_of(batch)
        loss.total.backward()
        gradients = [p.grad for p in optimiser.param_groups[0]["params"] if p.grad is not None]
        norm = torch.linalg.vector_norm(torch.stack(torch._foreach_norm(gradients)))
        optimiser.step()
        return {**loss.terms, f"{prefix}/gradient_norm": norm}

    def _adam(self, module: nn.Module, schedule: "Schedule") -> torch.optim.Adam:
        """Fused: one pass over a weight and its state instead of about ten."""
        betas = (schedule.beta1, schedule.beta2)
        return torch.optim.Adam(module.parameters(), lr=schedule.learning_rate, betas=betas, fused=True)
