"""Training curves."""

from pathlib import Path
from typing import Annotated

from typer import Option

from cascade_efgan.figures.caption import made_by, write_figure
from cascade_efgan.figures.style import figure_style
from cascade_efgan.figures.training import draw_curves, read_curves
from cascade_efgan.orchestration.cli_args import named_paths


def command(
    dataset: Annotated[str, Option(help="data set")],
    seed: Annotated[int, Option(min=0, help="training seed")],
    curves: Annotated[list[str], Option(help="METHOD=curves.csv, repeated in the order of the legend")],
    figure: Annotated[tuple[Path, Path, Path], Option(help="figure to write: PNG PDF JSON")],
    settings: Annotated[list[str], Option("--set", help="section.key=value; preset and section figures")] = [],
) -> None:
    """Draw training curves: a panel for every loss, a line for every method."""
    made, _ = made_by(dataset, seed, settings)
    paths = named_paths("--curves", curves)
    with figure_style():
        write_figure(figure, draw_curves({name: read_curves(path) for name, path in paths.items()}, made), made)
