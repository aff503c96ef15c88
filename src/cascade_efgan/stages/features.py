"""Feature statistics of a set of images."""

import logging
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated

import numpy as np
from typer import Option

from cascade_efgan.config import settings_from_flags
from cascade_efgan.data.dataset import load_images, part_rows, read_index
from cascade_efgan.devices import pick_device
from cascade_efgan.errors import InputError
from cascade_efgan.evaluation.features import build_extractor, feature_batches
from cascade_efgan.evaluation.inception_weights import require_inception_weights
from cascade_efgan.evaluation.metric import hashed
from cascade_efgan.evaluation.statistics import save_statistics, statistics
from cascade_efgan.files import atomic_path

log = logging.getLogger("efgan.features")


def command(
    images: Annotated[Path, Option(help="packed images: (N, S, S, 3) uint8 RGB (NPY)")],
    features: Annotated[Path, Option(help="mean and covariance to write (safetensors)")],
    index: Annotated[Path | None, Option(help="crops.csv, to choose a part")] = None,
    split: Annotated[Path | None, Option(help="split.csv, to choose a part")] = None,
    part: Annotated[str, Option(help="all, train or test images")] = "all",
    extractor_weights: Annotated[Path | None, Option(help="Inception's weights, as fetch_weights writes them")] = None,
    settings: Annotated[list[str], Option("--set", help="section.key=value; section fid")] = [],
    vectors: Annotated[
        Path | None, Option(help="features of every image, of the other part too, to write: (N, D) float32 (NPY)")
    ] = None,
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
    origin = {"part": part, **hashed(inputs)}
    device = pick_device()
    if vectors is None:
        batches = feature_batches(extractor, packed, rows, config.batch, device)
        result = statistics(batches, config.extractor, origin)
    else:
        everything = feature_batches(extractor, packed, np.arange(len(packed)), config.batch, device)
        with atomic_path(vectors) as partial:
            shape = (len(packed), extractor.dim)
            kept = np.lib.format.open_memmap(partial, mode="w+", dtype=np.float32, shape=shape)
            result = statistics(_of_part(_kept(everything, kept), rows), config.extractor, origin)
            kept.flush()
    save_statistics(features, result)
    log.info("%d images of %s (%s) by %s", result.n, images, part, config.extractor)


def _kept(batches: Iterable[np.ndarray], out: np.ndarray) -> Iterator[np.ndarray]:
    """Hand batches on, and write each to its place in `out`: `(N, D)`."""
    done = 0
    for values in batches:
        out[done : done + len(values)] = values
        done += len(values)
        yield values


def _of_part(batches: Iterable[np.ndarray], rows: np.ndarray) -> Iterator[np.ndarray]:
    """The batches without what is not among `rows`; all batches must be read, empty ones are skipped."""
    start = 0
    for values in batches:
        chosen = values[rows[(rows >= start) & (rows < start + len(values))] - start]
        start += len(values)
        if len(chosen):
            yield chosen
