"""The parts of a table, before it is rendered."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from cascade_efgan.evaluation.metric import Metric
from cascade_efgan.tables.columns import Column

#: (data set, method, metric name) -> seed -> metric.
Metrics = Mapping[tuple[str, str, str], Mapping[int, Metric]]


@dataclass(frozen=True)
class Cell:
    """One number of a table.

    Attributes:
        value: mean over the seeds that have a number; None where none has.
        spread: sample standard deviation over these seeds; None with fewer than two.
        seeds: the seeds behind the value.
        n: images behind the value: smallest and largest number over these seeds; None without a value.
        reason: why the value, or that of some seed, is missing; None where nothing is missing.
        interval: its interval over people (`tables/comparisons.py`); None where there is none.
    """

    value: float | None
    spread: float | None = None
    seeds: tuple[int, ...] = ()
    n: tuple[int, int] | None = None
    reason: str | None = None
    interval: tuple[float, float] | None = None


@dataclass(frozen=True)
class Row:
    """A row: a method, control or pair of real images, on a data set.

    Attributes:
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


@dataclass(frozen=True)
class Table:
    """A table, ready to be rendered.

    Attributes:
        head: sentences above it.
        meanings: what each column, and each control row, means: (name, sentence).
        warnings: signs that a training went wrong (`tables/health.py`), below it.
        notes: counts and cautions below them.
    """

    name: str
    title: str
    head: list[str]
    columns: list[Column]
    rows: list[Row]
    meanings: list[tuple[str, str]]
    warnings: list[str]
    notes: list[str]

    @property
    def footnotes(self) -> list[str]:
        """Reasons of missing numbers, in the order of first mention."""
        reasons = [row.cells[column.key].reason for row in self.rows for column in self.columns]
        return list(dict.fromkeys(reason for reason in reasons if reason is not None))

    def has_paper(self, column: Column) -> bool:
        """Whether the paper's number is shown beside ours in this column."""
        return any(column.key in row.paper for row in self.rows)
