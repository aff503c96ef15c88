"""Tests that guard a verdict: of shares of right answers against a bar, and over seeds and classifiers."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from cascade_efgan.evaluation.values import AGAIN

#: People whose answers must differ before it can be estimated how alike answers about one person are.
FEWEST_DIFFERING = 6


def share_p(values: pd.DataFrame, bar: float) -> float:
    """Exact two-sided p of a difference of two shares against a bar other than 0; 0 where it does not apply.

    Flipping signs takes what lies beyond the bar to be symmetric. Of answers that hardly ever differ it is not: where
    nobody gains, everybody lies one bar below it. So the number of answers gained (lost, for a bar below what was
    seen) is also compared with the binomial one at the bar, with the losses (gains) as they are. Answers about one
    person are alike, and count as so many fewer (`answers_for_one`).

    Args:
        values: `value`, difference of two answers on the same face, -100, 0 or 100; `person` (several classifiers
            answer for each face: ids end in a number, and the largest p of them counts).
        bar: points.
    """
    if bar == 0 or not values["value"].abs().isin([0.0, 100.0]).all():
        return 0.0
    from scipy.stats import binom

    turns = values.index.str.partition(AGAIN).get_level_values(2)  # empty where one classifier answers
    found = []
    for _, own in values.groupby(np.asarray(turns)):
        alike = answers_for_one(own)
        gained, lost = float((own["value"] > 0).mean()), float((own["value"] < 0).mean())
        below = own["value"].mean() < bar
        counted, share = (gained, bar / 100 + lost) if below else (lost, gained - bar / 100)
        n = round(len(own) / alike)
        found.append(min(1.0, 2 * float(binom.cdf(np.ceil(counted * n), n, np.clip(share, 0, 1)))))
    return max(found)


def answers_for_one(values: pd.DataFrame) -> float:
    """How many answers say as much as one independent answer: 1 to the answers of a person (the design effect).

    Estimated from the variances of the mean over people and over answers; where the answers of fewer than
    `FEWEST_DIFFERING` people differ, that would be a guess, and a person's answers count as one.
    """
    people = values.groupby("person")["value"]
    most = len(values) / len(people)
    if (people.apply(lambda own: bool((own != 0).any()))).sum() < FEWEST_DIFFERING:
        return most
    off = values["value"] - values["value"].mean()
    over_people = off.groupby(values["person"]).sum().pow(2).sum()
    return float(np.clip(over_people / off.pow(2).sum(), 1, most))


def runs_agree(beyond: Sequence[float], above: bool, tests: int, level: float) -> bool:
    """Whether seeds or classifiers point the way that their mean does: all of them, or by Student's t over them.

    Args:
        beyond: how far each lies above the bar.
        above: the way of their mean.
        tests: parts of the claim (Bonferroni).
    """
    if all((one > 0) == above for one in beyond if one != 0):
        return True
    from scipy.stats import ttest_1samp

    return (np.mean(beyond) > 0) == above and float(ttest_1samp(beyond, 0.0).pvalue) * tests < 1 - level
