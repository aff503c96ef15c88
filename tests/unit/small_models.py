"""Networks small enough for tests, and short trainings of them: 32 x 32 pixels, four channels, one block."""

from pathlib import Path

import torch

from cascade_efgan.config import Settings, resolve
from cascade_efgan.config.training_sections import Schedule
from cascade_efgan.data.face_crops.patches import PatchBox
from cascade_efgan.methods import METHODS
from cascade_efgan.models.build import ModelSpec, build_generator, save_model
from cascade_efgan.training.checkpoint import Checkpoint

SIZE = 32
BOXES = {"eyes": PatchBox(4, 4, 12, 24), "nose": PatchBox(14, 10, 12, 12), "mouth": PatchBox(20, 8, 12, 16)}
NETWORK = Settings().network.model_dump() | {
    "width": 4, "blocks": 1, "discriminator_width": 4, "face_layers": 3, "patch_layers": 2, "interpolator_width": 8,
    "cascade_steps": 2,
}  # fmt: skip
SETTINGS = resolve({"network": NETWORK})


def small_spec(method: str, **network: object) -> ModelSpec:
    """A method's networks in this size; `network` changes some of their settings."""
    return ModelSpec(method, SIZE, NETWORK | network, BOXES if METHODS[method].local_focuses else {})


def save_random(folder: Path, method: str = "cascade_ef_gan") -> Path:
    """Random weights as a run leaves them, with their description: the path of the weights."""
    torch.manual_seed(0)
    spec = small_spec(method)
    save_model(folder / "weights.safetensors", folder / "model.json", build_generator(spec), spec)
    return folder / "weights.safetensors"


def schedule(**changes: object) -> Schedule:
    return Schedule.model_validate({"epochs": 2, "constant_epochs": 1, "batch": 4, "n_critic": 1, **changes})


def resumed_position(checkpoint: Checkpoint) -> tuple[int, int]:
    """Whole epochs and further batches that a checkpoint holds."""
    state = checkpoint.load()
    assert state is not None
    return state["epoch"], state["steps"]["D"]
