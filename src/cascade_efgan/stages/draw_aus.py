"""AUs asked for against AUs obtained."""

from pathlib import Path
from typing import Annotated

import numpy as np
from typer import Option

from cascade_efgan.data import AUS
from cascade_efgan.data.records import read_records
from cascade_efgan.evaluation.metric import read_metric
from cascade_efgan.evaluation.packed_edits import edit_ids
from cascade_efgan.figures.action_units import draw_aus
from cascade_efgan.figures.caption import drawing
from cascade_efgan.figures.scores import read_readings
from cascade_efgan.generation.edit_plan import EDIT_TEXT
from cascade_efgan.methods import METHODS
from cascade_efgan.orchestration.cli_args import named_paths
from cascade_efgan.stages import options


def command(
    dataset: options.Dataset,
    seed: options.Seed,
    edits_index: Annotated[Path, Option(help="edits_test.csv, with the target AUs")],
    readings: Annotated[list[str], Option(help="METHOD=readings_au.csv, repeated in the order of the legend")],
    metric: Annotated[Path, Option(help="au_error.json of any of them: the regressor's own error")],
    figure: options.Figure,
    settings: options.FigureSettings = [],
) -> None:
    """Draw the AUs that the regressor reads from edits against their targets, AU by AU."""
    plan = read_records(edits_index, EDIT_TEXT, AUS)
    paths = named_paths("--readings", readings)
    obtained = {name: read_readings(path, edit_ids(plan)) for name, path in paths.items()}
    trained = [name for name in obtained if name in METHODS]
    points = "cascade_ef_gan" if "cascade_ef_gan" in trained else trained[-1]
    floor = float(read_metric(metric).details["held_out_error"])
    with drawing(dataset, seed, settings) as (made, _, write):
        write(figure, draw_aus(plan[list(AUS)].to_numpy(np.float64), obtained, points, floor, made))
