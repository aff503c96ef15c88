"""Write down the settings and data sets of a run, for the heads of its tables."""

import logging
from pathlib import Path
from typing import Annotated

from typer import Option

from cascade_efgan.config import settings_from_flags
from cascade_efgan.files import write_json
from cascade_efgan.orchestration.cli_args import named_paths, same_names
from cascade_efgan.tables.context import dataset_facts, describe

log = logging.getLogger("efgan.describe_run")


def command(
    out: Annotated[Path, Option(help="description to write (JSON)")],
    index: Annotated[list[str], Option(help="DATASET=crops.csv, repeatable")],
    split: Annotated[list[str], Option(help="DATASET=split.csv, repeatable")],
    excluded: Annotated[list[str], Option(help="DATASET=excluded.csv, repeatable")],
    completeness: Annotated[list[str], Option(help="DATASET=completeness.json, repeatable")],
    settings: Annotated[list[str], Option("--set", help="section.key=value; all sections")] = [],
) -> None:
    """Write down what made the tables: settings, how they differ from the paper's, and every data set's size."""
    flags = ("--index", "--split", "--excluded", "--completeness")
    paths = [
        named_paths(flag, words) for flag, words in zip(flags, (index, split, excluded, completeness), strict=True)
    ]
    facts = {name: dataset_facts(*(named[name] for named in paths)) for name in same_names(flags, *paths)}
    run = describe(settings_from_flags(settings), facts)
    write_json(out, run)
    log.info("%d data sets, %d differences from the paper's setting", len(facts), len(run["differences"]))
