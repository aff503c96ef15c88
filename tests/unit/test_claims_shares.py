"""Guards of verdicts: shares of right answers, how alike answers about one person are, seeds that disagree."""

import numpy as np
import pandas as pd
import pytest

from cascade_efgan.claims.shares import answers_for_one, runs_agree, share_p


@pytest.mark.parametrize("alike", [1, 7])
def test_a_gain_as_large_as_the_bar_is_rarely_declared_absent(alike) -> None:
    """161 answers about 23 people, of which 2 % are gained and 1 % lost, one by one or a person's all together."""
    random = np.random.default_rng(0)
    people, declared = np.repeat(np.arange(23), 7).astype(str), 0
    for _ in range(400):
        drawn = np.repeat(random.random(161 // alike), alike)
        changes = 100.0 * (drawn < 0.02) - 100.0 * (drawn > 0.99)
        declared += share_p(pd.DataFrame({"value": changes, "person": people}, index=map(str, range(161))), 1.0) < 0.05
    assert declared / 400 < 0.08


def test_answers_about_one_person_count_as_so_many_fewer_as_they_are_alike() -> None:
    random = np.random.default_rng(0)
    for alike in (1, 4):
        changes = np.repeat(random.choice([-100.0, 0, 100], (100, 8 // alike)), alike, axis=1)
        table = pd.DataFrame({"value": changes.ravel(), "person": np.repeat(np.arange(100), 8).astype(str)})
        assert answers_for_one(table) == pytest.approx(alike, rel=0.35)
    assert answers_for_one(table.assign(value=0.0)) == 8


def test_seeds_are_enough_where_their_mean_is_shown_though_one_differs() -> None:
    assert runs_agree([5, 6, 7, 5, 6, 7, -0.1], True, 1, 0.95)
    assert not runs_agree([5, -4, 5], True, 1, 0.95)
    assert not runs_agree([5, 6, 7], False, 1, 0.95)
