"""The pictures of the page: edits of a few test images as one sheet a method, and figures, as data URIs."""

import base64
import io
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from cascade_efgan.audit.release import Release
from cascade_efgan.data.dataset import load_faces
from cascade_efgan.evaluation.packed_edits import load_edits
from cascade_efgan.figures.choose import choose_sources

#: Test images whose edits the page shows. Drawn with the seed below; the page says so.
SOURCES = 6
DRAW_SEED = 0
#: Side of a tile, pixels, at the most.
TILE = 128
#: Width of a figure, pixels, at the most.
FIGURE_WIDTH = 1400


@dataclass(frozen=True)
class Sheets:
    """Pictures of one data set.

    Attributes:
        sources: id, person and expression of every shown test image, in the order of the rows of a sheet.
        targets: target expressions, in the order of the columns.
        tile: side of a tile, pixels.
        inputs: data URI of the sheet of inputs: one column.
        edits: method -> data URI of its sheet: a row a source, a column a target.
    """

    sources: list[dict[Hashable, Any]]
    targets: list[str]
    tile: int
    inputs: str
    edits: dict[str, str]


def draw_sheets(release: Release, dataset: str, seed: int, methods: Sequence[str]) -> Sheets | None:
    """Sheets of the methods that have edits of a data set; None where none has."""
    folder = f"results/{dataset}"
    made = {}
    for method in methods:
        paths = [release.path(f"{folder}/seed{seed}/{method}/edits_test.{end}") for end in ("npy", "csv")]
        if all(path.is_file() for path in paths):
            made[method] = load_edits(*paths)
    if not made:
        return None
    faces = load_faces(release.path(f"{folder}/crops.npy"), release.path(f"{folder}/crops.csv"))
    index = next(iter(made.values())).index
    sources = choose_sources(index, SOURCES, DRAW_SEED)
    targets = list(dict.fromkeys(index["target_expression"]))
    tile = min(TILE, faces.size)
    inputs = [[np.asarray(faces.images[faces.places[source]])] for source in sources]
    edits = {}
    for method, one in made.items():
        place = {key: number for number, key in enumerate(one.keys)}
        edits[method] = _sheet([[one.images[place[source, goal]] for goal in targets] for source in sources], tile)
    about = faces.index.set_index("id", drop=False).loc[sources, ["id", "person", "expression"]].to_dict("records")
    return Sheets(about, targets, tile, _sheet(inputs, tile), edits)


def figure_uri(path: Path, width: int = FIGURE_WIDTH) -> tuple[str, int, int]:
    """A picture file as a data URI of reasonable size, with its width and height in pixels."""
    with Image.open(path) as opened:
        image = opened.convert("RGB")
    if image.width > width:
        image = image.resize((width, round(image.height * width / image.width)), Image.Resampling.LANCZOS)
    return _uri(image, 82), image.width, image.height


def _sheet(rows: Sequence[Sequence[np.ndarray]], tile: int) -> str:
    sheet = Image.new("RGB", (tile * len(rows[0]), tile * len(rows)))
    for line, row in enumerate(rows):
        for column, pixels in enumerate(row):
            picture = Image.fromarray(np.asarray(pixels)).resize((tile, tile), Image.Resampling.LANCZOS)
            sheet.paste(picture, (column * tile, line * tile))
    return _uri(sheet, 88)


def _uri(image: Image.Image, quality: int) -> str:
    """WebP: every browser since 2020 shows it, at two thirds of JPEG's size."""
    buffer = io.BytesIO()
    image.save(buffer, "WEBP", quality=quality, method=6)
    return "data:image/webp;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")
