"""Figures 5, 6 and 11 to 14: edits side by side."""

from pathlib import Path
from typing import Annotated

from typer import Option

from cascade_efgan.data.face_crops.dataset import load_faces
from cascade_efgan.evaluation.packed_edits import load_edits
from cascade_efgan.figures.caption import drawing
from cascade_efgan.figures.edits import draw_all_expressions, draw_methods, draw_more
from cascade_efgan.methods import ABLATED, COMPARED, METHODS
from cascade_efgan.orchestration.cli_args import named_paths, same_names
from cascade_efgan.stages import options


def command(
    dataset: options.Dataset,
    seed: options.Seed,
    crops: options.Crops,
    index: options.Index,
    edits: Annotated[list[str], Option(help="METHOD=edits_test.npy, repeated in the order of the figures")],
    edits_index: Annotated[list[str], Option(help="METHOD=edits_test.csv, repeated alike")],
    methods: Annotated[tuple[Path, Path, Path], Option(help="Fig. 5 to write: PNG PDF JSON")],
    ablation: Annotated[tuple[Path, Path, Path], Option(help="Fig. 6 to write: PNG PDF JSON")],
    more: Annotated[tuple[Path, Path, Path], Option(help="Fig. 11, 13 to write: PNG PDF JSON")],
    all_expressions: Annotated[tuple[Path, Path, Path], Option(help="Fig. 12, 14 to write: PNG PDF JSON")],
    settings: options.FigureSettings = [],
) -> None:
    """Draw edits of a few test images, chosen at random: methods and ablation side by side, and the last method's."""
    flags = ("--edits", "--edits-index")
    arrays, indices = named_paths(flags[0], edits), named_paths(flags[1], edits_index)
    same_names(flags, arrays, indices)
    columns = {method: load_edits(arrays[method], indices[method]) for method in arrays}
    faces = load_faces(crops, index)
    trained = [name for name in columns if name in METHODS]
    best = "cascade_ef_gan" if "cascade_ef_gan" in trained else trained[-1]
    with drawing(dataset, seed, settings) as (made, config, write):
        for files, rows, paper in ((methods, COMPARED, "5"), (ablation, ABLATED, "6")):
            shown = [name for name in rows if name in trained] or trained
            write(files, draw_methods(faces, columns, shown, config.figures.edits, made, paper))
        write(more, draw_more(faces, columns[best], best, made))
        write(all_expressions, draw_all_expressions(faces, columns[best], best, config.figures.people, made))
