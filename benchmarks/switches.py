"""What each optimisation of a training step gains on this CPU: the defaults against the defaults without it, in turn.

`python -m benchmarks.switches` writes `results/switches.json` and `switches.md` (about 4 minutes on an idle machine).
"""

import argparse
import ctypes
import os
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.machine import REPOSITORY, cores, describe_machine, describe_software
from benchmarks.sides import N_CRITIC
from cascade_efgan.devices import keep_memory
from cascade_efgan.files import atomic_path, write_json

#: Switches of the settings' section `speed` that can be on for a CPU; `channels_last` is off by default.
SWITCHES = ("small_map_products", "cached_spectral_norm", "fused_spectral_norm", "merged_critics", "fused_adam",
            "untiled_labels", "merged_heads", "channels_last")  # fmt: skip
#: glibc's own choices, which `keep_memory` replaces: M_MMAP_MAX, M_MMAP_THRESHOLD, M_TRIM_THRESHOLD.
GIVE_BACK = ((-4, 65536), (-3, 128 * 1024), (-1, 128 * 1024))


def build(batch: int, **switches: bool) -> tuple[Any, Any]:
    """The Baseline's optimiser steps at the paper's widths with some switches changed, and a batch."""
    from benchmarks.ours import model_spec, random_faces
    from cascade_efgan.config import settings_from_flags
    from cascade_efgan.training.start import prepare

    changes = [f"speed.{name}={str(value).lower()}" for name, value in switches.items()]
    settings = settings_from_flags([f"train.batch={batch}", *changes])
    run = prepare(model_spec("baseline", settings), random_faces(batch), settings, settings.train, seed=0)
    return run.optimise, next(run.samples.epoch(batch, False, 0))


def take_turns(sides: dict[str, Callable[[], None]], repeats: int) -> dict[str, float]:
    """Median wall seconds of every side; the first turn is not counted."""
    seconds: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(repeats + 1):
        for name, work in sides.items():
            start = time.perf_counter()
            work()
            seconds[name].append(time.perf_counter() - start)
    return {name: median(values[1:]) for name, values in seconds.items()}


def compare(batch: int, name: str, repeats: int) -> dict[str, float | str]:
    """Seconds of D and G steps with the optimisation and without it."""
    steps, data = build(batch)
    if name == "keep_memory":
        mallopt = ctypes.CDLL(None).mallopt

        def give_back() -> None:
            for option, value in GIVE_BACK:
                mallopt(option, value)

        sides = {"with": (keep_memory, steps), "without": (give_back, steps)}
    else:
        others, _ = build(batch, **{name: name == "channels_last"})
        sides = {"with": (keep_memory, steps), "without": (keep_memory, others)}
        if name == "channels_last":
            sides = {"with": sides["without"], "without": sides["with"]}
    row: dict[str, float | str] = {"optimisation": name}
    for kind in ("discriminators", "generator"):

        def work(side: str, kind: str = kind) -> None:
            prepare, of = sides[side]
            prepare()
            getattr(of, kind)(data)

        found = take_turns({side: (lambda side=side: work(side)) for side in sides}, repeats)
        row |= {f"{kind}_{side}": round(seconds, 4) for side, seconds in found.items()}
    for side in sides:
        row[f"iteration_{side}"] = round(row[f"discriminators_{side}"] + row[f"generator_{side}"] / N_CRITIC, 4)  # type: ignore[operator]
    row["ratio"] = round(row["iteration_with"] / row["iteration_without"], 3)  # type: ignore[operator]
    return row


def as_markdown(rows: list[dict[str, Any]], title: str) -> str:
    """Seconds of a D step, a G step and an iteration, with and without."""
    lines = [
        title,
        "",
        "| optimisation | D without | D with | G without | G with | iteration, ratio |",
        "|---|--:|--:|--:|--:|--:|",
    ]
    for row in rows:
        cells = [f"{row[f'{kind}_{side}']:.2f} s" for kind in ("discriminators", "generator")
                 for side in ("without", "with")]  # fmt: skip
        lines.append(f"| `{row['optimisation']}` | " + " | ".join(cells) + f" | {row['ratio']:.2f} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure every optimisation and write both files."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.switches", description=__doc__)
    parser.add_argument("--batch", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--out", type=Path, default=REPOSITORY / "benchmarks" / "results")
    flags = parser.parse_args()
    os.environ["CUDA_VISIBLE_DEVICES"] = ""
    keep_memory()
    import torch

    torch.set_num_threads(cores())
    rows = []
    for name in ("keep_memory", *SWITCHES):
        rows.append(compare(flags.batch, name, flags.repeats))
        print(rows[-1], flush=True)
    common = {
        "method": "baseline", "batch": flags.batch, "precision": "float32", "threads": cores(),
        "repeats": flags.repeats, "machine": describe_machine("cpu"), "software": describe_software(),
    }  # fmt: skip
    write_json(flags.out / "switches.json", {**common, "rows": rows})
    setting = f"Baseline, paper's widths, batch {flags.batch}, float32, {cores()} threads"
    title = f"{setting}; medians of {flags.repeats}, in turn."
    with atomic_path(flags.out / "switches.md") as partial:
        partial.write_text(as_markdown(rows, title), encoding="utf-8")


if __name__ == "__main__":
    main()
