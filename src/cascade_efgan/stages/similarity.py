"""PSNR or SSIM of edits against real counterparts, or PSNR against true edits."""

import logging
from pathlib import Path
from typing import Annotated, Literal

import pandas as pd
from typer import Option

from cascade_efgan.data.face_crops.dataset import load_faces
from cascade_efgan.errors import InputError
from cascade_efgan.evaluation.packed_edits import Edits, load_edits
from cascade_efgan.evaluation.similarity import compare_edits, counterparts, psnr, ssim, true_counterparts
from cascade_efgan.evaluation.values import write_mean
from cascade_efgan.stages import options

log = logging.getLogger("efgan.similarity")


def command(
    name: Annotated[Literal["psnr", "ssim", "psnr_true"], Option(help="number to measure")],
    method: options.Method,
    dataset: options.Dataset,
    seed: options.Seed,
    edits: options.Edits,
    edits_index: options.EditsIndex,
    partners: Annotated[Path, Option(help="crops.npy; for psnr_true, true edits of the test images (NPY)")],
    partners_index: Annotated[Path, Option(help="index of these (CSV)")],
    metric: options.Metric,
    values: Annotated[Path, Option(help="value of every edit to write (CSV)")],
) -> None:
    """PSNR in dB (Sec. 4.3, Table 2) or SSIM of each edit and the real image of the same person and expression.

    psnr_true: PSNR of each edit and the same face rendered with the target AUs. Not in the paper, as SSIM.
    """
    made = load_edits(edits, edits_index)
    others = load_edits(partners, partners_index) if name == "psnr_true" else load_faces(partners, partners_index)
    sides = made.images.shape[1], others.images.shape[1]
    if sides[0] != sides[1]:
        raise InputError(f"{edits}: images of {sides[0]} pixels, but {partners} has {sides[1]}; make both again")
    if isinstance(others, Edits):
        found = compare_edits(made, true_counterparts(made, others), "no_true_edit")
    else:
        found = compare_edits(made, counterparts(made, others), "no_counterpart", ssim if name == "ssim" else psnr)
    table = pd.DataFrame({"id": made.ids, "person": made.index["person"]}).iloc[found.rows].assign(value=found.values)
    about = {"name": name, "dataset": dataset, "method": method, "seed": seed, "details": found.details}
    inputs = [edits, edits_index, partners, partners_index]
    number = write_mean(metric, values, about, table, inputs, str(found.reason))
    shown = "no value" if number.value is None else f"{number.value:.3f}"
    log.info("%s of %s on %s: %s over %d edits", name, method, dataset, shown, number.n)
