"""What the paper claims, and whether it holds in this run."""

import logging
from collections import Counter
from pathlib import Path
from typing import Annotated

from typer import Option

from cascade_efgan.claims.text import claims_csv, claims_markdown
from cascade_efgan.claims.verdicts import judge
from cascade_efgan.files import write_json, write_text
from cascade_efgan.orchestration.cli_args import with_seeds
from cascade_efgan.stages import options
from cascade_efgan.tables.context import read_context

log = logging.getLogger("efgan.claims")


def command(
    context: options.RunDescription,
    verdicts: Annotated[Path, Option(help="verdicts to write (JSON)")],
    markdown: Annotated[Path, Option(help="the same as Markdown")],
    csv: Annotated[Path, Option(help="the same as CSV, one row per claim, part or cell")],
    values: Annotated[
        list[Path], Option(help="values behind a number (CSV), repeatable; {seed} stands for every seed")
    ] = [],
    identity: Annotated[
        list[Path], Option(help="identity of real pairs of one person (JSON), repeatable; {seed} likewise")
    ] = [],
) -> None:
    """Verdicts of the paper's claims from the values behind the numbers of a run."""
    run = read_context(context)
    seeds = run["settings"]["seeds"]
    found = judge(run, with_seeds(values, seeds), with_seeds(identity, seeds))
    write_json(verdicts, found)
    write_text(markdown, claims_markdown(found, run))
    write_text(csv, claims_csv(found))
    counts = Counter(one["verdict"] for one in found["claims"])
    log.info("claims: %s", ", ".join(f"{count} {verdict}" for verdict, count in counts.items()))
