"""Record a run: every job behind its tables, every file with its hash."""

import logging
from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from cascade_efgan.audit.provenance import write_provenance
from cascade_efgan.audit.record import read_job_records, record_run, write_sources

log = logging.getLogger("efgan.provenance")


def command(
    targets: Annotated[list[str], Argument(help="tables and pictures whose origin is recorded")],
    metadata: Annotated[Path, Option(help="Snakemake's records (a folder)")],
    out: Annotated[Path, Option(help="record to write (JSON)")],
    sources: Annotated[Path, Option(help="archive of workflow and package to write (ZIP)")],
) -> None:
    """Write down what made the targets: every job with its command and seed, every file with its hash."""
    write_sources(sources)
    record = record_run(targets, read_job_records(metadata), sources.as_posix(), out.parent.parent)
    write_provenance(out, record)
    log.info("%d jobs and %d files recorded", len(record.jobs), len(record.files))
