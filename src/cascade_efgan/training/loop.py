"""The training loop of every method: Adam, n_critic, a linear decay, and checks that stop a broken run."""

import logging
import math
import sys
import time
from collections.abc import Iterator
from typing import Any

import pandas as pd
import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel
from tqdm import tqdm

from cascade_efgan.config.training_sections import Schedule
from cascade_efgan.errors import InputError
from cascade_efgan.training.checkpoint import RUN_AGAIN, Checkpoint, stop_signals
from cascade_efgan.training.objective import Objective
from cascade_efgan.training.optimizers import Optimizers
from cascade_efgan.training.tensorboard_logger import TensorBoardLogger
from cascade_efgan.training.training_data import TrainingData

log = logging.getLogger("efgan.train")

#: Mean attention beyond which a map counts as saturated: it copies the input, or repaints it all.
SATURATED = 0.02

#: Attributes of a run that its checkpoints hold as they are.
COUNTS = ("epoch", "iteration", "history", "sums", "steps")


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
        self.device = samples.images.device
        self.optimizers = Optimizers(objective, schedule, self.device)
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
            SystemExit: SIGTERM or SIGINT came; the checkpoint holds the state after the last iteration.
        """
        self._resume(checkpoint, records)
        saved = time.monotonic()
        bar = tqdm(total=self.schedule.epochs, initial=self.epoch, unit="epoch", file=sys.stderr, disable=None)
        with stop_signals() as received, bar:
            while self.epoch < self.schedule.epochs:
                for _ in self._iterations():
                    if received or time.monotonic() - saved > 60 * every_minutes:
                        self._save(checkpoint)
                        saved = time.monotonic()
                    if received:
                        log.warning("%s: stopped; the same command goes on from %s", received[-1], checkpoint.path)
                        raise SystemExit(RUN_AGAIN)
                self._end_epoch(checkpoint, records)
                bar.update()
        return pd.DataFrame(self.history)

    @property
    def generator(self) -> nn.Module:
        """The generator that a run stores: the moving average of its weights where `schedule.average` asks for it."""
        return self.objective.generator if self.average is None else self.average.module

    def _iterations(self) -> Iterator[None]:
        """What is left of an epoch, one iteration at a time; the run can be saved after each."""
        self.optimizers.learning_rate = self.schedule.learning_rate * learning_rate_factor(self.epoch, self.schedule)
        # One stream of random numbers per epoch: a resumed run draws what an uninterrupted one draws.
        epoch_seed = self.seed * 1_000_003 + self.epoch
        if self.steps["D"] == 0:
            torch.manual_seed(epoch_seed)
        plan, done = self.schedule, self.steps["D"]
        for batch in self.samples.epoch(plan.batch, plan.flip, epoch_seed, skip=done, augment=plan.augment):
            self.iteration += 1
            self._count("D", self.optimizers.discriminators(batch))
            if self.iteration % plan.n_critic == 0:
                self._count("G", self.optimizers.generator(batch))
                if self.average is not None:
                    self.average.update_parameters(self.objective.generator)
            yield

    def _count(self, kind: str, terms: dict[str, Tensor]) -> None:
        self.steps[kind] += 1
        for name, term in terms.items():
            # Summed on the device: reading a number every step would stall a GPU.
            self.sums[name] = self.sums.get(name, 0) + term.detach()

    def _end_epoch(self, checkpoint: Checkpoint, records: TensorBoardLogger) -> None:
        means = self._means(checkpoint)
        self.epoch += 1
        self.history.append({"epoch": self.epoch, **means})
        self.sums, self.steps = {}, {"D": 0, "G": 0}
        records.losses(self.epoch, {**means, "learning_rate": self.optimizers.learning_rate})
        log.info("epoch %d: %s", self.epoch, ", ".join(f"{name} {value:.4g}" for name, value in means.items()))
        attention = means.get("G/attention_mean")
        if attention is not None and not SATURATED < attention < 1 - SATURATED:
            effect = "copy their input" if attention < 0.5 else "ignore their input"
            log.warning("the face's attention saturates at %.0f (mean %.4f): outside patches edits %s", attention,
                        attention, effect)  # fmt: skip
        records.samples(self.epoch, self.schedule.epochs, self.objective, self.samples)

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

    def _save(self, checkpoint: Checkpoint) -> None:
        # A state with a NaN in it would replace the last good one: the sums hold every gradient's norm.
        self._means(checkpoint)
        random = {"cpu": torch.get_rng_state()}  # of PyTorch's own generators, from which the gradient penalty draws
        if self.device.type == "cuda":
            random["cuda"] = torch.cuda.get_rng_state(self.device)
        counts = {name: getattr(self, name) for name in COUNTS}
        checkpoint.save(
            {**counts, **{name: part.state_dict() for name, part in self._parts().items()}, "random": random}
        )

    def _parts(self) -> dict[str, Any]:
        """What has a state dict, by its name in a checkpoint."""
        found = {"generator": self.objective.generator, "discriminators": self.objective.discriminators}
        average = {} if self.average is None else {"average": self.average}
        return {**found, **average, "optimisers": self.optimizers}

    def _resume(self, checkpoint: Checkpoint, records: TensorBoardLogger) -> None:
        state = checkpoint.load()
        if state is None:
            return
        for name in COUNTS:
            setattr(self, name, state[name])
        self.sums = {name: value.to(self.device) for name, value in self.sums.items()}
        for name, part in self._parts().items():
            part.load_state_dict(state[name])
        for row in self.history:
            rate = self.schedule.learning_rate * learning_rate_factor(int(row["epoch"]) - 1, self.schedule)
            means = {name: value for name, value in row.items() if name != "epoch"}
            records.losses(int(row["epoch"]), {**means, "learning_rate": rate})
        torch.set_rng_state(state["random"]["cpu"])
        # A run that moves to a GPU from elsewhere finds no such state to put back.
        if self.device.type == "cuda" and "cuda" in state["random"]:
            torch.cuda.set_rng_state(state["random"]["cuda"], self.device)
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
