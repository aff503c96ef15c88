"""Kernel distance between features of real images and of edits."""

import logging
from pathlib import Path
from typing import Annotated

from typer import Option

from cascade_efgan.data.face_crops.dataset import part_rows, read_index
from cascade_efgan.evaluation.features_by_person import read_features_by_person
from cascade_efgan.evaluation.kernel import kernel_sums
from cascade_efgan.evaluation.metric import Metric, write_metric
from cascade_efgan.evaluation.statistics import KERNEL_NAMES, load_statistics, load_vectors
from cascade_efgan.evaluation.values import write_replicates
from cascade_efgan.stages import options

log = logging.getLogger("efgan.kid")


def command(
    method: options.Method,
    dataset: options.Dataset,
    seed: options.Seed,
    real: Annotated[Path, Option(help="feature statistics of real images (safetensors): which part, which network")],
    real_vectors: options.RealVectors,
    index: options.Index,
    split: Annotated[Path, Option(help="split.csv, with the part of each crop")],
    edits_vectors: Annotated[Path, Option(help="features of every edit (NPY)")],
    edits_index: Annotated[Path, Option(help="index of the edits (CSV), for people to leave out")],
    metric: options.Metric,
    values: Annotated[Path, Option(help="the same without each person in turn, to write (CSV)")],
) -> None:
    """Kernel distance between real images and edits; KID only with pytorch-fid's Inception. Not in the paper."""
    about = load_statistics(real)
    chosen = load_vectors(real_vectors)[part_rows(read_index(index), split, about.part)]
    people = read_features_by_person(edits_vectors, edits_index)
    sums = kernel_sums(people.vectors, people.groups, chosen)
    number = Metric("kid", sums.distance(), len(people.vectors), dataset, method, seed,
                    details=about.about(KERNEL_NAMES), settings={"extractor": about.extractor})  # fmt: skip
    write_metric(metric, number, [real_vectors, edits_vectors])
    write_replicates(values, number, people.without_each(sums.distance))
    log.info("%s of %s on %s: %.4f", number.details["column"], method, dataset, sums.distance())
