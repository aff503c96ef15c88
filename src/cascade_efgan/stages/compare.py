"""Intervals over people, and paired tests between methods."""

import logging
from pathlib import Path
from typing import Annotated

from typer import Option

from cascade_efgan.files import write_json, write_text
from cascade_efgan.orchestration.cli_args import with_seeds
from cascade_efgan.stages import options
from cascade_efgan.tables.comparison_text import comparisons_csv, comparisons_markdown
from cascade_efgan.tables.comparisons import compare
from cascade_efgan.tables.context import read_context

log = logging.getLogger("efgan.compare")


def command(
    name: Annotated[str, Option(help="accuracy (Table 1), quality (Table 2), ablation (Table 3) or measures")],
    context: options.RunDescription,
    comparisons: Annotated[Path, Option(help="intervals and tests to write (JSON)")],
    markdown: Annotated[Path, Option(help="the same as Markdown")],
    csv: Annotated[Path, Option(help="the same as CSV, one row per interval or test")],
    values: Annotated[
        list[Path], Option(help="values behind a number (CSV), repeatable; {seed} stands for every seed")
    ] = [],
) -> None:
    """Bootstrap intervals over people, and paired tests between methods with Holm's correction."""
    run = read_context(context)
    found = compare(name, run, with_seeds(values, run["settings"]["seeds"]))
    write_json(comparisons, found)
    write_text(markdown, comparisons_markdown(found, run))
    write_text(csv, comparisons_csv(found))
    shown = sum(test["better"] is not None for test in found["tests"])
    log.info("%s: %d intervals, %d of %d tests show a difference", name, len(found["intervals"]), shown,
             len(found["tests"]))  # fmt: skip
