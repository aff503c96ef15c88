"""Confusion matrices of R and G: which expression the classifier sees where another was shown or asked for."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

from cascade_efgan.data import EXPRESSIONS
from cascade_efgan.data.records import read_records
from cascade_efgan.figures.caption import Caption, Drawn, Made
from cascade_efgan.figures.style import SEQUENTIAL, TEXT_WIDTH, TITLES

_COLUMNS, _SIDE = 4, 1.5
#: Share above which a cell is light enough for dark letters, %.
_LIGHT = 60.0


def draw_confusion(predictions: Mapping[str, Path], made: Made) -> Drawn:
    """A matrix of R, then of G for every method and for the true edit.

    Args:
        predictions: `real` (R), method or control (G) -> its predictions.
    """
    frames = {name: read_records(path, ("id", "true", "predicted")) for name, path in predictions.items()}
    seen = {value for frame in frames.values() for column in ("true", "predicted") for value in frame[column]}
    names = [name for name in EXPRESSIONS if name in seen]
    matrices = {
        name: pd.crosstab(frame["true"], frame["predicted"]).reindex(names, columns=names, fill_value=0).to_numpy()
        for name, frame in frames.items()
    }
    rows = -(-len(matrices) // _COLUMNS)
    columns = min(_COLUMNS, len(matrices))
    figure, axes = plt.subplots(
        rows, columns, figsize=(TEXT_WIDTH * columns / _COLUMNS, rows * (_SIDE + 0.3) + 0.45), squeeze=False,
        sharex=True, sharey=True, layout="constrained",
    )  # fmt: skip
    for axis, (name, counts) in zip(axes.flat, matrices.items(), strict=False):
        shares = 100 * counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
        axis.imshow(shares, cmap=SEQUENTIAL, vmin=0, vmax=100, interpolation="nearest")
        accuracy = 100 * np.trace(counts) / max(counts.sum(), 1)
        head = "R: real test images" if name == "real" else f"G: {TITLES[name]}"
        axis.set_title(f"{head}\n{accuracy:.1f} % of {counts.sum()}", linespacing=1.15)
        _dress(axis, names, shares)
    for axis in axes.flat[len(matrices) :]:
        axis.set_axis_off()
    for axis in axes[:, 0]:
        axis.set_ylabel("shown or asked for")
    figure.supxlabel("seen by the classifier", fontsize=7)
    bar = figure.colorbar(axes[0, 0].images[0], ax=axes, label="share of a row, %", shrink=0.7, aspect=30, pad=0.01)
    bar.outline.set_linewidth(0.4)
    return figure, _caption(matrices, made)


def _dress(axis: Axes, names: list[str], shares: np.ndarray) -> None:
    axis.grid(visible=False)
    for side in axis.spines.values():
        side.set_visible(False)
    axis.set_xticks(range(len(names)), names, rotation=90)
    axis.set_yticks(range(len(names)), names)
    axis.tick_params(length=0)
    for row, column in zip(*np.nonzero(shares >= 0.5), strict=True):
        colour = "black" if shares[row, column] > _LIGHT else "white"
        axis.text(column, row, f"{shares[row, column]:.0f}", ha="center", va="center", fontsize=5, color=colour)


def _caption(matrices: Mapping[str, np.ndarray], made: Made) -> Caption:
    real = int(matrices["real"].sum())
    edits = max(int(matrix.sum()) for name, matrix in matrices.items() if name != "real")
    return Caption(
        title="Confusion matrices of R and G",
        text=f"""Confusion matrices of R and G. One classifier, trained on real training images, sees real test images
            (R) and every method's edits of them (G). Rows: the expression shown (R) or asked for (G); columns: what the
            classifier sees; percent of a row, so that every row sums to 100. Above each matrix its accuracy, the number
            in Table 1 or 3. {real} real test images and {edits} edits of them by each method, to every expression.""",
        n={"real test images": real, "edits of each method": edits},
        numbers={name: matrix.tolist() for name, matrix in matrices.items()},
    )
