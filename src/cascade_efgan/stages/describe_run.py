"""`efgan describe_run`: the settings and data sets of a run, for the heads of its tables."""

import logging
from pathlib import Path
from typing import Annotated

from typer import Option

from cascade_efgan.config import settings_from_flags
from cascade_efgan.errors import InputError
from cascade_efgan.files import write_json
from cascade_efgan.tables.context import dataset_facts, describe

log = logging.getLogger("efgan.describe_run")


def command(
    out: Annotated[Path, Option(help="description to write (JSON)")],
    index: Annotated[list[str], Option(help="DATASET=crops.csv, repeatable")],
    split: Annotated[list[str], Option(help="DATASET=split.csv, repeatable")],
    excluded: Annotated[list[str], Option(help="DATASET=excluded.csv, repeatable")],
    settings: Annotated[list[str], Option("--set", help="section.key=value; all sections")] = [],
) -> None:
    """Write down what made the tables: settings, how they differ from the paper's, and every data set's size."""
    indexes, splits, exclusions = (
        _by_dataset(*words) for words in (("--index", index), ("--split", split), ("--excluded", excluded))
    )
    if not indexes.keys() == splits.keys() == exclusions.keys():
        raise InputError("--index, --split and --excluded: expected the same data sets in all three")
    facts = {name: dataset_facts(indexes[name], splits[name], exclusions[name]) for name in indexes}
    run = describe(settings_from_flags(settings), facts)
    write_json(out, run)
    log.info("%d data sets, %d differences from the paper's setting", len(facts), len(run["differences"]))


def _by_dataset(flag: str, words: list[str]) -> dict[str, Path]:
    paths: dict[str, Path] = {}
    for word in words:
        name, separator, path = word.partition("=")
        if not (separator and name and path) or name in paths:
            raise InputError(f"{flag} {word}: expected DATASET=PATH, every data set once")
        paths[name] = Path(path)
    return paths
