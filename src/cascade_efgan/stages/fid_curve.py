"""Distances against the number of images."""

import logging
from pathlib import Path
from typing import Annotated

from typer import Option

from cascade_efgan.data.records import write_records
from cascade_efgan.evaluation.distance_curve import REAL, measure_curves
from cascade_efgan.evaluation.statistics import DISTANCE_NAMES, KERNEL_NAMES, load_statistics, load_vectors
from cascade_efgan.figures.fid_curve import draw_fid_curve
from cascade_efgan.figures.style import figure_style, save_figure
from cascade_efgan.orchestration.cli_args import named_paths
from cascade_efgan.stages import options

log = logging.getLogger("efgan.fid_curve")


def command(
    real: options.RealStatistics,
    real_vectors: options.RealVectors,
    vectors: Annotated[list[str], Option(help="METHOD=PATH of the features of its edits (NPY), repeatable")],
    seed: Annotated[int, Option(min=0, help="seed of the draws")],
    title: Annotated[str, Option(help="what the picture is of: data set, preset and seed")],
    csv: Annotated[Path, Option(help="curves to write (CSV)")],
    picture: Annotated[Path, Option(help="picture to write (PNG)")],
    pdf: Annotated[Path, Option(help="the same for papers (PDF)")],
) -> None:
    """Draw parts of every size from real images and from edits, and measure their distances to real images."""
    paths = named_paths("--vectors", vectors)
    extractor = load_statistics(real).extractor
    edits = {name: load_vectors(path) for name, path in paths.items()}
    curves = measure_curves(load_vectors(real_vectors), edits, extractor, seed)
    write_records(csv, curves.round(8))
    with figure_style():
        save_figure(draw_fid_curve(curves, DISTANCE_NAMES[extractor], KERNEL_NAMES[extractor], title), picture, pdf)
    own = curves[curves["set"] == REAL]
    for n, others, value in zip(own["n"], own["n_real"], own["fid"], strict=True):
        log.info("%d real images against %d others: %.2f, though the true distance is 0", n, others, value)
