"""Pictures of faces in rows and columns, with heads, labels and notes."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import matplotlib
import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from cascade_efgan.figures.style import SEQUENTIAL, TEXT_WIDTH

#: Inches: gap between cells, gap between groups, a line of small text, and the largest side of a cell.
_GAP, _GROUP_GAP, _LINE, _LARGEST = 0.03, 0.12, 0.105, 1.0

#: What stands for a value that does not exist, such as attention outside the local patches.
_NOTHING = "#D9D9D9"


@dataclass(frozen=True)
class Mosaic:
    """Pictures in rows and columns.

    Attributes:
        cells: rows of `(S, S, 3)` uint8 RGB, `(S, S)` floats (a map; NaN where it has no value) or None (no picture).
        heads: text above each column.
        labels: text beside each row.
        notes: text below cells, by (row, column); half a column more is between two.
        row_groups: rows with a wider gap before them.
        column_groups: columns with a wider gap before them.
        titles: text above everything, by the column where it starts.
        largest: value of a map that is drawn brightest; its scale is drawn where there is a map.
        scale: what the values of maps are.
    """

    cells: Sequence[Sequence[np.ndarray | None]]
    heads: Sequence[str] = ()
    labels: Sequence[str] = ()
    notes: dict[tuple[int, float], str] = field(default_factory=dict)
    row_groups: Sequence[int] = ()
    column_groups: Sequence[int] = ()
    titles: dict[int, str] = field(default_factory=dict)
    largest: float = 1.0
    scale: str = ""


def grouped(
    groups: Sequence[Sequence[np.ndarray | None]],
    heads: Sequence[str],
    notes: Sequence[str],
    in_row: int,
    note_at: float = 1,
    **more: Any,
) -> Mosaic:
    """Groups of pictures, at most `in_row` of them in a row: their heads above, a note below picture `note_at`."""
    rows = [[cell for group in groups[at : at + in_row] for cell in group] for at in range(0, len(groups), in_row)]
    below = {(place // in_row, place % in_row * len(heads) + note_at): text for place, text in enumerate(notes)}
    wide = min(in_row, len(groups))
    borders = [len(heads) * number for number in range(1, wide)]
    return Mosaic(rows, [*heads] * wide, notes=below, column_groups=borders, **more)


def draw_mosaic(mosaic: Mosaic) -> Figure:
    """Draw it as wide as a paper's text, or less where the faces would become too large."""
    label_width = 0.06 + 0.062 * max((len(line) for text in mosaic.labels for line in text.splitlines()), default=0)
    columns = max(len(row) for row in mosaic.cells)
    gaps = _GAP * (columns - 1) + (_GROUP_GAP - _GAP) * len(mosaic.column_groups)
    has_maps = any(cell is not None and cell.ndim == 2 for row in mosaic.cells for cell in row)
    scale_width = 0.45 if has_maps else 0.0
    side = min(_LARGEST, (TEXT_WIDTH - label_width - gaps - scale_width) / columns)
    note_lines = [
        max((text.count("\n") + 1 for (place, _), text in mosaic.notes.items() if place == row), default=0)
        for row in range(len(mosaic.cells))
    ]
    lefts = _places([side] * columns, mosaic.column_groups)
    tops = _places([side + lines * _LINE for lines in note_lines], mosaic.row_groups)
    width, height = lefts[-1] + side, tops[-1] + side + note_lines[-1] * _LINE
    figure = plt.figure(figsize=(width, height))
    # One axis in inches, downwards: every place below is read from these lists.
    axis = figure.add_axes((0, 0, 1, 1), xlim=(0, width), ylim=(height, 0), aspect="auto")
    axis.set_axis_off()
    for top, row in zip(tops, mosaic.cells, strict=True):
        for left, cell in zip(lefts, row, strict=False):
            if cell is not None:
                _show(axis, cell, (left, left + side, top + side, top), mosaic.largest)
    axis.set(xlim=(0, width), ylim=(height, 0))
    _write(axis, mosaic, lefts, tops, side)
    if has_maps:
        _draw_scale(figure, mosaic, width, height)
    return figure


def _places(sizes: Sequence[float], groups: Sequence[int]) -> list[float]:
    """Where cells of these sizes start, inches."""
    places, at = [], 0.0
    for number, size in enumerate(sizes):
        if number:
            at += _GROUP_GAP if number in groups else _GAP
        places.append(at)
        at += size
    return places


def _show(axis: Axes, cell: np.ndarray, extent: tuple[float, float, float, float], largest: float) -> None:
    if cell.ndim == 2:
        colours = matplotlib.colormaps[SEQUENTIAL].with_extremes(bad=_NOTHING)
        axis.imshow(
            np.ma.masked_invalid(cell), extent=extent, cmap=colours, vmin=0, vmax=largest, interpolation="nearest",
            aspect="auto",
        )  # fmt: skip
    else:
        axis.imshow(np.asarray(cell), extent=extent, interpolation="bicubic", aspect="auto")


def _write(axis: Axes, mosaic: Mosaic, lefts: list[float], tops: list[float], side: float) -> None:
    write = partial(axis.text, parse_math=False, ha="center")
    for left, text in zip(lefts, mosaic.heads, strict=False):
        write(left + side / 2, -0.05, text, va="baseline", fontsize=6.5, linespacing=1.1)
    for top, text in zip(tops, mosaic.labels, strict=False):
        write(-0.05, top + side / 2, text, ha="right", va="center", fontsize=6.5, linespacing=1.15)
    for (row, column), text in mosaic.notes.items():
        across = lefts[int(column)] + side / 2 + column % 1 * (side + _GAP)
        write(across, tops[row] + side + 0.02, text, va="top", fontsize=5.5, linespacing=1.05)
    above = 0.1 + _LINE * max((head.count("\n") + 1 for head in mosaic.heads), default=0)
    for column, text in mosaic.titles.items():
        axis.text(lefts[column], -above, text, ha="left", va="bottom", fontsize=7, fontweight="bold")


def _draw_scale(figure: Figure, mosaic: Mosaic, width: float, height: float) -> None:
    length = min(height, 1.8)
    axis = figure.add_axes((1 + 0.08 / width, (height - length) / 2 / height, 0.08 / width, length / height))
    bar = figure.colorbar(ScalarMappable(Normalize(0, mosaic.largest), SEQUENTIAL), cax=axis, label=mosaic.scale)
    bar.outline.set_linewidth(0.4)
