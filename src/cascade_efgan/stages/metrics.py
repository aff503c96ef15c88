"""`efgan metrics`: the numbers of the tables as small JSON files, one a row, for `dvc metrics show` and `diff`."""

import csv
import logging
import os
import shutil
from pathlib import Path
from typing import Annotated

from typer import Option

from cascade_efgan.errors import InputError
from cascade_efgan.files import write_json

log = logging.getLogger("efgan.metrics")


def command(
    table: Annotated[list[Path], Option(help="table (CSV, one line per number), repeatable")],
    out: Annotated[Path, Option(help="folder to write: TABLE/DATASET/METHOD.json")],
) -> None:
    """Write each row of the tables as a JSON file of its numbers; a number that is missing is left out."""
    partial = out.with_name(f".{out.name}.{os.getpid()}.partial")
    try:
        for path in table:
            for place, row in rows_of(path).items():
                write_json(partial / f"{place}.json", row)
        shutil.rmtree(out, ignore_errors=True)
        os.replace(partial, out)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    log.info("%s: the rows of %d tables", out, len(table))


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
