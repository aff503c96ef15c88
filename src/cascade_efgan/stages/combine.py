"""Put data sets together, for the pre-training of wild images."""

import logging
from pathlib import Path
from typing import Annotated

from typer import Option

from cascade_efgan.data.face_crops.combine import Cropped, combine
from cascade_efgan.orchestration.cli_args import named_paths, same_names

log = logging.getLogger("efgan.combine")


def command(
    from_crops: Annotated[list[str], Option(help="DATASET=crops.npy, repeatable")],
    from_index: Annotated[list[str], Option(help="DATASET=crops.csv, repeated alike")],
    from_split: Annotated[list[str], Option(help="DATASET=split.csv, repeated alike")],
    crops: Annotated[Path, Option(help="array file of all crops, (N, S, S, 3) uint8 RGB, written")],
    index: Annotated[Path, Option(help="CSV with one row per crop, written")],
    split: Annotated[Path, Option(help="CSV of ids and their part, written")],
) -> None:
    """Put data sets together, for the pre-training of wild images (Sec. 4.5)."""
    flags = ("--from-crops", "--from-index", "--from-split")
    paths = [named_paths(flag, words) for flag, words in zip(flags, (from_crops, from_index, from_split), strict=True)]
    sources = {name: Cropped(*(named[name] for named in paths)) for name in same_names(flags, *paths)}
    count = combine(sources, Cropped(crops, index, split))
    log.info("%d images of %s in %s", count, ", ".join(sources), crops)
