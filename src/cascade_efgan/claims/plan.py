"""Before a run: which claims its test people and faces can decide at all."""

from collections.abc import Mapping
from math import sqrt
from typing import Any

from cascade_efgan.claims.entries import CLAIMS, Claim, Part
from cascade_efgan.claims.power import POWER, fewest_people, reach_of
from cascade_efgan.claims.verdicts import command
from cascade_efgan.datasets import TRUE_EDITS, dataset_title
from cascade_efgan.evaluation.metric import REAL
from cascade_efgan.methods import CONTROLS, METHODS
from cascade_efgan.tables.comparison_text import aligned
from cascade_efgan.tables.context import head_lines
from cascade_efgan.tables.paper import ABLATION, COMPARISON

#: Metric -> deviation of the difference of two methods between people, as the published laptop run has it
#: (docs/laptop); of R+G, between faces, of which a person has few. Others are not known beforehand.
SPREAD = {"G": 14.0, "psnr": 0.9, "R+G": 26.0}


def plan_markdown(context: Mapping[str, Any]) -> str:
    """A line a claim and data set: whether it can be decided, the smallest effect shown, and the paper's own."""
    settings = context["settings"]
    body = [
        [claim.text, claim.source, dataset_title(dataset), *_plan(claim, dataset, context)]
        for claim in CLAIMS
        for dataset in claim.datasets(settings)
    ]
    sizes = [
        f"- {dataset_title(name)}: {facts['test_people']} test people, {facts['test']} test faces."
        for name, facts in context["datasets"].items()
    ]
    assumed = ", ".join(f"{name} {value:g}" for name, value in SPREAD.items())
    return "\n".join(
        [
            "# What this preset can decide, before anything is trained",
            "",
            *(f"{line}  " for line in head_lines(context, list(context["datasets"]))),
            "",
            *sizes,
            "",
            *aligned(
                ["Claim", "Source", "Data set", "Can it be decided?", "smallest effect shown", "the paper's"], body
            ),
            "",
            f"- **Smallest effect shown**: {100 * POWER:.0f} % of runs would show one of this size, if people differ "
            f"as in the published laptop run (deviation of the difference of two methods: {assumed}; R+G by face, the "
            "others by person). Other data may differ more or less.",
            "- **The paper's**: its own effect, the smallest of a claim's parts, on RaFD where the data set is not one "
            "of its own.",
        ]
    ) + "\n"  # fmt: skip


def _plan(claim: Claim, dataset: str, context: Mapping[str, Any]) -> list[str]:
    settings, tests = context["settings"], len(claim.parts)
    level = settings["statistics"]["level"]
    if claim.true_edits and dataset not in TRUE_EDITS:
        return ["not measured: only rendered faces have true edits, and AUs that the regressor reads", "", ""]
    if missing := [name for name in claim.methods if name not in settings["methods"]]:
        titles = ", ".join(METHODS[name].title for name in missing)
        return [f"no: {titles} not trained; run {command(claim, context)}", "", ""]
    facts = {**context["datasets"], **context["wild"]}
    if dataset not in facts:
        return [f"no: no wild images; run {command(claim, context)}", "", ""]
    people, faces = (facts[dataset][name] for name in ("test_people", "test"))
    least = fewest_people(tests, level)
    if people < least:
        return [f"no: {people} test people, the test needs {least}", "", ""]
    if settings["measures"].get("classifiers", 0) < claim.classifiers:
        return [f"no: it takes {claim.classifiers} further classifiers or more; run {command(claim, context)}", "", ""]
    shown = [size for part in claim.parts if (size := _smallest(part, people, faces, tests, level)) is not None]
    papers = [size for part in claim.parts if (size := _of_paper(part, dataset)) is not None]
    smallest = f"{max(shown):.2g}" if shown else "not known beforehand"
    verdict = "yes, if the effect is large enough"
    if shown and papers:
        enough = all(abs(size) >= max(shown) for size in papers)
        known = "yes" if len(shown) == len(claim.parts) else f"yes, for {len(shown)} of {len(claim.parts)} parts"
        verdict = known if enough else "only an effect larger than the paper's"
    return [verdict, smallest, f"{min(papers, key=abs):+.2f}" if papers else ""]


def _smallest(part: Part, people: int, faces: int, tests: int, level: float) -> float | None:
    metric = part.terms[0][2].removesuffix("_again")
    if metric not in SPREAD or part.over:
        return None
    count = faces if metric == "R+G" else people
    # An interaction has the error of two differences.
    return reach_of(tests, level) * SPREAD[metric] / sqrt(count) * sqrt(len(part.terms) / 2)


def _of_paper(part: Part, dataset: str) -> float | None:
    """The paper's own effect beyond the bar, on the data set or else on RaFD; None where it prints none."""
    if part.over:
        return None
    total = -part.bar
    for factor, method, metric in part.terms:
        own, metric = "cascade_ef_gan" if method == REAL else method, metric.removesuffix("_again")
        tables = (COMPARISON.get(dataset, COMPARISON["rafd"]), ABLATION["rafd"] if dataset != "cfeed" else {})
        value = next((table[own][metric] for table in tables if metric in table.get(own, {})), None)
        if value is None or method in CONTROLS:
            return None
        total += factor * value
    return total
