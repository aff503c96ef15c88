"""Put the page together from a release."""

import json
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from cascade_efgan.audit.checks import check_files
from cascade_efgan.audit.page.graph import NODE_HEIGHT, draw_graph
from cascade_efgan.audit.page.pictures import draw_sheets, figure_views
from cascade_efgan.audit.page.tables import table_view
from cascade_efgan.audit.page.trails import page_data
from cascade_efgan.audit.release import Release
from cascade_efgan.audit.table_numbers import TableCell, read_verdicts
from cascade_efgan.claims.text import CELL_COLUMNS, NOT_COMPARABLE, cell_note, cell_row, effect, why
from cascade_efgan.datasets import DATASETS
from cascade_efgan.errors import InputError
from cascade_efgan.tables.comparison_text import p_text

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
    parts = Environment(
        loader=PackageLoader("cascade_efgan.audit.page", "static"),
        autoescape=select_autoescape(["html", "j2"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    parts.filters.update(duration=duration, why=why, effect=effect, p=p_text)
    judged = [read_verdicts(release, job) for job in record.jobs_of("claims")]
    data = page_data(release, cells, sheets, seed)
    return parts.get_template("page.html.j2").render(
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
