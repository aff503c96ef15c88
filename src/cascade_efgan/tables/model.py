"""The parts of a table, before it is rendered."""

from dataclasses import dataclass, field

from cascade_efgan.datasets import dataset_title
from cascade_efgan.evaluation.metric import UNITS
from cascade_efgan.tables.cells import Cell


@dataclass(frozen=True)
class Column:
    """A column of numbers.

    Attributes:
        key: name of the column in the CSV file.
        metric: name of the metric file it shows.
        heading: shown name, with the direction that is better.
        meaning: what it says, in a line.
        detail: key of the metric's details to show in place of its value.
        true_edits_only: only data sets with true edits have it.
    """

    key: str
    metric: str
    heading: str
    meaning: str
    decimals: int = 2
    detail: str | None = None
    true_edits_only: bool = False

    @property
    def unit(self) -> str:
        """Unit of the numbers."""
        return UNITS[self.metric]

    @property
    def higher_is_better(self) -> bool:
        """Whether a higher number is the better one."""
        return "↑" in self.heading


@dataclass(frozen=True)
class Row:
    """A row: a method, or a control, on a data set.

    Attributes:
        method: method, control or reference.
        cells: its numbers by column key.
        paper: the paper's numbers by column key.
        best: columns in which it is better than every other method, by tests.
    """

    dataset: str
    method: str
    title: str
    cells: dict[str, Cell]
    paper: dict[str, float] = field(default_factory=dict)
    best: frozenset[str] = frozenset()

    @property
    def dataset_title(self) -> str:
        """The data set's name in a table."""
        return dataset_title(self.dataset)


@dataclass(frozen=True)
class Table:
    """A table, ready to be rendered.

    Attributes:
        name: accuracy, quality or ablation.
        head: sentences above it.
        meanings: what each column, and each control row, means: (name, sentence).
        warnings: signs that a training went wrong (`tables/health.py`), below it.
        notes: counts and cautions below them.
        footnotes: reasons of missing numbers, in the order of first mention.
    """

    name: str
    title: str
    head: list[str]
    columns: list[Column]
    rows: list[Row]
    meanings: list[tuple[str, str]]
    warnings: list[str]
    notes: list[str]
    footnotes: list[str]

    def mark(self, reason: str | None) -> str:
        """The footnote mark of a cell, empty where nothing is missing."""
        return "" if reason is None else f"[{self.footnotes.index(reason) + 1}]"

    def has_paper(self, column: Column) -> bool:
        """Whether the paper's number is shown beside ours in this column."""
        return any(column.key in row.paper for row in self.rows)
