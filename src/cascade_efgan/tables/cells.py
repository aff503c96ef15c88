"""From metric files to the cells of a table: mean and spread over seeds, or the reason why there is no number."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, stdev

from cascade_efgan.errors import InputError
from cascade_efgan.evaluation.metric import Metric, read_metric

#: (data set, method, metric name) -> seed -> metric.
Metrics = Mapping[tuple[str, str, str], Mapping[int, Metric]]


@dataclass(frozen=True)
class Cell:
    """One number of a table.

    Attributes:
        value: mean over the seeds that have a number; None where none has.
        spread: sample standard deviation over these seeds; None with fewer than two.
        seeds: the seeds behind the value.
        n: images behind the value: smallest and largest number over these seeds; None without a value.
        reason: why the value, or that of some seed, is missing; None where nothing is missing.
        interval: its interval over people (`tables/comparisons.py`); None where there is none.
    """

    value: float | None
    spread: float | None = None
    seeds: tuple[int, ...] = ()
    n: tuple[int, int] | None = None
    reason: str | None = None
    interval: tuple[float, float] | None = None


def read_metrics(paths: Iterable[Path], datasets: Sequence[str], seeds: Sequence[int]) -> Metrics:
    """Read metric files and sort them by what they measure.

    Raises:
        InputError: a wrong file, a data set or seed that is not part of the run, or the same number twice.
    """
    found: dict[tuple[str, str, str], dict[int, Metric]] = {}
    for path in paths:
        metric = read_metric(path)
        if metric.dataset not in datasets or metric.seed not in seeds:
            raise InputError(
                f"{path}: data set {metric.dataset}, seed {metric.seed} is not part of the run "
                f"(data sets {', '.join(datasets)}; seeds {', '.join(map(str, seeds))}); leave it out"
            )
        by_seed = found.setdefault((metric.dataset, metric.method, metric.name), {})
        if metric.seed in by_seed:
            raise InputError(
                f"{path}: this number was given twice (same data set, method, name and seed); give it once"
            )
        by_seed[metric.seed] = metric
    return found


def mean_over_seeds(by_seed: Mapping[int, Metric], seeds: Sequence[int], detail: str | None = None) -> Cell:
    """Mean over seeds of one number.

    Args:
        by_seed: metrics of one data set, method and name.
        seeds: the seeds that the run should have.
        detail: key of `Metric.details` to show in place of the metric's value.
    """
    values: dict[int, float] = {}
    reasons: dict[str, list[int]] = {}
    for seed in seeds:
        metric = by_seed.get(seed)
        if metric is None:
            reasons.setdefault("this run has not computed it", []).append(seed)
            continue
        value = metric.value if detail is None else metric.details.get(detail)
        if value is None:
            reasons.setdefault(metric.reason or f"the metric file has no {detail}", []).append(seed)
        else:
            values[seed] = float(value)
    reason = _reason(reasons, len(seeds))
    if not values:
        return Cell(None, reason=reason)
    sizes = [by_seed[seed].n for seed in values]
    spread = stdev(values.values()) if len(values) > 1 else None
    return Cell(fmean(values.values()), spread, tuple(values), (min(sizes), max(sizes)), reason)


def _reason(reasons: Mapping[str, Sequence[int]], count: int) -> str | None:
    if not reasons:
        return None
    if len(reasons) == 1 and len(next(iter(reasons.values()))) == count:
        return next(iter(reasons))
    parts = []
    for text, seeds in reasons.items():
        shown = ", ".join(map(str, seeds))
        parts.append(f"{'seed' if len(seeds) == 1 else 'seeds'} {shown}: {text}")
    return "; ".join(parts)
