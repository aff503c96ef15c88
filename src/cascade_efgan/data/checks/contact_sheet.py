"""The contact sheet: a picture of some crops of a data set, for a look before anything is trained."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cascade_efgan.data import EXPRESSIONS, UNKNOWN
from cascade_efgan.data.checks.pictures import DPI, save_picture
from cascade_efgan.data.face_crops.dataset import Faces

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Okabe and Ito's colours, which colour-blind people tell apart too.
_FRAMES = {
    "small": ("#E69F00", "small: few pixels in the photograph"),
    "padded": ("#56B4E9", "padded: partly outside the photograph"),
    "small padded": ("#D55E00", "small and padded"),
}

_MOST_ROWS = 8
#: Columns at the least: with fewer expressions each takes several, or a data set without labels would show 8 faces.
_FEWEST_COLUMNS = 8
#: Side of a cell, inches: 142 pixels, about those of a crop.
_CELL = 0.95


@dataclass(frozen=True)
class Sheet:
    """What a contact sheet shows."""

    rows: list[str]  # label of every row, empty where it has none
    columns: list[str]  # expression of every column
    cells: np.ndarray  # (R, C) int64 row numbers of the crops, -1 where there is none
    people: bool  # whether rows are people; else the photographs of a column are drawn at random


def choose_crops(index: pd.DataFrame, seed: int) -> Sheet:
    """Which crops (`person, expression`) a contact sheet shows, drawn at random, so that nobody's eye chooses.

    Where most photographs are of people with several expressions: up to 8 of these people, one per row, and all
    expressions, one a column; of several photographs of a person with one expression, one is drawn. Else up to 8
    rows of photographs of each expression; with fewer than 5 expressions, each has several columns.
    """
    rng = np.random.default_rng(seed)
    present = set(index["expression"])
    expressions = [name for name in (*EXPRESSIONS, UNKNOWN) if name in present]
    kinds = index.groupby("person", sort=True)["expression"].nunique()
    several = kinds.index[kinds > 1].to_numpy(dtype=object)
    if index["person"].isin(several).mean() > 0.5:
        return _people_sheet(index, expressions, sorted(rng.permutation(several)[:_MOST_ROWS]), rng)
    return _photographs_sheet(index["expression"].to_numpy(dtype=object), expressions, rng)


def _people_sheet(index: pd.DataFrame, expressions: list[str], people: list[str], rng: np.random.Generator) -> Sheet:
    shown = np.flatnonzero(index["person"].isin(people))
    places = pd.Series(shown).groupby([index[key].to_numpy()[shown] for key in ("person", "expression")])
    drawn = {key: int(rng.choice(rows)) for key, rows in places}
    cells = [[drawn.get((person, name), -1) for name in expressions] for person in people]
    return Sheet(people, expressions, np.array(cells, dtype=np.int64), people=True)


def _photographs_sheet(names: np.ndarray, expressions: list[str], rng: np.random.Generator) -> Sheet:
    wide = max(1, _FEWEST_COLUMNS // len(expressions))
    cells = np.full((_MOST_ROWS, len(expressions) * wide), -1, dtype=np.int64)
    for number, name in enumerate(expressions):
        drawn = rng.permutation(np.flatnonzero(names == name))[: _MOST_ROWS * wide]
        block = np.full(_MOST_ROWS * wide, -1)
        block[: len(drawn)] = drawn
        cells[:, number * wide : (number + 1) * wide] = block.reshape(_MOST_ROWS, wide)
    cells = cells[(cells >= 0).any(axis=1)][:, (cells >= 0).any(axis=0)]
    return Sheet([""] * len(cells), names[cells.max(axis=0)].tolist(), cells, people=False)


def draw_contact_sheet(faces: Faces, checks: pd.DataFrame, seed: int, picture: Path) -> None:
    """Write a PNG of crops, rows and columns as `choose_crops` says; those that `checks` flags have a frame.

    Of `faces`, all crops of a data set, only those that are shown are read.
    """
    from matplotlib import pyplot as plt
    from matplotlib.patches import Patch

    sheet = choose_crops(faces.index, seed)
    flags = checks["flags"].to_numpy()
    rows, columns = sheet.cells.shape
    figure, axes = plt.subplots(
        rows, columns, figsize=(columns * _CELL, rows * _CELL), squeeze=False, dpi=DPI,
        gridspec_kw={"left": 0, "right": 1, "bottom": 0, "top": 1, "wspace": 0.04, "hspace": 0.04},
    )  # fmt: skip
    for axis, place in zip(axes.flat, sheet.cells.flat, strict=True):
        axis.set(xticks=[], yticks=[])
        axis.set_frame_on(False)
        if place >= 0:
            _show_crop(axis, faces.images[place], flags[place])
    for axis, name in zip(axes[0], sheet.columns, strict=True):
        axis.set_title(name, fontsize=8)
    for axis, label in zip(axes[:, 0], sheet.rows, strict=True):
        # A person's name is no formula, whatever dollar signs it has.
        axis.set_ylabel(label, fontsize=8, rotation=0, ha="right", va="center", parse_math=False)
    # The grid fills the figure; title and legend are outside it, and the picture is cut to hold all.
    outside = 0.3 / (rows * _CELL)
    title = _sheet_title(faces.index, sheet, flags, seed)
    figure.text(0.5, 1 + outside, title, fontsize=9, ha="center", va="bottom")
    handles = [
        Patch(fill=False, edgecolor=colour, linewidth=2, label=label)
        for words, (colour, label) in _FRAMES.items()
        if words in flags[sheet.cells[sheet.cells >= 0]]
    ]
    if handles:
        figure.legend(handles=handles, loc="upper center", bbox_to_anchor=(0.5, 0), fontsize=7, frameon=False)
    save_picture(figure, picture)


def _show_crop(axis: "Axes", crop: np.ndarray, flags: str) -> None:
    axis.imshow(np.asarray(crop), interpolation="antialiased")
    if flags:
        colour, _ = _FRAMES[flags]
        axis.set_frame_on(True)
        for spine in axis.spines.values():
            spine.set(edgecolor=colour, linewidth=3)


def _sheet_title(index: pd.DataFrame, sheet: Sheet, flags: np.ndarray, seed: int) -> str:
    names = ", ".join(sorted(set(index["dataset"])))
    people = f"{len(sheet.rows)} of {index['person'].nunique():,} people"
    drawn = people if sheet.people else f"{(sheet.cells >= 0).sum()} photographs"
    crops = f"{len(index):,} crops, {(flags != '').sum():,} flagged"
    return f"{names}: {crops}\nshown: {drawn}, drawn at random (seed {seed})"
