"""Numbers of every edit that only the claims need."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
import torch
from typer import Option

from cascade_efgan.claims.edit_numbers import attention_values, of_edits, path_values
from cascade_efgan.claims.entries import CASCADE, EF
from cascade_efgan.data import AUS
from cascade_efgan.data.face_crops.dataset import Faces, load_faces, part_rows
from cascade_efgan.data.face_crops.patches import load_patch_boxes
from cascade_efgan.data.records import write_records
from cascade_efgan.devices import pick_device
from cascade_efgan.errors import InputError
from cascade_efgan.evaluation.au_regressor import load_au_regressor
from cascade_efgan.evaluation.packed_edits import Edits, load_edits
from cascade_efgan.evaluation.similarity import true_counterparts
from cascade_efgan.evaluation.values import VALUE_COLUMNS, edit_values
from cascade_efgan.figures.networks import Asked, attention_generator
from cascade_efgan.figures.scores import read_readings
from cascade_efgan.models.build import load_au_critic
from cascade_efgan.orchestration.cli_args import named_paths, same_names
from cascade_efgan.stages import options

#: Edits at a time.
BATCH = 32


def command(
    dataset: options.Dataset,
    seed: options.Seed,
    crops: options.Crops,
    index: options.Index,
    split: Annotated[Path, Option(help="split.csv; real AUs are those of its training images")],
    patch_centers: Annotated[Path, Option(help="boxes of the regions (JSON)")],
    asked: Annotated[Path, Option(help="edits of the test images by any control (NPY)")],
    asked_index: Annotated[Path, Option(help="their index (CSV): what is asked for")],
    values: Annotated[Path, Option(help="values of every number to write (CSV)")],
    edits: Annotated[list[str], Option(help="METHOD=PATH of edits of the test images (NPY), repeated")] = [],
    edits_index: Annotated[list[str], Option(help="METHOD=PATH of their index (CSV), repeated")] = [],
    readings: Annotated[list[str], Option(help="METHOD=PATH of AUs read from them (CSV), repeated")] = [],
    weights: Annotated[Path | None, Option(help="EF-GAN's weights")] = None,
    model: Annotated[Path | None, Option(help="EF-GAN's description")] = None,
    cascade_weights: Annotated[Path | None, Option(help="Cascade EF-GAN's weights")] = None,
    cascade_model: Annotated[Path | None, Option(help="Cascade EF-GAN's description")] = None,
    cascade_critics: Annotated[Path | None, Option(help="its discriminators' weights")] = None,
    reader_weights: Annotated[
        Path | None, Option(help="AU regressor's weights; then --asked are the true edits")
    ] = None,
    reader_model: Annotated[Path | None, Option(help="AU regressor's description")] = None,
) -> None:
    """Numbers of edits that change the expression, and of what EF-GAN and Cascade EF-GAN do inside to make them."""
    faces, wanted, device = load_faces(crops, index), load_edits(asked, asked_index), pick_device()
    reader = load_au_regressor(reader_weights, reader_model)[0] if reader_weights and reader_model else None
    arrays, indices = named_paths("--edits", edits), named_paths("--edits-index", edits_index)
    read, boxes = named_paths("--readings", readings), load_patch_boxes(patch_centers)
    tables: list[pd.DataFrame] = []

    def keep(method: str, made: Edits, numbers: Mapping[str, np.ndarray]) -> None:
        """Numbers of each of these edits, `(M,)` by metric, NaN where unknown: of those that change the expression."""
        changed = {name: np.where(made.changes, column, np.nan) for name, column in numbers.items()}
        tables.append(edit_values(made, changed, dataset, method, seed))

    for method in same_names(("--edits", "--edits-index"), arrays, indices):
        made = load_edits(arrays[method], indices[method])
        seen = read_readings(read[method], made.ids) if method in read else None
        truth = None if reader is None else _partners(made, wanted, asked_index)
        keep(method, made, of_edits(made, faces.index, seen, truth, boxes))
    if weights and model:
        single = attention_generator(weights, model).to(device)

        def attention(asked: Asked, rows: np.ndarray) -> Mapping[str, np.ndarray]:
            return attention_values(single, asked, None if reader is None else np.asarray(wanted.images[rows]))

        keep(EF, wanted, _by_batches(attention, wanted, faces, device))
    if cascade_weights and cascade_model and cascade_critics:
        cascade = attention_generator(cascade_weights, cascade_model).to(device)
        critic = load_au_critic(cascade_critics, cascade_model).to(device)
        real = faces.index[list(AUS)].to_numpy(np.float64)[part_rows(faces.index, split, "train")]

        def path(asked: Asked, _: np.ndarray) -> Mapping[str, np.ndarray]:
            return path_values(cascade, critic, asked, real, reader, device)

        keep(CASCADE, wanted, _by_batches(path, wanted, faces, device))
    write_records(values, pd.concat(tables) if tables else pd.DataFrame(columns=list(VALUE_COLUMNS)))


def _partners(made: Edits, truth: Edits, path: Path) -> np.ndarray:
    partner = true_counterparts(made, truth)
    partners = [partner(row) for row in range(len(made))]
    if any(other is None for other in partners):
        raise InputError(f"{path}: lacks true edits of edits that it is compared with; run the rules that make both")
    return np.array(partners)


def _by_batches(
    measure: Callable[[Asked, np.ndarray], Mapping[str, np.ndarray]], wanted: Edits, faces: Faces, device: torch.device
) -> dict[str, np.ndarray]:
    """What `measure` finds of the edits that change the expression; NaN elsewhere."""
    rows = np.flatnonzero(wanted.changes)
    whole: dict[str, np.ndarray] = {}
    for start in range(0, len(rows), BATCH):
        some = rows[start : start + BATCH]
        for name, column in measure(Asked(faces, wanted.index.iloc[some], device), some).items():
            whole.setdefault(name, np.full(len(wanted), np.nan))[some] = column
    return whole
