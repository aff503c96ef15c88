"""What the GPU pieces share: settings without pydantic, training steps on ready batches, peaks, result files.

Only torch, numpy, safetensors and this repository are needed, so that a bare GPU machine can run them.
"""

import json
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch

from benchmarks.plain import PlainOptimizers
from cascade_efgan.data import AUS, EXPRESSIONS
from cascade_efgan.data.face_crops.patches import PatchBox
from cascade_efgan.files import write_json
from cascade_efgan.methods import METHODS
from cascade_efgan.models.build import ModelSpec
from cascade_efgan.training.objective import Batch, build_objective
from cascade_efgan.training.optimizers import Optimizers

SCHEMA = Path(__file__).parents[1] / "workflow" / "schemas" / "config.schema.json"

#: Dense bfloat16 peaks in TFLOP/s by a part of the device's name, from the makers' data sheets.
PEAKS = {"H200": 989, "H100": 989, "A100": 312, "L40S": 362, "V100": 125, "4090": 165}

#: Patches of the paper's sizes (Sec. 4.1) about where a face has them; times depend on the sizes alone.
BOXES = {"eyes": PatchBox(30, 18, 40, 92), "nose": PatchBox(50, 40, 40, 48), "mouth": PatchBox(82, 34, 40, 60)}
TOY_BOXES = {"eyes": PatchBox(4, 4, 12, 24), "nose": PatchBox(14, 10, 12, 12), "mouth": PatchBox(20, 8, 12, 16)}
TOY_NETWORK = {
    "width": 4, "blocks": 1, "discriminator_width": 4, "face_layers": 3, "patch_layers": 2, "interpolator_width": 8,
}  # fmt: skip

#: Kind of steps and precision, each faster than the one before it.
VARIANTS = {
    "plain": (PlainOptimizers, "float32"),
    "fast": (Optimizers, "float32"),
    "bfloat16": (Optimizers, "bfloat16"),
}


def defaults(section: str) -> dict[str, Any]:
    """A section's default settings, read from the generated schema."""
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    return {key: value["default"] for key, value in schema["$defs"][section]["properties"].items()}


def make_training(method: str, variant: str, toy: bool, device: torch.device) -> tuple[Optimizers, ModelSpec]:
    """Optimiser steps of a method at the paper's widths (toy: tiny)."""
    network, boxes = (TOY_NETWORK, TOY_BOXES) if toy else (defaults("Network"), BOXES)
    network = {"cascade_steps": 3, **network}
    spec = ModelSpec(method, 32 if toy else 128, network, boxes if METHODS[method].local_focuses else {})
    return steps_for(spec, variant, device), spec


def steps_for(spec: ModelSpec, variant: str, device: torch.device) -> Optimizers:
    """The same networks, objective and steps as `efgan train` makes, with the default settings and from seed 0."""
    kind, precision = VARIANTS[variant]
    losses: Any = SimpleNamespace(**defaults("Losses"))
    schedule: Any = SimpleNamespace(**{**defaults("Schedule"), "precision": precision})
    return kind(build_objective(spec, losses, 0, device), schedule, device)


def random_batch(size: int, count: int, device: torch.device, seed: int = 0) -> Batch:
    """Noise with random AUs and labels: times do not depend on what is shown."""
    draw = torch.Generator().manual_seed(seed)
    image = torch.rand(count, 3, size, size, generator=draw) * 2 - 1
    aus, target = torch.rand(2, count, len(AUS), generator=draw)
    label, target_label = torch.randint(len(EXPRESSIONS), (2, count), generator=draw)
    return Batch(*(value.to(device) for value in (image, aus, target, label, target_label)))


def seconds_of(step: Callable[[], object], device: torch.device, warm_up: int, repeats: int) -> float:
    """Mean seconds of a step, after `warm_up` that do not count."""
    for _ in range(warm_up):
        step()
    wait(device)
    start = time.perf_counter()
    for _ in range(repeats):
        step()
    wait(device)
    return (time.perf_counter() - start) / repeats


def wait(device: torch.device) -> None:
    """Let a GPU finish what it was given."""
    if device.type == "cuda":
        torch.cuda.synchronize()


def machine(device: torch.device) -> dict[str, Any]:
    """Device, its peak (None: unknown) and versions, for every result file."""
    gpu = device.type == "cuda"
    name = torch.cuda.get_device_name() if gpu else "CPU"
    peak = next((value for part, value in PEAKS.items() if gpu and part in name), None)
    return {
        "device": name, "torch": torch.__version__, "peak_tflops_bfloat16": peak,
        "tf32_convolutions": bool(gpu and torch.backends.cudnn.allow_tf32),
    }  # fmt: skip


def write_result(out: Path, name: str, values: dict[str, Any], device: torch.device) -> None:
    """One small JSON file a piece; its presence makes a later call skip the piece."""
    out.mkdir(parents=True, exist_ok=True)
    write_json(out / f"{name}.json", {"name": name, **values, **machine(device)})
