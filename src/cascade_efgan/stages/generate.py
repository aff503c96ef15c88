"""Edit the images of one part to every expression."""

import logging
import sys
from pathlib import Path
from typing import Annotated

import numpy as np
from tqdm import tqdm
from typer import Option

from cascade_efgan.config import settings_from_flags
from cascade_efgan.data.face_crops.dataset import load_faces, part_rows, read_index
from cascade_efgan.devices import pick_device
from cascade_efgan.errors import InputError
from cascade_efgan.files import atomic_path
from cascade_efgan.generation.edit import edit_all, trained, true_edit, unchanged
from cascade_efgan.generation.edit_plan import expression_means, plan_edits
from cascade_efgan.models.build import load_generator

log = logging.getLogger("efgan.generate")


def command(
    method: Annotated[str, Option(help="a trained method, or the control unchanged or true_edit")],
    part: Annotated[str, Option(help="train or test")],
    seed: Annotated[int, Option(min=0, help="seed of the expressions drawn for training images")],
    crops: Annotated[Path, Option(help="crops.npy")],
    index: Annotated[Path, Option(help="crops.csv")],
    split: Annotated[Path, Option(help="split.csv")],
    edits: Annotated[Path, Option(help="edits to write: (M, S, S, 3) uint8 RGB (NPY)")],
    edits_index: Annotated[Path, Option(help="one row per edit to write (CSV)")],
    weights: Annotated[Path | None, Option(help="generator's weights, for trained methods")] = None,
    model: Annotated[Path | None, Option(help="model description, for trained methods")] = None,
    targets_index: Annotated[
        Path | None, Option(help="crops.csv whose training images give the targets' mean AUs; default: --index")
    ] = None,
    targets_split: Annotated[Path | None, Option(help="its split.csv; default: --split")] = None,
    settings: Annotated[
        list[str], Option("--set", help="section.key=value; sections crop classifier generation_batch rendered")
    ] = [],
) -> None:
    """Edit every image of a part: test images to all expressions, training images to some others (R+G)."""
    config = settings_from_flags(settings)
    faces = load_faces(crops, index)
    sources = part_rows(faces.index, split, part)  # type: ignore[arg-type]
    if (targets_index is None) != (targets_split is None):
        raise InputError("--targets-index and --targets-split: give both or neither")
    targets = faces.index if targets_index is None else read_index(targets_index)
    means = expression_means(targets, part_rows(targets, targets_split or split, "train"))
    per_image = None if part == "test" else config.classifier.edits_per_image or len(means)
    plan = plan_edits(faces.index, sources, means, per_image, seed)
    if method == "unchanged":
        edit_batch = unchanged(faces)
    elif method == "true_edit":
        edit_batch = true_edit(faces, config.rendered.seed)
    elif weights is None or model is None:
        raise InputError(f"--weights and --model: {method} is a trained method and needs both")
    else:
        edit_batch = trained(load_generator(weights, model)[0], faces, pick_device())
    log.info("%d edits of %d %s images by %s", len(plan), len(sources), part, method)
    with atomic_path(edits) as partial, atomic_path(edits_index) as partial_index:
        shape = (len(plan), faces.size, faces.size, 3)
        packed = np.lib.format.open_memmap(partial, mode="w+", dtype=np.uint8, shape=shape)
        done = 0
        with tqdm(total=len(plan), unit="edit", file=sys.stderr, disable=None) as bar:
            for batch in edit_all(plan, faces, edit_batch, config.generation_batch):
                packed[done : done + len(batch)] = batch
                done += len(batch)
                bar.update(len(batch))
        packed.flush()
        plan.to_csv(partial_index, index=False, float_format="%.6g", lineterminator="\n")
