"""The effect of a part of a claim, from the values of a run: its size, interval and tests."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from cascade_efgan.claims.entries import BY_MORE_CLASSIFIERS, Part
from cascade_efgan.claims.power import needed_people, standard_error
from cascade_efgan.claims.shares import share_p
from cascade_efgan.evaluation.significance import (
    FEWEST_PEOPLE,
    Estimate,
    bootstrap_interval,
    jackknife_interval,
    jackknife_test,
    sign_flip_p,
)
from cascade_efgan.evaluation.values import AGAIN, SET_METRICS
from cascade_efgan.tables.comparisons import ValuesByRow, replicates, units

#: An effect, image by image; of a distance of sets, the effect and its replicates.
Effect = pd.DataFrame | tuple[float, pd.Series]


def effect_values(part: Part, dataset: str, found: ValuesByRow) -> Effect | None:
    """The part's effect for every image, whose mean it is; of a distance of sets, the effect and its replicates.

    For a slope, an image's value is (d - mean d)(g - mean g) / variance of g, whose mean is the least squares slope of
    the effect d over g. Where there is none, its sum over a person is as likely of either sign.

    Returns:
        Columns `person`, `value` and `weight`, index `id`: an effect of 1 is expected to give an image `weight`, whose
        mean is 1 too. None where a number is missing or they have no image in common.
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
    weights = np.ones(len(values))
    if part.over:
        moved = joined.iloc[:, -1].to_numpy() - joined.iloc[:, -1].mean()
        spread = float(np.mean(moved**2))
        values = (values - values.mean()) * moved / spread if spread > 0 else np.zeros(len(moved))
        weights = moved**2 / spread if spread > 0 else weights
    people = known[0]["person"].reindex(joined.index)
    return pd.DataFrame({"person": people, "value": values, "weight": weights}, index=joined.index)


def _estimate(values: Effect, bar: float, chosen: Mapping[str, Any]) -> Estimate:
    """The effect minus `bar`, with its interval."""
    if isinstance(values, tuple):
        effect, without = values
        return jackknife_interval(effect - bar, (without - bar).tolist(), chosen["level"])
    return bootstrap_interval(_beyond(values, bar, chosen), chosen["resamples"], chosen["seed"], chosen["level"])


def _p(part: Part, values: Effect, bar: float, each: list[Effect], chosen: Mapping[str, Any]) -> float | None:
    """P of the effect against `bar`; of shares of right answers, the largest by which every seed (`each`) clears it."""
    if isinstance(values, tuple):
        effect, without = values
        return jackknife_test(effect - bar, (without - bar).tolist(), chosen["level"]).p
    sums = _beyond(values, bar, chosen).groupby("person", sort=True)["value"].sum()
    if len(sums) < FEWEST_PEOPLE:
        return None
    shares = [share_p(units(one, chosen), bar) for one in each if isinstance(one, pd.DataFrame) and of_shares(part)]
    return max([sign_flip_p(sums.to_numpy(), chosen["resamples"], chosen["seed"]), *shares])


def _beyond(values: pd.DataFrame, bar: float, chosen: Mapping[str, Any]) -> pd.DataFrame:
    return units(values, chosen).assign(value=values["value"] - bar * values["weight"])


def of_shares(part: Part) -> bool:
    """Whether it compares two shares of right answers."""
    return part.unit == "points" and len(part.terms) == 2 and not part.over


def measure_part(
    part: Part,
    dataset: str,
    found: ValuesByRow,
    alone: Mapping[int, ValuesByRow],
    settings: Mapping[str, Any],
    tests: int,
) -> dict[str, Any]:
    """A part's numbers, ready for JSON; without values where this run lacks one of its numbers.

    Args:
        part: of a claim with so many `tests`.
        found: values, averaged over training seeds.
        alone: training seed -> its values; empty where there is one seed.
    """
    sign = 1 if part.more else -1
    line: dict[str, Any] = {
        **{"words": part.words, "unit": part.unit, "more": part.more, "bar": part.bar, "least": part.least},
        **dict.fromkeys(("value", "low", "high", "error", "p", "people", "n", "reason", "smaller_p", "room")),
        "needed_people": None,
        "runs": {},
    }
    values = effect_values(part, dataset, found)
    if values is None:
        return line
    chosen = settings["statistics"]
    each = [one for own in alone.values() if (one := effect_values(part, dataset, own)) is not None] or [values]
    estimate = _estimate(values, part.bar, chosen)
    line |= {"value": estimate.value + part.bar, "n": estimate.n, "reason": estimate.reason}
    line["p"] = _p(part, values, part.bar, each, chosen)
    if estimate.low is not None and estimate.high is not None:
        line |= {"low": estimate.low + part.bar, "high": estimate.high + part.bar}
    line["room"] = _room(part, dataset, found)
    if part.least is not None and sign * estimate.value < part.least:
        line["smaller_p"] = _p(part, values, part.bar + sign * part.least, each, chosen)
    line["people"], line["error"] = standard_error(values, chosen)
    # A verdict falls by either way: beyond the bar, or too small; the farther of the two takes fewer people.
    ways = [estimate.value, *([sign * part.least - estimate.value] if part.least is not None else [])]
    beyond = max(ways, key=abs)
    line["needed_people"] = needed_people(line["people"], line["error"], beyond, tests, chosen["level"])
    if len(each) > 1:
        effects = [one[0] if isinstance(one, tuple) else float(one["value"].mean()) for one in each]
        line["runs"]["seeds"] = [effect - part.bar for effect in effects]
    if not isinstance(values, tuple) and part.terms[0][2] in BY_MORE_CLASSIFIERS:
        by_classifier = values["value"].groupby(values.index.str.rpartition(AGAIN).get_level_values(2)).mean()
        line["runs"]["classifiers"] = (by_classifier - part.bar).tolist()
        line["n"] //= len(by_classifier)
    return line


def _room(part: Part, dataset: str, found: ValuesByRow) -> float | None:
    """How far the first of two shares of 100 % can lie above the second; None for other parts."""
    if not of_shares(part):
        return None
    _, method, metric = part.terms[1]
    return 100 - float(found[dataset, method, metric]["value"].mean())
