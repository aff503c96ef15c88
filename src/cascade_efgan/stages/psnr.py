"""`efgan psnr`: PSNR of edits against real counterparts or true edits."""

import logging
from pathlib import Path
from typing import Annotated

from typer import Option

from cascade_efgan.data.dataset import load_faces
from cascade_efgan.errors import InputError
from cascade_efgan.evaluation.edits import Edits, load_edits
from cascade_efgan.evaluation.metric import Metric, write_metric
from cascade_efgan.evaluation.psnr import Compared, compare_edits, counterparts, true_edits
from cascade_efgan.evaluation.similarity import ssim
from cascade_efgan.evaluation.values import write_values

log = logging.getLogger("efgan.psnr")


def command(
    name: Annotated[str, Option(help="psnr (against real counterparts) or psnr_true (against true edits)")],
    method: Annotated[str, Option(help="method or control")],
    dataset: Annotated[str, Option(help="data set")],
    seed: Annotated[int, Option(min=0, help="training seed")],
    edits: Annotated[Path, Option(help="edits of the test images (NPY)")],
    edits_index: Annotated[Path, Option(help="index of these edits (CSV)")],
    metric: Annotated[Path, Option(help="number to write (JSON)")],
    crops: Annotated[Path | None, Option(help="crops.npy, for psnr")] = None,
    index: Annotated[Path | None, Option(help="crops.csv, for psnr")] = None,
    true_edits_: Annotated[
        Path | None, Option("--true-edits", help="true edits of the test images, for psnr_true")
    ] = None,
    true_edits_index: Annotated[Path | None, Option(help="index of the true edits, for psnr_true")] = None,
    values: Annotated[Path | None, Option(help="PSNR of every edit to write (CSV)")] = None,
    ssim_metric: Annotated[Path | None, Option(help="SSIM of the same pairs to write (JSON), for psnr")] = None,
    ssim_values: Annotated[Path | None, Option(help="SSIM of every edit to write (CSV)")] = None,
) -> None:
    """PSNR of edits against the real image of the same person and expression, or against the true edit, in dB."""
    made = load_edits(edits, edits_index)
    if name == "psnr":
        if crops is None or index is None:
            raise InputError("--crops and --index: psnr compares with real images and needs both")
        faces = load_faces(crops, index)
        _check_size(made, faces.size, edits, crops)
        partner = counterparts(made, faces.images, faces.index["id"].tolist())
        result = compare_edits(made, partner, "no_counterpart")
        inputs = [edits, edits_index, crops, index]
        if ssim_metric is not None:
            similarity = compare_edits(made, partner, "no_counterpart", ssim)
            _write("ssim", similarity, made, (dataset, method, seed), ssim_metric, inputs, ssim_values)
    elif name == "psnr_true":
        if true_edits_ is None or true_edits_index is None:
            raise InputError("--true-edits and --true-edits-index: psnr_true needs both")
        truth = load_edits(true_edits_, true_edits_index)
        _check_size(made, truth.images.shape[1], edits, true_edits_)
        result = compare_edits(made, true_edits(made, truth), "no_true_edit")
        inputs = [edits, edits_index, true_edits_, true_edits_index]
    else:
        raise InputError(f"--name {name}: expected psnr or psnr_true")
    _write(name, result, made, (dataset, method, seed), metric, inputs, values)


def _write(
    name: str, result: Compared, made: Edits, about: tuple[str, str, int], metric: Path, inputs: list[Path],
    values: Path | None,
) -> None:  # fmt: skip
    """Write a number of the data set, method and seed `about`, and what is behind it."""
    dataset, method, seed = about
    mean, rows = result.mean, result.rows
    number = Metric(name, mean, len(rows), dataset, method, seed, reason=result.reason, details=result.details)
    write_metric(metric, number, inputs)
    if values is not None:
        people = made.index["person"].iloc[rows].tolist()
        write_values(values, number, [made.ids[row] for row in rows], people, result.values)
    shown = "no value" if mean is None else f"{mean:.3f}"
    log.info("%s of %s on %s: %s over %d edits", name, method, dataset, shown, len(rows))


def _check_size(made: Edits, size: int, edits: Path, other: Path) -> None:
    if made.images.shape[1] != size:
        raise InputError(f"{edits}: images of {made.images.shape[1]} pixels, but {other} has {size}; make both again")
