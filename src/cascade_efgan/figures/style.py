"""One look for all figures: sizes of a two-column paper, colours that colour-blind readers tell apart, names."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from cascade_efgan.files import atomic_path
from cascade_efgan.methods import CONTROLS, METHODS

#: Width of the text of a CVPR paper, inches, and pixels per inch of the PNG: 1,100 pixels in all.
TEXT_WIDTH = 6.875
FIGURE_DPI = 160

_METHOD_COLOURS = {name: method.colour for name, method in METHODS.items()}
COLOURS = {**_METHOD_COLOURS, "wild": "#0072B2", "unchanged": "#999999", "true_edit": "#000000"}
MARKERS = {name: method.marker for name, method in METHODS.items()} | {"wild": "P", "unchanged": "x", "true_edit": "+"}
DASHES = {"unchanged": ":", "true_edit": "--"}

#: Names as short as a figure needs them; tables carry the full ones.
TITLES = {
    **{name: method.title for name, method in METHODS.items()},
    **CONTROLS,
    "ef_gan": "EF-GAN",
    "pretrained": "Pre-trained",
    "wild": "Fine-tuned on wild images",
}

#: Where values have a direction, from low to high; as even to the eye in grey as in colour.
SEQUENTIAL = "cividis"

_RC: dict[str, Any] = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],  # comes with matplotlib: the same letters on every machine
    "font.size": 7,
    "axes.titlesize": 7,
    "axes.labelsize": 7,
    "xtick.labelsize": 6,
    "ytick.labelsize": 6,
    "legend.fontsize": 6.5,
    "legend.frameon": False,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#E3E3E3",
    "grid.linewidth": 0.5,
    "lines.linewidth": 1.2,
    "lines.markersize": 3.2,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "figure.dpi": FIGURE_DPI,
    "image.composite_image": False,  # a PDF keeps every face as an image of its own
    "pdf.fonttype": 42,  # letters stay letters: searchable, and accepted by publishers
}


@contextmanager
def figure_style() -> Iterator[None]:
    """Draw and save figures inside this block."""
    matplotlib.use("Agg")
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_RC)  # type: ignore[arg-type]
        yield


def save_figure(figure: Figure, png: Path, pdf: Path) -> None:
    """Write a figure as PNG and PDF, cut to what is drawn, and close it; the same figure gives the same bytes.

    The PDF holds faces in their own pixels, smoothed by whoever shows it, and all else as vectors. Not in
    `data.pictures`: what trains imports that, and a change of a figure must train nothing anew.
    """
    logging.getLogger("fontTools").setLevel(logging.WARNING)  # one line for every table of a font
    with atomic_path(png) as partial:
        # The best compression takes three times as long and saves 4 %.
        figure.savefig(partial, bbox_inches="tight", metadata={"Software": None}, pil_kwargs={"compress_level": 3})
    for axis in figure.axes:
        for image in axis.images:
            image.set_interpolation("none")
    without_dates = {"Creator": None, "Producer": None, "CreationDate": None}
    with atomic_path(pdf) as partial:
        figure.savefig(partial, bbox_inches="tight", metadata=without_dates)
    plt.close(figure)


def sentence_figure(sentence: str) -> Figure:
    """A figure that says why there is nothing to draw, so that a run does not end for it."""
    figure = plt.figure(figsize=(TEXT_WIDTH, 0.5))
    figure.text(0.5, 0.5, sentence, ha="center", va="center")
    return figure


def line_style(name: str) -> dict[str, Any]:
    """Colour, marker, dashes and label of a method's or control's line."""
    return {
        "color": COLOURS[name],
        "marker": MARKERS[name],
        "linestyle": DASHES.get(name, "-"),
        "label": TITLES[name],
        "markeredgewidth": 0.8,
    }


def wrapped(title: str) -> str:
    """A method's name in two lines where it has two parts."""
    return title.replace(" + ", "\n+ ").replace("Cascade EF", "Cascade\nEF")
