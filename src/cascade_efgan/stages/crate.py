"""Describe a run as a Workflow Run RO-Crate."""

import logging
from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from cascade_efgan.audit.crate import MAIN, copy_workflow, describe_run_as_crate
from cascade_efgan.audit.release import Release
from cascade_efgan.errors import InputError
from cascade_efgan.files import write_json
from cascade_efgan.stages import options
from cascade_efgan.tables.context import read_context

log = logging.getLogger("efgan.crate")


def command(
    workflow: Annotated[list[Path], Argument(help="copies of the workflow's files to write, below RESULTS/source")],
    record: Annotated[Path, Option(help="record of the run, by provenance (JSON); its folder holds the results")],
    run: options.RunDescription,
    metadata: Annotated[Path, Option(help="ro-crate-metadata.json to write")],
) -> None:
    """Describe the run for other tools: workflow, settings, every job with its inputs, outputs and hashes."""
    results = record.parent
    if results / MAIN not in workflow:
        raise InputError(f"{results / MAIN}: the Snakefile must be among the workflow's files")
    copy_workflow(workflow, results)
    release = Release(results)
    names = [path.relative_to(results).as_posix() for path in workflow]
    write_json(metadata, describe_run_as_crate(release, read_context(run), names), ensure_ascii=False)
    log.info("%s: %d jobs, %d files", metadata, len(release.record.jobs), len(release.record.files))
