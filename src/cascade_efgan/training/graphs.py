"""Whole training steps as CUDA graphs: recorded once, then launched by one call."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from cascade_efgan.training.objective import Batch, Objective
from cascade_efgan.training.steps import Steps

if TYPE_CHECKING:
    from cascade_efgan.config.training_sections import Schedule

#: Plain steps before a recording. They are real steps of the run: they make Adam's state, let cuDNN choose its
#: algorithms, and no weight moves that a plain run would not have moved.
WARM_UP = 3


def make_steps(objective: Objective, schedule: "Schedule", device: torch.device) -> Steps:
    """Optimiser steps as the objective's switches ask for them."""
    kind = GraphedSteps if objective.switches.cuda_graphs and device.type == "cuda" else Steps
    return kind(objective, schedule, device)


class Recording:
    """One kind of step: plain at first, then recorded, then replayed for batches of the recorded shape.

    Source: PyTorch's notes on CUDA semantics, CUDA graphs, "Whole-network capture".

    Args:
        step: a plain optimiser step; it neither reads a number back nor depends on one.
        optimiser: the one that it moves, with `capturable` set and its learning rate in a tensor.
    """

    def __init__(self, step: Callable[[Batch], dict[str, Tensor]], optimiser: torch.optim.Optimizer) -> None:
        self.step, self.optimiser = step, optimiser
        self.batch: Batch | None = None
        self.forget()

    def forget(self) -> None:
        """Drop the graph: what it points to has been replaced."""
        self.graph: torch.cuda.CUDAGraph | None = None
        self.terms: dict[str, Tensor] = {}
        self.warm = 0

    def run(self, batch: Batch) -> dict[str, Tensor]:
        """One step of `batch`; its terms are new tensors each time."""
        if self.batch is None:
            self.batch = Batch(*(value.clone() for value in tensors_of(batch)))
        if any(a.shape != b.shape for a, b in zip(tensors_of(self.batch), tensors_of(batch), strict=True)):
            return self._plain(batch)
        if self.graph is None and self.warm < WARM_UP:
            self.warm += 1
            return self._plain(batch)
        for static, value in zip(tensors_of(self.batch), tensors_of(batch), strict=True):
            static.copy_(value)
        if self.graph is None:
            self._record()
        assert self.graph is not None
        self.graph.replay()
        return {name: term.clone() for name, term in self.terms.items()}

    def _plain(self, batch: Batch) -> dict[str, Tensor]:
        """A plain step on a side stream, as recordings are: the default stream's memory and state stay out."""
        side = torch.cuda.Stream()
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            terms = self.step(batch)
        torch.cuda.current_stream().wait_stream(side)
        return terms

    def _record(self) -> None:
        # Gradients must be made inside the graph's own memory, or they would be freed between replays.
        self.optimiser.zero_grad(set_to_none=True)
        self.graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self.graph):
            self.terms = {name: term.detach() for name, term in self.step(self.batch).items()}  # type: ignore[arg-type]


class GraphedSteps(Steps):
    """`Steps` whose two kinds of steps are CUDA graphs.

    Forward, backward, the gradient penalty's double backward, power iterations and Adam are all in the graph.
    Its random numbers come from PyTorch's CUDA generator, which moves on with each replay as it does in a plain run.
    """

    def __init__(self, objective: Objective, schedule: "Schedule", device: torch.device) -> None:
        super().__init__(objective, schedule, device)
        self._discriminators = Recording(super().discriminators, self.discriminators_optimiser)
        self._generator = Recording(super().generator, self.generator_optimiser)

    def discriminators(self, batch: Batch) -> dict[str, Tensor]:
        """One step of all discriminators, see `Steps.discriminators`."""
        return self._discriminators.run(batch)

    def generator(self, batch: Batch) -> dict[str, Tensor]:
        """One step of the generator, see `Steps.generator`."""
        return self._generator.run(batch)

    def load_state_dict(self, state: dict[str, object]) -> None:
        """Restore both optimisers; the graphs, which point to their former state, are recorded anew."""
        super().load_state_dict(state)
        self._discriminators.forget()
        self._generator.forget()

    def _adam(self, module: nn.Module, schedule: "Schedule") -> torch.optim.Adam:
        rate = torch.tensor(schedule.learning_rate, device=self.device)  # a number would be recorded for good
        return torch.optim.Adam(
            module.parameters(), lr=rate, betas=(schedule.beta1, schedule.beta2), capturable=True,
            fused=self.objective.switches.fused_adam,
        )  # fmt: skip


def tensors_of(batch: Batch) -> tuple[Tensor, ...]:
    """A batch's tensors, not copied."""
    return batch.image, batch.aus, batch.target_aus, batch.label, batch.target_label
