"""Where the time of our training iteration goes: PyTorch's profiler over one cycle of the Baseline, in float32."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from benchmarks.sides import N_CRITIC, Task
from cascade_efgan.files import write_text

#: Operators listed.
TOP = 15


def write_profiles(folder: Path, device: str, threads: int, batches: Iterable[int] = (2, 8)) -> None:
    """Write `profile_baseline_batch{N}_float32.md` of every batch size, in this process."""
    if device == "cpu":
        os.environ["CUDA_VISIBLE_DEVICES"] = ""  # before PyTorch looks
    import torch

    from benchmarks.ours import OurTraining

    torch.set_num_threads(threads)
    for batch in batches:
        side = OurTraining(Task("our_training", device, batch, "float32", "baseline", every=N_CRITIC))
        side.steps.discriminators(side.batches[0])
        side.steps.generator(side.batches[0])
        activities = [torch.profiler.ProfilerActivity.CPU]
        if device == "cuda":
            activities.append(torch.profiler.ProfilerActivity.CUDA)
        with torch.profiler.profile(activities=activities, record_shapes=True) as profiler:
            record = side.call("repeat")
        path = folder / f"profile_baseline_batch{batch}_float32.md"
        write_text(path, profile_markdown(profiler, batch, device, threads, record["seconds"]))


def profile_markdown(profiler: Any, batch: int, device: str, threads: int, seconds: float) -> str:
    """The operators with the most time of their own, and the same by the shapes of their inputs."""
    lines = [
        f"# Baseline, batch {batch}, float32, {device}, {threads} threads", "",
        f"{seconds:.3f} s per iteration under the profiler, averaged over {N_CRITIC - 1} discriminator steps and one "
        "step of both. Own time: without the operators that it calls.", "",
        *_table(profiler.key_averages(), device, ["operator"]), "",
        *_table(profiler.key_averages(group_by_input_shape=True), device, ["operator", "shapes of its inputs"]),
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def _table(events: Iterable[Any], device: str, headings: list[str]) -> list[str]:
    key = "self_device_time_total" if device == "cuda" else "self_cpu_time_total"
    ranked = sorted(events, key=lambda event: getattr(event, key), reverse=True)
    total = sum(getattr(event, key) for event in ranked)
    lines = ["| " + " | ".join(headings) + " | calls | own ms per iteration | share |",
             "|" + "---|" * len(headings) + "--:|--:|--:|"]  # fmt: skip
    for event in ranked[:TOP]:
        own = getattr(event, key)
        shapes = " ".join("×".join(map(str, shape)) for shape in event.input_shapes if shape)
        names = [f"`{event.key}`", shapes][: len(headings)]
        cells = [*names, f"{event.count / N_CRITIC:g}", f"{own / 1000 / N_CRITIC:.1f}", f"{100 * own / total:.1f} %"]
        lines.append("| " + " | ".join(cells) + " |")
    return lines
