"""Figures 8 and 10: wild images."""

from pathlib import Path
from typing import Annotated

from typer import Option

from cascade_efgan.data.face_crops.dataset import load_faces, part_rows
from cascade_efgan.evaluation.packed_edits import load_edits
from cascade_efgan.figures.caption import drawing
from cascade_efgan.figures.edits import draw_wild
from cascade_efgan.methods import METHODS
from cascade_efgan.stages import options


def command(
    dataset: options.Dataset,
    seed: options.Seed,
    crops: Annotated[Path, Option(help="crops.npy of the wild images")],
    index: Annotated[Path, Option(help="their crops.csv")],
    pretrained: Annotated[Path, Option(help="edits before fine-tuning (NPY)")],
    pretrained_index: Annotated[Path, Option(help="their index (CSV)")],
    wild: Annotated[Path, Option(help="edits after fine-tuning (NPY)")],
    wild_index: Annotated[Path, Option(help="their index (CSV)")],
    examples: Annotated[Path, Option(help="crops.npy of the pre-training")],
    examples_index: Annotated[Path, Option(help="its crops.csv")],
    examples_split: Annotated[Path, Option(help="its split.csv")],
    method: Annotated[str, Option(help="method that was fine-tuned")],
    figure: options.Figure,
    settings: options.FigureSettings = [],
) -> None:
    """Draw wild images: input, an image with the desired expression, edits before and after fine-tuning."""
    faces, known = load_faces(crops, index), load_faces(examples, examples_index)
    before, after = load_edits(pretrained, pretrained_index), load_edits(wild, wild_index)
    training = part_rows(known.index, examples_split, "train")
    with drawing(dataset, seed, settings) as (made, config, write):
        count, title = config.figures.edits, METHODS[method].title
        write(figure, draw_wild(faces, before, after, known, training, count, title, made))
