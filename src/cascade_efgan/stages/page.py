"""A page of a run on which every number shows its trail."""

import logging
from pathlib import Path
from typing import Annotated

from typer import Option

from cascade_efgan.audit.page.build import build_page
from cascade_efgan.audit.release import RECORD, Release
from cascade_efgan.errors import InputError
from cascade_efgan.files import write_text
from cascade_efgan.stages import options
from cascade_efgan.tables.context import read_context

log = logging.getLogger("efgan.page")


def command(
    record: Annotated[Path, Option(help="record of the run, by provenance (JSON); its folder holds the results")],
    run: options.RunDescription,
    page: Annotated[Path, Option(help="page to write (HTML)")],
) -> None:
    """Build one self-contained page: tables beside the paper's, the trail of every number, gallery, figures, DAG."""
    if record.name != RECORD:
        raise InputError(f"{record}: the record of a run is called {RECORD}, in the folder of its results")
    text = build_page(Release(record.parent), read_context(run))
    write_text(page, text)
    log.info("%s: %.1f MB", page, len(text.encode()) / 1e6)
