"""Made-up runs and values for tests of claims."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from table_helpers import number
from table_helpers import run as described

from cascade_efgan.claims.entries import Claim, Part
from cascade_efgan.claims.verdicts import judge
from cascade_efgan.evaluation.metric import write_metric
from cascade_efgan.evaluation.values import write_values

NOISE = np.random.default_rng(0).normal(0, 4, (40, 3))
#: Of twelve people, without the mean: an effect with it is exactly what it is said to be.
EVEN = NOISE[:12] - NOISE[:12].mean()


def claim(least: float | None = 1.0, metrics: tuple[str, str] = ("ef_gan G", "baseline G"), **rest: Any) -> Claim:
    """A claim of one part, on the difference of two numbers."""
    (first, metric), (second, other) = (name.split() for name in metrics)
    classifiers = rest.pop("classifiers", 0)
    part = Part("A beats B", ((1, first, metric), (-1, second, other)), least=least, **rest)
    return Claim("better", "A is better", "Table 0", (part,), classifiers=classifiers)


BETTER = claim()


def run(*datasets: str, **overrides: Any) -> dict[str, Any]:
    """A run's description, with fewer resamples: exchanges of 12 people are then drawn, and not all counted."""
    return described(*datasets, **{"statistics": {"resamples": 999}, **overrides})


def save(folder: Path, metric: str, method: str, values: np.ndarray, seed: int = 0, dataset: str = "rendered") -> Path:
    """Values `(people, images)` of a number."""
    path = folder / f"{dataset}_{method}_{metric}_{seed}.csv"
    people = [f"{person:02d}" for person in range(len(values)) for _ in range(values.shape[1])]
    ids = [f"image{place:03d}" for place in range(values.size)]
    write_values(path, number(metric, method, 0.0, seed, dataset), ids, people, values.ravel())
    return path


def judged(
    folder: Path, claim: Claim, numbers: Mapping[str, np.ndarray], auc: float | None = None, **overrides: Any
) -> dict[str, Any]:
    """The verdict on a claim from values of "method metric", `(people, images)` or `(seeds, people, images)`."""
    paths = []
    for name, values in numbers.items():
        method, metric = name.split()
        for seed in overrides.get("seeds", [0]):
            paths.append(save(folder, metric, method, values[seed] if values.ndim == 3 else values, seed))
    identity = folder / "auc.json"
    details = {} if auc is None else {"auc": auc}
    write_metric(identity, number("identity", "same_person", 0.5, details=details))
    (found,) = judge(run("rendered", **overrides), paths, [identity], [claim])["claims"]
    return found


def verdict(folder: Path, gain: np.ndarray, claim: Claim = BETTER, **overrides: Any) -> dict[str, Any]:
    """The claim's verdict where one method has 50 everywhere and the other this much more."""
    return judged(folder, claim, {"ef_gan G": 50 + gain, "baseline G": np.full(gain.shape, 50.0)}, **overrides)
