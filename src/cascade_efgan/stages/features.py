"""`efgan features`: feature statistics of a set of images."""

import logging
from pathlib import Path
from typing import Annotated

import numpy as np
from typer import Option

from cascade_efgan.config import settings_from_flags
from cascade_efgan.data.dataset import load_images, part_rows, read_index
from cascade_efgan.devices import pick_device
from cascade_efgan.errors import InputError
from cascade_efgan.evaluation.features import build_extractor, feature_batches
from cascade_efgan.evaluation.metric import hashed
from cascade_efgan.evaluation.statistics import save_statistics, statistics
from cascade_efgan.evaluation.weights import require_inception_weights

log = logging.getLogger("efgan.features")


def command(
    images: Annotated[Path, Option(help="packed images: (N, S, S, 3) uint8 RGB (NPY)")],
    features: Annotated[Path, Option(help="mean and covariance to write (safetensors)")],
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
    if config.extractor == "inception" and extractor_weights is None:
        extractor_weights = require_inception_weights(config.inception_weights)
    extractor = build_extractor(config.extractor, extractor_weights)
    batches = feature_batches(extractor, packed, rows, config.batch, pick_device())
    result = statistics(batches, config.extractor, {"part": part, **hashed(inputs)})
    save_statistics(features, result)
    log.info("%d images of %s (%s) by %s", result.n, images, part, config.extractor)
