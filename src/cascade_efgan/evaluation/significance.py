"""Intervals and paired tests that take people, not images, as what was drawn (beyond the paper).

The edits of one person resemble each other: eight edits of each of three photographs are not 24 independent
observations. A new experiment would meet other people, so people are resampled, left out or exchanged as a whole.
`level` is the coverage of an interval, such as 0.95.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

#: Fewer people than this give no interval and no test.
FEWEST_PEOPLE = 3

#: Values of people that differ by less than this share are one value: features are single precision.
SAME = 1e-6


@dataclass(frozen=True)
class Estimate:
    """A number with its interval.

    Attributes:
        low: lower end; None where there is no interval.
        high: likewise, the upper end.
        people: people behind it; for a number of a whole set, groups of people that were left out in turn.
        n: images behind it; None for a number of a whole set.
        reason: why there is no interval; None otherwise.
    """

    value: float
    low: float | None
    high: float | None
    people: int
    n: int | None
    reason: str | None = None


@dataclass(frozen=True)
class Comparison:
    """Two methods on the same images.

    Attributes:
        difference: first minus second, with its interval.
        p: two-sided p-value; None where there is no test.
        first_only: for accuracies, images that only the first got right; None for other numbers.
        second_only: likewise, the second.
    """

    difference: Estimate
    p: float | None
    first_only: int | None = None
    second_only: int | None = None


def bootstrap_interval(values: pd.DataFrame, resamples: int, seed: int, level: float) -> Estimate:
    """Mean over images (`person`, `value`) with a bootstrap interval over people.

    A person drawn brings all of their images, so that the mean of a resample is a ratio of two sums over people. The
    interval is bias-corrected and accelerated (BCa; Efron 1987), by `scipy.stats.bootstrap`. With a dozen people it is
    still somewhat too narrow: of 2,000 intervals over 11 simulated people 90 % held the truth, over 67 people 95 %.
    """
    groups = values.groupby("person", sort=True)["value"]
    sums, counts = groups.sum().to_numpy(), groups.count().to_numpy()
    mean, people = float(values["value"].mean()), len(sums)
    if people < FEWEST_PEOPLE:
        return Estimate(mean, None, None, people, len(values), f"fewer than {FEWEST_PEOPLE} people")
    if np.ptp(sums / counts) < SAME * max(1.0, abs(mean)):
        # Resampling equal people gives equal means: an interval of no width would claim a certainty that is not there.
        return Estimate(mean, None, None, people, len(values), "all people have the same value")
    from scipy.stats import bootstrap

    found = bootstrap(
        (sums, counts), lambda ours, n, axis: ours.sum(axis=axis) / n.sum(axis=axis), paired=True, vectorized=True,
        n_resamples=resamples, confidence_level=level, method="BCa", rng=np.random.default_rng(seed),
    ).confidence_interval  # fmt: skip
    return Estimate(mean, float(found.low), float(found.high), people, len(values))


def paired_test(
    first: pd.DataFrame, second: pd.DataFrame, resamples: int, seed: int, level: float, binary: bool
) -> Comparison:
    """Compare two methods on the images that both have, at least one.

    The test exchanges the two methods' values of a whole person at a time (a sign flip of that person's sum of
    differences): under the hypothesis that the methods do not differ, each exchange is as likely as none. It is exact
    where all exchanges can be counted (up to 2^people = resamples), else by random ones. For accuracies it is
    McNemar's test for clustered pairs.

    Args:
        first: columns `person` and `value`, index `id`.
        second: likewise; `id` pairs the two.
        resamples: number of resamples of the interval, and of exchanges.
        binary: whether the values are right or wrong: then the images that one method alone got right are counted.
    """
    both = first.index.intersection(second.index, sort=True)
    a, b = first.loc[both, "value"], second.loc[both, "value"]
    differences = pd.DataFrame({"person": first.loc[both, "person"], "value": a - b})
    counts = (int((a > b).sum()), int((a < b).sum())) if binary else (None, None)
    sums = differences.groupby("person", sort=True)["value"].sum().to_numpy()
    p = sign_flip_p(sums, resamples, seed) if len(sums) >= FEWEST_PEOPLE else None
    return Comparison(bootstrap_interval(differences, resamples, seed, level), p, *counts)


def sign_flip_p(sums: np.ndarray, resamples: int, seed: int) -> float:
    """Two-sided p-value of a mean of 0, by flipping the signs of `(P,)` values; all 0 gives 1."""
    if not sums.any():
        return 1.0
    from scipy.stats import permutation_test

    def size(values: np.ndarray, axis: int) -> Any:
        # Rounded, because the same values added in another order must count as equal, not as more or less extreme.
        return np.round(np.abs(values.sum(axis=axis)), 9)

    return float(
        permutation_test(
            (sums, -sums), lambda a, b, axis: size(a - b, axis), permutation_type="samples", vectorized=True,
            n_resamples=resamples, alternative="greater", rng=np.random.default_rng(seed),
        ).pvalue
    )  # fmt: skip


def jackknife_interval(value: float, without: Sequence[float], level: float) -> Estimate:
    """A number of a whole set of images, with an interval from leaving people out in turn (`without` each group).

    A distance between sets is no mean, and resampled sets hold images twice, which moves a distance by more than the
    people do. So each group of people is left out once (delete-a-group jackknife; Student's t with groups - 1 degrees
    of freedom). What it cannot show is the distance's own bias at n images.
    """
    groups = len(without)
    if groups < FEWEST_PEOPLE:
        return Estimate(value, None, None, groups, None, f"fewer than {FEWEST_PEOPLE} people")
    from scipy.stats import t

    half = float(t.ppf((1 + level) / 2, groups - 1)) * jackknife_error(without)
    return Estimate(value, value - half, value + half, groups, None)


def jackknife_test(difference: float, without: Sequence[float], level: float) -> Comparison:
    """Compare two methods by a number of whole sets: Student's t of their difference over its jackknife error."""
    estimate = jackknife_interval(difference, without, level)
    if estimate.low is None:
        return Comparison(estimate, None)
    from scipy.stats import t

    error = jackknife_error(without)
    if error == 0:
        return Comparison(estimate, 1.0 if difference == 0 else 0.0)
    return Comparison(estimate, float(2 * t.sf(abs(difference) / error, len(without) - 1)))


def jackknife_error(without: Sequence[float] | np.ndarray) -> float:
    """Standard error of a number, from its values without each group."""
    values = np.asarray(without, dtype=np.float64)
    groups = len(values)
    return float(np.sqrt((groups - 1) / max(groups, 1) * np.sum((values - values.mean()) ** 2)))


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """Holm's step-down correction of a family of tests; tests without a p-value stay outside the family."""
    known = [p for p in p_values if p is not None]
    if not known:
        return list(p_values)
    from statsmodels.stats.multitest import multipletests

    adjusted = iter(multipletests(known, method="holm")[1].tolist())
    return [None if p is None else next(adjusted) for p in p_values]
