"""Pictures of a data set as files, and one of them: its patches on its mean training face."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib
import numpy as np

from cascade_efgan.files import atomic_path

if TYPE_CHECKING:
    from matplotlib.figure import Figure

matplotlib.use("Agg")

#: Pixels per inch.
DPI = 150
#: Okabe and Ito's colours, which colour-blind people tell apart too.
_REGION_COLOURS = {"eyes": "#56B4E9", "nose": "#E69F00", "mouth": "#F0E442"}
#: Crops that are summed at a time.
_BLOCK = 256


def save_picture(figure: "Figure", picture: Path) -> None:
    """Write a figure as PNG, cut to what is drawn, and close it; the same figure gives the same bytes."""
    from matplotlib import pyplot as plt

    with atomic_path(picture) as partial:
        # Without its own version matplotlib writes the same bytes for the same picture.
        figure.savefig(partial, bbox_inches="tight", metadata={"Software": None})
    plt.close(figure)


def mean_face(images: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Mean of the given crops, `(S, S, 3)` float64 in 0..255; a few at a time are in memory."""
    total = np.zeros(images.shape[1:], dtype=np.float64)
    for start in range(0, len(rows), _BLOCK):
        total += images[rows[start : start + _BLOCK]].sum(axis=0, dtype=np.float64)
    mean: np.ndarray = total / len(rows)
    return mean


def draw_patches(face: np.ndarray, report: Mapping[str, Any], dataset: str, picture: Path) -> None:
    """Write a PNG: the boxes and centres that `patch_report` gives, on the training images' `mean_face`."""
    from matplotlib import pyplot as plt
    from matplotlib.patches import Rectangle
    from matplotlib.patheffects import AbstractPathEffect, withStroke

    figure, axis = plt.subplots(figsize=(5, 5), dpi=DPI)
    axis.imshow(np.rint(face).astype(np.uint8), interpolation="nearest")
    edge: list[AbstractPathEffect] = [withStroke(linewidth=4, foreground="black")]  # seen on light and dark skin alike
    for region, colour in _REGION_COLOURS.items():
        box = report[region]
        # Pixel 0 covers -0.5 to 0.5: the frame runs along the outer edges of the patch's pixels.
        left, top = box["left"] - 0.5, box["top"] - 0.5
        label = f"{region} {box['height']}×{box['width']}"
        frame = Rectangle((left, top), box["width"], box["height"], fill=False, ec=colour, lw=2, label=label)
        axis.add_patch(frame).set_path_effects(edge)
        axis.plot(box["x"], box["y"], "+", color=colour, markersize=12, markeredgewidth=2, path_effects=edge)
        # Inside its frame, where no other region's frame passes: the eyes' is free above, the others' below.
        at, below = ((left, top), -4) if region == "eyes" else ((left, top + box["height"]), 4)
        axis.annotate(label, at, xytext=(4, below), textcoords="offset points", va="top" if below < 0 else "bottom",
                      fontsize=7, bbox={"facecolor": colour, "edgecolor": "black", "pad": 1})  # fmt: skip
    axis.plot([], [], "+", color="black", markersize=9, markeredgewidth=2, label="centre: mean of its key points")
    axis.set(xlabel="column, pixels of the crop", ylabel="row, pixels of the crop")
    axis.set_title(f"{dataset}: patches (height×width) on the mean of {report['images']:,} training faces", fontsize=9)
    figure.legend(loc="upper center", bbox_to_anchor=(0.5, 0.02), ncols=2, fontsize=8, frameon=False)
    save_picture(figure, picture)
