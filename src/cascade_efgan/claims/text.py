"""Verdicts as Markdown and CSV. The words speak of one run's data and preset, and of nothing beyond its tests."""

from collections.abc import Iterable, Mapping
from typing import Any

from cascade_efgan.claims.tolerance import TEST_SIZES
from cascade_efgan.datasets import dataset_title
from cascade_efgan.evaluation.metric import REAL
from cascade_efgan.methods import METHODS
from cascade_efgan.tables.comparison_text import aligned, csv_text, full_text, p_text
from cascade_efgan.tables.context import head_lines

CSV_COLUMNS = (
    *("kind", "id", "dataset", "verdict", "why", "words", "value", "unit", "interval_low", "interval_high", "error"),
    *("p", "p_holm", "people", "n", "needed_people", "bar", "least", "source"),
)

CELL_COLUMNS = ("Table", "Data set", "Method", "Column", "paper", "here", "counts as reproduced", "verdict")
NOT_COMPARABLE = "Not the paper's setting: the paper's numbers are not comparable with these."


def claims_markdown(found: Mapping[str, Any], context: Mapping[str, Any]) -> str:
    """The page: a line a claim and data set, then every part with its numbers, then the paper's cells."""
    level = f"{100 * found['settings']['level']:g} %"
    lines = ["# What the paper claims, and what this run shows", ""]
    lines += [f"{line}  " for line in head_lines(context, list(context["datasets"]))]
    lines += ["", "## Verdicts", ""]
    lines += aligned(
        ["Claim", "Source", "Data set", "Verdict", "Why"],
        [
            [one["claim"], one["source"], dataset_title(one["dataset"]), f"**{one['verdict']}**", why(one)]
            for one in found["claims"]
        ],
    )
    lines += ["", "## What was measured", ""]
    lines += aligned(
        ["Claim", "Data set", "Part", "effect", "counts from", f"interval ({level})", "people", "faces or edits",
         "p (Holm)", "verdict"],
        [_part(one, line) for one in found["claims"] for line in one["parts"]],
    )  # fmt: skip
    lines += ["", *_notes(found, level), "", "## The numbers of the paper", ""]
    cells = [cell_row(cell) for cell in found["cells"]]
    lines += [*aligned(CELL_COLUMNS, cells), "", cell_note()] if cells else [NOT_COMPARABLE]
    return "\n".join(lines) + "\n"


def why(one: Mapping[str, Any]) -> str:
    """The reason of a verdict in one phrase; of one that holds, its effects."""
    if one["verdict"] == "holds":
        return "; ".join(f"{line['words']} ({effect(line)})" for line in one["parts"])
    return str(one["why"])


def effect(line: Mapping[str, Any]) -> str:
    """An effect with its interval and unit."""
    if line["value"] is None:
        return "–"
    ends = "" if line["low"] is None else f" [{line['low']:+.3g}, {line['high']:+.3g}]"
    return f"{line['value']:+.3g}{ends} {line['unit']}".rstrip()


def claims_csv(found: Mapping[str, Any]) -> str:
    """One line a claim, part or cell, in full precision."""
    rows: list[Mapping[str, str]] = []
    for one in found["claims"]:
        rows.append({"kind": "claim", **one, "words": one["claim"]})
        for line in one["parts"]:
            rows.append(_cells_of(line, kind="part", id=one["id"], dataset=one["dataset"]))
    for cell in found["cells"]:
        name = f"{cell['table']} {cell['method']} {cell['column']}"
        rows.append(_cells_of(cell, kind="cell", id=name, words=f"paper {cell['paper']:g}"))
    return csv_text(rows, CSV_COLUMNS)


def _part(one: Mapping[str, Any], line: Mapping[str, Any]) -> list[str]:
    least = "" if line["least"] is None else f"{line['least']:g}"
    shown = ["", least, *[""] * 4]
    if line["value"] is not None:
        ends = f"none: {line['reason']}" if line["low"] is None else f"{line['low']:+.3g} to {line['high']:+.3g}"
        p = p_text(line["p_holm"])
        faces = "" if line["n"] is None else str(line["n"])
        shown = [f"{line['value']:+.3g} {line['unit']}".rstrip(), least, ends, str(line["people"]), faces, p]
    verdict = line["verdict"] + (f": {line['why']}" if line["why"] else "")
    return [one["claim"], dataset_title(one["dataset"]), line["words"], *shown, verdict]


def _notes(found: Mapping[str, Any], level: str) -> Iterable[str]:
    chosen = found["settings"]
    yield (
        "- **Verdicts** come from these numbers by rules that are the same for every preset. *Holds*: every part is "
        "shown. *Does not hold*: the opposite of a part is shown, or its effect to be smaller than is worth the claim "
        "(*counts from*). *Cannot be told*: neither, or shares near 100 % leave an effect no room; with as many people "
        f"as given, {100 * chosen['power']:.0f} % of runs would decide an effect of the size seen, one way or the "
        "other. They speak about people and photographs drawn as these were (above: whether training had the people "
        "too), edited by these very networks: what another training seed would change is in no p. They do not speak "
        "about the paper's data or other presets."
    )
    yield (
        "- **Tests** exchange whole people between methods, or flip the sign of what lies beyond the bar person by "
        "person (for distances of sets: Student's t of the jackknife). p (Holm) is corrected over a claim's parts, not "
        f"over the claims: at {level}, at most one in twenty false claims would still be declared shown. Intervals are "
        "not corrected: where one excludes 0 and the test finds nothing, trust the test. Shares of right answers must "
        "also clear a bar by the exact binomial test, because flipped signs say nothing where answers hardly differ; "
        "answers about one person count as so many fewer as they are alike. Several seeds, and several classifiers, "
        "must agree in sign, or be shown by Student's t over them."
    )
    yield (
        "- **Words**: R, G and R+G are columns of the accuracy table, in percent, their differences points; AU "
        "intensities run from 0 to 5; distances and the critic's score have no unit."
    )
    notes = {one["claim"]: one["note"] for one in found["claims"] if one["note"]}
    yield from (f"- **{claim}**: {note}." for claim, note in notes.items())
    for one in found["claims"]:
        if one.get("auc") is not None:
            share, title = f"{100 * one['auc']:.1f} %", dataset_title(one["dataset"])
            yield f"- **Validity of the identity measure** ({title}): it orders {share} of real pairs right."


def cell_row(cell: Mapping[str, Any]) -> list[str]:
    """One of the paper's numbers beside this run's, in words, by `CELL_COLUMNS`."""
    method = "Real images" if cell["method"] == REAL else METHODS[cell["method"]].title
    return [
        *(cell["table"], dataset_title(cell["dataset"]), method, cell["column"]),
        *(f"{cell['paper']:.2f}", "–" if cell["value"] is None else f"{cell['value']:.2f}"),
        *("–" if cell["low"] is None else f"{cell['low']:.2f} to {cell['high']:.2f}", cell["verdict"]),
    ]


def cell_note() -> str:
    """What counts as reproduced, and why."""
    sizes = "; ".join(f"{dataset_title(name)} {n} images, {m} edits" for name, (n, m) in TEST_SIZES.items())
    return (
        f"Both numbers count as single runs on test sets of the paper's size ({sizes}, by Sec. 4.1; its digits are no "
        "fractions of these numbers): an interval holds 95 % of the differences that the drawing of test images makes, "
        "with edits counted as independent. Training seeds and splits make further ones. Data sets that are not listed "
        "are not in the paper's setting."
    )


def _cells_of(line: Mapping[str, Any], **about: str) -> dict[str, str]:
    ends = {"interval_low": line["low"], "interval_high": line["high"]}
    return {key: full_text(value) for key, value in {**about, **line, **ends}.items()}
