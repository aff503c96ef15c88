"""Fréchet distance between features of real images and of edits."""

import logging
from pathlib import Path
from typing import Annotated

from typer import Option

from cascade_efgan.evaluation.features_by_person import read_features_by_person
from cascade_efgan.evaluation.fid import DistanceTo, distance
from cascade_efgan.evaluation.metric import Metric, write_metric
from cascade_efgan.evaluation.statistics import DISTANCE_NAMES, load_statistics
from cascade_efgan.evaluation.values import write_replicates
from cascade_efgan.stages import options

log = logging.getLogger("efgan.fid")


def command(
    method: options.Method,
    dataset: options.Dataset,
    seed: options.Seed,
    real: Annotated[Path, Option(help="feature statistics of real images (safetensors)")],
    edits: Annotated[Path, Option(help="feature statistics of the edits of the test images (safetensors)")],
    edits_vectors: Annotated[Path, Option(help="features of every edit (NPY), to leave people out")],
    edits_index: Annotated[Path, Option(help="index of the edits (CSV), likewise")],
    metric: options.Metric,
    values: Annotated[Path, Option(help="the same without each person in turn, to write (CSV)")],
) -> None:
    """Fréchet distance between real images and edits; FID only with pytorch-fid's Inception (Sec. 4.3)."""
    first, second = load_statistics(real), load_statistics(edits)
    value = distance(first, second)
    details = first.about(DISTANCE_NAMES)
    number = Metric("fid", value, second.n, dataset, method, seed, details=details,
                    settings={"extractor": first.extractor})  # fmt: skip
    write_metric(metric, number, [real, edits])
    people = read_features_by_person(edits_vectors, edits_index)
    measure = DistanceTo(people.vectors, first)
    write_replicates(values, number, people.without_each(lambda kept: measure(people.rows(kept))))
    log.info(
        "%s of %s on %s: %.2f (%d edits, %d real images)", details["column"], method, dataset, value, second.n, first.n
    )
