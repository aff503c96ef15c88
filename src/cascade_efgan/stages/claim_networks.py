"""`efgan claim_networks`: what networks do inside, edit by edit, as only the claims need it."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
from typer import Option

from cascade_efgan.claims.entries import CASCADE, EF, OF_ATTENTION, OF_PATHS
from cascade_efgan.claims.networks import attention_values, path_values
from cascade_efgan.data import AUS
from cascade_efgan.data.dataset import load_faces, part_rows
from cascade_efgan.devices import pick_device
from cascade_efgan.errors import InputError
from cascade_efgan.evaluation.au_regressor import load_au_regressor
from cascade_efgan.evaluation.edits import Edits, load_edits
from cascade_efgan.evaluation.metric import Metric
from cascade_efgan.evaluation.values import write_values
from cascade_efgan.figures.networks import Asked
from cascade_efgan.models.build import load_generator
from cascade_efgan.models.cascade import Cascade
from cascade_efgan.words import named_paths

#: Edits at a time.
BATCH = 32

#: Some rows of the edits -> metric -> their values.
Measure = Callable[[np.ndarray], dict[str, np.ndarray]]


def command(
    dataset: Annotated[str, Option(help="data set")],
    seed: Annotated[int, Option(min=0, help="training seed")],
    crops: Annotated[Path, Option(help="crops.npy")],
    index: Annotated[Path, Option(help="crops.csv")],
    split: Annotated[Path, Option(help="split.csv; real AUs are those of its training images")],
    edits: Annotated[Path, Option(help="edits of the test images by any control (NPY)")],
    edits_index: Annotated[Path, Option(help="their index (CSV): what is asked for")],
    weights: Annotated[Path, Option(help="EF-GAN's weights")],
    model: Annotated[Path, Option(help="EF-GAN's description")],
    values: Annotated[list[str], Option(help="METRIC=PATH of the values to write (CSV), repeated")],
    cascade_weights: Annotated[Path | None, Option(help="Cascade EF-GAN's weights")] = None,
    cascade_model: Annotated[Path | None, Option(help="Cascade EF-GAN's description")] = None,
    reader_weights: Annotated[
        Path | None, Option(help="AU regressor's weights; then --edits are the true edits")
    ] = None,
    reader_model: Annotated[Path | None, Option(help="AU regressor's description")] = None,
) -> None:
    """Attention of EF-GAN, and the Interpolator and paths of Cascade EF-GAN, on edits that change the expression."""
    paths = named_paths("--values", values)
    wanted = {*OF_ATTENTION, *(OF_PATHS if cascade_weights else ())}
    if set(paths) != wanted:
        raise InputError(f"--values: expected each of {', '.join(sorted(wanted))} once, got {', '.join(sorted(paths))}")
    faces, made, device = load_faces(crops, index), load_edits(edits, edits_index), pick_device()
    reader = load_au_regressor(reader_weights, reader_model)[0] if reader_weights and reader_model else None
    single = _generator(weights, model).to(device)

    def attention(rows: np.ndarray) -> dict[str, np.ndarray]:
        truth = None if reader is None else np.asarray(made.images[rows])
        return attention_values(single, Asked(faces, made.index.iloc[rows], device), truth)

    _write(attention, made, paths, OF_ATTENTION, (dataset, EF, seed))
    if cascade_weights is None or cascade_model is None:
        return
    cascade = _generator(cascade_weights, cascade_model).to(device)
    real = faces.index[list(AUS)].to_numpy(np.float64)[part_rows(faces.index, split, "train")]

    def path(rows: np.ndarray) -> dict[str, np.ndarray]:
        return path_values(cascade, Asked(faces, made.index.iloc[rows], device), real, reader, device)

    _write(path, made, paths, OF_PATHS, (dataset, CASCADE, seed))


def _write(
    measure: Measure, made: Edits, paths: dict[str, Path], names: Sequence[str], about: tuple[str, str, int]
) -> None:
    rows, people = np.flatnonzero(made.changes), made.index["person"].to_numpy()
    found = [measure(rows[start : start + BATCH]) for start in range(0, len(rows), BATCH)]
    dataset, method, seed = about
    for name in names:
        column = np.concatenate([one[name] for one in found]) if found else np.empty(0)
        kept = rows[~np.isnan(column)]
        number = Metric(name, 0.0, len(kept), dataset, method, seed)
        ids = [made.ids[row] for row in kept]
        write_values(paths[name], number, ids, people[kept].tolist(), column[~np.isnan(column)])


def _generator(weights: Path, model: Path) -> Cascade:
    generator, spec = load_generator(weights, model)
    if not isinstance(generator, Cascade):
        raise InputError(f"{weights}: {spec.info.title} has no attention maps; give the weights of EF-GAN")
    return generator
