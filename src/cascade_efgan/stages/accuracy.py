"""R, G or R+G: accuracy of a trained classifier."""

import logging
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pandas as pd
from typer import Option

from cascade_efgan.data.face_crops.dataset import load_faces, part_rows
from cascade_efgan.data.records import write_records
from cascade_efgan.devices import pick_device
from cascade_efgan.errors import InputError
from cascade_efgan.evaluation.classifier import accuracy_details, class_numbers, classify, hits, load_classifier
from cascade_efgan.evaluation.metric import Metric, write_metric
from cascade_efgan.evaluation.packed_edits import load_edits
from cascade_efgan.evaluation.values import write_values
from cascade_efgan.stages import options

log = logging.getLogger("efgan.accuracy")


def command(
    name: Annotated[str, Option(help="R, G or R+G")],
    method: Annotated[str, Option(help="method or control; real for R")],
    dataset: options.Dataset,
    seed: options.Seed,
    weights: Annotated[Path, Option(help="classifier's weights (safetensors)")],
    model: Annotated[Path, Option(help="classifier's description (JSON)")],
    metric: options.Metric,
    crops: Annotated[Path | None, Option(help="crops.npy, for R and R+G")] = None,
    index: Annotated[Path | None, Option(help="crops.csv, for R and R+G")] = None,
    split: Annotated[Path | None, Option(help="split.csv, for R and R+G; its test part is used")] = None,
    edits: Annotated[Path | None, Option(help="edits of the test images, for G")] = None,
    edits_index: Annotated[Path | None, Option(help="index of these edits (CSV), for G")] = None,
    predictions: Annotated[Path | None, Option(help="id, true and predicted expression to write (CSV)")] = None,
    values: Annotated[Path | None, Option(help="0 or 100 for every image to write (CSV)")] = None,
) -> None:
    """R, G or R+G: share of test images (or of their edits) whose expression the classifier recognises, percent."""
    if name not in ("R", "G", "R+G"):
        raise InputError(f"--name {name}: expected R, G or R+G")
    images, rows, tested, inputs = _edited(edits, edits_index) if name == "G" else _real(crops, index, split)
    network, description = load_classifier(weights, model)
    true = tested["true"].tolist()
    class_numbers(true, description["classes"], inputs[1])
    if images.shape[1] != description["crop_size"]:
        raise InputError(
            f"{inputs[0]}: images of {images.shape[1]} pixels, but {model} was trained on {description['crop_size']}; "
            "use a classifier of the same crop.size"
        )
    about: dict[str, Any] = {"name": name, "dataset": dataset, "method": method, "seed": seed, "n": len(rows)}
    about["settings"] = description["settings"]
    predicted = classify(network, description["classes"], images, rows, pick_device()) if len(rows) else []
    if len(rows) == 0:
        number = Metric(value=None, reason="the test part has no images", **about)
    else:
        value, details = accuracy_details(true, predicted)
        details["classifier"] = {key: description[key] for key in ("n_real", "n_edits", "steps", "final_loss")}
        number = Metric(value=value, details=details, **about)
        log.info("%s of %s on %s: %.2f %% of %d images", name, method, dataset, value, len(rows))
    write_metric(metric, number, [weights, model, *inputs])
    if predictions is not None:
        write_records(predictions, tested[["id", "true"]].assign(predicted=predicted))
    if values is not None:
        write_values(values, number, tested["id"], tested["person"], hits(true, predicted))


#: Images, their rows, a table of `id`, `person` and `true` expression, and the files that they come from.
Tested = tuple[np.ndarray, np.ndarray, pd.DataFrame, list[Path]]


def _real(crops: Path | None, index: Path | None, split: Path | None) -> Tested:
    if crops is None or index is None or split is None:
        raise InputError("--crops, --index and --split: R and R+G are measured on real test images and need all three")
    faces = load_faces(crops, index)
    rows = part_rows(faces.index, split, "test")
    tested = faces.index[["id", "person"]].assign(true=faces.index["expression"]).iloc[rows]
    return faces.images, rows, tested, [crops, index, split]


def _edited(edits: Path | None, edits_index: Path | None) -> Tested:
    if edits is None or edits_index is None:
        raise InputError("--edits and --edits-index: G is measured on edits of the test images and needs both")
    made = load_edits(edits, edits_index)
    tested = made.index[["person"]].assign(id=made.ids, true=made.index["target_expression"])
    return made.images, np.arange(len(made)), tested, [edits, edits_index]
