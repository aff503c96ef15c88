"""What the page's script needs to lay out the trail of a number: jobs, files, hashes and predictions."""

import csv
import re
import zipfile
from collections.abc import Mapping
from typing import Any

from cascade_efgan.audit.page.pictures import Sheets
from cascade_efgan.audit.release import SOURCES, Release
from cascade_efgan.audit.table_numbers import TableCell
from cascade_efgan.evaluation.packed_edits import edit_id
from cascade_efgan.tables.columns import method_title

_RULE = re.compile(r'^(?:rule|checkpoint) (\w+):\n\s+"""(.*?)"""', re.MULTILINE | re.DOTALL)


def page_data(
    release: Release, cells: Mapping[str, TableCell], sheets: Mapping[str, Sheets], seed: int
) -> dict[str, Any]:
    """All that the script shows, ready for JSON; pictures of one training seed are in the style sheet."""
    record = release.record
    # Metric file -> the pictures of its data set.
    behind = {
        path: sheets.get(cell.dataset)
        for cell in cells.values()
        for path, metric in cell.metrics.items()
        if metric.seed == seed
    }
    said = {path: _list_beside(release, path, "predictions") for path in behind}
    left_out = {path: _left_out(release, path, sheet) for path, sheet in behind.items() if sheet}
    return {
        "jobs": [
            {
                "id": job.id,
                "rule": job.rule,
                "command": job.command,
                "seed": job.seed,
                "inputs": list(job.inputs),
                "outputs": job.outputs,
                "seconds": job.seconds,
                "mb": job.max_rss_mb,
                "started": job.started,
                "code": job.code,
                "environment": job.environment or record.run["environment"],
                "measured_environment": job.environment is not None,
            }
            for job in record.jobs
        ],
        "files": {path: [file.sha256, file.size] for path, file in record.files.items()},
        "code": {key: len(paths) for key, paths in record.code.items()},
        "environments": record.environments,
        "run": record.run,
        "cells": {fragment: _cell(cell) for fragment, cell in cells.items()},
        "seed": seed,
        "verdicts": {path: _verdicts(lines, behind[path]) for path, lines in said.items() if lines},
        "left_out": {path: edits for path, edits in left_out.items() if edits},
        "sheets": {
            dataset: {
                "sources": one.sources,
                "targets": one.targets,
                "methods": [[method, method_title(method)] for method in one.edits],
            }
            for dataset, one in sheets.items()
        },
        "rules": rule_texts(release),
    }


def _cell(cell: TableCell) -> dict[str, Any]:
    about = {key: getattr(cell, key) for key in ("title", "method", "dataset", "column", "value", "unit")}
    metrics = [
        {"path": path, **{key: getattr(metric, key) for key in ("name", "value", "n", "seed")}}
        for path, metric in cell.metrics.items()
    ]
    return {**about, "metrics": metrics}


def _verdicts(lines: list[dict[str, str]], sheet: Sheets | None) -> dict[str, str]:
    """What the classifier said: of `source:target` for G, of the source for R and R+G; shown ones."""
    shown = {source["id"] for source in sheet.sources} if sheet else set()
    return {
        line["id"]: line["predicted"] for line in lines if line["id"].rpartition(":")[0] in shown or line["id"] in shown
    }


def _left_out(release: Release, path: str, sheet: Sheets) -> list[str]:
    """Shown edits, `source:target`, that have no value behind a number where others have one."""
    edits = {edit_id(source["id"], target) for source in sheet.sources for target in sheet.targets}
    valued = edits & {line["id"] for line in _list_beside(release, path, "values")}
    return sorted(edits - valued) if valued else []  # none: values of whole sets or of images, not of edits


def _list_beside(release: Release, metric: str, kind: str) -> list[dict[str, str]]:
    """Rows of `KIND_....csv` that the job of a metric file wrote beside it; none where there is no such list."""
    job = release.record.maker.get(metric)
    for path in (release.path(name) for name in (job.outputs if job else []) if f"/{kind}_" in name):
        if path.is_file():
            with path.open(encoding="utf-8", newline="") as lines:
                return list(csv.DictReader(lines))
    return []


def rule_texts(release: Release) -> dict[str, str]:
    """Rule -> what it does, by the docstrings of the workflow that was packed with the results."""
    texts = {}
    with zipfile.ZipFile(release.folder / SOURCES) as packed:
        for name in packed.namelist():
            if name.endswith(".smk"):
                found = _RULE.findall(packed.read(name).decode("utf-8"))
                texts.update({rule: " ".join(text.split()) for rule, text in found})
    return texts
