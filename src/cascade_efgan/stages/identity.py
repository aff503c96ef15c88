"""Cosines of features of edits and of their inputs."""

import logging
from pathlib import Path
from typing import Annotated

import numpy as np
from typer import Option

from cascade_efgan.data.dataset import read_index
from cascade_efgan.data.records import read_records
from cascade_efgan.errors import InputError
from cascade_efgan.evaluation.metric import Metric, write_metric
from cascade_efgan.evaluation.similarity import directions, identity_of_edits
from cascade_efgan.evaluation.statistics import load_statistics, load_vectors
from cascade_efgan.evaluation.values import write_values
from cascade_efgan.generation.edit_plan import EDIT_TEXT
from cascade_efgan.stages import options

log = logging.getLogger("efgan.identity")


def command(
    method: options.Method,
    dataset: options.Dataset,
    seed: options.Seed,
    real: options.RealStatistics,
    real_vectors: options.RealVectors,
    index: options.Index,
    edits_vectors: Annotated[Path, Option(help="features of every edit (NPY)")],
    edits_index: Annotated[Path, Option(help="index of the edits (CSV)")],
    metric: Annotated[Path, Option(help="mean cosine of edit and input to write (JSON)")],
    values: Annotated[Path, Option(help="the cosine of every edit to write (CSV)")],
) -> None:
    """Cosine between the features of each edit to another expression and of its input. Not in the paper."""
    edits, vectors, features = (
        read_records(edits_index, EDIT_TEXT),
        load_vectors(edits_vectors),
        load_vectors(real_vectors),
    )
    rows = {name: row for row, name in enumerate(read_index(index)["id"])}
    unknown = [name for name in edits["source_id"] if name not in rows]
    if unknown or len(rows) != len(features) or len(edits) != len(vectors):
        raise InputError(f"{index}: does not belong to these edits and features; run their rules again")
    middle = features.mean(axis=0, dtype=np.float64)
    sources = features[[rows[name] for name in edits["source_id"]]]
    table = identity_of_edits(edits, directions(vectors, middle), directions(sources, middle))
    mean = float(table["value"].mean()) if len(table) else None
    reason = None if len(table) else "there are no edits to another expression"
    about = {"extractor": load_statistics(real).extractor}
    number = Metric("identity", mean, len(table), dataset, method, seed, reason=reason, details=about, settings=about)
    write_metric(metric, number, [real_vectors, index, edits_vectors, edits_index])
    write_values(values, number, table["id"].tolist(), table["person"].tolist(), table["value"])
    log.info("cosine of edits and inputs of %s on %s over %d edits", method, dataset, len(table))
