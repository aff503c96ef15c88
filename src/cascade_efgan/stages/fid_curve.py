"""Distances against the number of images."""

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import pandas as pd
from typer import Option

from cascade_efgan.data.records import write_records
from cascade_efgan.evaluation.distance_curve import REAL, SIZES, measure_curves
from cascade_efgan.evaluation.statistics import DISTANCE_NAMES, KERNEL_NAMES, load_statistics, load_vectors
from cascade_efgan.figures.style import COLOURS, DASHES, MARKERS, TEXT_WIDTH, TITLES, figure_style, save_figure
from cascade_efgan.orchestration.cli_args import named_paths
from cascade_efgan.stages import options

if TYPE_CHECKING:
    from matplotlib.figure import Figure

log = logging.getLogger("efgan.fid_curve")


def command(
    real: options.RealStatistics,
    real_vectors: options.RealVectors,
    vectors: Annotated[list[str], Option(help="METHOD=PATH of the features of its edits (NPY), repeatable")],
    seed: Annotated[int, Option(min=0, help="seed of the draws")],
    title: Annotated[str, Option(help="what the picture is of: data set, preset and seed")],
    csv: Annotated[Path, Option(help="curves to write (CSV)")],
    picture: Annotated[Path, Option(help="picture to write (PNG)")],
    pdf: Annotated[Path, Option(help="the same for papers (PDF)")],
) -> None:
    """Draw parts of every size from real images and from edits, and measure their distances to real images."""
    paths = named_paths("--vectors", vectors)
    extractor = load_statistics(real).extractor
    edits = {name: load_vectors(path) for name, path in paths.items()}
    curves = measure_curves(load_vectors(real_vectors), edits, extractor, seed)
    write_records(csv, curves.round(8))
    with figure_style():
        save_figure(_draw(curves, DISTANCE_NAMES[extractor], KERNEL_NAMES[extractor], title), picture, pdf)
    own = curves[curves["set"] == REAL]
    for n, others, value in zip(own["n"], own["n_real"], own["fid"], strict=True):
        log.info("%d real images against %d others: %.2f, though the true distance is 0", n, others, value)


def _draw(curves: pd.DataFrame, distance: str, kernel: str, title: str) -> "Figure":
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(1, 2, figsize=(TEXT_WIDTH, 2.6), layout="constrained")
    for axis, column, name in zip(axes, ("fid", "kid"), (distance, kernel), strict=True):
        for label, line in curves.groupby("set", sort=False):
            axis.errorbar(line["n"], line[column], line[f"{column}_deviation"], capsize=2, **_look(str(label)))
        axis.set(xscale="log", xlabel="images", ylabel=name)
        ticks = [size for size in SIZES if size <= curves["n"].max()]
        axis.set_xticks(ticks, [str(tick) for tick in ticks])
        axis.set_xticks([], minor=True)
    axes[0].set_title("falls with the number of images: biased")
    axes[1].set_title("stays in the mean: unbiased")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside right upper")
    figure.suptitle(title, fontsize=7)
    return figure


def _look(label: str) -> dict[str, Any]:
    """Colour, marker, line and name of a curve; real images are a solid black line."""
    if label == REAL:
        return {"color": "#000000", "marker": ".", "label": "Real, against\nother real"}
    look = {"color": COLOURS[label], "marker": MARKERS[label], "linestyle": DASHES.get(label, "-")}
    return {**look, "label": TITLES[label]}
