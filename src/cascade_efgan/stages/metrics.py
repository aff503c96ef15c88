"""The tables' numbers as JSON files, for `dvc metrics`."""

import csv
import logging
from pathlib import Path
from typing import Annotated

from typer import Option

from cascade_efgan.errors import InputError
from cascade_efgan.files import write_json

log = logging.getLogger("efgan.metrics")


def command(
    table: Annotated[list[Path], Option(help="table (CSV, one line per number), repeatable")],
    row: Annotated[list[Path], Option(help="file to write (JSON): FOLDER/TABLE/DATASET/METHOD.json, repeatable")],
) -> None:
    """Write rows of the tables as JSON files of their numbers; a number that is missing is left out.

    Other JSON files in the same folder are of former settings, and are removed.
    """
    rows = {place: numbers for path in table for place, numbers in rows_of(path).items()}
    for path in row:
        place = "/".join(path.with_suffix("").parts[-3:])
        if place not in rows:
            raise InputError(f"--row {path}: the tables have no row {place}, only {', '.join(rows)}")
        write_json(path, rows[place])
    for folder in {path.parents[2] for path in row}:
        for path in sorted(set(folder.rglob("*.json")) - set(row)):
            path.unlink()
    log.info("%d rows of %d tables", len(row), len(table))


def rows_of(table: Path) -> dict[str, dict[str, float]]:
    """`TABLE/DATASET/METHOD` -> its numbers by column, each with its deviation over the seeds where there is one.

    Raises:
        InputError: the file is no such table.
    """
    rows: dict[str, dict[str, float]] = {}
    try:
        with table.open(encoding="utf-8", newline="") as file:
            for number in csv.DictReader(file):
                row = rows.setdefault(f"{number['table']}/{number['dataset']}/{number['method']}", {})
                for name, value in (("", "value"), (" deviation", "standard_deviation")):
                    if number[value]:
                        row[number["column"] + name] = float(number[value])
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{table}: not a table of this project ({error}); delete it and run its rule again") from None
    return rows
