"""Tests that guard a verdict: of shares of right answers against a bar, and over seeds and classifiers."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from cascade_efgan.evaluation.values import AGAIN


def share_p(values: pd.Series, bar: float) -> float:
    """Exact two-sided p of a difference of two shares against a bar other than 0; 0 where it does not apply.

    Flipping signs takes what lies beyond the bar to be symmetric. Of answers that hardly ever differ it is not: where
    nobody gains, everybody lies one bar below it. So the number of answers gained (lost, for a bar below what was
    seen) is also compared with the binomial one at the bar, with the losses (gains) as they are.

    Args:
        values: difference of two answers on the same face, -100, 0 or 100 (several classifiers answer for each face:
            ids end in a number, and the largest p of them counts).
        bar: points.
    """
    if bar == 0 or not values.abs().isin([0.0, 100.0]).all():
        return 0.0
    from scipy.stats import binom

    turns = values.index.str.partition(AGAIN).get_level_values(2)  # empty where one classifier answers
    found = []
    for _, own in values.groupby(np.asarray(turns)):
        gained, lost, n = int((own > 0).sum()), int((own < 0).sum()), len(own)
        below = own.mean() < bar
        counted, share = (gained, bar / 100 + lost / n) if below else (lost, gained / n - bar / 100)
        found.append(min(1.0, 2 * float(binom.cdf(counted, n, np.clip(share, 0, 1)))))
    return max(found)


def runs_agree(beyond: Sequence[float], above: bool, tests: int, level: float) -> bool:
    """Whether seeds or classifiers point the way that their mean does: all of them, or by Student's t over them.

    Args:
        beyond: how far each lies above the bar.
        above: the way of their mean.
        tests: parts of the claim (Bonferroni).
        level: level of the test.
    """
    if all((one > 0) == above for one in beyond if one != 0):
        return True
    from scipy.stats import ttest_1samp

    return (np.mean(beyond) > 0) == above and float(ttest_1samp(beyond, 0.0).pvalue) * tests < 1 - level
