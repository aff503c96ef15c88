"""The verdict on one claim, from made-up values where it is known."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from claims_helpers import BETTER, EVEN, NOISE, claim, judged, run, verdict
from table_helpers import number

from cascade_efgan.claims.power import fewest_people
from cascade_efgan.claims.shares import answers_for_one, runs_agree, share_p
from cascade_efgan.claims.verdicts import judge
from cascade_efgan.evaluation.values import write_replicates, write_values

SMALL = "any effect is shown to be smaller than 1 point"


@pytest.mark.parametrize(
    ("people", "effect", "spread", "expected", "words"),
    [
        (12, 8.0, 1, "holds", ""),
        (12, -8.0, 1, "does not hold", "the opposite is shown"),
        (12, 0.9, 0.3, "holds", ""),  # and may be as large as is worth it
        (12, -0.1, 0.001, "does not hold", SMALL),
        (40, 0.0, 0.3, "does not hold", SMALL),
        (40, 0.2, 0.1, "does not hold", f"{SMALL} (p 0."),  # there, and worth nothing
        (12, 1.2, 1, "cannot be told", "takes about"),
        (4, 20.0, 1, "cannot be told", "there are 4"),
        (1, 20.0, 1, "cannot be told", "the test needs at least 6 people, and there are 1"),
    ],
)
def test_each_verdict_where_it_is_known(tmp_path, people, effect, spread, expected, words) -> None:
    noise = NOISE[:people] * spread
    found = verdict(tmp_path, effect + noise - noise.mean())
    assert found["verdict"] == expected
    assert words in found["why"]
    (part,) = found["parts"]
    assert part["value"] == pytest.approx(effect, abs=1e-9)
    if people > 4:
        assert part["low"] < effect < part["high"]


def test_a_share_that_is_nearly_whole_leaves_nothing_to_claim(tmp_path) -> None:
    """A classifier that is right on 99.5 % of real images cannot gain a point."""
    first = np.full((40, 20), 100.0)
    second = first.copy()
    second[0, 0] = 0.0
    found = judged(tmp_path, BETTER, {"ef_gan G": first, "baseline G": second})
    assert found["verdict"] == "cannot be told" and "the second is at 99.88 of 100 already" in found["why"]


def test_methods_that_tie_everywhere_refute_a_claim_of_a_difference(tmp_path) -> None:
    found = verdict(tmp_path, np.zeros((12, 3)), claim(unit="dB"))
    assert found["verdict"] == "does not hold"
    assert found["parts"][0]["low"] is None and found["parts"][0]["reason"] == "all people have the same value"
    for one in (claim(None), BETTER):  # of right answers, 36 that are the same may well hide a difference of one point
        assert verdict(tmp_path, np.zeros((12, 3)), one)["verdict"] == "cannot be told"


def test_the_people_asked_for_decide_it(tmp_path) -> None:
    needed = verdict(tmp_path, 1.2 + EVEN)["parts"][0]["needed_people"]
    gains = np.random.default_rng(1).normal(1.2, EVEN.mean(axis=1).std(ddof=1), (200, needed))
    shown = np.abs(gains.mean(axis=1) / (gains.std(axis=1, ddof=1) / np.sqrt(needed))) > 1.96
    assert 0.7 < shown.mean() < 0.9, "80 % of such runs should show it"
    assert [fewest_people(tests, 0.95) for tests in (1, 2, 4)] == [6, 7, 8]


@pytest.mark.parametrize(
    ("gains", "noise", "expected", "words"),
    [
        ((20, -4), EVEN, "cannot be told", "seeds disagree; an effect as large as seen takes about 36 of them"),
        ((20, -20), EVEN / 20, "cannot be told", "seeds disagree whether any effect is smaller"),
        ((20, 4), EVEN, "holds", ""),
    ],
)
def test_seeds_that_disagree_decide_nothing(tmp_path, gains, noise, expected, words) -> None:
    assert int(np.ceil(((1.95996 + 0.84162) * np.std([20, -4], ddof=1) / 8) ** 2)) == 36
    found = verdict(tmp_path, np.stack([gain + noise for gain in gains]), seeds=[0, 1])
    assert found["verdict"] == expected and words in found["why"]


def test_seeds_are_enough_where_their_mean_is_shown_though_one_differs() -> None:
    assert runs_agree([5, 6, 7, 5, 6, 7, -0.1], True, 1, 0.95)
    assert not runs_agree([5, -4, 5], True, 1, 0.95)
    assert not runs_agree([5, 6, 7], False, 1, 0.95)


@pytest.mark.parametrize(
    ("gains", "expected", "words"),
    [
        ((8, 2, 5), "holds", ""),
        ((8, -2, 5), "cannot be told", "classifiers disagree"),
        ((8,), "cannot be told", "one further classifier; it takes 2 or more: run `snakemake"),
        ((), "not run", "'measures={classifiers: 4}'"),
    ],
)
def test_edits_help_classifiers_if_several_of_them_agree(tmp_path, gains, expected, words) -> None:
    helpful = claim(None, ("ef_gan R+G_again", "real R_again"), classifiers=2)
    paths = [tmp_path / "R+G.csv", tmp_path / "R.csv"]
    for path, method, scale in zip(paths, ("ef_gan", "real"), (1, 0), strict=True):
        ids = [f"face{face:02d}#{turn}" for turn in range(1, len(gains) + 1) for face in range(24)]
        people = [f"{face // 2}" for _ in gains for face in range(24)]
        values = [50 + scale * (gain + NOISE.ravel()[face] / 4) for gain in gains for face in range(24)]
        write_values(path, number("R_again" if method == "real" else "R+G_again", method, 0.0), ids, people, values)
    (found,) = judge(run("rendered", measures={"classifiers": len(gains)}), paths, claims=[helpful])["claims"]
    assert found["verdict"] == expected and words in found["why"]
    if gains:
        assert (found["parts"][0]["people"], found["parts"][0]["n"]) == (12, 24)


def at_most_one(folder: Path, gained: np.ndarray, seeds: int = 1) -> str:
    """The verdict on "A adds at most 1 point to B", whose answers about people `(P, images)` differ where `gained`."""
    right = np.full(gained.shape, 100.0)
    right[::4] = 0.0  # so that there is room
    first = np.stack([np.where(gained & (seed == 0), 100.0, right) for seed in range(seeds)])
    numbers = {"baseline G": right, "ef_gan G": first}
    return str(judged(folder, claim(None, more=False, bar=1.0), numbers, seeds=list(range(seeds)))["verdict"])


def test_answers_that_never_differ_do_not_show_that_nothing_is_gained(tmp_path) -> None:
    """Answers about a person may all turn at once: 59 people, 1 % of whom gain all, show none in half of all runs."""
    for people, images, expected in ((59, 8, "cannot be told"), (400, 2, "holds")):
        assert at_most_one(tmp_path, np.zeros((people, images), dtype=bool)) == expected
    whole = dict.fromkeys(("ef_gan G", "baseline G"), np.full((59, 8), 100.0))
    found = judged(tmp_path, claim(None, more=False, bar=1.0), whole)
    assert found["verdict"] == "cannot be told" and "the second is at 100.00 of 100 already" in found["why"]


def test_another_seed_does_not_make_a_gain_absent_that_one_cannot_exclude(tmp_path) -> None:
    gained = np.zeros((60, 2), dtype=bool)
    gained[0, 0] = True
    assert [at_most_one(tmp_path, gained, seeds) for seeds in (1, 2)] == ["cannot be told"] * 2


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


@pytest.mark.parametrize(("gain", "expected"), [(0, "holds"), (15, "does not hold"), (5, "cannot be told")])
def test_at_most_is_shown_by_an_effect_below_its_bar(tmp_path, gain, expected) -> None:
    assert verdict(tmp_path, gain + EVEN, claim(None, more=False, bar=5.0))["verdict"] == expected


@pytest.mark.parametrize(("slope", "expected"), [(3.0, "holds"), (-3.0, "does not hold"), (0.0, "does not hold")])
def test_the_slope_over_the_gap_is_found_beside_a_constant_gain(tmp_path, slope, expected) -> None:
    gap = np.tile([1.0, 3.0, 8.0], (12, 1)) + np.arange(12)[:, None] / 10
    gains = slope * gap + NOISE[:12] / 10
    numbers = {"ef_gan G": 60 + gains, "ef_gan gap": gap, "baseline G": np.full((12, 3), 40.0)}
    found = judged(tmp_path, claim(0.5, over="gap"), numbers)
    assert found["verdict"] == expected
    assert found["parts"][0]["value"] == pytest.approx(np.polyfit(gap.ravel(), gains.ravel(), 1)[0])


def test_a_distance_of_sets_is_judged_by_its_replicates(tmp_path) -> None:
    paths = []
    for method, level, step in (("ef_gan", 5.0, 0.001), ("baseline", 8.0, -0.001)):
        paths.append(tmp_path / f"{method}.csv")
        without = {f"{person:02d} x{person}": level + step * (person - 5.5) for person in range(12)}  # two at a time
        write_replicates(paths[-1], number("fid", method, level), without)
    lower = claim(None, ("ef_gan fid", "baseline fid"), more=False)
    (found,) = judge(run("rendered"), paths, claims=[lower])["claims"]
    assert (found["verdict"], found["parts"][0]["value"], found["parts"][0]["people"]) == ("holds", -3, 24)
