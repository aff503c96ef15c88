"""The verdict on one claim, from made-up values where it is known."""

from pathlib import Path

import numpy as np
import pytest
from claims_helpers import BETTER, NOISE, run, save, verdict
from table_helpers import number

from cascade_efgan.claims.entries import Claim, Part
from cascade_efgan.claims.power import fewest_people
from cascade_efgan.claims.verdicts import judge
from cascade_efgan.evaluation.values import write_replicates, write_values


@pytest.mark.parametrize(
    ("people", "effect", "expected", "words"),
    [
        (12, 8.0, "holds", ""),
        (12, -8.0, "does not hold", "the opposite is shown"),
        (40, 0.0, "does not hold", "any effect is shown to be smaller than 1 point"),
        (40, 0.2, "does not hold", "any effect is shown to be smaller than 1 point (p 0."),
        (12, 1.2, "cannot be told", "takes about"),
        (4, 20.0, "cannot be told", "there are 4"),
        (1, 20.0, "cannot be told", "the test needs at least 6 people, and there are 1"),
    ],
)
def test_each_verdict_where_it_is_known(tmp_path, people, effect, expected, words) -> None:
    noise = NOISE[:people] * (0.3 if effect == 0 else 0.1 if effect == 0.2 else 1)  # 0.2: there, and worth nothing
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
    paths = [save(tmp_path, "G", "ef_gan", first), save(tmp_path, "G", "baseline", second)]
    (found,) = judge(run("rendered"), paths, claims=[BETTER])["claims"]
    assert found["verdict"] == "cannot be told" and "the second is at 99.88 of 100 already" in found["why"]


def test_an_opposite_effect_that_is_next_to_nothing_is_called_small(tmp_path) -> None:
    found = verdict(tmp_path, -0.1 + NOISE[:12] / 1000)
    assert found["verdict"] == "does not hold" and "any effect is shown to be smaller than 1 point" in found["why"]
    assert "the opposite is shown" in verdict(tmp_path, -4 + NOISE[:12] / 1000)["why"]


def test_methods_that_tie_everywhere_refute_a_claim_of_a_difference(tmp_path) -> None:
    measured = Claim("x", "A is better", "", (Part("A beats B", BETTER.parts[0].terms, least=1.0, unit="dB"),))
    found = verdict(tmp_path, np.zeros((12, 3)), measured)
    assert found["verdict"] == "does not hold"
    assert found["parts"][0]["low"] is None and found["parts"][0]["reason"] == "all people have the same value"
    unsized = Claim("x", "A is better", "", (Part("A beats B", BETTER.parts[0].terms),))
    for claim in (unsized, BETTER):  # of right answers, 36 that are the same may well hide a difference of one point
        assert verdict(tmp_path, np.zeros((12, 3)), claim)["verdict"] == "cannot be told"


def test_the_people_asked_for_decide_it(tmp_path) -> None:
    noise = NOISE[:12] - NOISE[:12].mean()
    needed = verdict(tmp_path, 1.2 + noise)["parts"][0]["needed_people"]
    drawn = np.random.default_rng(1).normal(0, noise.mean(axis=1).std(ddof=1), (200, needed))
    gains = 1.2 + drawn
    shown = np.abs(gains.mean(axis=1) / (gains.std(axis=1, ddof=1) / np.sqrt(needed))) > 1.96
    assert 0.7 < shown.mean() < 0.9, "80 % of such runs should show it"
    assert [fewest_people(tests, 0.95) for tests in (1, 2, 4)] == [6, 7, 8]


def test_seeds_that_disagree_decide_nothing(tmp_path) -> None:
    noise = NOISE[:12] - NOISE[:12].mean()
    both = np.stack([20 + noise, -4 + noise])
    found = verdict(tmp_path, both, seeds=[0, 1])
    needed = int(np.ceil(((1.95996 + 0.84162) * np.std([20, -4], ddof=1) / 8) ** 2))
    assert found["verdict"] == "cannot be told"
    assert f"seeds disagree; an effect as large as seen takes about {needed} of them" in found["why"]
    cancel = verdict(tmp_path, np.stack([20 + noise / 20, -20 + noise / 20]), seeds=[0, 1])
    assert cancel["verdict"] == "cannot be told" and "seeds disagree whether any effect is smaller" in cancel["why"]
    same = np.stack([20 + NOISE[:12], 4 + NOISE[:12]])
    assert verdict(tmp_path, same, seeds=[0, 1])["verdict"] == "holds"


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
    parts = (Part("R+G is higher", ((1, "ef_gan", "R+G_again"), (-1, "real", "R_again"))),)
    claim = Claim("x", "edits help", "", parts, classifiers=2)
    paths = [tmp_path / "R+G.csv", tmp_path / "R.csv"]
    for path, method, scale in zip(paths, ("ef_gan", "real"), (1, 0), strict=True):
        ids = [f"face{face:02d}#{turn}" for turn in range(1, len(gains) + 1) for face in range(24)]
        people = [f"{face // 2}" for _ in gains for face in range(24)]
        values = [50 + scale * (gain + NOISE.ravel()[face] / 4) for gain in gains for face in range(24)]
        write_values(path, number("R_again" if method == "real" else "R+G_again", method, 0.0), ids, people, values)
    context = run("rendered", measures={"classifiers": len(gains)})
    (found,) = judge(context, paths, claims=[claim])["claims"]
    assert found["verdict"] == expected and words in found["why"]
    if gains:
        assert (found["parts"][0]["people"], found["parts"][0]["n"]) == (12, 24)


def adds_at_most(bar: float) -> Claim:
    """A is at most this many points above B."""
    return Claim("x", "A adds nothing", "", (Part("A adds little", BETTER.parts[0].terms, more=False, bar=bar),))


def at_most_one(folder: Path, gained: np.ndarray, seeds: int = 1) -> str:
    """The verdict on "A adds at most 1 point to B", whose answers about people `(P, images)` differ where `gained`."""
    right = np.full(gained.shape, 100.0)
    right[::4] = 0.0  # so that there is room
    paths = [save(folder, "G", "baseline", right, seed) for seed in range(seeds)]
    paths += [save(folder, "G", "ef_gan", np.where(gained & (seed == 0), 100.0, right), seed) for seed in range(seeds)]
    (found,) = judge(run("rendered", seeds=list(range(seeds))), paths, claims=[adds_at_most(1.0)])["claims"]
    return str(found["verdict"])


def test_answers_that_never_differ_do_not_show_that_nothing_is_gained(tmp_path) -> None:
    """Answers about a person may all turn at once: 59 people, 1 % of whom gain all, show none in half of all runs."""
    for people, images, expected in ((59, 8, "cannot be told"), (400, 2, "holds")):
        assert at_most_one(tmp_path, np.zeros((people, images), dtype=bool)) == expected
    paths = [save(tmp_path, "G", method, np.full((59, 8), 100.0)) for method in ("ef_gan", "baseline")]
    (found,) = judge(run("rendered"), paths, claims=[adds_at_most(1.0)])["claims"]
    assert found["verdict"] == "cannot be told" and "the second is at 100.00 of 100 already" in found["why"]


def test_another_seed_does_not_make_a_gain_absent_that_one_cannot_exclude(tmp_path) -> None:
    gained = np.zeros((60, 2), dtype=bool)
    gained[0, 0] = True
    assert [at_most_one(tmp_path, gained, seeds) for seeds in (1, 2)] == ["cannot be told"] * 2


@pytest.mark.parametrize(("gain", "expected"), [(0, "holds"), (15, "does not hold"), (5, "cannot be told")])
def test_at_most_is_shown_by_an_effect_below_its_bar(tmp_path, gain, expected) -> None:
    noise = NOISE[:12] - NOISE[:12].mean()
    assert verdict(tmp_path, gain + noise, adds_at_most(5.0))["verdict"] == expected


@pytest.mark.parametrize(("slope", "expected"), [(3.0, "holds"), (-3.0, "does not hold"), (0.0, "does not hold")])
def test_the_slope_over_the_gap_is_found_beside_a_constant_gain(tmp_path, slope, expected) -> None:
    steep = Claim("x", "grows", "", (Part("grows", BETTER.parts[0].terms, over="gap", least=0.5),))
    gap = np.tile([1.0, 3.0, 8.0], (12, 1)) + np.arange(12)[:, None] / 10
    noise = NOISE[:12] / 10
    paths = [save(tmp_path, "G", "ef_gan", 60 + slope * gap + noise), save(tmp_path, "gap", "ef_gan", gap)]
    paths.append(save(tmp_path, "G", "baseline", np.full((12, 3), 40.0)))
    (found,) = judge(run("rendered"), paths, claims=[steep])["claims"]
    assert found["verdict"] == expected
    assert found["parts"][0]["value"] == pytest.approx(np.polyfit(gap.ravel(), (slope * gap + noise).ravel(), 1)[0])


def test_a_distance_of_sets_is_judged_by_its_replicates(tmp_path) -> None:
    lower = Claim("x", "lower", "", (Part("lower", ((1, "ef_gan", "fid"), (-1, "baseline", "fid")), more=False),))
    paths = []
    for method, level, step in (("ef_gan", 5.0, 0.001), ("baseline", 8.0, -0.001)):
        paths.append(tmp_path / f"{method}.csv")
        without = {f"{person:02d} x{person}": level + step * (person - 5.5) for person in range(12)}  # two at a time
        write_replicates(paths[-1], number("fid", method, level), without)
    (found,) = judge(run("rendered"), paths, claims=[lower])["claims"]
    assert (found["verdict"], found["parts"][0]["value"], found["parts"][0]["people"]) == ("holds", -3, 24)
