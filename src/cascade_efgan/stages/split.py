"""Train and test parts."""

import logging
from pathlib import Path
from typing import Annotated

from typer import Option

from cascade_efgan.config.resolve import settings_from_flags
from cascade_efgan.data.face_crops.dataset import read_index
from cascade_efgan.data.face_crops.split import check_labelled, make_split
from cascade_efgan.data.records import write_records
from cascade_efgan.files import sha256_file

log = logging.getLogger("efgan.split")


def command(
    index: Annotated[Path, Option(help="CSV with one row per crop")],
    split: Annotated[Path, Option(help="CSV of ids and their part, written")],
    labelled: Annotated[bool, Option(help="refuse unknown expressions and one missing in train")] = True,
    settings: Annotated[list[str], Option("--set", help="section.key=value, repeatable")] = [],
) -> None:
    """Train and test parts (Sec. 4.1: random 90 % / 10 %)."""
    wanted = settings_from_flags(settings).split
    table = read_index(index)
    if labelled:
        check_labelled(table, index)
    parts = make_split(table, wanted.by, wanted.test_share, wanted.seed, index, labelled=labelled)
    write_records(split, parts)
    counts = parts["part"].value_counts()
    log.info("%d train and %d test images, drawn by %s, in %s", counts["train"], counts["test"], wanted.by, split)
    log.info("SHA-256 of %s: %s", split, sha256_file(split))
