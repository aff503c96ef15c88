"""Features of a set of images, and their statistics."""

import logging
from pathlib import Path
from typing import Annotated

import numpy as np
from typer import Option

from cascade_efgan.config import settings_from_flags
from cascade_efgan.data.face_crops.dataset import load_images, part_rows, read_index
from cascade_efgan.devices import pick_device
from cascade_efgan.errors import InputError
from cascade_efgan.evaluation.features import build_extractor, feature_batches
from cascade_efgan.evaluation.metric import hashed
from cascade_efgan.evaluation.statistics import save_statistics, statistics
from cascade_efgan.files import atomic_path

log = logging.getLogger("efgan.features")


def command(
    images: Annotated[Path, Option(help="packed images: (N, S, S, 3) uint8 RGB (NPY)")],
    features: Annotated[Path, Option(help="mean and covariance to write (safetensors)")],
    vectors: Annotated[
        Path, Option(help="features of every image, of the other part too, to write: (N, D) float32 (NPY)")
    ],
    index: Annotated[Path | None, Option(help="crops.csv, to choose a part")] = None,
    split: Annotated[Path | None, Option(help="split.csv, to choose a part")] = None,
    part: Annotated[str, Option(help="all, train or test images")] = "all",
    extractor_weights: Annotated[Path | None, Option(help="Inception's weights, as fetch_weights writes them")] = None,
    settings: Annotated[list[str], Option("--set", help="section.key=value; section fid")] = [],
) -> None:
    """Mean and covariance of features of a set of images, by the network that fid.extractor names."""
    config = settings_from_flags(settings).fid
    packed = load_images(images)
    rows = np.arange(len(packed))
    inputs = [images]
    if part != "all":
        if index is None or split is None:
            raise InputError(f"--index and --split: --part {part} needs both")
        table = read_index(index)
        if len(table) != len(packed):
            raise InputError(f"{index}: {len(table)} rows, but {images} holds {len(packed)} images; make both again")
        rows = part_rows(table, split, part)  # type: ignore[arg-type]
        inputs += [index, split]
    extractor = build_extractor(config, extractor_weights)
    batches = feature_batches(extractor, packed, np.arange(len(packed)), config.batch, pick_device())
    starts = range(0, len(packed), config.batch)
    with atomic_path(vectors) as partial:
        shape = (len(packed), extractor.dim)
        kept = np.lib.format.open_memmap(partial, mode="w+", dtype=np.float32, shape=shape)
        for start, values in zip(starts, batches, strict=True):
            kept[start : start + len(values)] = values
        parts = np.split(rows, np.searchsorted(rows, starts[1:]))  # a batch at a time in memory
        result = statistics(
            (kept[own] for own in parts if len(own)), config.extractor, {"part": part, **hashed(inputs)}
        )
        kept.flush()
    save_statistics(features, result)
    log.info("%d images of %s (%s) by %s", result.n, images, part, config.extractor)
