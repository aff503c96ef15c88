"""Cosines of features of edits and of their inputs."""

import logging
from pathlib import Path
from typing import Annotated

import pandas as pd
from typer import Option

from cascade_efgan.data.face_crops.dataset import read_index
from cascade_efgan.data.records import read_records
from cascade_efgan.errors import InputError
from cascade_efgan.evaluation.identity import identity_of_edits
from cascade_efgan.evaluation.packed_edits import edit_ids
from cascade_efgan.evaluation.statistics import load_statistics, load_vectors
from cascade_efgan.evaluation.values import write_mean
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
    edits, faces = read_records(edits_index, EDIT_TEXT), read_index(index)
    vectors, features = load_vectors(edits_vectors), load_vectors(real_vectors)
    sources = pd.Index(faces["id"]).get_indexer(edits["source_id"])
    if (sources < 0).any() or len(faces) != len(features) or len(edits) != len(vectors):
        raise InputError(f"{index}: does not belong to these edits and features; run their rules again")
    cosines = identity_of_edits(vectors, features, sources)
    changed = edits["target_expression"] != edits["source_expression"]
    table = edits.assign(id=edit_ids(edits), value=cosines)[changed]
    extractor = {"extractor": load_statistics(real).extractor}
    about = {"name": "identity", "dataset": dataset, "method": method, "seed": seed}
    number = write_mean(
        metric, values, {**about, "details": extractor, "settings": extractor}, table,
        [real_vectors, index, edits_vectors, edits_index], "there are no edits to another expression",
    )  # fmt: skip
    log.info("cosine of edits and inputs of %s on %s over %d edits", method, dataset, number.n)
