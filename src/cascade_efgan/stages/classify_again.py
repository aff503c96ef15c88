"""R or R+G by further classifiers."""

from pathlib import Path
from typing import Annotated

from typer import Option

from cascade_efgan.config import settings_from_flags
from cascade_efgan.data.face_crops.dataset import part_rows
from cascade_efgan.devices import pick_device
from cascade_efgan.evaluation.classifier import classify, hits, train_classifier, training_data
from cascade_efgan.evaluation.metric import Metric
from cascade_efgan.evaluation.values import AGAIN, write_values

#: The seeds of further classifiers are so far apart that runs with other seeds do not share them.
STRIDE = 1000


def command(
    method: Annotated[str, Option(help="method; real for R")],
    dataset: Annotated[str, Option(help="data set")],
    seed: Annotated[int, Option(min=0, help="training seed")],
    crops: Annotated[Path, Option(help="crops.npy")],
    index: Annotated[Path, Option(help="crops.csv")],
    split: Annotated[Path, Option(help="split.csv; its training part is learnt, its test part classified")],
    values: Annotated[Path, Option(help="0 or 100 for every test image and classifier to write (CSV)")],
    edits: Annotated[Path | None, Option(help="edits of the training images, for R+G")] = None,
    edits_index: Annotated[Path | None, Option(help="index of these edits (CSV)")] = None,
    settings: Annotated[
        list[str], Option("--set", help="section.key=value; section classifier, and measures.classifiers")
    ] = [],
) -> None:
    """R or R+G by `measures.classifiers` classifiers, each from a seed of its own; the id says which: `image#1`."""
    config, device = settings_from_flags(settings), pick_device()
    faces, data, real = training_data(crops, index, split, edits, edits_index)
    rows = part_rows(faces.index, split, "test")
    ids, people, true = (faces.index[name].iloc[rows].tolist() for name in ("id", "person", "expression"))
    names: list[str] = []
    right: list[float] = []
    for turn in range(1, config.measures.classifiers + 1):
        own = seed + STRIDE * turn
        network, _ = train_classifier(data, real, faces.expressions, faces.size, config.classifier, own, device)
        names += [f"{name}{AGAIN}{turn}" for name in ids]
        right += hits(true, classify(network, faces.expressions, faces.images, rows, device))
    number = Metric("R_again" if edits is None else "R+G_again", 0.0, len(names), dataset, method, seed)
    write_values(values, number, names, people * config.measures.classifiers, right)
