"""Which claims a preset can decide at all."""

from pathlib import Path
from typing import Annotated

from typer import Option

from cascade_efgan.claims.plan import plan_markdown
from cascade_efgan.files import write_text
from cascade_efgan.stages import options
from cascade_efgan.tables.context import read_context


def command(
    context: options.RunDescription,
    measured: Annotated[Path, Option(help="parts of claims of another run, which tell how people differ (CSV)")],
    plan: Annotated[Path, Option(help="page to write (Markdown)")],
) -> None:
    """Say before a run what its test people and faces can decide, from the description of its data alone."""
    write_text(plan, plan_markdown(read_context(context), measured))
