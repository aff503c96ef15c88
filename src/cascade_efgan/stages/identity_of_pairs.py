"""Cosines of features of real images of one person and of different people."""

import logging
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from typer import Option

from cascade_efgan.data.dataset import part_rows, read_index
from cascade_efgan.errors import InputError
from cascade_efgan.evaluation.metric import Metric, write_metric
from cascade_efgan.evaluation.similarity import directions, identity_of_pairs, mean_by_image, ordered_share
from cascade_efgan.evaluation.statistics import load_statistics, load_vectors
from cascade_efgan.evaluation.values import write_values
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
    unit = directions(vectors, vectors.mean(axis=0, dtype=np.float64))
    pairs = identity_of_pairs(faces, unit, part_rows(faces, split, "test"))
    cosines = [np.array([cosine for _, cosine in pairs[kind]]) for kind in ("same_person", "other_person")]
    details: dict[str, Any] = {"extractor": extractor}
    if all(map(len, cosines)):
        details |= {"auc": ordered_share(*cosines)}
        log.info("%s: cosines tell the same person from another one in %.1f %%", extractor, 100 * details["auc"])
    for kind, metric, values in (
        ("same_person", same_person, same_person_values),
        ("other_person", other_person, other_person_values),
    ):
        table = mean_by_image(pairs[kind], faces)
        reason = None if len(table) else "the data set has no such pair of real images"
        value = float(table["value"].mean()) if len(table) else None
        number = Metric("identity", value, len(table), dataset, kind, seed, reason=reason, details=details,
                        settings={"extractor": extractor})  # fmt: skip
        write_metric(metric, number, [index, split, real_vectors])
        write_values(values, number, table["id"].tolist(), table["person"].tolist(), table["value"])
