"""The published tables as the page lays them out: texts of the Markdown file, identities of the CSV's lines."""

import re
from dataclasses import dataclass
from pathlib import Path

from cascade_efgan.audit.provenance import Job
from cascade_efgan.audit.release import RESULTS, Release
from cascade_efgan.audit.table_numbers import TableCell, table_cells, table_file, table_lines
from cascade_efgan.datasets import dataset_title
from cascade_efgan.errors import InputError
from cascade_efgan.tables.paper import COMPARISON, paper_value

#: Data set of the paper's numbers that stand beside those of a data set that the paper does not have.
PAPER_DATASET = "rafd"
#: Headings of the columns about the paper's numbers.
ABOUT_PAPER = ("paper", "difference")


@dataclass(frozen=True)
class CellView:
    """A cell of the page's table.

    Attributes:
        text: the number that the table prints, or the mark of its footnote.
        around: what the table prints behind it: an interval, or the deviation over seeds.
        id: fragment that opens its trail; None where no number stands.
        paper: the paper's number, None where it has none.
        paper_dataset: the data set of the paper's number, where it is not the row's own.
        difference: ours minus the paper's, where the table prints it.
    """

    text: str
    around: str
    bold: bool
    id: str | None
    paper: float | None
    paper_dataset: str | None
    difference: str


@dataclass(frozen=True)
class TableView:
    """A table of the page.

    Attributes:
        head: sentences above it.
        rows: data set's title, method's title, method, cells.
        files: its files, relative to the page.
    """

    name: str
    title: str
    head: list[str]
    headings: list[str]
    rows: list[tuple[str, str, str, list[CellView]]]
    notes: list[str]
    files: list[str]

    @property
    def has_foreign_paper(self) -> bool:
        """Whether some of the paper's numbers beside ours are of another data set than ours."""
        return any(cell.paper_dataset for row in self.rows for cell in row[3])


def table_view(release: Release, job: Job, extractor: str) -> tuple[TableView, dict[str, TableCell]]:
    """A table and its numbers by the fragment that opens their trail.

    Args:
        extractor: `fid.extractor` of the run: the paper's FID stands only beside one of the same network.

    Raises:
        InputError: the files of the table do not fit each other.
    """
    path = release.path(table_file(job, ".md"))
    title, head, grid, notes = _parts(path.read_text(encoding="utf-8"))
    name = job.wildcards.get("table", job.id)
    found = {f"{name}.{cell.dataset}.{cell.method}.{cell.column}": cell for cell in table_cells(release, job)}
    lines = table_lines(release, job)
    # The Markdown file puts columns about the paper's numbers behind ours; the page puts them into the same cell.
    places = [place for place, heading in enumerate(grid[0]) if place >= 2 and heading not in ABOUT_PAPER]
    if len(places) != len({line["column"] for line in lines}) or len(places) * (len(grid) - 1) != len(lines):
        raise InputError(f"{path.as_posix()}: its rows and columns are not those of its CSV; run snakemake")
    rows = []
    for number, texts in enumerate(grid[1:]):
        own = lines[number * len(places) : (number + 1) * len(places)]
        fragments = [f"{name}.{line['dataset']}.{line['method']}.{line['column']}" for line in own]
        cells = [
            _cell_view(texts[place], fragment if fragment in found else None, line, extractor)
            for place, fragment, line in zip(places, fragments, own, strict=True)
        ]
        rows.append((texts[0], texts[1], own[0]["method"], cells))
    files = [file.removeprefix(RESULTS) for file in job.outputs]
    view = TableView(
        job.wildcards.get("table", Path(files[0]).stem), title, head, [grid[0][place] for place in places], rows, notes,
        files,
    )  # fmt: skip
    return view, found


def _cell_view(text: str, fragment: str | None, line: dict[str, str], extractor: str) -> CellView:
    number, _, around = text.replace("**", "").partition(" ")
    paper, dataset = float(line["paper"]) if line["paper"] else None, None
    comparable = line["dataset"] not in COMPARISON and (line["column"] != "fid" or extractor == "inception")
    if paper is None and comparable:
        paper = paper_value(line["table"], PAPER_DATASET, line["method"], line["column"])
        dataset = None if paper is None else dataset_title(PAPER_DATASET)
    difference = f"{float(line['difference']):+.2f}" if line["difference"] else ""
    return CellView(number, around, text.startswith("**"), fragment, paper, dataset, difference)


def _parts(text: str) -> tuple[str, list[str], list[list[str]], list[str]]:
    """Title, sentences above, cells and notes of a table in GitHub's Markdown."""
    above, bar, rest = text.partition("\n|")
    cells = [line for line in (bar + rest).splitlines() if line.startswith("|")]
    title, *head = [line.rstrip() for line in above.splitlines() if line]
    grid = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in cells]
    notes = [line.rstrip().removeprefix("- ") for line in rest.splitlines()[len(cells) :] if line]
    return title.lstrip("# "), head, [row for number, row in enumerate(grid) if number != 1], notes
