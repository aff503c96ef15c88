"""Render a table from metric files."""

import logging
from pathlib import Path
from typing import Annotated

from typer import Option

from cascade_efgan.files import write_text
from cascade_efgan.orchestration.cli_args import with_seeds
from cascade_efgan.stages import options
from cascade_efgan.tables.build import build_table, read_metrics
from cascade_efgan.tables.comparisons import read_comparisons
from cascade_efgan.tables.context import read_context
from cascade_efgan.tables.health import losses_of_runs
from cascade_efgan.tables.render import as_csv, latex, markdown

log = logging.getLogger("efgan.table")


def command(
    name: Annotated[str, Option(help="accuracy (Table 1), quality (Table 2), ablation (Table 3) or measures")],
    context: options.RunDescription,
    metrics: Annotated[list[Path], Option(help="metric file (JSON), repeatable; {seed} stands for every seed")],
    markdown_: Annotated[Path, Option("--markdown", help="table to write (Markdown)")],
    csv: Annotated[Path, Option(help="table to write (CSV, one line per number)")],
    latex_: Annotated[Path, Option("--latex", help="table to write (LaTeX, booktabs)")],
    comparisons: Annotated[Path | None, Option(help="intervals and tests of this table (JSON)")] = None,
    curves: Annotated[
        list[Path], Option(help="losses of a training, as DATASET/seedSEED/METHOD/curves.csv, to warn of failures")
    ] = [],
) -> None:
    """Render a table from metric files and the description of the run, and from nothing else."""
    run = read_context(context)
    seeds = run["settings"]["seeds"]
    numbers = read_metrics(with_seeds(metrics, seeds), run["settings"]["datasets"], seeds)
    found = None if comparisons is None else read_comparisons(comparisons)
    table = build_table(name, run, numbers, found, losses_of_runs(with_seeds(curves, seeds)) if curves else None)
    for line in table.warnings:
        log.warning("%s", line)
    write_text(markdown_, markdown(table))
    write_text(csv, as_csv(table))
    write_text(latex_, latex(table))
    log.info("%s: %d rows, %d missing numbers explained", table.title, len(table.rows), len(table.footnotes))
