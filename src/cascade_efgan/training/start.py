"""Put a training run together: networks, the weights that they start from, objective, data."""

import hashlib
import json
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import torch

from cascade_efgan.config.settings import Settings
from cascade_efgan.config.training_sections import Schedule
from cascade_efgan.data.face_crops.dataset import Faces
from cascade_efgan.data.face_crops.patches import PatchBox, load_patch_boxes
from cascade_efgan.devices import pick_device
from cascade_efgan.errors import InputError
from cascade_efgan.files import atomic_path, sha256_file
from cascade_efgan.methods import METHODS
from cascade_efgan.models.build import (
    ModelSpec,
    load_weights,
    restore,
    save_model,
    save_weights,
    start_from_single_step,
)
from cascade_efgan.training.checkpoint import Checkpoint
from cascade_efgan.training.loop import Run
from cascade_efgan.training.objective import Objective, build_objective
from cascade_efgan.training.output_lock import alone_in
from cascade_efgan.training.tensorboard_logger import TensorBoardLogger
from cascade_efgan.training.training_data import TrainingData

log = logging.getLogger("efgan.train")


def model_spec(method: str, faces: Faces, settings: Settings, centers: Path | None) -> ModelSpec:
    """Sizes of a method's networks for a data set.

    Raises:
        InputError: unknown method, crops of another size than configured, or patch centres missing.
    """
    if method not in METHODS:
        raise InputError(f"--method {method}: expected one of {', '.join(METHODS)}")
    size = faces.images.shape[1]
    if size != settings.crop.size:
        raise InputError(f"crop.size is {settings.crop.size} but the crops are {size} pixels wide: crop again")
    boxes: Mapping[str, PatchBox] = {}
    if METHODS[method].local_focuses:
        if centers is None:
            raise InputError(f"--centers: {method} has local focuses and needs the patch centres' file")
        boxes = load_patch_boxes(centers)
    return ModelSpec(method, size, settings.network.model_dump(), boxes)


class Trained:
    """A trained generator that another run starts from: its weights, with discriminators and description beside them.

    Args:
        weights: `weights.safetensors`; `discriminators.safetensors` and `model.json` are in its folder.
    """

    def __init__(self, weights: Path) -> None:
        self.weights = weights
        self.discriminators = weights.with_name("discriminators.safetensors")
        self.description = weights.with_name("model.json")
        self.files = [self.weights, self.discriminators, self.description]

    def spec_for(self, method: str, crops: Path, size: int) -> ModelSpec:
        """The networks of a method that starts from these weights: sizes and patch places are theirs.

        Args:
            method: trained on `crops`, whose side is `size` pixels.

        Raises:
            InputError: another method starts from them, or the crops have another size.
        """
        spec = ModelSpec.from_json(self.description)
        if method not in METHODS or spec.method not in (method, METHODS[method].pretrained):
            raise InputError(
                f"{self.description}: weights of {spec.method}, from which {method} does not start; give those of "
                "the same method, or of the single-step method of a cascade"
            )
        if size != spec.crop_size:
            raise InputError(
                f"{crops}: the crops are {size} pixels wide, but {self.description} was trained on {spec.crop_size}: "
                "crop both alike"
            )
        return replace(spec, method=method)

    def restore(self, objective: Objective, spec: ModelSpec) -> None:
        """Put the weights into a run's networks, in place; those of a single step into every module of a cascade."""
        into_each = spec.steps > ModelSpec.from_json(self.description).steps
        for network, path in ((objective.generator, self.weights), (objective.discriminators, self.discriminators)):
            if into_each:
                start_from_single_step(network, load_weights(path))
            else:
                restore(network, path, self.description)


def schedule_of(spec: ModelSpec, settings: Settings, section: Literal["train", "finetune", "wild"]) -> Schedule:
    """A section's schedule; a cascade from scratch takes as many epochs as both runs of the other cascades together."""
    plan: Schedule = getattr(settings, section)
    if section == "train" and spec.info.is_cascade:
        return plan.model_copy(update={"epochs": plan.epochs + settings.finetune.epochs})
    return plan


def prepare(spec: ModelSpec, faces: Faces, settings: Settings, schedule: Schedule, seed: int) -> Run:
    """A run ready to train on the device at hand; on the CPU it is deterministic bit for bit."""
    device = pick_device()
    if device.type == "cpu":
        torch.use_deterministic_algorithms(True)
        # Filling fresh memory guards against code that reads it before writing; nothing here does, and it costs 5 %.
        torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    objective = build_objective(spec, settings.losses, seed, device)
    return Run(objective, TrainingData(faces, device), schedule, seed)


@dataclass(frozen=True)
class Outputs:
    """Files that a training run writes: weights of both kinds (safetensors), description (JSON), losses (CSV)."""

    weights: Path
    discriminators: Path
    model: Path
    curves: Path


def train_and_save(
    run: Run, spec: ModelSpec, checkpoint: Checkpoint, outputs: Outputs, tensorboard: Path | None, minutes: float
) -> None:
    """Train to the end, from the checkpoint where there is one, and store what came out.

    Waits while another process trains into the same folder; if that one makes the same files, they are taken.

    Args:
        tensorboard: folder of TensorBoard records; None: none.
        minutes: minimum minutes between checkpoints.
    """
    with alone_in(outputs.weights.parent, checkpoint.fingerprint) as made_by_another:
        if made_by_another:
            log.info("%s: another process has just made it from the same inputs", outputs.weights)
            return
        records = TensorBoardLogger(tensorboard)
        history = run.train(checkpoint, records, minutes)
        records.close()
        with atomic_path(outputs.curves) as partial:
            history.to_csv(partial, index=False, float_format="%.7g")
        save_weights(outputs.discriminators, run.objective.discriminators)
        save_model(outputs.weights, outputs.model, run.generator, spec)
        checkpoint.remove()


def checkpoint_beside(weights: Path, inputs: Iterable[Path | str | None], flags: object) -> Checkpoint:
    """The checkpoint of a run, tied to its flags and to its input files, the source files of its stage among them."""
    hashes = [sha256_file(path) for path in inputs if path is not None]
    text = json.dumps([hashes, flags], sort_keys=True, default=str)
    return Checkpoint(weights.with_name("checkpoint.pt"), hashlib.sha256(text.encode()).hexdigest())
