"""From the values of a run to a verdict on each claim."""

from collections.abc import Iterable, Mapping
from math import ceil, floor, log2
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from cascade_efgan import __version__
from cascade_efgan.claims.cells import judge_cells
from cascade_efgan.claims.entries import CLAIMS, Claim, Part
from cascade_efgan.evaluation.inference import Comparison, holm, jackknife_test, paired_test
from cascade_efgan.evaluation.metric import hashed, read_metric
from cascade_efgan.evaluation.values import SET_METRICS, read_values
from cascade_efgan.methods import METHODS
from cascade_efgan.tables.comparisons import Found, gather, replicates, units
from cascade_efgan.tables.rows import TRUE_EDITS, ablation_dataset, measures

HOLDS, FAILS, OPEN, NOT_RUN, NOT_MEASURED = "holds", "does not hold", "cannot be told", "not run", "not measured"

#: Share of runs that would show an effect of the size seen, with the people that a verdict asks for.
POWER = 0.8

#: More people than this are no answer: the effect seen is next to nothing.
MOST_PEOPLE = 10_000


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
    found, aucs = gather(paths, context), _aucs(identity)
    alone = _each_seed(paths, settings["seeds"])
    files: dict[tuple[str, str, str], list[str]] = {}
    for path, name in zip(paths, hashed(paths), strict=True):
        if (values := read_values(path)) is not None:
            files.setdefault((values.dataset, values.method, values.metric), []).append(name)
    verdicts = []
    for claim in claims:
        for dataset in [ablation_dataset(settings)] if claim.ablation else settings["datasets"]:
            parts = [_part(part, dataset, found, alone, settings, len(claim.parts)) for part in claim.parts]
            for line, p in zip(parts, holm([line["p"] for line in parts]), strict=True):
                line["p_holm"] = p
                line["verdict"], line["why"] = _part_verdict(line, len(claim.parts), settings["statistics"]["level"])
            for part, line in zip(claim.parts, parts, strict=True):
                keys = [(dataset, method, metric) for _, method, metric in part.terms]
                keys += [(dataset, part.terms[0][1], part.over)] if part.over else []
                line["files"] = sorted({name for key in keys for name in files.get(key, [])})
                line.pop("smaller_p"), line.pop("seeds")
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


def _each_seed(paths: list[Path], seeds: list[int]) -> dict[int, Found]:
    """The values of each seed alone; nothing where there is one."""
    if len(seeds) < 2:
        return {}
    of = {path: values.seed for path in paths if (values := read_values(path)) is not None}
    return {
        seed: gather([path for path in of if of[path] == seed], {"settings": {"seeds": [seed]}}) for seed in seeds
    }  # fmt: skip


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
    tables = [found.get((dataset, method, metric)) for _, method, metric in part.terms]
    factors = [factor for factor, _, _ in part.terms]
    over = found.get((dataset, part.terms[0][1], part.over)) if part.over else None
    if any(table is None for table in tables) or (part.over and over is None):
        return None
    known = [table for table in [*tables, over] if table is not None]
    if part.terms[0][2] in SET_METRICS:
        whole = [replicates(table) for table in known]
        effect = sum(factor * value for factor, (value, _) in zip(factors, whole, strict=True))
        columns = [factor * without for factor, (_, without) in zip(factors, whole, strict=True)]
        return float(effect), pd.concat(columns, axis=1, join="inner").sum(axis=1)
    joined = pd.concat([table["value"] for table in known], axis=1, join="inner").sort_index()
    if joined.empty:
        return None
    values = joined.iloc[:, : len(factors)].to_numpy() @ np.array(factors, dtype=np.float64)
    if over is not None:
        moved = joined.iloc[:, -1].to_numpy() - joined.iloc[:, -1].mean()
        spread = float(np.mean(moved**2))
        values = (values - values.mean()) * moved / spread if spread > 0 else np.zeros(len(moved))
    return pd.DataFrame({"person": known[0]["person"].reindex(joined.index), "value": values}, index=joined.index)


def _against(values: pd.DataFrame | tuple[float, pd.Series], bar: float, chosen: Mapping[str, Any]) -> Comparison:
    """The effect minus `bar`, tested against 0."""
    if isinstance(values, tuple):
        effect, without = values
        return jackknife_test(effect, bar, (without.tolist(), [bar] * len(without)), chosen["level"])
    values = units(values, chosen)
    return paired_test(values, values.assign(value=bar), chosen["resamples"], chosen["seed"], chosen["level"], False)


def _part(
    part: Part, dataset: str, found: Found, alone: Mapping[int, Found], settings: Mapping[str, Any], tests: int
) -> dict[str, Any]:
    sign = 1 if part.more else -1
    line: dict[str, Any] = {
        **{"words": part.words, "unit": part.unit, "more": part.more, "bar": part.bar, "least": part.least},
        **dict.fromkeys(("value", "low", "high", "p", "people", "n", "reason", "smaller_p", "needed_people")),
        "seeds": {},
    }
    values = effect_values(part, dataset, found)
    if values is None:
        return line
    chosen = settings["statistics"]
    result = _against(values, part.bar, chosen)
    estimate = result.difference
    line |= {"value": estimate.value + part.bar, "p": result.p, "people": estimate.people, "n": estimate.n}
    line |= {"reason": estimate.reason}
    if estimate.low is not None and estimate.high is not None:
        line |= {"low": estimate.low + part.bar, "high": estimate.high + part.bar}
    if part.least is not None:
        smaller = _against(values, part.bar + sign * part.least, chosen)
        line["smaller_p"] = smaller.p if sign * smaller.difference.value < 0 else None
    if isinstance(values, tuple):
        line["people"] = _people_left_out(values[1])
    line["needed_people"] = _needed(values, estimate.value, chosen, tests)
    for seed, own in alone.items():
        one = effect_values(part, dataset, own)
        if one is not None:
            line["seeds"][seed] = (one[0] if isinstance(one, tuple) else float(one["value"].mean())) - part.bar
    return line


def _people_left_out(without: pd.Series) -> int:
    """People behind the replicates of a distance; those that were left out together are named in one index entry."""
    return sum(len(str(names).split()) for names in without.index)


def fewest_people(tests: int, level: float) -> int:
    """People without whom exchanging methods cannot reach the level: the smallest p is 2 / 2^people, times `tests`."""
    return max(3, floor(log2(2 * tests / (1 - level))) + 1)


def _needed(
    values: pd.DataFrame | tuple[float, pd.Series], beyond: float, chosen: Mapping[str, Any], tests: int
) -> int | None:
    """People that would show an effect of the size seen; None where one or none was seen, or far too many."""
    from scipy.stats import norm

    if isinstance(values, tuple):
        without = values[1].to_numpy()
        groups = len(without)
        people = _people_left_out(values[1])
        error = float(np.sqrt((groups - 1) / max(groups, 1) * np.sum((without - without.mean()) ** 2)))
    else:
        by_person = units(values, chosen).groupby("person")["value"]
        people = len(by_person)
        parts = by_person.sum() - values["value"].mean() * by_person.count()
        error = float(np.sqrt(np.sum(parts**2) * people / max(people - 1, 1))) / len(values)
    if people < 2 or beyond == 0:
        return None
    reach = norm.ppf(1 - (1 - chosen["level"]) / (2 * tests)) + norm.ppf(POWER)
    needed = max(people * (reach * error / beyond) ** 2, fewest_people(tests, chosen["level"]), people + 1)
    return ceil(needed) if needed <= MOST_PEOPLE else None


def _part_verdict(line: Mapping[str, Any], tests: int, level: float) -> tuple[str, str]:
    if line["value"] is None:
        return NOT_RUN, "its numbers are missing"
    if line["p"] is None:
        return OPEN, f"no test: {line['reason']}"
    claimed = (line["value"] > line["bar"]) == line["more"]
    towards = [(beyond > 0) == line["more"] for beyond in line["seeds"].values() if beyond != 0]
    if line["p_holm"] < 1 - level and line["value"] != line["bar"]:
        if not all(same == claimed for same in towards):
            return OPEN, "the training seeds do not all point the same way"
        return (HOLDS, "") if claimed else (FAILS, "shown to be the other way round")
    if line["smaller_p"] is not None and line["smaller_p"] * tests < 1 - level:
        return FAILS, f"the effect, if any, is smaller than {line['least']:g} {line['unit']}".rstrip()
    return OPEN, "the test shows neither direction"


def _verdict(
    claim: Claim, dataset: str, parts: list[dict[str, Any]], context: Mapping[str, Any], auc: float | None
) -> tuple[str, str]:
    settings = context["settings"]
    if claim.not_measured:
        return NOT_MEASURED, claim.not_measured
    if claim.true_edits and dataset not in TRUE_EDITS:
        return NOT_MEASURED, "only rendered faces have true edits, and AUs that the regressor reads"
    states = [line["verdict"] for line in parts]
    failed = [line for line in parts if line["verdict"] == FAILS]
    if all(state == NOT_RUN for state in states) or (NOT_RUN in states and not failed):
        return NOT_RUN, f"run {command(claim, context)}"
    if len(settings["seeds"]) < claim.seeds:
        return OPEN, f"one training seed; it takes {claim.seeds} or more: --config 'seeds=[0, 1, 2]'"
    if claim.auc is not None and (auc is None or auc < claim.auc):
        share = "an unknown share" if auc is None else f"{100 * auc:.0f} %"
        return OPEN, (
            f"the measure orders {share} of pairs of real images right (AUC), and {100 * claim.auc:.0f} % are asked of "
            "it; more people do not change that, another network would"
        )
    if failed:
        return FAILS, "; ".join(f"not so that {line['words']}: {line['why']}" for line in failed)
    if all(state == HOLDS for state in states):
        return HOLDS, ""
    opened = [line for line in parts if line["verdict"] == OPEN]
    least = fewest_people(len(parts), settings["statistics"]["level"])
    against = sum((line["value"] < line["bar"]) == line["more"] and line["value"] != line["bar"] for line in opened)
    pointing = f" ({against} of them seem to point the other way)" if against else ""
    return OPEN, f"{len(opened)} of {len(parts)} parts undecided{pointing}; {_takes(opened, least)}"


def _takes(lines: list[dict[str, Any]], least: int) -> str:
    """How many people and faces the undecided parts would take."""
    known = [line["needed_people"] for line in lines if line["needed_people"] is not None]
    if any(line["people"] < least for line in lines) and len(known) < len(lines):
        return f"the test needs at least {least} people, and there are {min(line['people'] for line in lines)}"
    if len(known) < len(lines):
        return f"an effect as small as seen takes more than {MOST_PEOPLE:,} people"
    people = max(known)
    widest = next(line for line in lines if line["needed_people"] == people)
    faces = "" if widest["n"] is None else f" ({ceil(people * widest['n'] / widest['people']):,} faces or edits)"
    return f"an effect as large as seen takes about {people:,} people{faces}, where there are {widest['people']}"


def command(claim: Claim, context: Mapping[str, Any]) -> str:
    """The command that runs what a claim lacks."""
    settings = context["settings"]
    methods = [name for name in METHODS if name in {*settings["methods"], *claim.methods}]
    words = [f"preset={context['preset']}", f"'methods=[{', '.join(methods)}]'"]
    if "identity" in claim.metrics and "identity" not in measures(settings):
        words.append("'measures={identity: true}'")
    return f"`snakemake --cores all all --config {' '.join(words)}`"
