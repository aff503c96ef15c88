"""The pictures of the page, as data URIs: edits of a few test images as one sheet a method, and figures."""

import base64
import io
import re
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from cascade_efgan.audit.release import RESULTS, Release
from cascade_efgan.data.face_crops.dataset import load_faces
from cascade_efgan.datasets import dataset_title
from cascade_efgan.errors import InputError
from cascade_efgan.evaluation.packed_edits import load_edits
from cascade_efgan.figures.choose import choose_sources
from cascade_efgan.files import read_json

#: Test images whose edits the page shows. Drawn with the seed below; the page says so.
SOURCES = 6
DRAW_SEED = 0
#: At the most, pixels: side of a tile, width of a figure, and of one that shows the data and no method.
TILE, FIGURE_WIDTH, CHECK_WIDTH = 128, 1400, 700

#: Pictures without a caption file: name -> title, and what is to be seen.
CHECKS = {
    "grid": ("Inputs and every method's edits of them", "One row an edit; taken in turn, not by eye."),
    "wild_grid": ("Wild images", "Inputs, edits before and edits after fine-tuning on wild images (Sec. 4.5)."),
    "fid_curve": ("The distance against the number of images", "How far few images bias it."),
    "contact_sheet": ("Crops of some people in every expression", "Flagged crops are framed."),
    "patches": ("The local focuses on the mean face", "Eyes, nose and mouth, as the local branches see them."),
}
#: Those that show the data, and no method.
ON_DATA = ("contact_sheet", "patches")


@dataclass(frozen=True)
class Sheets:
    """Pictures of one data set.

    Attributes:
        sources: id, person and expression of every shown test image, in the order of the rows of a sheet.
        targets: target expressions, in the order of the columns.
        inputs: data URI of the sheet of inputs: one column.
        edits: method -> data URI of its sheet: a row a source, a column a target.
    """

    sources: list[dict[Hashable, Any]]
    targets: list[str]
    inputs: str
    edits: dict[str, str]


def draw_sheets(release: Release, dataset: str, seed: int, methods: Sequence[str]) -> Sheets | None:
    """Sheets of the methods that have edits of a data set; None where none has."""
    folder = release.path(f"{RESULTS}{dataset}")
    made = {}
    for method in methods:
        paths = [folder / f"seed{seed}" / method / f"edits_test.{suffix}" for suffix in ("npy", "csv")]
        if all(path.is_file() for path in paths):
            made[method] = load_edits(*paths)
    if not made:
        return None
    faces = load_faces(folder / "crops.npy", folder / "crops.csv")
    index = next(iter(made.values())).index
    sources = choose_sources(index, SOURCES, DRAW_SEED)
    targets = list(dict.fromkeys(index["target_expression"]))
    tile = min(TILE, faces.size)
    edits = {}
    for method, one in made.items():
        place = {key: number for number, key in enumerate(one.keys)}
        edits[method] = _sheet([[one.images[place[source, goal]] for goal in targets] for source in sources], tile)
    about = faces.index.set_index("id", drop=False).loc[sources, ["id", "person", "expression"]].to_dict("records")
    return Sheets(about, targets, _sheet([[faces.images[faces.places[source]]] for source in sources], tile), edits)


@dataclass(frozen=True)
class FigureView:
    """A figure of the page.

    Attributes:
        caption: what it shows, data, preset, seed and numbers.
        paper_figure: number of the paper's figure; None where the paper has none.
        dataset: name of the data set.
        width: pixels, as is `height`.
        files: the picture's files in full size, relative to the page.
        is_check: whether it shows the data, and no method.
    """

    title: str
    caption: str
    paper_figure: str | None
    dataset: str
    uri: str
    width: int
    height: int
    files: list[str]
    is_check: bool


def figure_views(release: Release) -> list[FigureView]:
    """Every figure among the record's targets: those of the paper by number, then the others, by data set.

    Raises:
        InputError: a figure's caption file is none.
    """

    def place(view: FigureView) -> tuple[int, str, str]:
        number = re.match(r"\d+", view.paper_figure or "")
        return (int(number[0]) if number else 1000, view.dataset, view.title)

    return sorted((_figure(release, name) for name in release.record.targets if name.endswith(".png")), key=place)


def _figure(release: Release, name: str) -> FigureView:
    path, paper = release.path(name), None
    caption = path.with_suffix(".json")
    pdf = str(Path(name).with_suffix(".pdf"))
    if path.parent.name == "figures" and caption.is_file():
        values = read_json(caption)
        try:
            title, text, paper = str(values["title"]), str(values["caption"]), values["paper_figure"]
        except (KeyError, TypeError):
            raise InputError(f"{caption}: not the caption of a figure; run the rule that draws it again") from None
    else:
        title, text = CHECKS.get(path.stem, (path.stem.replace("_", " ").capitalize(), ""))
    check = path.stem in ON_DATA
    limit = CHECK_WIDTH if check else FIGURE_WIDTH
    with Image.open(path) as opened:
        image = opened.convert("RGB")
    if image.width > limit:
        image = image.resize((limit, round(image.height * limit / image.width)), Image.Resampling.LANCZOS)
    return FigureView(
        title=title,
        caption=text,
        paper_figure=None if paper is None else str(paper),
        dataset=dataset_title(name.split("/")[1]),
        uri=_uri(image, 82),
        width=image.width,
        height=image.height,
        files=[file.removeprefix(RESULTS) for file in (name, pdf) if file == name or file in release.record.files],
        is_check=check,
    )


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
