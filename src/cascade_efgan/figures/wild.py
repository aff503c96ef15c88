"""Wild images: input, image with the desired expression, edit (Fig. 8 and 10)."""

import numpy as np
import pandas as pd

from cascade_efgan.data import AUS
from cascade_efgan.data.dataset import Faces
from cascade_efgan.evaluation.packed_edits import Edits
from cascade_efgan.figures.caption import Caption, Drawn, Made, people_drawn
from cascade_efgan.figures.choose import choose_edits
from cascade_efgan.figures.mosaic import draw_mosaic, grouped
from cascade_efgan.figures.style import TITLES

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
) -> Drawn:
    """Input, an image with the desired expression, and the edits before and after fine-tuning.

    Args:
        wild: edits after fine-tuning, in the same rows.
        examples: all images of the pre-training.
        training: row numbers of its training part, which the targets' AUs come from.
        method: whose edits they are, by name.
    """
    chosen = choose_edits(wild.index, count, made.drawn)
    shown = wild.index.loc[chosen]
    wanted, goals = shown[list(AUS)].to_numpy(np.float64), shown["target_expression"].tolist()
    targets = training[nearest_faces(wanted, examples.index.iloc[training], goals)]
    groups = [
        [faces.image(source), examples.images[target], pretrained.images[row], wild.images[row]]
        for row, source, target in zip(chosen, shown["source_id"], targets, strict=True)
    ]
    heads = ["Input", "Target", TITLES["pretrained"], "Fine-tuned"]
    return draw_mosaic(grouped(groups, heads, goals, GROUPS)), Caption(
        title="Wild images",
        text=f"""Wild images edited by {method}. For each edit: input, an image with the desired expression, and the
            edits before and after fine-tuning on wild images. Target AUs are the mean of the expression over the
            training images of the pre-training; shown is the one of these whose AUs are nearest to them. {len(chosen)}
            of {len(wild)} edits of test images, of {people_drawn(shown, wild.index, made)}.""",
        n={"edits shown": len(chosen), "edits": len(wild)},
        paper_figure="8, 10",
    )
