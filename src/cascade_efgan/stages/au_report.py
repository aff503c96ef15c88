"""AU sanity report: what looks wrong with a data set's AUs."""

import logging
from pathlib import Path
from typing import Annotated

from typer import Option

from cascade_efgan.data.checks.au_checks import au_warnings
from cascade_efgan.data.checks.au_report import au_table, origin_warnings, read_au_rows, render_report
from cascade_efgan.data.records import write_records
from cascade_efgan.files import read_json, write_text

log = logging.getLogger("efgan.au_report")


def command(
    index: Annotated[Path, Option(help="CSV with one row per crop")],
    report: Annotated[Path, Option(help="report for a person to read (Markdown), written")],
    table: Annotated[Path, Option(help="CSV of the report's numbers, written")],
    openface: Annotated[Path | None, Option(help="JSON: where the values come from (openface.json)")] = None,
) -> None:
    """AU sanity report of a data set. Its warnings stop nothing."""
    rows = read_au_rows(index)
    statistics = au_table(rows)
    origin = read_json(openface) if openface else {}
    warnings = [*au_warnings(rows, statistics), *origin_warnings(origin)]
    text = render_report(statistics, warnings, sorted(set(rows["dataset"])), origin)
    write_records(table, statistics)
    write_text(report, text)
    for sentence in warnings:
        log.warning("warning: %s", sentence)
    log.info("%d crops, %d warnings, in %s", len(rows), len(warnings), report)
