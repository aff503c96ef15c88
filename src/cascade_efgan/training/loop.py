"""The training loop of every method: Adam, n_critic, a linear decay, and checks that stop a broken run."""

import logging
import math
import sys
import time
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from torch import Tensor, nn
from tqdm import tqdm

from cascade_efgan.config.settings import Schedule
from cascade_efgan.devices import wants_bfloat16
from cascade_efgan.errors import InputError
from cascade_efgan.files import atomic_path
from cascade_efgan.training.checkpoint import Checkpoint
from cascade_efgan.training.objective import Loss, Objective
from cascade_efgan.training.records import Records
from cascade_efgan.training.samples import Samples

log = logging.getLogger("efgan.train")

#: Mean attention beyond which a map counts as saturated: it copies the input, or repaints it all.
SATURATED = 0.02


def learning_rate_factor(epoch: int, schedule: Schedule) -> float:
    """Share of the first learning rate in an epoch counted from 0: 1, then linearly down.

    The last epoch still trains, at `1 / (epochs - constant_epochs)` of the rate; 0 is reached after it.

    Source: Sec. 8.
    """
    if epoch < schedule.constant_epochs:
        return 1.0
    return (schedule.epochs - epoch) / (schedule.epochs - schedule.constant_epochs)


class Run:
    """One training run: networks with their optimisers, from the first epoch or from a checkpoint."""

    def __init__(self, objective: Objective, samples: Samples, schedule: Schedule, seed: int) -> None:
        self.objective, self.samples, self.schedule, self.seed = objective, samples, schedule, seed
        device = samples.images.device
        self.autocast = torch.autocast(
            device.type, dtype=torch.bfloat16, enabled=wants_bfloat16(schedule.precision, device)
        )
        self.optimisers = {
            "generator": self._adam(objective.generator),
            "discriminators": self._adam(objective.discriminators),
        }
        self.epoch, self.iteration = 0, 0
        self.history: list[dict[str, float]] = []

    def train(self, checkpoint: Checkpoint, records: Records, every_minutes: float) -> pd.DataFrame:
        """Train to the last epoch: one row an epoch of mean losses by name.

        Args:
            checkpoint: holds the last good epoch; resumed from if it fits, removed at the end.
            records: receives losses and sample images.
            every_minutes: least time between two checkpoints.

        Raises:
            InputError: a loss or gradient is not finite; the last good checkpoint stays.
        """
        self._resume(checkpoint)
        saved = time.monotonic()
        bar = tqdm(total=self.schedule.epochs, initial=self.epoch, unit="epoch", file=sys.stderr, disable=None)
        while self.epoch < self.schedule.epochs:
            means = self._train_epoch()
            bad = [name for name, value in means.items() if not math.isfinite(value)]
            if bad:
                raise InputError(
                    f"training stopped in epoch {self.epoch + 1}: {', '.join(bad)} is not a number; lower "
                    f"learning_rate and start again (the last good state is kept in {checkpoint.path})"
                )
            self.epoch += 1
            self.history.append({"epoch": self.epoch, **means})
            self._report(means, records)
            bar.update()
            if time.monotonic() - saved > 60 * every_minutes:
                checkpoint.save(self._state())
                saved = time.monotonic()
        bar.close()
        checkpoint.remove()
        return pd.DataFrame(self.history)

    def _train_epoch(self) -> dict[str, float]:
        for optimiser in self.optimisers.values():
            factor = learning_rate_factor(self.epoch, self.schedule)
            optimiser.param_groups[0]["lr"] = self.schedule.learning_rate * factor
        # One stream of random numbers an epoch: a resumed run draws what an uninterrupted one draws.
        epoch_seed = self.seed * 1_000_003 + self.epoch
        torch.manual_seed(epoch_seed)
        sums: dict[str, Tensor] = {}
        steps = {"D": 0, "G": 0}
        objective, size = self.objective, self.schedule.batch
        for batch in self.samples.epoch(size, self.schedule.flip, epoch_seed):
            self.iteration += 1
            with self.autocast:
                loss = objective.discriminator_loss(batch)
            self._add(sums, self._step("discriminators", loss))
            steps["D"] += 1
            if self.iteration % self.schedule.n_critic == 0:
                objective.discriminators.requires_grad_(False)
                with self.autocast:
                    loss = objective.generator_loss(batch)
                self._add(sums, self._step("generator", loss))
                objective.discriminators.requires_grad_(True)
                steps["G"] += 1
        return {name: float(value) / max(steps[name[0]], 1) for name, value in sums.items()}

    def _step(self, name: str, loss: Loss) -> dict[str, Tensor]:
        """One optimiser step; the terms with the norm of the gradient, which shows a NaN anywhere."""
        optimiser = self.optimisers[name]
        optimiser.zero_grad(set_to_none=True)
        loss.total.backward()
        gradients = [p.grad for p in optimiser.param_groups[0]["params"] if p.grad is not None]
        norm = nn.utils.get_total_norm(gradients)
        optimiser.step()
        prefix = "D" if name == "discriminators" else "G"
        return {**loss.terms, f"{prefix}/gradient_norm": norm}

    @staticmethod
    def _add(sums: dict[str, Tensor], terms: dict[str, Tensor]) -> None:
        for name, term in terms.items():
            # Summed on the device: reading a number every step would stall a GPU.
            sums[name] = sums.get(name, 0) + term.detach()

    def _adam(self, module: nn.Module) -> torch.optim.Adam:
        schedule = self.schedule
        return torch.optim.Adam(
            module.parameters(), lr=schedule.learning_rate, betas=(schedule.beta1, schedule.beta2), fused=True
        )

    def _report(self, means: dict[str, float], records: Records) -> None:
        records.losses(self.epoch, {**means, "learning_rate": self.optimisers["generator"].param_groups[0]["lr"]})
        log.info("epoch %d: %s", self.epoch, ", ".join(f"{name} {value:.4g}" for name, value in means.items()))
        attention = means.get("G/attention_mean")
        if attention is not None and not SATURATED < attention < 1 - SATURATED:
            effect = "edits copy their input" if attention < 0.5 else "edits ignore their input"
            log.warning("attention masks saturate at %.0f (mean %.4f): %s", attention, attention, effect)
        if records.wants_samples(self.epoch, self.schedule.epochs):
            records.samples(self.epoch, self.objective, self.samples)

    def _state(self) -> dict[str, Any]:
        return {
            "epoch": self.epoch,
            "iteration": self.iteration,
            "history": self.history,
            "generator": self.objective.generator.state_dict(),
            "discriminators": self.objective.discriminators.state_dict(),
            "optimisers": {name: optimiser.state_dict() for name, optimiser in self.optimisers.items()},
        }

    def _resume(self, checkpoint: Checkpoint) -> None:
        state = checkpoint.load()
        if state is None:
            return
        self.epoch, self.iteration, self.history = state["epoch"], state["iteration"], state["history"]
        self.objective.generator.load_state_dict(state["generator"])
        self.objective.discriminators.load_state_dict(state["discriminators"])
        for name, optimiser in self.optimisers.items():
            optimiser.load_state_dict(state["optimisers"][name])
        log.info("resumed after epoch %d from %s", self.epoch, checkpoint.path)


def save_curves(path: Path, curves: pd.DataFrame) -> None:
    """Write the losses by epoch as CSV with seven significant digits."""
    with atomic_path(path) as partial:
        curves.to_csv(partial, index=False, float_format="%.7g")
