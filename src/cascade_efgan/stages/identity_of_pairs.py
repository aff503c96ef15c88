"""Cosines of features of real images of one person and of different people."""

import logging
from pathlib import Path
from typing import Annotated, Any

from typer import Option

from cascade_efgan.data.face_crops.dataset import part_rows, read_index
from cascade_efgan.errors import InputError
from cascade_efgan.evaluation.identity import identity_of_pairs, mean_by_image, ordered_share
from cascade_efgan.evaluation.statistics import load_statistics, load_vectors
from cascade_efgan.evaluation.values import write_mean
from cascade_efgan.stages import options

log = logging.getLogger("efgan.identity_of_pairs")


def command(
    dataset: options.Dataset,
    seed: options.Seed,
    index: options.Index,
    split: Annotated[Path, Option(help="split.csv; pairs begin at its test images")],
    real: options.RealStatistics,
    real_vectors: options.RealVectors,
    same_person: Annotated[Path, Option(help="cosine of images of one person to write (JSON)")],
    same_person_values: Annotated[Path, Option(help="the same for every test image (CSV)")],
    other_person: Annotated[Path, Option(help="cosine of images of different people to write (JSON)")],
    other_person_values: Annotated[Path, Option(help="the same for every test image (CSV)")],
) -> None:
    """Cosines of pairs of real images, which say what the cosine of an edit and its input means."""
    faces, vectors = read_index(index), load_vectors(real_vectors)
    if len(vectors) != len(faces):
        raise InputError(f"{real_vectors}: {len(vectors)} images, but {index} has {len(faces)} rows; make both again")
    extractor = load_statistics(real).extractor
    details: dict[str, Any] = {"extractor": extractor}
    pairs = identity_of_pairs(faces, vectors, part_rows(faces, split, "test"))
    if all(map(len, pairs.values())):
        details["auc"] = ordered_share(pairs["same_person"]["value"], pairs["other_person"]["value"])
        log.info("%s: cosines tell the same person from another one in %.1f %%", extractor, 100 * details["auc"])
    common = {"name": "identity", "dataset": dataset, "seed": seed}
    common |= {"details": details, "settings": {"extractor": extractor}}
    files = {"same_person": (same_person, same_person_values), "other_person": (other_person, other_person_values)}
    for kind, (metric, values) in files.items():
        table, empty = mean_by_image(pairs[kind], faces), "the data set has no such pair of real images"
        write_mean(metric, values, {**common, "method": kind}, table, [index, split, real_vectors], empty)
