"""Intervals and tests over people: closed forms, exact enumeration, and how often intervals hold the truth."""

import itertools

import numpy as np
import pandas as pd
import pytest

from cascade_efgan.evaluation.features_by_person import person_groups
from cascade_efgan.evaluation.significance import (
    bootstrap_interval,
    holm,
    jackknife_interval,
    jackknife_test,
    paired_test,
    sign_flip_p,
)


def images(people: dict[str, list[float]]) -> pd.DataFrame:
    """Values of every person's images, as the functions take them."""
    rows = [(f"{name}{number}", name, value) for name, values in people.items() for number, value in enumerate(values)]
    return pd.DataFrame(rows, columns=["id", "person", "value"]).set_index("id")


def test_people_not_images_are_resampled() -> None:
    """Copies of every image add no knowledge: over people the interval stays, over images it would shrink."""
    noise = np.random.default_rng(0)
    few = {f"p{person}": noise.normal(10 * person, 1, 2).tolist() for person in range(8)}
    many = {name: values * 20 for name, values in few.items()}
    once, copied = (bootstrap_interval(images(people), 999, 0, 0.95) for people in (few, many))
    assert (copied.low, copied.high) == pytest.approx((once.low, once.high), rel=0.01)  # ties of resampled means
    assert (copied.value, copied.people, copied.n) == (pytest.approx(once.value), 8, 320)
    single = images(many)
    over_images = bootstrap_interval(single.assign(person=single.index), 999, 0, 0.95)
    assert over_images.high - over_images.low < 0.4 * (copied.high - copied.low)


def test_intervals_hold_the_truth_about_as_often_as_they_say() -> None:
    """150 experiments with 30 people; the binomial deviation of a share of 0.95 is 0.018."""
    held = 0
    for experiment in range(150):
        draw = np.random.default_rng(experiment)
        people = {f"{person:02d}": draw.normal(draw.normal(5, 2), 1, 3).tolist() for person in range(30)}
        estimate = bootstrap_interval(images(people), 299, 0, 0.95)
        held += estimate.low <= 5 <= estimate.high
    assert 0.88 <= held / 150 <= 0.99


def test_no_interval_is_given_where_none_can_be_had() -> None:
    alike = bootstrap_interval(images({"a": [100.0] * 3, "b": [100.0], "c": [100.0]}), 999, 0, 0.95)
    assert (alike.value, alike.low, alike.reason) == (100, None, "all people have the same value")
    few = bootstrap_interval(images({"a": [1.0], "b": [2.0]}), 999, 0, 0.95)
    assert few.reason == "fewer than 3 people"
    assert jackknife_interval(3.0, [2.9, 3.1], 0.95).reason == "fewer than 3 people"


@pytest.mark.parametrize("sums", [[1.0, 2, 3, 4, 5], [3.0, -1, 2, 2, 0, 5], [0.1, 0.2, -0.3, 0.4, 0.5, -0.6, 0.7]])
def test_sign_flips_agree_with_their_enumeration(sums: list[float]) -> None:
    flips = [sum(sign * value for sign, value in zip(signs, sums, strict=True))
             for signs in itertools.product((1, -1), repeat=len(sums))]  # fmt: skip
    expected = np.mean([abs(flip) >= abs(sum(sums)) - 1e-9 for flip in flips])
    assert sign_flip_p(np.array(sums), 9999, 0) == pytest.approx(expected)


def test_a_paired_test_pairs_by_image_and_exchanges_people() -> None:
    first = images({"a": [100, 100, 0], "b": [100, 0], "c": [100.0, 100]})
    second = images({"a": [0, 100, 0], "b": [0, 0], "c": [0.0, 100]})
    found = paired_test(first, second.sample(frac=1, random_state=0), 9999, 0, 0.95, binary=True)
    assert (found.first_only, found.second_only) == (3, 0)
    assert found.difference.value == pytest.approx(300 / 7)
    assert found.p == pytest.approx(2 / 2**3)  # three people, all in favour of the first
    back = paired_test(second, first, 9999, 0, 0.95, binary=True)
    assert (back.p, back.difference.value) == (found.p, pytest.approx(-found.difference.value))
    assert paired_test(first, first, 9999, 0, 0.95, binary=False).p == 1


def test_the_jackknife_of_a_mean_is_its_standard_error() -> None:
    values = np.array([3.0, 5, 8, 1, 9, 4])
    without = [float(np.delete(values, turn).mean()) for turn in range(6)]
    error = values.std(ddof=1) / np.sqrt(6)
    found = jackknife_interval(values.mean(), without, 0.95)
    assert found.high - found.value == pytest.approx(2.570582 * error, rel=1e-6)  # t of 5 degrees of freedom
    from scipy.stats import ttest_1samp

    test = jackknife_test(values.mean(), without, 0.95)
    assert test.p == pytest.approx(ttest_1samp(values, 0).pvalue)
    assert jackknife_test(0.0, [0.0] * 4, 0.95).p == 1


def test_holm_on_known_p_values() -> None:
    """Sorted 0.005, 0.01, 0.03, 0.04 times 4, 3, 2, 1, never falling (Holm 1979)."""
    assert holm([0.01, 0.04, None, 0.03, 0.005]) == pytest.approx([0.03, 0.06, None, 0.06, 0.02])
    assert holm([None]) == [None]
    assert holm([]) == []


def test_groups_of_people_are_each_alone_or_of_nearly_the_same_size() -> None:
    assert person_groups(["b", "a", "b"]) == {"a": "a", "b": "b"}
    sizes = pd.Series(person_groups([f"{person:03d}" for person in range(67)], 20)).value_counts()
    assert (len(sizes), sizes.min(), sizes.max()) == (20, 3, 4)
