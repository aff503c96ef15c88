"""Before a run: which claims its test people can decide at all."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt
from pathlib import Path
from typing import Any

from cascade_efgan.claims.effects import of_shares
from cascade_efgan.claims.entries import BY_MORE_CLASSIFIERS, CLAIMS, ONLY_RENDERED, Claim, Part
from cascade_efgan.claims.power import POWER, fewest_people, reach_of
from cascade_efgan.claims.verdicts import NOT_MEASURED, command
from cascade_efgan.data.records import read_records
from cascade_efgan.datasets import dataset_title
from cascade_efgan.evaluation.metric import REAL
from cascade_efgan.methods import METHODS
from cascade_efgan.tables.comparison_text import aligned
from cascade_efgan.tables.context import head_lines
from cascade_efgan.tables.paper import ABLATION, COMPARISON

#: Of a part of a claim as a run measured it: standard error of its effect, people, and faces or edits.
MEASURED_COLUMNS = ("id", "words", "error", "people", "n")
#: (claim, words of a part) -> these.
Measured = Mapping[tuple[str, str], Mapping[Any, Any]]


@dataclass(frozen=True)
class Outlook:
    """What a preset can show of one part of a claim.

    Attributes:
        shown: smallest distance from the bar that `POWER` of runs would show; None: not known beforehand.
        paper: the paper's own effect; None where it prints none that is comparable.
    """

    part: Part
    shown: float | None
    paper: float | None

    @property
    def enough(self) -> bool | None:
        """Whether an effect of the paper's size would be shown; None where one of the two is not known."""
        if self.shown is None or self.paper is None:
            return None
        beyond = self.paper - self.part.bar
        return (beyond if self.part.more else -beyond) >= self.shown

    @property
    def cells(self) -> list[str]:
        """The part, the smallest effect shown, from which size it counts, and the paper's."""
        part = self.part
        shown = "not known beforehand" if self.shown is None else f"{self.shown:.2g} {part.unit}".rstrip()
        paper = "" if self.paper is None else f"{self.paper:+.2f}" + (f" (bar {part.bar:+g})" if part.bar else "")
        return [part.words, shown, "" if part.least is None else f"{part.least:g}", paper]


def plan_markdown(context: Mapping[str, Any], measured: Path) -> str:
    """A line per claim and data set that says whether it can be decided, then a line per part with the sizes.

    Args:
        measured: parts of claims of another run (CSV, `MEASURED_COLUMNS`), from which it is known how people differ.

    Raises:
        InputError: that file is missing or lacks a column.
    """
    rows = read_records(measured, ("id", "words"), ("error", "people", "n")).to_dict("records")
    known = {(row["id"], row["words"]): row for row in rows}
    found = [
        (claim, dataset_title(dataset), *_plan(claim, dataset, context, known))
        for claim in CLAIMS
        for dataset in claim.datasets(context["settings"])
    ]
    parts = [[claim.text, title, *one.cells] for claim, title, _, outlooks in found for one in outlooks]
    sizes = [
        f"- {dataset_title(name)}: {facts['test_people']} test people, {facts['test']} test faces."
        for name, facts in context["datasets"].items()
    ]
    return "\n".join(
        [
            "# What this preset can decide, before anything is trained",
            "",
            *(f"{line}  " for line in head_lines(context, list(context["datasets"]))),
            "",
            *sizes,
            "",
            *aligned(
                ["Claim", "Source", "Data set", "Can it be decided?"],
                [[claim.text, claim.source, title, answer] for claim, title, answer, _ in found],
            ),
            "",
            "## By part",
            "",
            *aligned(["Claim", "Data set", "Part", "smallest effect shown", "counts from", "the paper's"], parts),
            "",
            f"- **Smallest effect shown** (beyond the bar of *at most* and *less than*): {100 * POWER:.0f} % of runs "
            "would show one of this size, part by part, if people differ as in the published run of the preset "
            "laptop (rendered faces; R+G by face, of which a person has few). Other data and training may differ.",
            "- **Counts from**: a smaller effect is not worth the claim, and refutes it where shown to be smaller.",
            "- **The paper's**: its own effect, on RaFD where the data set is not one of its own; no Fréchet distance "
            "of another network than Inception.",
        ]
    ) + "\n"  # fmt: skip


def _plan(claim: Claim, dataset: str, context: Mapping[str, Any], measured: Measured) -> tuple[str, list[Outlook]]:
    """Whether a claim can be decided; what could be shown of its parts, nothing where none is measured."""
    if obstacle := _obstacle(claim, dataset, context):
        return obstacle, []
    settings = context["settings"]
    facts = {**context["datasets"], **context["wild"]}[dataset]
    inception, level = settings["fid"]["extractor"] == "inception", settings["statistics"]["level"]
    outlooks = [
        Outlook(part, _smallest(claim, part, facts, measured, level), _of_paper(part, dataset, inception))
        for part in claim.parts
    ]
    known = [one.enough for one in outlooks if one.enough is not None]
    if not known:
        return "yes, if the effect is large enough", outlooks
    if not all(known):
        return "only an effect larger than the paper's", outlooks
    return "yes" if len(known) == len(outlooks) else f"yes, for {len(known)} of {len(outlooks)} parts", outlooks


def _obstacle(claim: Claim, dataset: str, context: Mapping[str, Any]) -> str:
    """Why no effect of any size would be shown; empty where one could be."""
    settings = context["settings"]
    if not claim.measured_on(dataset):
        return f"{NOT_MEASURED}: {ONLY_RENDERED}"
    if missing := [name for name in claim.methods if name not in settings["methods"]]:
        titles = ", ".join(METHODS[name].title for name in missing)
        return f"no: {titles} not trained; run {command(claim, context)}"
    facts = {**context["datasets"], **context["wild"]}
    if dataset not in facts:
        return f"no: no wild images; run {command(claim, context)}"
    if other := claim.other_editor(settings):
        return f"no: {other}, edits these images; run {command(claim, context)}"
    if claim.wild and settings["measures"]["aus"] == "none":
        return "no: no AUs are read from photographs; set measures.aus"
    people, least = facts[dataset]["test_people"], fewest_people(len(claim.parts), settings["statistics"]["level"])
    if people < least:
        return f"no: {people} test people, the test needs {least}"
    if claim.lacks_classifiers(settings):
        return f"no: it takes {claim.classifiers} further classifiers or more; run {command(claim, context)}"
    return ""


def _smallest(claim: Claim, part: Part, facts: Mapping[str, Any], measured: Measured, level: float) -> float | None:
    """The effect that `POWER` of runs would show: the measured standard error, at as many people as there are."""
    row, tests = measured.get((claim.id, part.words)), len(claim.parts)
    if row is None:
        return None
    by_face = part.terms[0][2] in BY_MORE_CLASSIFIERS
    ratio = row["n"] / facts["test"] if by_face else row["people"] / facts["test_people"]
    reach = reach_of(tests, level) * float(row["error"]) * sqrt(ratio)
    # Of answers that hardly differ, the binomial guard of a bar other than 0 asks for more.
    guarded = part.bar != 0 and of_shares(part)
    return max(reach, 100 * (1 - ((1 - level) / (2 * tests)) ** (1 / facts["test"]))) if guarded else reach


def _of_paper(part: Part, dataset: str, inception: bool) -> float | None:
    """The paper's own effect, on the data set or else on RaFD; None where it prints none."""
    if part.over:
        return None
    total = 0.0
    for factor, method, metric in part.terms:
        own, metric = "cascade_ef_gan" if method == REAL else method, metric.removesuffix("_again")
        tables = (COMPARISON.get(dataset, COMPARISON["rafd"]), ABLATION["rafd"] if dataset != "cfeed" else {})
        value = next((table[own][metric] for table in tables if metric in table.get(own, {})), None)
        if value is None or (metric == "fid" and not inception):
            return None
        total += factor * value
    return total
