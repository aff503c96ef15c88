"""From the values of a run to a verdict on each claim."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from cascade_efgan import __version__
from cascade_efgan.claims.entries import BY_MORE_CLASSIFIERS, CASCADE, CLAIMS, Claim, Part
from cascade_efgan.claims.power import POWER, fewest_people, needed_people, needed_runs, standard_error, what_it_takes
from cascade_efgan.claims.shares import runs_agree, share_p
from cascade_efgan.claims.tolerance import judge_cells
from cascade_efgan.datasets import TRUE_EDITS
from cascade_efgan.evaluation.metric import hashed, read_metric
from cascade_efgan.evaluation.significance import (
    FEWEST_PEOPLE,
    Comparison,
    holm,
    jackknife_test,
    paired_test,
    sign_flip_p,
)
from cascade_efgan.evaluation.values import AGAIN, SET_METRICS, Values
from cascade_efgan.methods import METHODS
from cascade_efgan.tables.comparison_text import p_text
from cascade_efgan.tables.comparisons import Found, gather, read_all, replicates, units

HOLDS, FAILS, OPEN, NOT_RUN, NOT_MEASURED = "holds", "does not hold", "cannot be told", "not run", "not measured"

#: Why an effect that is shown over people decides nothing.
APART = "seeds or classifiers disagree"

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
        context: description of the run.
        paths: files of values.
        identity: metric files of identity between real images of one person, which hold the measure's AUC.
        claims: the claims.

    Raises:
        InputError: a wrong file.
    """
    settings, paths, identity = context["settings"], list(paths), list(identity)
    read = read_all(paths)
    found, aucs = gather(read, settings["seeds"]), _aucs(identity)
    alone = _each_seed(read, settings["seeds"])
    names = dict(zip(paths, hashed(paths), strict=True))
    files: dict[tuple[str, str, str], list[str]] = {}
    for path, values in read:
        files.setdefault((values.dataset, values.method, values.metric), []).append(names[path])
    verdicts = []
    for claim in claims:
        for dataset in claim.datasets(settings):
            parts = [_part(part, dataset, found, alone, settings, len(claim.parts)) for part in claim.parts]
            for line, p in zip(parts, holm([line["p"] for line in parts]), strict=True):
                line["p_holm"] = p
                line["verdict"], line["why"] = _part_verdict(line, len(claim.parts), settings["statistics"]["level"])
            for part, line in zip(claim.parts, parts, strict=True):
                line["files"] = sorted({name for number in part.numbers for name in files.get((dataset, *number), [])})
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


def _each_seed(read: list[tuple[Path, Values]], seeds: list[int]) -> dict[int, Found]:
    """The values of each seed alone; nothing where there is one."""
    if len(seeds) < 2:
        return {}
    return {seed: gather([pair for pair in read if pair[1].seed == seed], [seed]) for seed in seeds}


def _aucs(paths: Iterable[Path]) -> dict[str, float]:
    """Data set -> lowest share over the seeds of pairs of real images that the identity measure orders right."""
    found: dict[str, float] = {}
    for path in paths:
        metric = read_metric(path)
        if "auc" in metric.details:
            found[metric.dataset] = min(float(metric.details["auc"]), found.get(metric.dataset, 1.0))
    return found


def effect_values(part: Part, dataset: str, found: Found) -> pd.DataFrame | tuple[float, pd.Series] | None:
    """The part's effect for every image, whose mean it is; of a distance of sets, the effect and its replicates.

    For a slope, an image's value is (d - mean d)(g - mean g) / variance of g, whose mean is the least squares slope of
    the effect d over g. Where there is none, its sum over a person is as likely of either sign.

    Returns:
        Columns `person` and `value`, index `id`; None where a number is missing or they have no image in common.
    """
    factors = [factor for factor, _, _ in part.terms]
    known = [table for number in part.numbers if (table := found.get((dataset, *number))) is not None]
    if len(known) < len(part.numbers):
        return None
    if part.terms[0][2] in SET_METRICS:
        whole = [replicates(table) for table in known]
        effect = sum(factor * value for factor, (value, _) in zip(factors, whole, strict=True))
        columns = [factor * without for factor, (_, without) in zip(factors, whole, strict=True)]
        return float(effect), pd.concat(columns, axis=1, join="inner").sum(axis=1)
    joined = pd.concat([table["value"] for table in known], axis=1, join="inner").sort_index()
    if joined.empty:
        return None
    values = joined.iloc[:, : len(factors)].to_numpy() @ np.array(factors, dtype=np.float64)
    if part.over:
        moved = joined.iloc[:, -1].to_numpy() - joined.iloc[:, -1].mean()
        spread = float(np.mean(moved**2))
        values = (values - values.mean()) * moved / spread if spread > 0 else np.zeros(len(moved))
    return pd.DataFrame({"person": known[0]["person"].reindex(joined.index), "value": values}, index=joined.index)


def _p_against(
    part: Part, values: pd.DataFrame | tuple[float, pd.Series], bar: float, chosen: Mapping[str, Any]
) -> float | None:
    """The p of `_against`, without its interval, whose resampling takes most of the time."""
    if isinstance(values, tuple):
        return _against(part, values, bar, chosen).p
    sums = units(values, chosen).assign(value=values["value"] - bar).groupby("person", sort=True)["value"].sum()
    if len(sums) < FEWEST_PEOPLE:
        return None
    p = sign_flip_p(sums.to_numpy(), chosen["resamples"], chosen["seed"])
    return max(p, share_p(values["value"], bar)) if _of_shares(part) else p


def _against(
    part: Part, values: pd.DataFrame | tuple[float, pd.Series], bar: float, chosen: Mapping[str, Any]
) -> Comparison:
    """The effect minus `bar`, tested against 0."""
    if isinstance(values, tuple):
        effect, without = values
        return jackknife_test(effect, bar, (without.tolist(), [bar] * len(without)), chosen["level"])
    values = units(values, chosen)
    made = paired_test(values, values.assign(value=bar), chosen["resamples"], chosen["seed"], chosen["level"], False)
    return replace(made, p=max(made.p, share_p(values["value"], bar))) if made.p and _of_shares(part) else made


def _of_shares(part: Part) -> bool:
    """Whether it compares two shares of right answers."""
    return part.unit == "points" and len(part.terms) == 2 and not part.over


def _part(
    part: Part, dataset: str, found: Found, alone: Mapping[int, Found], settings: Mapping[str, Any], tests: int
) -> dict[str, Any]:
    sign = 1 if part.more else -1
    line: dict[str, Any] = {
        **{"words": part.words, "unit": part.unit, "more": part.more, "bar": part.bar, "least": part.least},
        **dict.fromkeys(("value", "low", "high", "error", "p", "people", "n", "reason", "smaller_p", "room")),
        "needed_people": None,
        "runs": [],
    }
    values = effect_values(part, dataset, found)
    if values is None:
        return line
    chosen = settings["statistics"]
    result = _against(part, values, part.bar, chosen)
    estimate = result.difference
    line |= {"value": estimate.value + part.bar, "p": result.p, "people": estimate.people, "n": estimate.n}
    line |= {"reason": estimate.reason}
    if estimate.low is not None and estimate.high is not None:
        line |= {"low": estimate.low + part.bar, "high": estimate.high + part.bar}
    line["room"] = _room(part, dataset, found)
    if part.least is not None and sign * estimate.value < part.least:
        line["smaller_p"] = _p_against(part, values, part.bar + sign * part.least, chosen)
    line["people"], line["error"] = standard_error(values, chosen)
    # A verdict falls by either way: beyond the bar, or too small; the farther of the two takes fewer people.
    ways = [estimate.value, *([sign * part.least - estimate.value] if part.least is not None else [])]
    beyond = max(ways, key=abs)
    line["needed_people"] = needed_people(line["people"], line["error"], beyond, tests, chosen["level"])
    for own in alone.values():
        one = effect_values(part, dataset, own)
        if one is not None:
            line["runs"].append((one[0] if isinstance(one, tuple) else float(one["value"].mean())) - part.bar)
    if not isinstance(values, tuple) and part.terms[0][2] in BY_MORE_CLASSIFIERS:
        by_classifier = values["value"].groupby(values.index.str.rpartition(AGAIN).get_level_values(2)).mean()
        line["runs"] += (by_classifier - part.bar).tolist()
        line["n"] //= len(by_classifier)
    return line


def _room(part: Part, dataset: str, found: Found) -> float | None:
    """How far the first of two shares of 100 % can lie above the second; None for other parts."""
    if not _of_shares(part):
        return None
    _, method, metric = part.terms[1]
    return 100 - float(found[dataset, method, metric]["value"].mean())


def _part_verdict(line: Mapping[str, Any], tests: int, level: float) -> tuple[str, str]:
    if line["value"] is None:
        return NOT_RUN, "its numbers are missing"
    if line["p"] is None:
        return OPEN, f"no test: {line['reason']}"
    claimed = (line["value"] > line["bar"]) == line["more"]
    small = line["smaller_p"] is not None and line["smaller_p"] * tests < 1 - level
    asked = line["least"] if line["more"] else line["bar"]
    if line["room"] is not None and asked is not None and line["room"] < asked and (small or not line["more"]):
        return OPEN, f"{NO_ROOM}: the second is at {100 - line['room']:.2f} of 100 already"
    if line["p_holm"] < 1 - level and line["value"] != line["bar"]:
        if not runs_agree(line["runs"], claimed == line["more"], tests, level):
            return OPEN, f"{APART}{needed_runs(line['runs'], tests, level)}"
        if not claimed:
            return FAILS, "the opposite is shown"
        if not small:
            return HOLDS, ""
    if small:
        size = f"{line['least']:g} {line['unit']}".rstrip().replace("1 points", "1 point")
        p = p_text(min(1.0, line["smaller_p"] * tests))
        return FAILS, f"any effect is shown to be smaller than {size} (p {p})"
    return OPEN, "the test shows neither direction"


def _verdict(
    claim: Claim, dataset: str, parts: list[dict[str, Any]], context: Mapping[str, Any], auc: float | None
) -> tuple[str, str]:
    settings = context["settings"]
    if claim.true_edits and dataset not in TRUE_EDITS:
        return NOT_MEASURED, "only rendered faces have true edits, and AUs that the regressor reads"
    if (method := claim.edited_by(settings)) != CASCADE:
        named = f"{METHODS[method].title}, not {METHODS[CASCADE].title}, edited these images"
        return NOT_RUN, f"{named}: its numbers are listed, and decide nothing; run {command(claim, context)}"
    states = [line["verdict"] for line in parts]
    failed = [line for line in parts if line["verdict"] == FAILS]
    if all(state == NOT_RUN for state in states) or (NOT_RUN in states and not failed):
        return NOT_RUN, f"run {command(claim, context)}"
    if settings["measures"].get("classifiers", 0) < claim.classifiers:
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
    told = [line["why"] for line in opened if line["why"].startswith((APART, NO_ROOM))]
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
    if claim.wild and (not (wild := settings["wild"]["dataset"]) or claim.edited_by(settings) != CASCADE):
        start = "" if claim.edited_by(settings) == CASCADE else ", init_from: null"
        words += [f"'wild={{dataset: {wild or 'affectnet'}{start}}}'"]
    return f"`snakemake --cores all all --config {' '.join(words)}`"
