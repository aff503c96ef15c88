"""Training curves."""

from typing import Annotated

from typer import Option

from cascade_efgan.figures.caption import drawing
from cascade_efgan.figures.training import draw_curves, read_curves
from cascade_efgan.orchestration.cli_args import named_paths
from cascade_efgan.stages import options


def command(
    dataset: options.Dataset,
    seed: options.Seed,
    curves: Annotated[list[str], Option(help="METHOD=curves.csv, repeated in the order of the legend")],
    figure: options.Figure,
    settings: options.FigureSettings = [],
) -> None:
    """Draw training curves: a panel for every loss, a line for every method."""
    losses = {name: read_curves(path) for name, path in named_paths("--curves", curves).items()}
    with drawing(dataset, seed, settings) as (made, _, write):
        write(figure, draw_curves(losses, made))
