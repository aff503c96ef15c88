"""Pictures of edits, methods side by side (as Fig. 5 and 6 show them)."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from cascade_efgan.data.dataset import Faces
from cascade_efgan.data.pictures import DPI, save_picture
from cascade_efgan.evaluation.edits import Edits
from cascade_efgan.methods import CONTROLS, METHODS

#: Short column heads; the tables carry the full names.
TITLES = {
    **{name: method.title for name, method in METHODS.items()},
    **CONTROLS,
    "ef_gan": "EF-GAN",
    "pretrained": "Pre-trained",
    "wild": "Fine-tuned on\nwild images",
}


def choose_rows(index: pd.DataFrame, most: int = 8) -> list[int]:
    """Which edits a grid shows: for each target expression one test image of another expression.

    Images are taken in turn, so that the choice depends on their order alone and on nobody's eye.

    Args:
        index: `edits_test.csv`.
        most: number of rows at the most.
    """
    rows: list[int] = []
    targets = list(dict.fromkeys(index["target_expression"]))
    repeats = max(1, most // len(targets))
    sources = list(dict.fromkeys(index["source_id"]))
    for turn, target in enumerate(targets * repeats):
        after = sources[turn * len(sources) // (len(targets) * repeats) :] + sources
        fits = index[(index["target_expression"] == target) & (index["source_expression"] != target)]
        row = next(
            (fits.index[fits["source_id"] == source][0] for source in after if (fits["source_id"] == source).any()),
            None,
        )
        if row is not None and row not in rows:
            rows.append(int(row))
    return rows[:most]


def draw_grid(faces: Faces, columns: Mapping[str, Edits], rows: list[int], picture: Path) -> None:
    """Write a PNG: one row an edit, first its input, then every method's result.

    Args:
        columns: method -> its edits; all have the same rows.
        rows: row numbers of the edits to show.
    """
    from matplotlib import pyplot as plt

    index = next(iter(columns.values())).index
    position = dict(zip(faces.index["id"], range(len(faces)), strict=True))
    shown = [name for name in columns if name != "unchanged"]
    figure, axes = plt.subplots(
        len(rows), 1 + len(shown), figsize=(1.25 * (1 + len(shown)), 1.25 * len(rows) + 0.5), squeeze=False, dpi=DPI,
        gridspec_kw={"wspace": 0.03, "hspace": 0.03},
    )  # fmt: skip
    for line, row in enumerate(rows):
        edit = index.loc[row]
        images = [faces.images[position[edit["source_id"]]], *(columns[name].images[row] for name in shown)]
        for axis, image in zip(axes[line], images, strict=True):
            axis.imshow(np.asarray(image), interpolation="bicubic")
            axis.set(xticks=[], yticks=[])
            axis.set_frame_on(False)
        label = f"{edit['source_expression']}\nto {edit['target_expression']}"
        axes[line, 0].set_ylabel(label, fontsize=7, rotation=0, ha="right", va="center")
    for axis, title in zip(axes[0], ["Input", *(TITLES[name].replace(" + ", "\n+ ") for name in shown)], strict=True):
        axis.set_title(title, fontsize=7)
    save_picture(figure, picture)
