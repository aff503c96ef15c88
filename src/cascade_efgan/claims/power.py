"""How many people, faces or seeds a verdict takes."""

from collections.abc import Mapping, Sequence
from math import ceil, floor, log2
from typing import Any

import numpy as np
import pandas as pd

from cascade_efgan.evaluation.significance import jackknife_error
from cascade_efgan.tables.comparisons import units

#: Share of runs that would show an effect of the size seen, with the people that a verdict asks for.
POWER = 0.8

#: More people than this are no answer: the effect seen is next to nothing.
MOST_PEOPLE = 10_000


def fewest_people(tests: int, level: float) -> int:
    """People without whom exchanging methods cannot reach the level: the smallest p is 2 / 2^people, times `tests`."""
    return max(3, floor(log2(2 * tests / (1 - level))) + 1)


def standard_error(
    values: pd.DataFrame | tuple[float, pd.Series], chosen: Mapping[str, Any]
) -> tuple[int, float | None]:
    """People behind an effect, and its standard error over people; None of fewer than two."""
    if isinstance(values, tuple):
        # Those that were left out together are named in one index entry.
        people = sum(len(str(names).split()) for names in values[1].index)
        error = jackknife_error(values[1].to_numpy())
    else:
        by_person = units(values, chosen).groupby("person")["value"]
        people = len(by_person)
        parts = by_person.sum() - values["value"].mean() * by_person.count()
        error = float(np.sqrt(np.sum(parts**2) * people / max(people - 1, 1))) / len(values)
    return people, None if people < 2 else error


def needed_people(people: int, error: float | None, beyond: float, tests: int, level: float) -> int | None:
    """People that would show an effect so far beyond a bar; None where one or none was seen, or far too many."""
    if error is None or beyond == 0:
        return None
    reach = reach_of(tests, level)
    needed = max(people * (reach * error / beyond) ** 2, fewest_people(tests, level), people + 1)
    return ceil(needed) if needed <= MOST_PEOPLE else None


def reach_of(tests: int, level: float) -> float:
    """Errors that an effect must lie from its bar, for `POWER`; Bonferroni over the tests."""
    from scipy.stats import norm

    return float(norm.ppf(1 - (1 - level) / (2 * tests)) + norm.ppf(POWER))


def needed_runs(runs: Sequence[float], tests: int, level: float) -> str:
    """How many seeds or classifiers would show an effect of the size seen, by their own spread."""
    mean, spread = np.mean(runs), np.std(runs, ddof=1)
    if mean == 0:
        return ""
    needed = max(len(runs) + 1, ceil((reach_of(tests, level) * spread / mean) ** 2))
    return f"; an effect as large as seen takes about {needed:,} of them, where there are {len(runs)}"


def what_it_takes(lines: list[dict[str, Any]], least: int) -> str:
    """How many people and faces the undecided parts would take."""
    known = [line["needed_people"] for line in lines if line["needed_people"] is not None]
    if any(line["people"] < least for line in lines) and len(known) < len(lines):
        return f"the test needs at least {least} people, and there are {min(line['people'] for line in lines)}"
    if len(known) < len(lines):
        return f"deciding an effect as small as seen takes more than {MOST_PEOPLE:,} people"
    people = max(known)
    widest = next(line for line in lines if line["needed_people"] == people)
    faces = "" if widest["n"] is None else f" ({ceil(people * widest['n'] / widest['people']):,} faces or edits)"
    return (
        f"deciding an effect of the size seen takes about {people:,} people{faces}, where there are {widest['people']}"
    )
