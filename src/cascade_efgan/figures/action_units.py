"""AUs asked for against AUs obtained, AU by AU (data sets whose edits' AUs can be read)."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt

from cascade_efgan.data import AU_MAX, AUS
from cascade_efgan.figures.caption import Caption, Drawn, Made
from cascade_efgan.figures.style import COLOURS, TEXT_WIDTH, TITLES, line_style

_COLUMNS, _SIDE, _FEWEST = 6, 1.15, 5


def binned_means(wanted: np.ndarray, obtained: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean AU asked for and obtained, of the edits that ask for about 0, 1, ..., 5: `(B,)` and `(B,)`.

    Bins with fewer than `_FEWEST` edits are left out.
    """
    groups = pd.DataFrame({"asked": wanted, "shown": obtained}).groupby(np.rint(wanted))
    means = groups.mean()[groups.size() >= _FEWEST]
    return means["asked"].to_numpy(), means["shown"].to_numpy()


def draw_aus(wanted: np.ndarray, obtained: Mapping[str, np.ndarray], points: str, floor: float, made: Made) -> Drawn:
    """A panel for every AU: a line for every method, and a point for every edit of one of them.

    Args:
        wanted: target AUs `(M, 17)`, 0..5.
        obtained: method or control -> AUs read from its edits, in the same order.
        points: the method whose edits are drawn one by one.
        floor: mean absolute error of the reading network on real held-out faces, 0..5.
    """
    rows = -(-(len(AUS) + 1) // _COLUMNS)
    figure, axes = plt.subplots(
        rows, _COLUMNS, figsize=(TEXT_WIDTH, rows * _SIDE + 0.3), sharex=True, sharey=True, layout="constrained"
    )
    for number, (axis, au) in enumerate(zip(axes.flat, AUS, strict=False)):
        axis.plot([0, AU_MAX], [0, AU_MAX], color="#777777", linewidth=0.6, linestyle=(0, (1, 2)))
        axis.plot(
            wanted[:, number], obtained[points][:, number], ".", color=COLOURS[points], alpha=0.4, markersize=2,
            markeredgewidth=0,
        )  # fmt: skip
        for name, values in obtained.items():
            axis.plot(
                *binned_means(wanted[:, number], values[:, number]),
                **(line_style(name) | {"markersize": 2.4, "linewidth": 1}),
            )
        axis.set_title(au)
        axis.set(xlim=(0, AU_MAX), ylim=(0, AU_MAX), xticks=range(6), yticks=range(6), aspect="equal")
    for axis in axes.flat[len(AUS) :]:
        axis.set_axis_off()
    handles = [plt.Line2D([], [], **line_style(name)) for name in obtained]
    axes.flat[len(AUS)].legend(handles=handles, loc="center", fontsize=6)
    figure.supxlabel("AU asked for, 0 to 5", fontsize=7)
    figure.supylabel("AU obtained, 0 to 5", fontsize=7)
    errors = {name: float(np.abs(values - wanted).mean()) for name, values in obtained.items()}
    shown = ", ".join(f"{TITLES[name]} {error:.2f}" for name, error in errors.items())
    return figure, Caption(
        title="Action units asked for and obtained",
        text=f"""Action units (AUs) asked for and obtained, AU by AU. Obtained AUs are read from the edits by a small
            network trained on real training images, whose own mean absolute error on held-out faces is {floor:.2f}.
            Lines: means over the edits that ask for about 0, 1, ..., 5 (five edits at the least); points: single edits
            of {TITLES[points]}; dotted: obtained as asked for. StarGAN is told the expression, not its AUs. Mean
            absolute error: {shown}. {len(wanted)} edits of each method, to every expression.""",
        n={"edits": len(wanted)},
        numbers={"mean_absolute_error": errors, "regressor_held_out_error": floor},
    )
