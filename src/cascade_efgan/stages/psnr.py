"""PSNR of edits against real counterparts."""

from pathlib import Path
from typing import Annotated

from typer import Option

from cascade_efgan.data.dataset import load_faces
from cascade_efgan.evaluation.packed_edits import check_same_size, load_edits
from cascade_efgan.evaluation.psnr import compare_edits, counterparts
from cascade_efgan.stages import options


def command(
    method: options.Method,
    dataset: options.Dataset,
    seed: options.Seed,
    edits: options.Edits,
    edits_index: options.EditsIndex,
    crops: options.Crops,
    index: options.Index,
    metric: options.Metric,
    values: Annotated[Path, Option(help="PSNR of every edit to write (CSV)")],
) -> None:
    """PSNR of each edit against the real image of the same person and expression, in dB (Sec. 4.3, Table 2)."""
    made, faces = load_edits(edits, edits_index), load_faces(crops, index)
    check_same_size(made, edits, faces.images, crops)
    found = compare_edits(made, counterparts(made, faces.images, faces.index["id"].tolist()), "no_counterpart")
    found.write("psnr", (dataset, method, seed), metric, values, [edits, edits_index, crops, index])
