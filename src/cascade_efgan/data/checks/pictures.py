"""How pictures of a data set become files."""

from pathlib import Path
from typing import TYPE_CHECKING

import matplotlib

from cascade_efgan.files import atomic_path

if TYPE_CHECKING:
    from matplotlib.figure import Figure

matplotlib.use("Agg")

#: Pixels per inch.
DPI = 150


def save_picture(figure: "Figure", picture: Path) -> None:
    """Write a figure as PNG, cut to what is drawn, and close it; the same figure gives the same bytes."""
    from matplotlib import pyplot as plt

    with atomic_path(picture) as partial:
        # Without its own version matplotlib writes the same bytes for the same picture.
        figure.savefig(partial, bbox_inches="tight", metadata={"Software": None})
    plt.close(figure)
