"""Wild images: input, image with the desired expression, edit (Fig. 8 and 10)."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cascade_efgan.data import AUS
from cascade_efgan.data.dataset import Faces
from cascade_efgan.evaluation.packed_edits import Edits
from cascade_efgan.figures.caption import Caption, Made, people_count
from cascade_efgan.figures.choose import choose_edits, text_at
from cascade_efgan.figures.mosaic import Mosaic, draw_mosaic
from cascade_efgan.figures.style import TITLES

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Groups of pictures in a row.
GROUPS = 2


def nearest_faces(aus: np.ndarray, faces: pd.DataFrame, expressions: list[str]) -> list[int]:
    """For every edit the row of `faces` with its target expression whose AUs are nearest to the target's.

    Args:
        aus: target AUs `(M, 17)`, 0..5.
        faces: `crops.csv` of training images.
        expressions: target expression of every edit.
    """
    known = faces[list(AUS)].to_numpy(np.float64)
    names = faces["expression"].to_numpy()
    distances = np.linalg.norm(known[None] - aus[:, None], axis=2)
    distances[names[None] != np.array(expressions, dtype=object)[:, None]] = np.inf
    return [int(row) for row in distances.argmin(axis=1)]


def draw_wild(
    faces: Faces,
    pretrained: Edits,
    wild: Edits,
    examples: Faces,
    training: np.ndarray,
    count: int,
    method: str,
    made: Made,
) -> tuple["Figure", Caption]:
    """Input, an image with the desired expression, and the edits before and after fine-tuning.

    Args:
        wild: edits after fine-tuning, in the same rows.
        examples: all images of the pre-training.
        training: row numbers of its training part, which the targets' AUs come from.
        method: whose edits they are, by name.
    """
    index = wild.index
    chosen = choose_edits(index, count, made.drawn)
    shown = index.loc[chosen]
    wanted = shown[list(AUS)].to_numpy(np.float64)
    targets = training[nearest_faces(wanted, examples.index.iloc[training], shown["target_expression"].tolist())]
    rows: list[list[np.ndarray | None]] = []
    notes: dict[tuple[int, float], str] = {}
    for number, (row, target) in enumerate(zip(chosen, targets, strict=True)):
        if number % GROUPS == 0:
            rows.append([])
        notes[len(rows) - 1, len(rows[-1]) + 1] = text_at(index, row, "target_expression")
        source = faces.images[faces.places[text_at(index, row, "source_id")]]
        example = np.asarray(examples.images[target])
        rows[-1] += [np.asarray(source), example, np.asarray(pretrained.images[row]), np.asarray(wild.images[row])]
    wide = min(GROUPS, len(chosen))
    heads = ["Input", "Target", TITLES["pretrained"], "Fine-tuned"] * wide
    figure = draw_mosaic(Mosaic(rows, heads, notes=notes, column_groups=[4 * n for n in range(1, wide)]))
    people = people_count(shown["person"].nunique(), index["person"].nunique())
    return figure, Caption(
        title="Wild images",
        text=f"""Wild images edited by {method}. For each edit: input, an image with the desired expression, and the
            edits before and after fine-tuning on wild images. Target AUs are the mean of the expression over the
            training images of the pre-training; shown is the one of these whose AUs are nearest to them. {len(chosen)}
            of {len(index)} edits of test images, of {people}, drawn at random (figures.seed {made.drawn}).""",
        n={"edits shown": len(chosen), "edits": len(index)},
        paper_figure="8, 10",
    )
