"""AU error of edited photographs by OpenFace or MediaPipe."""

import logging
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from typer import Option

from cascade_efgan.data import AU_MAX, AUS
from cascade_efgan.errors import InputError
from cascade_efgan.evaluation.au_reader import AuReader, find_reader
from cascade_efgan.evaluation.metric import Metric, write_metric
from cascade_efgan.evaluation.packed_edits import Edits, load_edits
from cascade_efgan.evaluation.values import write_values
from cascade_efgan.stages import options

log = logging.getLogger("efgan.photograph_aus")


def command(
    method: options.Method,
    dataset: options.Dataset,
    seed: options.Seed,
    edits: options.Edits,
    edits_index: options.EditsIndex,
    reader: Annotated[str, Option(help="auto, openface or mediapipe")],
    metric: options.Metric,
    values: Annotated[Path, Option(help="error of every edit to write (CSV)")],
    openface: Annotated[
        str, Option(help="OpenFace's FaceLandmarkImg; by default what OPENFACE_BIN names", envvar="OPENFACE_BIN")
    ] = "",
) -> None:
    """Mean absolute difference (0..5) between the AUs that a program reads from edited photographs and the targets."""
    made = load_edits(edits, edits_index)
    about: dict[str, Any] = {"name": "au_error", "dataset": dataset, "method": method, "seed": seed}
    rows, errors = np.zeros(0, int), np.zeros(0)
    try:
        found = find_reader(reader, openface)
        rows, errors, details = _measured(found, made)
    except InputError as error:
        # A measure beyond the paper must not stop a run of the paper's: the table says what is missing.
        number = Metric(value=None, n=0, reason=str(error), **about)
        log.warning("%s", error)
    else:
        reason = None if len(rows) else f"{found.name} found a face in none of {len(made)} edits"
        value = float(errors.mean()) if len(rows) else None
        number = Metric(value=value, n=len(rows), reason=reason, details=details, settings={"reader": reader}, **about)
        log.info("AU error of %s by %s: %s over %d of %d edits", method, found.name, value, len(rows), len(made))
    write_metric(metric, number, [edits, edits_index])
    people = made.index["person"].to_numpy()[rows].tolist()
    write_values(values, number, [made.ids[row] for row in rows], people, errors)


def _measured(reader: AuReader, made: Edits) -> tuple[np.ndarray, np.ndarray, dict[str, Any]]:
    """Rows of the edits in which a face was found, the error of each, and details."""
    read = reader.read(made.images)
    wanted = (made.aus * AU_MAX)[:, [AUS.index(name) for name in reader.aus]]
    rows = np.flatnonzero(np.isfinite(read).all(axis=1))
    errors = np.abs(read[rows] - wanted[rows]).mean(axis=1)
    left_out = {"no_face": len(made) - len(rows)}
    details: dict[str, Any] = {"reader": reader.name, "aus": list(reader.aus), "left_out": left_out}
    own = ~made.changes[rows]
    if own.any():
        # Of the unchanged input these are real images with their own AUs: the reader's own error.
        details["own_expression_error"] = float(errors[own].mean())
    return rows, errors, details
