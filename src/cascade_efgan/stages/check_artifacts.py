"""Compare the results with dvc.lock, byte for byte."""

import logging
import os
from pathlib import Path
from typing import Annotated

from typer import Option

from cascade_efgan.errors import InputError
from cascade_efgan.orchestration.artifacts import check
from cascade_efgan.orchestration.artifacts import mend as mend_cache

log = logging.getLogger("efgan.artifacts")


def command(
    repository: Annotated[Path, Option(help="folder that holds dvc.lock")] = Path(),
    mend: Annotated[
        bool, Option("--mend", help="remove damaged objects from DVC's cache, so that dvc pull --force fetches them")
    ] = False,
) -> None:
    """Read every result anew and compare it with dvc.lock; also what DVC's cache holds of them."""
    root = repository.resolve()
    findings = check(root)
    for reason, paths in (
        ("has other bytes than dvc.lock records", findings.changed),
        ("is missing", findings.missing),
        ("is not in dvc.lock", findings.unlisted),
        ("is damaged in DVC's cache", findings.damaged),
    ):
        for path in paths:
            log.warning("%s %s", os.path.relpath(path, root), reason)
    if findings.good:
        log.info("all %d files are those that dvc.lock records", findings.checked)
        return
    if mend:
        mend_cache(findings)
    advice = (
        "dvc pull --force fetches the recorded ones (results of your own are lost), dvc repro records those that are "
        "here"
    )
    removed = f"; {len(findings.damaged)} damaged objects were removed from DVC's cache" if mend else ""
    hint = "" if mend or not findings.damaged else "efgan check_artifacts --mend first, then "
    raise InputError(
        f"of {findings.checked} files in dvc.lock {len(findings.changed)} are changed, {len(findings.missing)} missing "
        f"and {len(findings.damaged)} damaged in the cache, and {len(findings.unlisted)} others beside them"
        f"{removed}: {hint}{advice} (docs/sharing.md)"
    )
