"""Kernel distance between features of real images and of edits."""

import logging
from pathlib import Path
from typing import Annotated

from typer import Option

from cascade_efgan.data.dataset import part_rows, read_index
from cascade_efgan.evaluation.features_by_person import FeaturesByPerson
from cascade_efgan.evaluation.kernel import kernel_sums
from cascade_efgan.evaluation.metric import Metric, write_metric
from cascade_efgan.evaluation.statistics import KERNEL_NAMES, load_statistics, load_vectors
from cascade_efgan.evaluation.values import write_replicates

log = logging.getLogger("efgan.kid")


def command(
    method: Annotated[str, Option(help="method or control")],
    dataset: Annotated[str, Option(help="data set")],
    seed: Annotated[int, Option(min=0, help="training seed")],
    real: Annotated[Path, Option(help="feature statistics of real images (safetensors): which part, which network")],
    real_vectors: Annotated[Path, Option(help="features of every real image (NPY)")],
    index: Annotated[Path, Option(help="crops.csv")],
    split: Annotated[Path, Option(help="split.csv")],
    edits_vectors: Annotated[Path, Option(help="features of every edit (NPY)")],
    edits_index: Annotated[Path, Option(help="index of the edits (CSV), for people to leave out")],
    metric: Annotated[Path, Option(help="number to write (JSON)")],
    values: Annotated[Path, Option(help="the same without each person in turn, to write (CSV)")],
) -> None:
    """Kernel distance between real images and edits; KID only with pytorch-fid's Inception. Not in the paper."""
    about = load_statistics(real)
    chosen = load_vectors(real_vectors)[part_rows(read_index(index), split, about.part)]
    people = FeaturesByPerson.read(edits_vectors, edits_index)
    sums = kernel_sums(people.vectors, people.groups, chosen)
    number = Metric("kid", sums.distance(), len(people.vectors), dataset, method, seed,
                    details=about.about(KERNEL_NAMES), settings={"extractor": about.extractor})  # fmt: skip
    write_metric(metric, number, [real_vectors, edits_vectors])
    write_replicates(values, number, people.without_each(sums.distance))
    log.info("%s of %s on %s: %.4f", number.details["column"], method, dataset, sums.distance())
