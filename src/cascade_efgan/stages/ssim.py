"""SSIM of edits against real counterparts."""

from pathlib import Path
from typing import Annotated

from typer import Option

from cascade_efgan.data.dataset import load_faces
from cascade_efgan.evaluation.edits import check_same_size, load_edits
from cascade_efgan.evaluation.psnr import compare_edits, counterparts
from cascade_efgan.evaluation.similarity import ssim


def command(
    method: Annotated[str, Option(help="method or control")],
    dataset: Annotated[str, Option(help="data set")],
    seed: Annotated[int, Option(min=0, help="training seed")],
    edits: Annotated[Path, Option(help="edits of the test images (NPY)")],
    edits_index: Annotated[Path, Option(help="index of these edits (CSV)")],
    crops: Annotated[Path, Option(help="crops.npy")],
    index: Annotated[Path, Option(help="crops.csv")],
    metric: Annotated[Path, Option(help="number to write (JSON)")],
    values: Annotated[Path, Option(help="SSIM of every edit to write (CSV)")],
) -> None:
    """Structural similarity of each edit and the real image of the same person and expression. Not in the paper."""
    made, faces = load_edits(edits, edits_index), load_faces(crops, index)
    check_same_size(made, edits, faces.images, crops)
    found = compare_edits(made, counterparts(made, faces.images, faces.index["id"].tolist()), "no_counterpart", ssim)
    found.write("ssim", (dataset, method, seed), metric, values, [edits, edits_index, crops, index])
