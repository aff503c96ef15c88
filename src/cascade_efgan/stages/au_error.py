"""AU error of edits by the AU regressor."""

import logging
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pandas as pd
from typer import Option

from cascade_efgan.data import AU_MAX, AUS
from cascade_efgan.data.records import write_records
from cascade_efgan.devices import pick_device
from cascade_efgan.errors import InputError
from cascade_efgan.evaluation.au_regressor import absolute_errors, au_errors, load_au_regressor, read_aus
from cascade_efgan.evaluation.metric import Metric, write_metric
from cascade_efgan.evaluation.packed_edits import load_edits
from cascade_efgan.evaluation.values import write_values
from cascade_efgan.stages import options

log = logging.getLogger("efgan.au_error")


def command(
    method: options.Method,
    dataset: options.Dataset,
    seed: options.Seed,
    weights: Annotated[Path, Option(help="regressor's weights (safetensors)")],
    model: Annotated[Path, Option(help="regressor's description (JSON)")],
    edits: options.Edits,
    edits_index: options.EditsIndex,
    metric: options.Metric,
    readings: Annotated[Path | None, Option(help="the AUs read from each edit to write (CSV)")] = None,
    values: Annotated[Path | None, Option(help="error of every edit to write (CSV)")] = None,
) -> None:
    """Mean absolute difference (0..5) between the AUs that the regressor reads from edits and their target AUs."""
    made = load_edits(edits, edits_index)
    network, description = load_au_regressor(weights, model)
    if made.images.shape[1] != description["crop_size"]:
        raise InputError(
            f"{edits}: images of {made.images.shape[1]} pixels, but {model} was trained on {description['crop_size']}; "
            "use a regressor of the same crop.size"
        )
    details = {key: description[key] for key in ("held_out_error", "n_held_out", "constant_guess_error")}
    about: dict[str, Any] = {"name": "au_error", "dataset": dataset, "method": method, "seed": seed}
    about["settings"] = description["settings"]
    wanted = made.aus * AU_MAX
    if len(made):
        measured = read_aus(network, made.images, np.arange(len(made)), pick_device())
        value, per_au = au_errors(measured, wanted)
        number = Metric(value=value, n=len(made), details={**details, "per_au": per_au}, **about)
        log.info("AU error of %s on %s: %.3f over %d edits", method, dataset, value, len(made))
    else:
        measured = wanted
        number = Metric(value=None, n=0, reason="there are no edits", details=details, **about)
    write_metric(metric, number, [weights, model, edits, edits_index])
    if values is not None:
        errors = absolute_errors(measured, wanted).mean(axis=1)
        write_values(values, number, made.ids, made.index["person"].tolist(), errors)
    if readings is not None:
        table = pd.DataFrame(measured, columns=list(AUS)).round(4)
        write_records(readings, table.assign(id=made.ids)[["id", *AUS]])
