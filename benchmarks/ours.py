"""This project's sides: its own training steps, generation and FID stages, on ready batches."""

from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from benchmarks.fid_inputs import full_size_features
from benchmarks.gpu_setup import BOXES
from benchmarks.sides import AUS as AU_COUNT
from benchmarks.sides import SIZE, Side, Task, TrainingSide
from cascade_efgan.config import settings_from_flags
from cascade_efgan.config.settings import Settings
from cascade_efgan.data import AU_MAX, AUS, EXPRESSIONS
from cascade_efgan.data.face_crops.dataset import Faces
from cascade_efgan.evaluation import features as feature_module
from cascade_efgan.evaluation.features import InceptionFeatures, feature_batches
from cascade_efgan.evaluation.fid import distance
from cascade_efgan.evaluation.statistics import load_statistics, save_statistics, statistics
from cascade_efgan.generation.edit import trained
from cascade_efgan.methods import METHODS
from cascade_efgan.models.build import ModelSpec, build_generator
from cascade_efgan.training.start import prepare


def model_spec(method: str, settings: Settings) -> ModelSpec:
    """The method at the paper's widths and sizes, which are the settings' defaults."""
    boxes = BOXES if METHODS[method].local_focuses else {}
    return ModelSpec(method, SIZE, settings.network.model_dump(), boxes)


def random_faces(count: int) -> Faces:
    """Faces of noise with random AUs: times do not depend on what is shown."""
    draw = np.random.default_rng(0)
    index = pd.DataFrame(draw.random((count, AU_COUNT)) * AU_MAX, columns=list(AUS))
    index["expression"] = [EXPRESSIONS[row % len(EXPRESSIONS)] for row in range(count)]
    return Faces(draw.integers(0, 256, (count, SIZE, SIZE, 3), dtype=np.uint8), index)


class OurTraining(TrainingSide):
    """The optimiser steps that `efgan train` makes, by `prepare` and `Optimizers`."""

    def __init__(self, task: Task) -> None:
        super().__init__(task)
        settings = settings_from_flags([f"train.batch={task.batch}", f"train.precision={task.precision}"])
        faces = random_faces(4 * task.batch)
        run = prepare(model_spec(task.method, settings), faces, settings, settings.train, seed=0)
        self.steps = run.optimizers
        self.batches = list(islice(run.samples.epoch(task.batch, True, 0), 4))

    def loop(self, iterations: int) -> None:
        """The training loop's two kinds of steps."""
        for iteration in range(1, iterations + 1):
            self.stopwatch.tick()
            batch = self.batches[iteration % len(self.batches)]
            self.steps.discriminators(batch)
            self.after_discriminators()
            if iteration % self.task.every == 0:
                self.steps.generator(batch)
        self.stopwatch.tick()


class OurGeneration(Side):
    """The editor that `efgan generate` uses: uint8 images in, uint8 edits out, under `inference_mode`."""

    def __init__(self, task: Task) -> None:
        super().__init__(task)
        torch.manual_seed(0)
        faces = random_faces(task.batch)
        generator = build_generator(model_spec(task.method, settings_from_flags([])))
        self.editor = trained(generator, faces, torch.device(task.device))
        self.plan, self.rows = faces.index, np.arange(task.batch)

    def _repeat(self) -> None:
        """Edit one batch."""
        bfloat16 = self.task.precision == "bfloat16"
        with torch.autocast(self.task.device, dtype=torch.bfloat16, enabled=bfloat16):
            self.editor(self.plan, self.rows)


class OurFid(Side):
    """FID of a second method: features of its edits, their statistics, and the distance.

    The real images' features are there already: the `features` stage makes them once per data set. Patched: any
    weights file is taken, not only the one that FID is defined by.
    """

    def __init__(self, task: Task) -> None:
        super().__init__(task)
        feature_module.check_inception_weights = lambda _path: None
        self.folder, self.device = Path(task.pictures), torch.device(task.device)
        self.real, self.edits = (np.load(self.folder / f"{name}.npy", mmap_mode="r") for name in ("real", "edits"))
        self.stored = [self.folder / f"{name}.safetensors" for name in ("real", "edits")]
        self.values: list[np.ndarray] = []
        if task.full:
            self._features_stage("real")
            return
        self.extractor = InceptionFeatures(Path(task.weights))
        real, self.full_size_edits = full_size_features()
        save_statistics(self.stored[0], statistics([real], InceptionFeatures.name))

    def _features(self) -> dict[str, Any]:
        done, count = len(self.values) * self.task.batch, len(self.real)
        images, start = (self.real, done) if done < count else (self.edits, done - count)
        rows = np.arange(start, min(start + self.task.batch, len(images)))
        self.values += feature_batches(self.extractor, images, rows, self.task.batch, self.device)
        return {"images": len(rows)}

    def _statistics(self) -> None:
        size = settings_from_flags([]).fid.batch
        chunks = (self.full_size_edits[start : start + size] for start in range(0, len(self.full_size_edits), size))
        save_statistics(self.stored[1], statistics(chunks, InceptionFeatures.name))

    def _distance(self) -> dict[str, Any]:
        return {"value": distance(*(load_statistics(path) for path in self.stored))}

    def _value(self) -> dict[str, Any]:
        values = np.concatenate(self.values)
        parts = values[: len(self.real)], values[len(self.real) :]
        return {"value": distance(*(statistics([part], InceptionFeatures.name) for part in parts))}

    def _whole(self) -> dict[str, Any]:
        self._features_stage("edits")
        return self._distance()

    def _features_stage(self, name: str) -> None:
        from cascade_efgan.stages import features

        images, stored = self.folder / f"{name}.npy", self.folder / f"{name}.safetensors"
        features.command(images, stored, extractor_weights=Path(self.task.weights), part="all", settings=[])
