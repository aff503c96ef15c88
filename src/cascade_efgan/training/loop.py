"""The training loop of every method: Adam, n_critic, a linear decay, and checks that stop a broken run."""

import logging
import math
import sys
import time
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from torch import Tensor
from tqdm import tqdm

from cascade_efgan.config.settings import Schedule
from cascade_efgan.errors import InputError
from cascade_efgan.files import atomic_path
from cascade_efgan.training.checkpoint import Checkpoint
from cascade_efgan.training.objective import Objective
from cascade_efgan.training.records import Records
from cascade_efgan.training.samples import Samples
from cascade_efgan.training.steps import Steps

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
        self.optimise = Steps(objective, schedule, samples.images.device)
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
        self.optimise.learning_rate = self.schedule.learning_rate * learning_rate_factor(self.epoch, self.schedule)
        # One stream of random numbers an epoch: a resumed run draws what an uninterrupted one draws.
        epoch_seed = self.seed * 1_000_003 + self.epoch
        torch.manual_seed(epoch_seed)
        sums: dict[str, Tensor] = {}
        steps = {"D": 0, "G": 0}
        for batch in self.samples.epoch(self.schedule.batch, self.schedule.flip, epoch_seed):
            self.iteration += 1
            self._add(sums, self.optimise.discriminators(batch))
            steps["D"] += 1
            if self.iteration % self.schedule.n_critic == 0:
                self._add(sums, self.optimise.generator(batch))
                steps["G"] += 1
        return {name: float(value) / max(steps[name[0]], 1) for name, value in sums.items()}

    @staticmethod
    def _add(sums: dict[str, Tensor], terms: dict[str, Tensor]) -> None:
        for name, term in terms.items():
            # Summed on the device: reading a number every step would stall a GPU.
            sums[name] = sums.get(name, 0) + term.detach()

    def _report(self, means: dict[str, float], records: Records) -> None:
        records.losses(self.epoch, {**means, "learning_rate": self.optimise.learning_rate})
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
            "optimisers": self.optimise.state_dict(),
        }

    def _resume(self, checkpoint: Checkpoint) -> None:
        state = checkpoint.load()
        if state is None:
            return
        self.epoch, self.iteration, self.history = state["epoch"], state["iteration"], state["history"]
        self.objective.generator.load_state_dict(state["generator"])
        self.objective.discriminators.load_state_dict(state["discriminators"])
        self.optimise.load_state_dict(state["optimisers"])
        log.info("resumed after epoch %d from %s", self.epoch, checkpoint.path)


def save_curves(path: Path, curves: pd.DataFrame) -> None:
    """Write the losses by epoch as CSV with seven significant digits."""
    with atomic_path(path) as partial:
        curves.to_csv(partial, index=False, float_format="%.7g")
