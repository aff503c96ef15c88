"""From the values of a run to a verdict on each claim."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from cascade_efgan import __version__
from cascade_efgan.claims.effects import measure_part
from cascade_efgan.claims.entries import CLAIMS, ONLY_RENDERED, Claim
from cascade_efgan.claims.power import POWER, fewest_people, needed_runs, what_it_takes
from cascade_efgan.claims.shares import runs_agree
from cascade_efgan.claims.tolerance import judge_cells
from cascade_efgan.evaluation.metric import hashed, read_metric
from cascade_efgan.evaluation.significance import holm
from cascade_efgan.methods import METHODS
from cascade_efgan.tables.comparison_text import p_text
from cascade_efgan.tables.comparisons import gather, read_all

HOLDS, FAILS, OPEN, NOT_RUN, NOT_MEASURED = "holds", "does not hold", "cannot be told", "not run", "not measured"

#: Why an effect that is shown over people decides nothing: seeds, or classifiers.
APART = "disagree"

#: Why a share near 100 % neither supports nor refutes that another lies above it, or does not.
NO_ROOM = "no room for it"

#: Further classifiers that a command asks for.
MORE_CLASSIFIERS = 4


def judge(
    context: Mapping[str, Any], paths: Iterable[Path], identity: Iterable[Path] = (), claims: Iterable[Claim] = CLAIMS
) -> dict[str, Any]:
    """Verdicts of all claims on every data set of a run, ready for JSON.

    Holm's correction is over the parts of a claim on a data set: each claim is a question of its own.

    Args:
        identity: metric files of identity between real images of one person, which hold the measure's AUC.

    Raises:
        InputError: a wrong file.
    """
    settings, paths, identity = context["settings"], list(paths), list(identity)
    read = read_all(paths)
    found, aucs = gather(read, settings["seeds"]), _aucs(identity)
    alone = {seed: gather([pair for pair in read if pair[1].seed == seed], [seed]) for seed in settings["seeds"]}
    names = dict(zip(paths, hashed(paths), strict=True))
    files: dict[tuple[str, str, str], set[str]] = {}
    for path, values in read:
        files.setdefault((values.dataset, values.method, values.metric), set()).add(names[path])
    verdicts = []
    for claim in claims:
        for dataset in claim.datasets(settings):
            tests = len(claim.parts)
            seeds = alone if len(alone) > 1 else {}
            parts = [measure_part(part, dataset, found, seeds, settings, tests) for part in claim.parts]
            for part, line, p in zip(claim.parts, parts, holm([line["p"] for line in parts]), strict=True):
                line["p_holm"] = p
                line["verdict"], line["why"] = _part_verdict(line, tests, settings["statistics"]["level"])
                own = [files.get((dataset, *number), set()) for number in part.numbers]
                line["files"] = sorted(set().union(*own))
            verdict, why = _verdict(claim, dataset, parts, context, aucs.get(dataset))
            about = {"id": claim.id, "claim": claim.text, "source": claim.source, "dataset": dataset}
            auc = {"auc": aucs.get(dataset)} if claim.auc is not None else {}
            verdicts.append({**about, "verdict": verdict, "why": why, "note": claim.note, **auc, "parts": parts})
    return {
        "settings": {**settings["statistics"], "seeds": settings["seeds"], "power": POWER},
        "preset": context["preset"],
        "claims": verdicts,
        "cells": judge_cells(context, found),
        "inputs": hashed([*paths, *identity]),
        "version": __version__,
    }


def _aucs(paths: Iterable[Path]) -> dict[str, float]:
    """Data set -> lowest share over the seeds of pairs of real images that the identity measure orders right."""
    found: dict[str, float] = {}
    for path in paths:
        metric = read_metric(path)
        if "auc" in metric.details:
            found[metric.dataset] = min(float(metric.details["auc"]), found.get(metric.dataset, 1.0))
    return found


def _part_verdict(line: Mapping[str, Any], tests: int, level: float) -> tuple[str, str]:
    if line["value"] is None:
        return NOT_RUN, "its numbers are missing"
    if line["p"] is None:
        return OPEN, f"no test: {line['reason']}"
    claimed = (line["value"] > line["bar"]) == line["more"]
    small = line["smaller_p"] is not None and line["smaller_p"] * tests < 1 - level
    asked = line["least"] if line["more"] else line["bar"]
    shown = line["p_holm"] < 1 - level and line["value"] != line["bar"]
    reversed_gain = shown and line["more"] and not claimed
    if line["room"] is not None and asked is not None and line["room"] < asked and not reversed_gain:
        return OPEN, f"{NO_ROOM}: the second is at {100 - line['room']:.2f} of 100 already"
    if shown:
        for kind, runs in line["runs"].items():
            if not runs_agree(runs, claimed == line["more"], tests, level):
                return OPEN, f"{kind} {APART}{needed_runs(runs, tests, level)}"
        if not claimed and not (small and abs(line["value"] - line["bar"]) < line["least"]):
            return FAILS, "the opposite is shown"
        if claimed and not small:
            return HOLDS, ""
    if small:
        size = f"{line['least']:g} {line['unit']}".rstrip().replace("1 points", "1 point")
        limit = line["least"] if line["more"] else -line["least"]
        for kind, runs in line["runs"].items():
            if not runs_agree([one - limit for one in runs], not line["more"], tests, level):
                return OPEN, f"{kind} {APART} whether any effect is smaller than {size}"
        p = p_text(min(1.0, line["smaller_p"] * tests))
        return FAILS, f"any effect is shown to be smaller than {size} (p {p})"
    return OPEN, "the test shows neither direction"


def _verdict(
    claim: Claim, dataset: str, parts: list[dict[str, Any]], context: Mapping[str, Any], auc: float | None
) -> tuple[str, str]:
    settings = context["settings"]
    if not claim.measured_on(dataset):
        return NOT_MEASURED, ONLY_RENDERED
    if other := claim.other_editor(settings):
        listed = "its numbers are listed, and decide nothing"
        return NOT_RUN, f"{other}, edited these images: {listed}; run {command(claim, context)}"
    states = [line["verdict"] for line in parts]
    failed = [line for line in parts if line["verdict"] == FAILS]
    if all(state == NOT_RUN for state in states) or (NOT_RUN in states and not failed):
        return NOT_RUN, f"run {command(claim, context)}"
    if claim.lacks_classifiers(settings):
        return OPEN, f"one further classifier; it takes {claim.classifiers} or more: run {command(claim, context)}"
    if claim.auc is not None and (auc is None or auc < claim.auc):
        share = "an unknown share" if auc is None else f"{100 * auc:.0f} %"
        return OPEN, (
            f"the measure orders {share} of pairs of real images right (AUC), and {100 * claim.auc:.0f} % are asked of "
            "it; more people do not change that, another network would"
        )
    if failed:
        return FAILS, "; ".join(f"“{line['words']}”: {line['why']}" for line in failed)
    if all(state == HOLDS for state in states):
        return HOLDS, ""
    opened = [line for line in parts if line["verdict"] == OPEN]
    least = fewest_people(len(parts), settings["statistics"]["level"])
    against = sum((line["value"] < line["bar"]) == line["more"] and line["value"] != line["bar"] for line in opened)
    pointing = f", {against} of them pointing the other way" if against else ""
    told = [line["why"] for line in opened if APART in line["why"] or line["why"].startswith(NO_ROOM)]
    takes = told[0] if told else what_it_takes(opened, least)
    count = f"{len(opened)} of {len(parts)} parts undecided" if len(parts) > 1 else "undecided"
    return OPEN, f"{count}{pointing}; {takes}"


def command(claim: Claim, context: Mapping[str, Any]) -> str:
    """The command that runs what a claim lacks."""
    settings = context["settings"]
    methods = [name for name in METHODS if name in {*settings["methods"], *claim.methods}]
    words = [f"preset={context['preset']}"]
    words += [f"'methods=[{', '.join(methods)}]'"] if len(methods) > len(settings["methods"]) else []
    words += [f"'measures={{classifiers: {MORE_CLASSIFIERS}}}'"] if claim.classifiers else []
    if claim.wild and (not (wild := settings["wild"]["dataset"]) or claim.other_editor(settings)):
        start = ", init_from: null" if claim.other_editor(settings) else ""
        words += [f"'wild={{dataset: {wild or 'affectnet'}{start}}}'"]
    return f"`snakemake --cores all all --config {' '.join(words)}`"
