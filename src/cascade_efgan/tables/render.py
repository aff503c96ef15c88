"""A table as Markdown, CSV and LaTeX; the same table always gives the same bytes."""

from cascade_efgan.datasets import dataset_title
from cascade_efgan.tables.columns import Column
from cascade_efgan.tables.comparison_text import aligned, csv_text, full_text
from cascade_efgan.tables.model import Cell, Row, Table

CSV_COLUMNS = (
    *("table", "dataset", "method", "title", "column", "unit", "value", "standard_deviation"),
    *("interval_low", "interval_high", "better_than_all", "seeds", "n_min", "n_max", "paper", "difference"),
    "missing_because",
)

#: Marks around bold text, until a format says how it is written.
BOLD, REGULAR = "\ue000", "\ue001"

#: Characters that LaTeX reads as commands, and signs that its text fonts lack.
LATEX = {
    "\\": r"\textbackslash{}",
    **{sign: "\\" + sign for sign in "&%$#_{}"},
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "±": r"$\pm$",
    "↑": r"$\uparrow$",
    "↓": r"$\downarrow$",
    "<": r"$<$",
    ">": r"$>$",
    "–": "--",
    "−": "$-$",
    "×": r"$\times$",
    BOLD: r"\textbf{",
    REGULAR: "}",
}


def markdown(table: Table) -> str:
    """GitHub Markdown whose columns line up in the raw text too."""
    headings, body = _grid(table)
    body = [[text.replace(BOLD, "**").replace(REGULAR, "**") for text in line] for line in body]
    lines = [f"# {table.title}", "", *(f"{line}  " for line in table.head[:-1]), table.head[-1], ""]
    lines += aligned(headings, body, left=2)
    for number, reason in enumerate(table.footnotes, start=1):
        lines += ["", f"[{number}] {reason[0].upper()}{reason[1:]}."]
    lines += ["", *(f"- **{name}**: {meaning}" for name, meaning in table.meanings)]
    lines += [f"- {note}" for note in _notes(table)]
    return "\n".join(lines) + "\n"


def latex(table: Table) -> str:
    """A `table` environment for the packages booktabs and (optionally) inputenc with utf8."""
    headings, body = _grid(table)
    lines = [
        r"\begin{table}",
        r"\centering",
        rf"\caption{{{_escaped(table.title.rpartition(': ')[2].capitalize())}. {_escaped(table.head[0])}}}",
        rf"\label{{tab:{table.name}}}",
        rf"\begin{{tabular}}{{ll{'r' * (len(headings) - 2)}}}",
        r"\toprule",
        " & ".join(map(_escaped, headings)) + r" \\",
        r"\midrule",
    ]
    for number, (row, line) in enumerate(zip(table.rows, body, strict=True)):
        if number and row.dataset != table.rows[number - 1].dataset:
            lines.append(r"\midrule")
        lines.append(" & ".join(map(_escaped, line)) + r" \\")
    lines += [r"\bottomrule", r"\end{tabular}", "", r"\footnotesize", r"\raggedright"]
    lines += [_escaped(line) + r"\par" for line in table.head[1:]]
    lines += [rf"[{n}] {_escaped(text[0].upper() + text[1:])}.\par" for n, text in enumerate(table.footnotes, start=1)]
    lines += [rf"\textbf{{{_escaped(name)}}}: {_escaped(meaning)}\par" for name, meaning in table.meanings]
    lines += [_escaped(note) + r"\par" for note in _notes(table)]
    return "\n".join([*lines, r"\end{table}"]) + "\n"


def as_csv(table: Table) -> str:
    """One line per number, in full precision, with its seeds, images, the paper's number and a missing one's reason."""
    return csv_text((_csv_line(table, row, column) for row in table.rows for column in table.columns), CSV_COLUMNS)


def _csv_line(table: Table, row: Row, column: Column) -> dict[str, str]:
    cell = row.cells[column.key]
    low, high = map(str, cell.n) if cell.n else ("", "")
    ends = cell.interval or (None, None)
    printed = row.paper.get(column.key)
    difference = None if printed is None or cell.value is None else cell.value - printed
    cells = (
        *(table.name, row.dataset, row.method, row.title, column.key, column.unit),
        *(cell.value, cell.spread, *ends, "yes" if column.key in row.best else ""),
        *(" ".join(map(str, cell.seeds)), low, high, printed, difference, cell.reason),
    )
    return dict(zip(CSV_COLUMNS, map(full_text, cells), strict=True))


def _grid(table: Table) -> tuple[list[str], list[list[str]]]:
    """Headings and cells as text; the paper's number and the difference follow ours where the paper has one."""
    headings = ["Data set", "Method"]
    for column in table.columns:
        headings += [column.heading, "paper", "difference"] if table.has_paper(column) else [column.heading]
    footnotes = {reason: f"[{number}]" for number, reason in enumerate(table.footnotes, start=1)}
    body = []
    for row in table.rows:
        line = [dataset_title(row.dataset), row.title]
        for column in table.columns:
            cell = row.cells[column.key]
            line.append(_shown(cell, column, footnotes[cell.reason] if cell.reason else "", column.key in row.best))
            if table.has_paper(column):
                printed = row.paper.get(column.key)
                line.append("" if printed is None else f"{printed:.2f}")
                line.append("" if printed is None or cell.value is None else f"{cell.value - printed:+.2f}")
        body.append(line)
    return headings, body


def _shown(cell: Cell, column: Column, mark: str, best: bool) -> str:
    """A number, with its deviation over seeds, or where there is one seed its interval over people."""
    if cell.value is None:
        return mark
    number = f"{cell.value:.{column.decimals}f}"
    around = ""
    if cell.spread is not None:
        around = f" ± {cell.spread:.{column.decimals}f}"
    elif cell.interval is not None:
        around = f" ({' to '.join(f'{end:.{column.decimals}f}' for end in cell.interval)})"
    return f"{BOLD + number + REGULAR if best else number}{around}{' ' if mark else ''}{mark}"


def _notes(table: Table) -> list[str]:
    if not any(table.has_paper(column) for column in table.columns):
        return [*table.warnings, *table.notes]
    said = "Columns headed paper: the paper's numbers, single runs; it has none for control rows."
    return [*table.warnings, *table.notes, f"{said} Difference: ours minus the paper's."]


def _escaped(text: str) -> str:
    return "".join(LATEX.get(sign, sign) for sign in text)
