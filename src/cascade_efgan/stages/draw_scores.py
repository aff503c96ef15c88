"""Confusion matrices, quality against the expression gap, best and worst edits."""

from pathlib import Path
from typing import Annotated

from typer import Option

from cascade_efgan.data.face_crops.dataset import load_faces
from cascade_efgan.evaluation.packed_edits import load_edits
from cascade_efgan.figures.caption import drawing
from cascade_efgan.figures.confusion import draw_confusion
from cascade_efgan.figures.expression_gap import draw_gap
from cascade_efgan.figures.extremes import draw_extremes, edit_scores
from cascade_efgan.methods import COMPARED, METHODS
from cascade_efgan.orchestration.cli_args import named_paths, same_names
from cascade_efgan.stages import options


def command(
    dataset: options.Dataset,
    seed: options.Seed,
    crops: options.Crops,
    index: options.Index,
    real_predictions: Annotated[Path, Option(help="predictions_R.csv")],
    edits: Annotated[list[str], Option(help="METHOD=edits_test.npy, repeated; true_edit where it is known")],
    edits_index: Annotated[list[str], Option(help="METHOD=edits_test.csv, repeated alike")],
    predictions: Annotated[list[str], Option(help="METHOD=predictions_G.csv, repeated alike")],
    confusion: Annotated[tuple[Path, Path, Path], Option(help="confusion matrices to write: PNG PDF JSON")],
    gap: Annotated[tuple[Path, Path, Path], Option(help="quality against the gap to write: PNG PDF JSON")],
    extremes: Annotated[tuple[Path, Path, Path], Option(help="best and worst edits to write: PNG PDF JSON")],
    readings: Annotated[
        list[str], Option(help="METHOD=readings_au.csv, repeated alike, where AUs of edits can be read")
    ] = [],
    settings: options.FigureSettings = [],
) -> None:
    """Draw what the numbers of single edits say: what is confused, what a large gap costs, what is best and worst."""
    flags = ("--edits", "--edits-index", "--predictions")
    paths = [named_paths(flag, words) for flag, words in zip(flags, (edits, edits_index, predictions), strict=True)]
    names = same_names(flags, *paths)
    read = named_paths("--readings", readings)
    faces = load_faces(crops, index)
    columns = {name: load_edits(paths[0][name], paths[1][name]) for name in names}
    truth = columns.get("true_edit")
    scores = {name: edit_scores(columns[name], faces, truth, paths[2][name], read.get(name)) for name in names}
    matrices = {"real": real_predictions, **{name: paths[2][name] for name in names if name != "unchanged"}}
    against = "the true edit" if truth is not None else "the real photograph of the same person and expression"
    compared = [name for name in names if name in COMPARED] or [name for name in names if name in METHODS][-1:]
    with drawing(dataset, seed, settings) as (made, _, write):
        write(confusion, draw_confusion(matrices, made))
        write(gap, draw_gap(scores, against, made))
        shown = {name: columns[name] for name in compared}
        write(extremes, draw_extremes(faces, shown, scores, truth))
