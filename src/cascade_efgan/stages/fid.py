"""`efgan fid`: distances between the features of real images and of edits."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pandas as pd
from typer import Option

from cascade_efgan.data.dataset import part_rows, read_index
from cascade_efgan.data.records import read_records
from cascade_efgan.errors import InputError
from cascade_efgan.evaluation.edits import EDIT_TEXT
from cascade_efgan.evaluation.fid import DistanceTo, distance
from cascade_efgan.evaluation.kernel import kernel_sums
from cascade_efgan.evaluation.metric import Metric, write_metric
from cascade_efgan.evaluation.significance import person_groups
from cascade_efgan.evaluation.similarity import directions, identity_of_edits
from cascade_efgan.evaluation.statistics import DISTANCE_NAMES, KERNEL_NAMES, load_statistics, load_vectors
from cascade_efgan.evaluation.values import write_replicates, write_values

log = logging.getLogger("efgan.fid")


def command(
    method: Annotated[str, Option(help="method or control")],
    dataset: Annotated[str, Option(help="data set")],
    seed: Annotated[int, Option(min=0, help="training seed")],
    real: Annotated[Path, Option(help="feature statistics of real images (safetensors)")],
    edits: Annotated[Path, Option(help="feature statistics of the edits of the test images (safetensors)")],
    metric: Annotated[Path, Option(help="number to write (JSON)")],
    edits_index: Annotated[Path | None, Option(help="index of the edits (CSV), for people to leave out")] = None,
    edits_vectors: Annotated[Path | None, Option(help="features of every edit (NPY), to leave people out")] = None,
    values: Annotated[Path | None, Option(help="the distance without each person in turn, to write (CSV)")] = None,
    real_vectors: Annotated[Path | None, Option(help="features of every real image (NPY), for the kernel")] = None,
    index: Annotated[Path | None, Option(help="crops.csv, where the real images are one part")] = None,
    split: Annotated[Path | None, Option(help="split.csv, likewise")] = None,
    kernel_metric: Annotated[Path | None, Option(help="kernel distance to write (JSON)")] = None,
    kernel_values: Annotated[Path | None, Option(help="the same without each person in turn, to write (CSV)")] = None,
    identity_metric: Annotated[Path | None, Option(help="cosine of edit and input to write (JSON)")] = None,
    identity_values: Annotated[Path | None, Option(help="the same for every edit, to write (CSV)")] = None,
) -> None:
    """Fréchet and kernel distance between real images and edits; FID and KID only with pytorch-fid's Inception."""
    first, second = load_statistics(real), load_statistics(edits)
    value = distance(first, second)
    details: dict[str, Any] = {
        "extractor": first.extractor,
        "column": DISTANCE_NAMES[first.extractor],
        "features": len(first.mean),
        "n_real": first.n,
        "real_part": first.origin.get("part", "all"),
    }
    kernel_name = KERNEL_NAMES[first.extractor]
    number = Metric(
        "fid", value, second.n, dataset, method, seed, details=details, settings={"extractor": first.extractor}
    )
    write_metric(metric, number, [real, edits])
    log.info(
        "%s of %s on %s: %.2f (%d edits, %d real images)", details["column"], method, dataset, value, second.n, first.n
    )
    if edits_index is None or edits_vectors is None:
        if values is not None or kernel_metric is not None or identity_metric is not None:
            raise InputError("--edits-index and --edits-vectors: give both, or none of the outputs that need them")
        return
    people = People.read(edits_vectors, edits_index)
    if values is not None:
        measure = DistanceTo(people.vectors, first)
        write_replicates(values, number, people.without(lambda kept: measure(people.rows(kept))))
    if real_vectors is None or index is None:
        if kernel_metric is not None or identity_metric is not None:
            raise InputError("--real-vectors and --index: --kernel-metric and --identity-metric need both")
        return
    features = load_vectors(real_vectors)
    if kernel_metric is not None:
        sums = kernel_sums(people.vectors, people.groups, _of_part(features, details["real_part"], index, split))
        kernel = replace(number, name="kid", value=sums.distance(), details=details | {"column": kernel_name})
        write_metric(kernel_metric, kernel, [real_vectors, edits_vectors])
        if kernel_values is not None:
            write_replicates(kernel_values, kernel, people.without(sums.distance))
    if identity_metric is not None:
        table = _identity(read_records(edits_index, EDIT_TEXT), people.vectors, features, index)
        mean = float(table["value"].mean()) if len(table) else None
        reason = None if len(table) else "there are no edits to another expression"
        about = {"extractor": first.extractor}
        similarity = replace(number, name="identity", value=mean, n=len(table), reason=reason, details=about)
        write_metric(identity_metric, similarity, [real_vectors, index, edits_vectors, edits_index])
        if identity_values is not None:
            write_values(identity_values, similarity, table["id"].tolist(), table["person"].tolist(), table["value"])


@dataclass(frozen=True)
class People:
    """Features of the edits by group of people.

    Attributes:
        vectors: `(N, D)` features.
        groups: `(N,)` int64, group of each.
        names: people of every group.
    """

    vectors: np.ndarray
    groups: np.ndarray
    names: list[str]

    @classmethod
    def read(cls, path: Path, index_path: Path) -> "People":
        """Read features and the index of the edits.

        Raises:
            InputError: the two do not belong together.
        """
        vectors = load_vectors(path)
        people = read_records(index_path, EDIT_TEXT)["person"].tolist()
        if len(people) != len(vectors):
            raise InputError(f"{index_path}: {len(people)} rows, but {path} holds {len(vectors)}; make both again")
        group_of = person_groups(people)
        names = list(dict.fromkeys(group_of[name] for name in sorted(group_of)))
        return cls(vectors, np.array([names.index(group_of[person]) for person in people]), names)

    def rows(self, kept: np.ndarray) -> np.ndarray:
        """Rows of some groups."""
        return np.flatnonzero(np.isin(self.groups, kept))

    def without(self, measure: Callable[[np.ndarray], float]) -> dict[str, float]:
        """A measure of all groups but one, by the people of that one; a distance needs two images of the others."""
        found = {}
        for turn, name in enumerate(self.names):
            kept = np.delete(np.arange(len(self.names)), turn)
            if len(self.rows(kept)) >= 2:
                found[name] = measure(kept)
        return found


def _identity(edits: pd.DataFrame, vectors: np.ndarray, real: np.ndarray, index: Path) -> pd.DataFrame:
    """Cosine of each edit and its input: columns `id`, `person`, `value`."""
    rows = {name: row for row, name in enumerate(read_index(index)["id"])}
    unknown = [name for name in edits["source_id"] if name not in rows]
    if unknown or len(rows) != len(real):
        raise InputError(f"{index}: does not belong to these edits and features; run their rules again")
    middle = real.mean(axis=0, dtype=np.float64)
    sources = real[[rows[name] for name in edits["source_id"]]]
    return identity_of_edits(edits, directions(vectors, middle), directions(sources, middle))


def _of_part(vectors: np.ndarray, part: str, index: Path | None, split: Path | None) -> np.ndarray:
    """The features of the real images that the statistics are of."""
    if part == "all":
        return vectors
    if index is None or split is None:
        raise InputError(f"--index and --split: the real images are the {part} part, which needs both")
    return vectors[part_rows(read_index(index), split, part)]  # type: ignore[arg-type]
