"""Tables 1 to 3: which rows and columns they have, and what is said below them."""

from collections.abc import Mapping, Sequence
from typing import Any

from cascade_efgan.errors import InputError
from cascade_efgan.evaluation.metric import REAL
from cascade_efgan.evaluation.statistics import DISTANCE_NAMES
from cascade_efgan.methods import ABLATED, COMPARED, CONTROLS, METHODS
from cascade_efgan.tables.cells import Cell, Metrics, cell
from cascade_efgan.tables.context import head_lines
from cascade_efgan.tables.model import Column, Row, Table
from cascade_efgan.tables.notes import CONTROL_NOTES, MEANINGS, count_lines, distance_lines, left_out_lines
from cascade_efgan.tables.paper import paper_value

#: Data sets whose true edits are known, because the project renders them.
TRUE_EDITS = ("rendered",)

#: (method, metric) that the workflow does not compute on purpose -> why.
NOT_MEASURED = {
    ("unchanged", "R+G"): "not measured: copies of training images under other expressions' names are no training data"
}


R = Column("R", "R", "R ↑ (%)")
G = Column("G", "G", "G ↑ (%)")
R_AND_G = Column("R+G", "R+G", "R+G ↑ (%)")
PSNR = Column("psnr", "psnr", "PSNR ↑ (dB)")
PSNR_TRUE = Column("psnr_true", "psnr_true", "PSNR to true edit ↑ (dB)", true_edits_only=True)
AU_ERROR = Column("au_error", "au_error", "AU error ↓ (0-5)", 3, true_edits_only=True)
AU_FLOOR = Column("au_error_held_out", "au_error", "regressor's own error", 3, "held_out_error", true_edits_only=True)

TITLES = {
    "accuracy": "Table 1: facial expression recognition accuracy",
    "quality": "Table 2: quality of the edited images",
    "ablation": "Table 3: ablation",
}


def build_table(name: str, context: Mapping[str, Any], metrics: Metrics) -> Table:
    """Assemble one of the paper's tables.

    Args:
        name: accuracy (Table 1), quality (Table 2) or ablation (Table 3).
        context: description of the run, as `describe` makes it.
        metrics: the numbers.

    Raises:
        InputError: an unknown name, or distances of different extractors.
    """
    if name not in TITLES:
        raise InputError(f"--name {name}: expected one of {', '.join(TITLES)}")
    settings = context["settings"]
    datasets = list(settings["datasets"])
    if name == "ablation":
        datasets = [settings["ablation_dataset"] or datasets[0]]
    columns = _columns(name, datasets, metrics, settings["fid"]["extractor"])
    rows = [
        _row(name, dataset, method, columns, metrics, settings)
        for dataset in datasets
        for method in _methods(name, dataset, settings["methods"])
    ]
    reasons = [row.cells[column.key].reason for row in rows for column in columns]
    controls = [method for method in CONTROLS if any(row.method == method for row in rows)]
    return Table(
        name=name,
        title=TITLES[name],
        head=head_lines(context, datasets),
        columns=columns,
        rows=rows,
        meanings=[(column.heading, MEANINGS[column.key]) for column in columns]
        + [(CONTROLS[method], CONTROL_NOTES[method]) for method in controls],
        notes=[*count_lines(rows, columns), *left_out_lines(metrics, rows, columns), *distance_lines(metrics, columns)],
        footnotes=list(dict.fromkeys(reason for reason in reasons if reason is not None)),
    )


def _columns(name: str, datasets: Sequence[str], metrics: Metrics, extractor: str) -> list[Column]:
    chosen = {
        "accuracy": [R, G, R_AND_G, AU_ERROR, AU_FLOOR],
        "quality": [PSNR, Column("fid", "fid", f"{_distance_name(metrics, extractor)} ↓"), PSNR_TRUE],
        "ablation": [G, R_AND_G, AU_ERROR, AU_FLOOR],
    }[name]
    known = any(dataset in TRUE_EDITS for dataset in datasets)
    return [column for column in chosen if known or not column.true_edits_only]


def _distance_name(metrics: Metrics, extractor: str) -> str:
    """Heading of the distance: FID only where every number was made with pytorch-fid's Inception."""
    used = {
        metric.details.get("extractor")
        for (_, _, name), by_seed in metrics.items()
        for metric in by_seed.values()
        if name == "fid"
    }
    if used - {extractor}:
        shown = ", ".join(sorted(map(str, used)))
        raise InputError(
            f"--metrics: distances by {shown}, but fid.extractor is {extractor}; run the features rule again"
        )
    return DISTANCE_NAMES[extractor]


def _methods(name: str, dataset: str, methods: Sequence[str]) -> list[str]:
    """Rows of a data set: doing nothing, the paper's methods, the perfect edit."""
    compared = ABLATED if name == "ablation" else COMPARED
    last = ["true_edit"] if dataset in TRUE_EDITS else []
    return ["unchanged", *(method for method in compared if method in methods), *last]


def _row(
    name: str, dataset: str, method: str, columns: Sequence[Column], metrics: Metrics, settings: Mapping[str, Any]
) -> Row:
    cells, paper = {}, {}
    for column in columns:
        # R belongs to the data set: as in the paper, it is repeated in every row.
        owner = REAL if column.metric == "R" else method
        by_seed = metrics.get((dataset, owner, column.metric), {})
        if column.true_edits_only and dataset not in TRUE_EDITS:
            cells[column.key] = Cell(None, reason="only rendered faces have true AUs and true edits")
        elif not by_seed and (method, column.metric) in NOT_MEASURED:
            cells[column.key] = Cell(None, reason=NOT_MEASURED[method, column.metric])
        else:
            cells[column.key] = cell(by_seed, settings["seeds"], column.detail)
        printed = paper_value(name, dataset, method, column.key)
        # The paper's FID beside a distance of another network would invite a comparison that means nothing.
        if printed is not None and (column.key != "fid" or settings["fid"]["extractor"] == "inception"):
            paper[column.key] = printed
    title = METHODS[method].title if method in METHODS else CONTROLS[method]
    return Row(dataset, method, title, cells, paper)
