"""Both distances against the number of images."""

from typing import Any

import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from cascade_efgan.evaluation.distance_curve import REAL, SIZES
from cascade_efgan.figures.style import TEXT_WIDTH, line_style


def draw_fid_curve(curves: pd.DataFrame, distance: str, kernel: str, title: str) -> Figure:
    """A panel for each distance, by its name: a line for every set of `measure_curves`."""
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
    return line_style(label) | {"markeredgewidth": 1.0}  # as wide as the caps of the bars
