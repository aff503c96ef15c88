"""`efgan fid_curve`: Fréchet and kernel distance against the number of images."""

import logging
from pathlib import Path
from typing import Annotated

import pandas as pd
from typer import Option

from cascade_efgan.data.pictures import save_picture
from cascade_efgan.data.records import write_records
from cascade_efgan.evaluation.distance_curve import REAL, SIZES, measure_curves
from cascade_efgan.evaluation.statistics import DISTANCE_NAMES, KERNEL_NAMES, load_statistics, load_vectors
from cascade_efgan.methods import CONTROLS, METHODS
from cascade_efgan.words import named_paths

log = logging.getLogger("efgan.fid_curve")

#: Okabe and Ito's colours, which colour-blind readers tell apart, with a marker each; real images are solid black.
LOOKS = {
    REAL: ("#000000", "o"),
    "stargan": ("#E69F00", "o"),
    "ganimation": ("#56B4E9", "s"),
    "baseline": ("#009E73", "^"),
    "ef_gan": ("#CC79A7", "D"),
    "baseline_cascade": ("#D55E00", "v"),
    "cascade_ef_gan": ("#0072B2", "P"),
    "unchanged": ("#999999", "x"),
    "true_edit": ("#000000", "+"),
}


def command(
    real: Annotated[Path, Option(help="feature statistics of real images (safetensors): which network it was")],
    real_vectors: Annotated[Path, Option(help="features of every real image (NPY)")],
    vectors: Annotated[list[str], Option(help="METHOD=PATH of the features of its edits (NPY), repeatable")],
    seed: Annotated[int, Option(min=0, help="seed of the draws")],
    title: Annotated[str, Option(help="what the picture is of: data set, preset and seed")],
    csv: Annotated[Path, Option(help="curves to write (CSV)")],
    picture: Annotated[Path, Option(help="picture to write (PNG)")],
) -> None:
    """Draw parts of every size from real images and from edits, and measure their distances to real images."""
    paths = named_paths("--vectors", vectors)
    curves = measure_curves(
        load_vectors(real_vectors), {name: load_vectors(path) for name, path in paths.items()}, seed
    )
    write_records(csv, curves.round(8))
    extractor = load_statistics(real).extractor
    _draw(curves, DISTANCE_NAMES[extractor], KERNEL_NAMES[extractor], title, picture)
    own = curves[curves["set"] == REAL]
    for n, others, value in zip(own["n"], own["n_real"], own["fid"], strict=True):
        log.info("%d real images against %d others: %.2f, though the true distance is 0", n, others, value)


def _draw(curves: pd.DataFrame, distance: str, kernel: str, title: str, picture: Path) -> None:
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(1, 2, figsize=(9, 3.4), layout="constrained")
    for axis, column, name in zip(axes, ("fid", "kid"), (distance, kernel), strict=True):
        for label, line in curves.groupby("set", sort=False):
            colour, marker = LOOKS[str(label)]
            shown = "real, against other real" if label == REAL else _title(str(label))
            axis.errorbar(
                line["n"], line[column], line[f"{column}_deviation"], color=colour, marker=marker, markersize=4,
                linewidth=1.2, linestyle="--" if label == "true_edit" else "-", capsize=2, label=shown,
            )  # fmt: skip
        axis.set(xscale="log", xlabel="images", ylabel=name)
        ticks = [size for size in SIZES if size <= curves["n"].max()]
        axis.set_xticks(ticks, [str(tick) for tick in ticks], fontsize=7, rotation=45)
        axis.set_xticks([], minor=True)
        axis.axhline(0, color="#999999", linewidth=0.6)
        axis.grid(color="#E3E3E3", linewidth=0.5)
        axis.spines[["top", "right"]].set_visible(False)
    axes[0].set_title("falls with the number of images: biased", fontsize=9)
    axes[1].set_title("stays in the mean: unbiased", fontsize=9)
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside right upper", fontsize=8, frameon=False)
    figure.suptitle(title, fontsize=8)
    save_picture(figure, picture)


def _title(method: str) -> str:
    if method not in METHODS:
        return CONTROLS[method]
    return "EF-GAN" if method == "ef_gan" else METHODS[method].title
