"""How pictures become files."""

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib

from cascade_efgan.files import atomic_path

if TYPE_CHECKING:
    from matplotlib.figure import Figure

matplotlib.use("Agg")

#: Pixels an inch.
DPI = 150


#: What is told to each kind of file: without dates and versions the same picture is the same bytes.
_OPTIONS: dict[str, dict[str, Any]] = {
    # The best compression takes three times as long and saves 4 %.
    ".png": {"metadata": {"Software": None}, "pil_kwargs": {"compress_level": 3}},
    ".pdf": {"metadata": {"Creator": None, "Producer": None, "CreationDate": None}},
}


def save_picture(figure: "Figure", *pictures: Path) -> None:
    """Write a figure as PNG or PDF, by the suffix, cut to what is drawn, and close it; same figure, same bytes.

    A PDF holds images in their own pixels, smoothed by whoever shows it, and all else as vectors.
    """
    from matplotlib import pyplot as plt

    logging.getLogger("fontTools").setLevel(logging.WARNING)  # one line for every table of a font
    for picture in pictures:
        if picture.suffix == ".pdf":
            for axis in figure.axes:
                for image in axis.images:
                    image.set_interpolation("none")
        with atomic_path(picture) as partial:
            figure.savefig(partial, bbox_inches="tight", **_OPTIONS[picture.suffix])
    plt.close(figure)
