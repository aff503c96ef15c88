"""Put the page together from a release."""

import csv
import json
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from cascade_efgan.audit.checks import check_files
from cascade_efgan.audit.page.graph import NODE_HEIGHT, draw_graph
from cascade_efgan.audit.page.pictures import Sheets, draw_sheets, figure_views
from cascade_efgan.audit.page.tables import table_view
from cascade_efgan.audit.release import SOURCES, Release
from cascade_efgan.audit.table_numbers import TableCell, read_verdicts
from cascade_efgan.claims.text import CELL_COLUMNS, NOT_COMPARABLE, cell_note, cell_row, effect, why
from cascade_efgan.datasets import DATASETS
from cascade_efgan.errors import InputError
from cascade_efgan.evaluation.packed_edits import edit_id
from cascade_efgan.tables.columns import method_title
from cascade_efgan.tables.comparison_text import p_text

#: A rule of the workflow, or one made from another, and its docstring.
_RULE = re.compile(r'^(?:rule|checkpoint|use rule \w+ as) (\w+)(?: with)?:\n\s+"""(.*?)"""', re.MULTILINE | re.DOTALL)
#: Data set -> its name on the page.
TITLES = {name: about.title for name, about in DATASETS.items()}


def build_page(release: Release, run: dict[str, Any]) -> str:
    """The page as HTML.

    Args:
        release: the results; every file of the record must be what the record says.
        run: `run.json`.

    Raises:
        InputError: a file that the page shows or speaks of is not the recorded one.
    """
    here = [name for name in release.record.files if not Path(name).is_absolute() and release.sha256(name)]
    problems = check_files(release, here)
    if problems:
        raise InputError(problems[0].sentence)
    settings, record = run["settings"], release.record
    cells: dict[str, TableCell] = {}
    tables = []
    for job in record.jobs_of("table"):
        view, found = table_view(release, job, settings["fid"]["extractor"])
        tables.append(view)
        cells |= found
    # In the order of the paper; others follow.
    order = {name: place for place, name in enumerate(("accuracy", "quality", "ablation"))}
    tables.sort(key=lambda view: order.get(view.name, len(order)))
    seed = settings["seeds"][0]
    methods = [*settings["methods"], "unchanged", "true_edit"]
    drawn = {dataset: draw_sheets(release, dataset, seed, methods) for dataset in settings["datasets"]}
    sheets = {dataset: one for dataset, one in drawn.items() if one is not None}
    parts = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    parts.filters.update(duration=duration, why=why, effect=effect, p=p_text)
    judged = [read_verdicts(release, job) for job in record.jobs_of("claims")]
    data = page_data(release, cells, sheets, seed)
    return parts.from_string(_part("page.html.j2")).render(
        run=run,
        record=record,
        fingerprint=release.fingerprint,
        checked=len(here),
        claims=[one for found in judged for one in found["claims"]],
        cells=[cell_row(cell) for found in judged for cell in found["cells"]],
        cell_columns=CELL_COLUMNS,
        cell_note=cell_note() if any(found["cells"] for found in judged) else NOT_COMPARABLE,
        tables=tables,
        sheets=sheets,
        seed=seed,
        figures=figure_views(release),
        graph=draw_graph(record),
        node_height=NODE_HEIGHT,
        rules=data["rules"],
        dataset_titles=TITLES,
        here=record.environments[record.run["environment"]],
        style=Markup(_part("page.css")),
        script=Markup(_part("page.js")),
        data=Markup(_script_json(data | {"titles": TITLES})),
    )


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
        "rules": rule_texts(release.folder / SOURCES),
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


def rule_texts(sources: Path) -> dict[str, str]:
    """Rule -> what it does, by the docstrings of the workflow that was packed with the results."""
    texts = {}
    with zipfile.ZipFile(sources) as packed:
        for name in packed.namelist():
            if name.endswith(".smk"):
                found = _RULE.findall(packed.read(name).decode("utf-8"))
                texts.update({rule: " ".join(text.split()) for rule, text in found})
    return texts


def _part(name: str) -> str:
    return Path(__file__).with_name("static").joinpath(name).read_text(encoding="utf-8")


def _script_json(value: Any) -> str:
    """JSON that may stand in a `script` element: no end tag and no comment can begin in it."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")


def duration(seconds: float) -> str:
    """`4.1 s`, `2 min 5 s` or `3 h 12 min`."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"
