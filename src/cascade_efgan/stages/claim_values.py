"""`efgan claim_values`: numbers of every edit that only the claims need."""

from pathlib import Path
from typing import Annotated

import numpy as np
from typer import Option

from cascade_efgan.claims.measures import aus_of_sources, left_over, region_error
from cascade_efgan.data import AU_MAX, AUS
from cascade_efgan.data.dataset import read_index
from cascade_efgan.data.patches import load_patch_boxes
from cascade_efgan.data.records import read_records
from cascade_efgan.errors import InputError
from cascade_efgan.evaluation.edits import load_edits
from cascade_efgan.evaluation.metric import Metric
from cascade_efgan.evaluation.psnr import true_edits
from cascade_efgan.evaluation.values import write_values
from cascade_efgan.figures.per_edit import au_gaps, matched


def command(
    method: Annotated[str, Option(help="method")],
    dataset: Annotated[str, Option(help="data set")],
    seed: Annotated[int, Option(min=0, help="training seed")],
    index: Annotated[Path, Option(help="crops.csv")],
    edits: Annotated[Path, Option(help="edits of the test images (NPY)")],
    edits_index: Annotated[Path, Option(help="index of these edits (CSV)")],
    patch_centers: Annotated[Path, Option(help="boxes of the regions (JSON)")],
    gap: Annotated[Path, Option(help="expression gap of every edit to write (CSV)")],
    left_over_: Annotated[Path, Option("--left-over", help="what is left of the source's AUs to write (CSV)")],
    region_error_: Annotated[Path, Option("--region-error", help="error in eyes and mouth boxes to write (CSV)")],
    readings: Annotated[Path | None, Option(help="AUs read from the edits (CSV)")] = None,
    truth: Annotated[Path | None, Option("--true-edits", help="true edits (NPY)")] = None,
    truth_index: Annotated[Path | None, Option("--true-edits-index", help="their index (CSV)")] = None,
) -> None:
    """Gap, leftovers and region error of the edits that change the expression; empty files where they are unknown."""
    made, faces = load_edits(edits, edits_index), read_index(index)
    rows = np.flatnonzero(made.changes)

    def write(path: Path, name: str, values: np.ndarray) -> None:
        kept = rows[~np.isnan(values[rows])]
        number = Metric(name, 0.0, len(kept), dataset, method, seed)
        people = made.index["person"].to_numpy()[kept].tolist()
        write_values(path, number, [made.ids[row] for row in kept], people, values[kept])

    unknown = np.full(len(made), np.nan)
    write(gap, "gap", au_gaps(made.index, faces))
    left = unknown
    if readings is not None:
        seen = matched(read_records(readings, ("id",), AUS), made.ids, readings)[list(AUS)].to_numpy(np.float64)
        left = left_over(aus_of_sources(made.index, faces), made.aus.astype(np.float64) * AU_MAX, seen)
    write(left_over_, "left_over", left)
    errors = unknown
    if truth is not None and truth_index is not None:
        partner = true_edits(made, load_edits(truth, truth_index))
        partners = [partner(row) for row in range(len(made))]
        if any(other is None for other in partners):
            raise InputError(f"{truth_index}: lacks true edits of {edits_index}; run the rules that make both again")
        errors = region_error(made.images, np.array(partners), load_patch_boxes(patch_centers))
    write(region_error_, "region_error", errors)
