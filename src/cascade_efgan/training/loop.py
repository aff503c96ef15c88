"""The training loop of every method: Adam, n_critic, a linear decay, and checks that stop a broken run."""

import logging
import math
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel
from tqdm import tqdm

from cascade_efgan.config.training_sections import Schedule
from cascade_efgan.errors import InputError
from cascade_efgan.files import atomic_path
from cascade_efgan.training.checkpoint import Checkpoint, PreemptedError, StopSignals
from cascade_efgan.training.objective import Objective
from cascade_efgan.training.optimizers import Optimizers
from cascade_efgan.training.tensorboard_logger import TensorBoardLogger
from cascade_efgan.training.training_data import TrainingData

log = logging.getLogger("efgan.train")

#: Mean attention beyond which a map counts as saturated: it copies the input, or repaints it all.
SATURATED = 0.02


def learning_rate_factor(epoch: int, schedule: Schedule) -> float:
    """Share of the initial learning rate in an epoch counted from 0: 1, then linearly down.

    The last epoch still trains, at `1 / (epochs - constant_epochs)` of the rate; 0 is reached after it.

    Source: Sec. 8.
    """
    if epoch < schedule.constant_epochs:
        return 1.0
    return (schedule.epochs - epoch) / (schedule.epochs - schedule.constant_epochs)


class Run:
    """One training run: networks with their optimisers, from the first iteration or from a checkpoint."""

    def __init__(self, objective: Objective, samples: TrainingData, schedule: Schedule, seed: int) -> None:
        self.objective, self.samples, self.schedule, self.seed = objective, samples, schedule, seed
        self.optimizers = Optimizers(objective, schedule, samples.images.device)
        self.average = moving_average(objective.generator, schedule.average) if schedule.average else None
        self.epoch, self.iteration = 0, 0
        self.history: list[dict[str, float]] = []
        # Of the epoch under way: sums of the losses, and how many steps are in them.
        self.sums: dict[str, Tensor] = {}
        self.steps = {"D": 0, "G": 0}

    def train(self, checkpoint: Checkpoint, records: TensorBoardLogger, every_minutes: float) -> pd.DataFrame:
        """Train to the last epoch: one row per epoch of mean losses by name.

        Args:
            checkpoint: holds the last good state; resumed from if it fits. The caller removes it once it has stored
                what came out.
            records: receives losses and sample images.
            every_minutes: least time between two checkpoints.

        Raises:
            InputError: a loss or gradient is not finite; the last good checkpoint stays.
            PreemptedError: SIGTERM or SIGINT came; the checkpoint holds the state after the last iteration.
        """
        self._resume(checkpoint, records)
        saved = time.monotonic()
        bar = tqdm(total=self.schedule.epochs, initial=self.epoch, unit="epoch", file=sys.stderr, disable=None)
        with StopSignals() as stop, bar:
            while self.epoch < self.schedule.epochs:
                for _ in self._iterations():
                    if stop.received or time.monotonic() - saved > 60 * every_minutes:
                        self._save(checkpoint)
                        saved = time.monotonic()
                    if stop.received:
                        log.warning("%s: stopped; the same command goes on from %s", stop.received, checkpoint.path)
                        raise PreemptedError
                self._end_epoch(checkpoint, records)
                bar.update()
        return pd.DataFrame(self.history)

    @property
    def generator(self) -> nn.Module:
        """The generator that a run stores: the moving average of its weights where `schedule.average` asks for it."""
        return self.objective.generator if self.average is None else self.average.module

    def _iterations(self) -> Iterator[None]:
        """What is left of an epoch, one iteration at a time; the run can be saved after each."""
        self.optimizers.learning_rate = self._learning_rate(self.epoch)
        # One stream of random numbers per epoch: a resumed run draws what an uninterrupted one draws.
        epoch_seed = self.seed * 1_000_003 + self.epoch
        if self.steps["D"] == 0:
            torch.manual_seed(epoch_seed)
        plan, done = self.schedule, self.steps["D"]
        for batch in self.samples.epoch(plan.batch, plan.flip, epoch_seed, skip=done, augment=plan.augment):
            self.iteration += 1
            self._add(self.sums, self.optimizers.discriminators(batch))
            self.steps["D"] += 1
            if self.iteration % plan.n_critic == 0:
                self._add(self.sums, self.optimizers.generator(batch))
                if self.average is not None:
                    self.average.update_parameters(self.objective.generator)
                self.steps["G"] += 1
            yield

    def _end_epoch(self, checkpoint: Checkpoint, records: TensorBoardLogger) -> None:
        means = self._means(checkpoint)
        self.epoch += 1
        self.history.append({"epoch": self.epoch, **means})
        self.sums, self.steps = {}, {"D": 0, "G": 0}
        self._report(means, records)

    def _means(self, checkpoint: Checkpoint) -> dict[str, float]:
        """Mean losses of the epoch so far; reading them waits for the device."""
        means = {name: float(value) / max(self.steps[name[0]], 1) for name, value in self.sums.items()}
        bad = [name for name, value in means.items() if not math.isfinite(value)]
        if bad:
            raise InputError(
                f"training stopped in epoch {self.epoch + 1}: {', '.join(bad)} is not a number; lower "
                f"learning_rate and start again (the last good state is kept in {checkpoint.path})"
            )
        return means

    def _learning_rate(self, epoch: int) -> float:
        return self.schedule.learning_rate * learning_rate_factor(epoch, self.schedule)

    @staticmethod
    def _add(sums: dict[str, Tensor], terms: dict[str, Tensor]) -> None:
        for name, term in terms.items():
            # Summed on the device: reading a number every step would stall a GPU.
            sums[name] = sums.get(name, 0) + term.detach()

    def _report(self, means: dict[str, float], records: TensorBoardLogger) -> None:
        records.losses(self.epoch, {**means, "learning_rate": self.optimizers.learning_rate})
        log.info("epoch %d: %s", self.epoch, ", ".join(f"{name} {value:.4g}" for name, value in means.items()))
        attention = means.get("G/attention_mean")
        if attention is not None and not SATURATED < attention < 1 - SATURATED:
            effect = "copy their input" if attention < 0.5 else "ignore their input"
            log.warning("the face's attention saturates at %.0f (mean %.4f): outside patches edits %s", attention,
                        attention, effect)  # fmt: skip
        if records.wants_samples(self.epoch, self.schedule.epochs):
            records.samples(self.epoch, self.objective, self.samples)

    def _save(self, checkpoint: Checkpoint) -> None:
        # A state with a NaN in it would replace the last good one: the sums hold every gradient's norm.
        self._means(checkpoint)
        checkpoint.save(
            {
                "epoch": self.epoch,
                "iteration": self.iteration,
                "history": self.history,
                "sums": self.sums,
                "steps": self.steps,
                "random": random_states(self.samples.images.device),
                "generator": self.objective.generator.state_dict(),
                "average": None if self.average is None else self.average.state_dict(),
                "discriminators": self.objective.discriminators.state_dict(),
                "optimisers": self.optimizers.state_dict(),
            }
        )

    def _resume(self, checkpoint: Checkpoint, records: TensorBoardLogger) -> None:
        state = checkpoint.load()
        if state is None:
            return
        device = self.samples.images.device
        self.epoch, self.iteration, self.history = state["epoch"], state["iteration"], state["history"]
        self.sums = {name: value.to(device) for name, value in state["sums"].items()}
        self.steps = state["steps"]
        self.objective.generator.load_state_dict(state["generator"])
        if self.average is not None:
            self.average.load_state_dict(state["average"])
        self.objective.discriminators.load_state_dict(state["discriminators"])
        self.optimizers.load_state_dict(state["optimisers"])
        for epoch, row in enumerate(self.history):
            means = {name: value for name, value in row.items() if name != "epoch"}
            records.losses(epoch + 1, {**means, "learning_rate": self._learning_rate(epoch)})
        restore_random_states(state["random"], device)
        log.info("resumed in epoch %d after %d batches from %s", self.epoch + 1, self.steps["D"], checkpoint.path)


def moving_average(generator: nn.Module, decay: float) -> AveragedModel:
    """Exponential moving average of a generator's weights; its buffers stay those of the generator.

    The first steps count less, by `(1 + n) / (10 + n)` in place of a larger decay, so that a short run's average does
    not remember its initial weights.
    """

    @torch.no_grad()
    def update(
        averages: tuple[Tensor, ...] | list[Tensor], weights: tuple[Tensor, ...] | list[Tensor], n: Tensor | int
    ) -> None:
        share = min(decay, (1 + int(n)) / (10 + int(n)))
        torch._foreach_lerp_(averages, weights, 1 - share)

    return AveragedModel(generator, multi_avg_fn=update)


def random_states(device: torch.device) -> dict[str, Tensor]:
    """States of PyTorch's own random generators, from which the gradient penalty draws."""
    states = {"cpu": torch.get_rng_state()}
    return {**states, "cuda": torch.cuda.get_rng_state(device)} if device.type == "cuda" else states


def restore_random_states(states: dict[str, Tensor], device: torch.device) -> None:
    """Put back what `random_states` gave; a run that moves to a GPU from elsewhere finds none there to put back."""
    torch.set_rng_state(states["cpu"])
    if device.type == "cuda" and "cuda" in states:
        torch.cuda.set_rng_state(states["cuda"], device)


def save_curves(path: Path, curves: pd.DataFrame) -> None:
    """Write the losses by epoch as CSV with seven significant digits."""
    with atomic_path(path) as partial:
        curves.to_csv(partial, index=False, float_format="%.7g")
