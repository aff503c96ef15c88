"""PSNR of edits against true edits."""

from pathlib import Path
from typing import Annotated

from typer import Option

from cascade_efgan.evaluation.packed_edits import check_same_size, load_edits
from cascade_efgan.evaluation.psnr import compare_edits, true_counterparts
from cascade_efgan.stages import options


def command(
    method: options.Method,
    dataset: options.Dataset,
    seed: options.Seed,
    edits: options.Edits,
    edits_index: options.EditsIndex,
    true_edits: Annotated[Path, Option(help="true edits of the test images (NPY)")],
    true_edits_index: Annotated[Path, Option(help="index of the true edits (CSV)")],
    metric: options.Metric,
    values: Annotated[Path, Option(help="PSNR of every edit to write (CSV)")],
) -> None:
    """PSNR of each edit against the same face rendered with the target AUs, in dB. Not in the paper."""
    made, truth = load_edits(edits, edits_index), load_edits(true_edits, true_edits_index)
    check_same_size(made, edits, truth.images, true_edits)
    found = compare_edits(made, true_counterparts(made, truth), "no_true_edit")
    inputs = [edits, edits_index, true_edits, true_edits_index]
    found.write("psnr_true", (dataset, method, seed), metric, values, inputs)
