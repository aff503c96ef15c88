"""PyTorch against ONNX Runtime on the CPU: `python benchmarks/onnx_speed.py WEIGHTS [--threads N] [--json OUT.json]`.

WEIGHTS is a `weights.safetensors` with `model.json` beside it. The generator is exported and checked as `efgan export`
does, then both sides edit the same batches, in turns, so that other programs on the machine slow both alike.
"""

import argparse
import platform
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime
import torch

from cascade_efgan.editing.onnx_export import Exported, export_onnx, inputs, onnx_session
from cascade_efgan.editing.runs import load_editor_model, run_facts
from cascade_efgan.files import write_json


def seconds(sides: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Median time of each side, seconds, over `rounds` turns after one to warm up."""
    times: dict[str, list[float]] = {name: [] for name in sides}
    for turn in range(rounds + 1):
        for name, side in sides.items():
            start = time.perf_counter()
            side()
            if turn:
                times[name].append(time.perf_counter() - start)
    return {name: float(np.median(values)) for name, values in times.items()}


def measure(weights: Path, threads: int, batches: list[int], rounds: int) -> dict[str, object]:
    """Milliseconds per image of both sides for each batch, and how much faster ONNX Runtime is."""
    torch.set_num_threads(threads)
    generator, spec = load_editor_model(weights)
    margin, _ = run_facts(weights, spec.crop_size)
    with tempfile.TemporaryDirectory() as folder:
        difference = export_onnx(generator, spec, margin, Path(folder, "model.onnx"))
        session = onnx_session(Path(folder, "model.onnx"), threads)
    module = Exported(generator).eval()
    rows = []
    for batch in batches:
        given = inputs(spec, batch)
        words = {name: values.numpy() for name, values in given.items()}
        with torch.inference_mode():
            taken = seconds(
                {"pytorch": lambda given=given: module(**given), "onnx": lambda words=words: session.run(None, words)},
                rounds,
            )
        each = {f"{name}_ms_an_image": round(1e3 * value / batch, 2) for name, value in taken.items()}
        rows.append({"batch": batch, **each, "speed_ratio": round(taken["pytorch"] / taken["onnx"], 2)})
    return {
        "method": spec.method,
        "crop_size": spec.crop_size,
        "width": spec.network["width"],
        "largest_difference": difference,
        "threads": threads,
        "rounds": rounds,
        "batches": rows,
        "machine": platform.machine(),
        "torch": torch.__version__,
        "onnxruntime": onnxruntime.__version__,
    }


def main() -> None:
    """Measure, print and write where asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("weights", type=Path)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--batches", type=int, nargs="+", default=[1, 8])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--json", type=Path, help="file for the result")
    flags = parser.parse_args()
    result = measure(flags.weights, flags.threads, flags.batches, flags.rounds)
    print(result)
    if flags.json:
        write_json(flags.json, result)


if __name__ == "__main__":
    main()
