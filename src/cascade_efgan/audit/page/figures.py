"""The figures of a run as the page shows them: those of the paper in its order, then the project's own."""

import re
from dataclasses import dataclass
from pathlib import Path

from cascade_efgan.audit.page.pictures import FIGURE_WIDTH, figure_uri
from cascade_efgan.audit.release import Release
from cascade_efgan.datasets import dataset_title
from cascade_efgan.errors import InputError
from cascade_efgan.files import read_json

#: Pictures without a caption file: name -> title, and what is to be seen.
CHECKS = {
    "grid": ("Inputs and every method's edits of them", "One row an edit; taken in turn, not by eye."),
    "wild_grid": ("Wild images", "Inputs, edits before and edits after fine-tuning on wild images (Sec. 4.5)."),
    "fid_curve": ("The distance against the number of images", "How far few images bias it."),
    "contact_sheet": ("Crops of some people in every expression", "Flagged crops are framed."),
    "patches": ("The local focuses on the mean face", "Eyes, nose and mouth, as the local branches see them."),
}
#: Those that show the data, and no method; they are shown small.
ON_DATA = ("contact_sheet", "patches")
CHECK_WIDTH = 700


@dataclass(frozen=True)
class FigureView:
    """A figure of the page.

    Attributes:
        caption: what it shows, data, preset, seed and numbers.
        paper_figure: number of the paper's figure; None where the paper has none.
        width: pixels.
        height: pixels.
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

    @property
    def order(self) -> tuple[int, str, str]:
        """The paper's figures by number, then the others; one data set after the other."""
        number = re.match(r"\d+", self.paper_figure or "")
        return (int(number[0]) if number else 1000, self.dataset, self.title)


def figure_views(release: Release) -> list[FigureView]:
    """Every figure among the record's targets, in order.

    Raises:
        InputError: a figure's caption file is none.
    """
    found = [_figure(release, name) for name in release.record.targets if name.endswith(".png")]
    return sorted(found, key=lambda view: view.order)


def _figure(release: Release, name: str) -> FigureView:
    path = release.path(name)
    caption = path.with_suffix(".json")
    dataset = name.split("/")[1]
    files = [name] + [other for end in (".pdf",) if (other := str(Path(name).with_suffix(end))) in release.record.files]
    if Path(name).parent.name == "figures" and caption.is_file():
        values = read_json(caption)
        try:
            title, text, paper = str(values["title"]), str(values["caption"]), values["paper_figure"]
        except (KeyError, TypeError):
            raise InputError(f"{caption}: not the caption of a figure; run the rule that draws it again") from None
    else:
        title, text = CHECKS.get(path.stem, (path.stem.replace("_", " ").capitalize(), ""))
        paper = None
    check = path.stem in ON_DATA
    uri, width, height = figure_uri(path, CHECK_WIDTH if check else FIGURE_WIDTH)
    return FigureView(
        title=title,
        caption=text,
        paper_figure=None if paper is None else str(paper),
        dataset=dataset_title(dataset),
        uri=uri,
        width=width,
        height=height,
        files=[file.removeprefix("results/") for file in files],
        is_check=check,
    )
