"""Really train a method on crops for a given number of minutes, resumable in pieces, and leave a grid of edits.

Needs `crops.npy`, `crops.csv`, `split.csv` and `patch_centers.json` of a data set, which the workflow's CPU rules make.
"""

import argparse
import csv
import json
import struct
import time
import zlib
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import torch

from benchmarks.gpu_setup import defaults, steps_for, write_result
from cascade_efgan.data import AU_MAX, AUS, EXPRESSIONS
from cascade_efgan.data.face_crops.patches import load_patch_boxes
from cascade_efgan.files import atomic_path
from cascade_efgan.methods import METHODS
from cascade_efgan.models.build import ModelSpec, save_model
from cascade_efgan.models.tensors import to_uint8
from cascade_efgan.training.optimizers import Optimizers
from cascade_efgan.training.training_data import TrainingData


def load_samples(folder: Path, device: torch.device) -> TrainingData:
    """The training part of a data set, read without pandas."""
    with (folder / "crops.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    with (folder / "split.csv").open(encoding="utf-8", newline="") as file:
        parts = {row["id"]: row["part"] for row in csv.DictReader(file)}
    chosen = [number for number, row in enumerate(rows) if parts[row["id"]] == "train"]
    images = np.load(folder / "crops.npy", mmap_mode="r")[chosen]
    aus = np.array([[float(rows[n][au]) / AU_MAX for au in AUS] for n in chosen], np.float32)
    labels = np.array([EXPRESSIONS.index(rows[n]["expression"]) for n in chosen])
    return TrainingData(SimpleNamespace(images=images, aus=aus, labels=labels), device)  # type: ignore[arg-type]


def train(
    steps: Optimizers, samples: TrainingData, state: Path, minutes: float, batch: int, epochs: int
) -> dict[str, object]:
    """Whole epochs at a constant rate until the time is over; goes on from `state` where it is there."""
    epoch, seconds, iterations = 0, 0.0, 0
    networks = {"generator": steps.objective.generator, "discriminators": steps.objective.discriminators}
    if state.exists():
        stored = torch.load(state, map_location=samples.images.device, weights_only=True)
        epoch, seconds = stored["epoch"], stored["seconds"]
        for name, network in networks.items():
            network.load_state_dict(stored[name])
        steps.load_state_dict(stored["steps"])
    start, n_critic, means = time.monotonic(), defaults("Schedule")["n_critic"], {}
    while epoch < epochs and time.monotonic() - start < 60 * minutes:
        torch.manual_seed(epoch)
        for data in samples.epoch(batch, True, epoch):
            means.update(steps.discriminators(data))
            iterations += 1
            if iterations % n_critic == 0:
                means.update(steps.generator(data))
        epoch += 1
    seconds += time.monotonic() - start
    with atomic_path(state) as partial:
        saved = {name: network.state_dict() for name, network in networks.items()}
        torch.save({"epoch": epoch, "seconds": seconds, "steps": steps.state_dict(), **saved}, partial)
    terms = {name: float(value.detach()) for name, value in means.items()}
    return {"epochs": epoch, "of_epochs": epochs, "seconds": seconds, "batch": batch, "last_losses": terms}


def save_grid(path: Path, steps: Optimizers, samples: TrainingData) -> None:
    """The first faces above every step's edit of them towards the AUs of the faces after them, as PNG."""
    count = min(8, len(samples))
    rows = torch.arange(count, device=samples.images.device)
    data = samples.batch(rows, (rows + count) % len(samples), torch.zeros_like(rows, dtype=torch.bool))
    steps.objective.generator.eval()
    with torch.no_grad():
        pictures = [data.image, *steps.objective.edit(data)]
    steps.objective.generator.train()
    grid = torch.cat([torch.cat(list(to_uint8(images)), dim=2) for images in pictures], dim=1)
    write_png(path, grid.permute(1, 2, 0).cpu().numpy())


def write_png(path: Path, image: np.ndarray) -> None:
    """(h, w, 3) uint8 as PNG without an image library, which a bare machine may lack."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    height, width = image.shape[:2]
    lines = b"".join(b"\0" + row.tobytes() for row in image)
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    with atomic_path(path) as partial:
        data = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(lines, 9)) + chunk(b"IEND", b"")
        partial.write_bytes(b"\x89PNG\r\n\x1a\n" + data)


def main(words: list[str] | None = None) -> None:
    """Train for a while, store weights, state, grid and what was done."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of crops.npy and its companions")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--method", default="ef_gan", choices=[m for m, row in METHODS.items() if not row.is_cascade])
    parser.add_argument("--minutes", type=float, default=8)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--network", type=json.loads, default={}, help="JSON of network sizes, to try the piece out")
    parser.add_argument("--device", default="cuda")
    flags = parser.parse_args(words)
    device = torch.device(flags.device)
    flags.out.mkdir(parents=True, exist_ok=True)
    samples = load_samples(flags.data, device)
    boxes = load_patch_boxes(flags.data / "patch_centers.json") if METHODS[flags.method].local_focuses else {}
    spec = ModelSpec(flags.method, samples.images.shape[-1], {**defaults("Network"), **flags.network}, boxes)
    steps = steps_for(spec, "bfloat16", device)
    name = f"train-{flags.method}"
    done = train(steps, samples, flags.out / f"{name}.pt", flags.minutes, flags.batch, defaults("Schedule")["epochs"])
    save_model(flags.out / f"{name}.safetensors", flags.out / f"{name}.model.json", steps.objective.generator, spec)
    save_grid(flags.out / f"{name}.png", steps, samples)
    write_result(flags.out, name, {"method": flags.method, "images": len(samples), **done}, device)
    print(json.dumps(done))


if __name__ == "__main__":
    main()
