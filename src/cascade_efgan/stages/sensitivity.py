"""How much the tables move with the assumptions of the evaluation."""

import logging
from pathlib import Path
from typing import Annotated

from typer import Option

from cascade_efgan.config import settings_from_flags
from cascade_efgan.data.face_crops.dataset import load_faces, part_rows
from cascade_efgan.data.records import write_records
from cascade_efgan.devices import pick_device
from cascade_efgan.evaluation.metric import read_metric
from cascade_efgan.evaluation.packed_edits import load_edits
from cascade_efgan.evaluation.sensitivity import FinishedRun, Moved, lines, vary_all
from cascade_efgan.files import write_text
from cascade_efgan.stages import options
from cascade_efgan.tables.sensitivity_text import sensitivity_markdown

log = logging.getLogger("efgan.sensitivity")

#: Numbers in metric files.
COLUMNS = ("G", "R+G", "psnr", "fid")


def command(
    dataset: options.Dataset,
    seed: options.Seed,
    crops: options.Crops,
    index: options.Index,
    split: Annotated[Path, Option(help="split.csv, with the part of each crop")],
    folder: Annotated[Path, Option(help="folder of the finished run: results/{dataset}/seed{seed}")],
    method: Annotated[list[str], Option(help="method or control to vary, repeatable")],
    csv: Annotated[Path, Option(help="every number under every variation to write (CSV)")],
    markdown: Annotated[Path, Option(help="the same as a page (Markdown)")],
    settings: Annotated[list[str], Option("--set", help="section.key=value; all settings of the run")] = [],
) -> None:
    """Vary the assumptions of the evaluation that need no generator trained anew, one at a time."""
    config = settings_from_flags(settings)
    faces = load_faces(crops, index)
    edits = {name: load_edits(folder / name / "edits_test.npy", folder / name / "edits_test.csv") for name in method}
    parts = {part: part_rows(faces.index, split, part) for part in ("train", "test")}
    run = FinishedRun(faces, parts["train"], parts["test"], folder, edits, config, seed, pick_device())
    found: list[Moved] = []
    for moved in vary_all(run):
        found.append(moved)
        log.info("%s, %s: %s of %s %.3f", moved.assumption, moved.variation, moved.column, moved.method, moved.value)
    paths = {(column, name): folder / name / "metrics" / f"{column}.json" for name in method for column in COLUMNS}
    numbers = {key: read_metric(path).value for key, path in paths.items() if path.is_file()}
    table = lines(found, {key: value for key, value in numbers.items() if value is not None})
    write_records(csv, table.round(6))
    write_text(markdown, sensitivity_markdown(table, dataset, config.preset, seed))
    log.info("%d numbers under other assumptions", len(table))
