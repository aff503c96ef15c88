"""The published tables as the page lays them out: texts of the Markdown file, identities of the CSV's lines."""

import csv
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cascade_efgan.audit.provenance import Job
from cascade_efgan.audit.release import Release
from cascade_efgan.audit.table_numbers import TableCell, table_cells, table_file
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
    around: str = ""
    bold: bool = False
    id: str | None = None
    paper: float | None = None
    paper_dataset: str | None = None
    difference: str = ""


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
    files: list[str] = field(default_factory=list)

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
    text = release.path(table_file(job, ".md")).read_text(encoding="utf-8")
    title, head, grid, notes = _parts(text)
    cells = {(cell.dataset, cell.method, cell.column): cell for cell in table_cells(release, job)}
    with release.path(table_file(job, ".csv")).open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    pairs = list(dict.fromkeys((line["dataset"], line["method"]) for line in lines))
    columns = list(dict.fromkeys(line["column"] for line in lines))
    by_key = {(line["dataset"], line["method"], line["column"]): line for line in lines}
    # The Markdown file puts columns about the paper's numbers behind ours; the page puts them into the same cell.
    places = [place for place, heading in enumerate(grid[0]) if place >= 2 and heading not in ABOUT_PAPER]
    where = release.shown(table_file(job, ".md"))
    if len(places) != len(columns) or len(grid) != len(pairs) + 1:
        raise InputError(f"{where}: its rows and columns are not those of its CSV; run snakemake")
    rows, found = [], {}
    for texts, (dataset, method) in zip(grid[1:], pairs, strict=True):
        row = []
        for place, column in zip(places, columns, strict=True):
            cell = cells.get((dataset, method, column))
            fragment = f"{job.wildcards.get('table', job.id)}.{dataset}.{method}.{column}" if cell else None
            if cell and fragment:
                found[fragment] = cell
            row.append(_cell_view(texts[place], fragment, by_key.get((dataset, method, column), {}), extractor))
        rows.append((texts[0], texts[1], method, row))
    files = [path.removeprefix("results/") for path in job.outputs]
    name = job.wildcards.get("table", Path(files[0]).stem)
    return TableView(name, title, head, [grid[0][place] for place in places], rows, notes, files), found


def _cell_view(text: str, fragment: str | None, line: dict[str, Any], extractor: str) -> CellView:
    number, _, around = text.replace("**", "").partition(" ")
    difference = line.get("difference") or ""
    paper, dataset = _paper(line, extractor)
    return CellView(
        text=number,
        around=around,
        bold=text.startswith("**"),
        id=fragment,
        paper=paper,
        paper_dataset=dataset,
        difference=f"{float(difference):+.2f}" if difference else "",
    )


def _paper(line: dict[str, Any], extractor: str) -> tuple[float | None, str | None]:
    """The paper's number of a cell and, where it is of another data set than the row, which one."""
    if line.get("paper"):
        return float(line["paper"]), None
    if not line or line["dataset"] in COMPARISON or (line["column"] == "fid" and extractor != "inception"):
        return None, None
    value = paper_value(line["table"], PAPER_DATASET, line["method"], line["column"])
    return value, None if value is None else dataset_title(PAPER_DATASET)


def _parts(text: str) -> tuple[str, list[str], list[list[str]], list[str]]:
    """Title, sentences above, cells and notes of a table in GitHub's Markdown."""
    lines = [line.rstrip() for line in text.splitlines()]
    title = next((line.lstrip("# ") for line in lines if line.startswith("# ")), "")
    bars = [number for number, line in enumerate(lines) if line.startswith("|")]
    first = bars[0] if bars else len(lines)
    end = next((n for n in range(first, len(lines)) if not lines[n].startswith("|")), len(lines))
    grid = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines[first:end]]
    head = [line for line in lines[:first] if line and not line.startswith("#")]
    notes = [line.removeprefix("- ") for line in lines[end:] if line]
    return title, head, [row for number, row in enumerate(grid) if number != 1], notes
