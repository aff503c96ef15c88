"""Training curves."""

from typing import Annotated

from typer import Option

from cascade_efgan.figures.caption import made_by, write_figure
from cascade_efgan.figures.style import figure_style
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
    made, _ = made_by(dataset, seed, settings)
    paths = named_paths("--curves", curves)
    with figure_style():
        write_figure(figure, draw_curves({name: read_curves(path) for name, path in paths.items()}, made), made)
