"""Made-up runs and values for tests of claims."""

from pathlib import Path

import numpy as np
from table_helpers import number
from table_helpers import run as described

from cascade_efgan.claims.entries import Claim, Part
from cascade_efgan.claims.verdicts import judge
from cascade_efgan.evaluation.values import write_values

NOISE = np.random.default_rng(0).normal(0, 4, (40, 3))
BETTER = Claim("better", "A is better", "Table 0", (Part("A beats B", ((1, "ef_gan", "G"), (-1, "baseline", "G")),
               least=1.0),))  # fmt: skip


def run(*datasets: str, **overrides) -> dict:
    """A run's description, with fewer resamples: exchanges of 12 people are then drawn, and not all counted."""
    return described(*datasets, **{"statistics": {"resamples": 999}, **overrides})


def save(folder: Path, metric: str, method: str, values: np.ndarray, seed: int = 0, dataset: str = "rendered") -> Path:
    """Values `(people, images)` of a number."""
    path = folder / f"{dataset}_{method}_{metric}_{seed}.csv"
    people = [f"{person:02d}" for person in range(len(values)) for _ in range(values.shape[1])]
    ids = [f"image{place:03d}" for place in range(values.size)]
    write_values(path, number(metric, method, 0.0, seed, dataset), ids, people, values.ravel())
    return path


def verdict(folder: Path, gain: np.ndarray, claim: Claim = BETTER, **overrides) -> dict:
    """The claim's verdict where one method has 50 everywhere and the other this much more, `(people, images)`."""
    seeds = overrides.get("seeds", [0])
    gains = gain if gain.ndim == 3 else gain[None]
    paths = [save(folder, "G", "ef_gan", 50 + own, seed) for seed, own in zip(seeds, gains, strict=True)]
    paths += [save(folder, "G", "baseline", np.full(gains[0].shape, 50.0), seed) for seed in seeds]
    (found,) = judge(run("rendered", **overrides), paths, claims=[claim])["claims"]
    return found
