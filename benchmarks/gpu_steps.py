"""Training steps on one GPU: speed, the fast step against the plain one, the peer, and the time of the preset `full`.

`python -m benchmarks.gpu_steps PIECE --out FOLDER [--toy] [--device cpu]`, see benchmarks/gpu.sh.
"""

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from benchmarks.gpu_setup import VARIANTS, defaults, machine, make_training, random_batch, seconds_of, write_result
from benchmarks.peers.ganimation_replicate import options
from benchmarks.peers.ganimation_replicate import random_batch as peer_batch
from benchmarks.sides import Task
from cascade_efgan.training.optimizers import Optimizers

#: Training images of the preset `full`: 67 people x 8 expressions x 3 gazes, 90 % of them.
FULL_IMAGES = 1447


def measure(method: str, batch: int, variant: str, toy: bool, device: torch.device) -> dict[str, Any]:
    """Seconds of both kinds of steps, images per second over a cycle, share of the peak, peak memory."""
    steps, spec = make_training(method, variant, toy, device)
    data = random_batch(spec.crop_size, batch, device)
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats()
    repeats = 2 if toy else 20
    of_d = seconds_of(lambda: steps.discriminators(data), device, 5, repeats)
    of_g = seconds_of(lambda: steps.generator(data), device, 5, repeats)
    memory = torch.cuda.max_memory_allocated() if device.type == "cuda" else None
    n_critic = defaults("Schedule")["n_critic"]
    iteration = of_d + of_g / n_critic
    flops = count_flops(method, batch, toy, device)
    work = flops["discriminators"] + flops["generator"] / n_critic
    return {
        "method": method, "batch": batch, "variant": variant, "toy": toy,
        "seconds_discriminators": of_d, "seconds_generator": of_g, "n_critic": n_critic,
        "seconds_per_iteration": iteration, "images_per_second": batch / iteration,
        "tflop_per_iteration": work / 1e12, "share_of_peak": share(work / iteration, device),
        "peak_memory_bytes": memory,
    }  # fmt: skip


def share(flops_per_second: float, device: torch.device) -> float | None:
    """Share of the device's bfloat16 peak, whatever the precision; None where the peak is unknown."""
    peak = machine(device)["peak_tflops_bfloat16"]
    return None if peak is None else flops_per_second / peak / 1e12


def count_flops(method: str, batch: int, toy: bool, device: torch.device) -> dict[str, float]:
    """Floating-point operations of each kind of step, forward and backward, two per multiply-add."""
    steps, spec = make_training(method, "fast", toy, device)
    data, counts = random_batch(spec.crop_size, batch, device), {}
    for kind in ("discriminators", "generator"):
        with FlopCount() as counter:
            getattr(steps, kind)(data)
        counts[kind] = float(counter.total)
    return counts


class FlopCount(TorchDispatchMode):
    """Sum of PyTorch's own formulas; its `FlopCounterMode` also tracks modules, which a double backward refuses."""

    total = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Run an operation and count it where it has a formula (convolutions and matrix products)."""
        result = func(*args, **(kwargs or {}))
        formula = flop_registry.get(func._overloadpacket)
        if formula is not None:
            self.total += formula(*args, **(kwargs or {}), out_val=result)
        return result


def compare(method: str, toy: bool, device: torch.device) -> dict[str, Any]:
    """Weights after one fast step of each kind against plain ones, float32, as shares of the rate.

    Tolerance: Adam's first step is the rate times the gradient's sign, so that two runs part only where rounding
    decides a sign (seen: 0.004 in the mean); a wrong gradient has half of its signs wrong. Later steps say less: a
    ReLU's input that crosses zero by rounding lets twenty steps of EF-GAN part by more than a rate.
    """
    weights = []
    rate = defaults("Schedule")["learning_rate"]
    for variant in ("plain", "fast"):
        steps, spec = make_training(method, variant, toy, device)
        torch.manual_seed(1)
        data = random_batch(spec.crop_size, 2, device, seed=0)
        steps.discriminators(data)
        steps.generator(data)
        weights.append(flat_weights(steps))
    difference = (weights[0] - weights[1]).abs()
    mean, tolerance = float(difference.mean()) / rate, 0.05
    return {"method": method, "mean_difference_in_rates": mean,
            "largest_difference_in_rates": float(difference.max()) / rate, "tolerance_in_rates": tolerance,
            "passed": mean < tolerance}  # fmt: skip


def flat_weights(steps: Optimizers) -> torch.Tensor:
    """Every weight of generator and discriminators, one after the other, on the CPU."""
    networks = (steps.objective.generator, steps.objective.discriminators)
    return torch.cat([p.detach().flatten().cpu() for network in networks for p in network.parameters()])


def measure_peer(batch: int, device: torch.device) -> dict[str, Any]:
    """ganimation_replicate's own iteration, from the checkout that GANIMATION_REPLICATE_DIR names."""
    folder = os.environ.get("GANIMATION_REPLICATE_DIR")
    if not folder or not Path(folder).is_dir():
        return {"batch": batch, "not_measured": "GANIMATION_REPLICATE_DIR names no checkout of ganimation_replicate"}
    sys.path.insert(0, folder)
    try:
        from model import create_model

        opt = options(Task("replicate_training", device.type, batch), "train")
    except ImportError as error:
        return {"batch": batch, "not_measured": f"ganimation_replicate cannot be imported: {error}"}
    model = create_model(opt)
    model.feed_batch(peer_batch(batch))
    of_d = seconds_of(lambda: model.optimize_paras(train_gen=False), device, 5, 20)
    both = seconds_of(lambda: model.optimize_paras(train_gen=True), device, 5, 20)
    cycle = opt.train_gen_iter
    iteration = ((cycle - 1) * of_d + both) / cycle
    return {"batch": batch, "seconds_per_iteration": iteration, "images_per_second": batch / iteration}


def extrapolate(results: Path) -> dict[str, Any]:
    """Hours of Cascade EF-GAN with the preset `full`, from the quickest measured steps: extrapolated, not run."""
    hours: dict[str, Any] = {"label": "extrapolated from the time of single steps, not run"}
    for batch in (2, 16):
        total = 0.0
        for method, section in (("ef_gan", "Schedule"), ("cascade_ef_gan", "Finetune")):
            found = [json.loads(path.read_text()) for path in results.glob(f"step-{method}-{batch}-*.json")]
            if not found:
                return {**hours, "not_measured": f"no steps of {method} at batch {batch}: run those pieces first"}
            best = min(found, key=lambda one: one["seconds_per_iteration"])
            iterations = defaults(section)["epochs"] * (FULL_IMAGES // batch)
            total += iterations * best["seconds_per_iteration"]
            hours[f"batch_{batch}_{method}"] = {"variant": best["variant"], "iterations": iterations}
        hours[f"batch_{batch}_hours"] = total / 3600
    return hours


def main(words: list[str] | None = None) -> None:
    """Run one piece and leave one JSON file; a piece whose file is there is skipped."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("piece", choices=["step", "compare", "peer", "full"])
    parser.add_argument("--out", type=Path, required=True, help="folder of the results")
    parser.add_argument("--method", default="ef_gan")
    parser.add_argument("--batch", type=int, default=2)
    parser.add_argument("--variant", choices=list(VARIANTS), default="plain")
    parser.add_argument("--toy", action="store_true", help="tiny networks, to try the piece out")
    parser.add_argument("--device", default="cuda")
    flags = parser.parse_args(words)
    device = torch.device(flags.device)
    name = {
        "step": f"step-{flags.method}-{flags.batch}-{flags.variant}", "compare": f"compare-{flags.method}",
        "peer": f"peer-{flags.batch}", "full": "full",
    }[flags.piece]  # fmt: skip
    if (flags.out / f"{name}.json").exists():
        print(f"{name}: there already")
        return
    if flags.piece == "step":
        result = measure(flags.method, flags.batch, flags.variant, flags.toy, device)
    elif flags.piece == "compare":
        result = compare(flags.method, flags.toy, device)
    elif flags.piece == "peer":
        result = measure_peer(flags.batch, device)
    else:
        result = extrapolate(flags.out)
    write_result(flags.out, name, result, device)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
