"""`docs/training.md` with its curves and pictures, from the finished candidates of `benchmarks.conventions`."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from PIL import Image

from cascade_efgan.data.face_crops.dataset import load_faces
from cascade_efgan.evaluation.packed_edits import load_edits
from cascade_efgan.figures.choose import choose_sources
from cascade_efgan.figures.mosaic import Mosaic, draw_mosaic
from cascade_efgan.figures.style import figure_style
from cascade_efgan.files import atomic_path, write_text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from benchmarks.conventions import Candidate, Experiment

DOCS = Path(__file__).parents[1] / "docs"
#: What stands between these lines is written by the command; what a person concludes stands outside.
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
COLUMNS = ("Method", "Changed", "Seed", "G %", "AU error", "PSNR dB", "Itself dB", "Attention", "CPU min")
#: Test faces of the picture.
PICTURED = 2
Finished = list[tuple[str, int, dict[str, Any]]]


def write_report(experiment: "Experiment", candidates: Mapping[str, "Candidate"], docs: Path = DOCS) -> None:
    """Table, curves and pictures of what is finished, in place of the former ones in `docs`."""
    found = [(name, seed, experiment.result(name, seed)) for name in candidates for seed in range(10)]
    finished: Finished = [(name, seed, result) for name, seed, result in found if result is not None]
    table = [COLUMNS, ("---",) * 2 + ("---:",) * 7]
    table += [_row(candidates[name], seed, result) for name, seed, result in finished]
    lines = ["| " + " | ".join(row) + " |" for row in table]
    with figure_style():
        _save(_curves(experiment, candidates, finished), docs / "training_curves.png")
        _save(_pictures(experiment, candidates, finished), docs / "training_pictures.png")
    pictures = ["![Losses by step](training_curves.png)", "", "![Edits of two test faces](training_pictures.png)"]
    path = docs / "training.md"
    before, rest = path.read_text(encoding="utf-8").split(BEGIN)
    after = rest.split(END)[1]
    write_text(path, "\n".join([before + BEGIN, "", *lines, "", *pictures, "", END]) + after)


def _row(candidate: "Candidate", seed: int, result: Mapping[str, Any]) -> tuple[str, ...]:
    numbers = f"{result['G']:.1f}", f"{result['au_error']:.3f}", f"{result['psnr_true']:.1f}", f"{result['same']:.1f}"
    method = {"baseline": "Baseline", "ef_gan": "EF-GAN"}[candidate.method]
    minutes = "–" if result["seconds"] is None else f"{result['seconds'] / 60:.0f}"  # of a run that was interrupted
    return method, candidate.title, str(seed), *numbers, f"{result['attention']:.3f}", minutes


def _curves(experiment: "Experiment", candidates: Mapping[str, "Candidate"], finished: Finished) -> "Figure":
    """AU loss of the edits and mean of the attention map over the generator's steps."""
    losses = {"G/L_cond": "AU loss of the edits (mean squared)", "G/attention_mean": "mean of the attention map"}
    figure, axes = plt.subplots(1, 2, figsize=(7.2, 4.2), layout="constrained")
    colors = plt.get_cmap("tab20").colors  # type: ignore[attr-defined]
    for number, (name, seed, _) in enumerate(finished):
        curves = pd.read_csv(experiment.folder(name, seed) / "curves.csv")
        candidate = candidates[name]
        prefix = "EF-GAN, " if candidate.method == "ef_gan" else ""
        for axis, column in zip(axes, losses, strict=True):
            steps = experiment.steps * curves["epoch"] / len(curves)
            # Every branch of EF-GAN adds its own AU loss.
            parts = 5 if column == "G/L_cond" and candidate.method == "ef_gan" else 1
            style = "--" if candidate.method == "ef_gan" else "-"
            label = f"{prefix}{candidate.title}" + (f", seed {seed}" if seed else "")
            axis.plot(steps, curves[column] / parts, style, color=colors[number % 20], linewidth=1, label=label)
    for axis, title in zip(axes, losses.values(), strict=True):
        axis.set(title=title, xlabel="generator steps", yscale="log")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=2, fontsize=5.5)
    return figure


def _pictures(experiment: "Experiment", candidates: Mapping[str, "Candidate"], finished: Finished) -> "Figure":
    """The same test faces edited by every candidate, below the true edits."""
    truth = load_edits(experiment.shared["true-edits"], experiment.shared["true-edits-index"])
    sources = choose_sources(truth.index, PICTURED, seed=0)
    faces = load_faces(experiment.shared["crops"], experiment.shared["index"])
    place = {name: row for row, name in enumerate(faces.index["id"])}
    known = set(truth.index["target_expression"])
    targets = [name for name in ("happy", "surprised", "angry", "sad") if name in known]
    shown = {"true edit": truth}
    for name, seed, _ in finished:
        title = ("EF-GAN, " if candidates[name].method == "ef_gan" else "") + candidates[name].title
        folder = experiment.folder(name, seed)
        if seed == 0:
            shown[title.replace(", ", ",\n")] = load_edits(folder / "edits.npy", folder / "edits.csv")
    rows: list[list[np.ndarray | None]] = []
    for edits in shown.values():
        keys = {key: row for row, key in enumerate(edits.keys)}
        cells = [[faces.images[place[s]], *(np.asarray(edits.images[keys[s, t]]) for t in targets)] for s in sources]
        rows.append([cell for group in cells for cell in group])
    groups = [len(targets) + 1] if PICTURED > 1 else []
    return draw_mosaic(Mosaic(rows, ["Input", *targets] * PICTURED, list(shown), column_groups=groups))


def _save(figure: "Figure", path: Path) -> None:
    with atomic_path(path) as partial:
        figure.savefig(partial, format="png", dpi=160, bbox_inches="tight")
        plt.close(figure)
        with Image.open(partial) as image:
            # A palette makes it a quarter as large, and nothing in it has more colours than the eye tells apart.
            image.convert("RGB").quantize(256).save(partial, format="PNG", optimize=True)
