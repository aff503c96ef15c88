"""`efgan grid`: edits of a few test images, methods side by side."""

from pathlib import Path
from typing import Annotated

from typer import Option

from cascade_efgan.data.dataset import load_faces
from cascade_efgan.evaluation.edits import load_edits
from cascade_efgan.generation.grid import choose_rows, draw_grid
from cascade_efgan.words import named_paths, same_names


def command(
    crops: Annotated[Path, Option(help="crops.npy")],
    index: Annotated[Path, Option(help="crops.csv")],
    edits: Annotated[list[str], Option(help="METHOD=edits_test.npy, repeated in column order")],
    edits_index: Annotated[list[str], Option(help="METHOD=edits_test.csv, repeated alike")],
    picture: Annotated[Path, Option(help="picture to write (PNG)")],
) -> None:
    """Draw inputs and every method's edits of them: one row an edit, one target expression after the other."""
    flags = ("--edits", "--edits-index")
    arrays, indices = named_paths(flags[0], edits), named_paths(flags[1], edits_index)
    same_names(flags, arrays, indices)
    columns = {method: load_edits(arrays[method], indices[method]) for method in arrays}
    faces = load_faces(crops, index)
    draw_grid(faces, columns, choose_rows(next(iter(columns.values())).index), picture)
