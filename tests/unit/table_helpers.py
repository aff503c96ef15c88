"""Made-up runs and numbers for tests of tables."""

from typing import Any

from cascade_efgan.config import resolve
from cascade_efgan.evaluation.metric import Metric
from cascade_efgan.tables.build import build_table
from cascade_efgan.tables.context import DatasetFacts, describe
from cascade_efgan.tables.model import Table

FACTS = DatasetFacts(
    images=288, people=12, expressions=["happy", "neutral"], gazes=3, train=259, test=29, test_people=11,
    shared_people=11, copies=0, excluded=2, missing=0, split_sha256="0" * 64,
)  # fmt: skip


def run(*datasets: str, facts: DatasetFacts = FACTS, **overrides: Any) -> dict[str, Any]:
    """The description of a run on some data sets, of the laptop's preset where no other is named."""
    settings = resolve({"preset": "laptop", "datasets": list(datasets), **overrides})
    return describe(settings, dict.fromkeys(settings.all_datasets, facts))


def paper_run(*datasets: str, **overrides: Any) -> dict[str, Any]:
    """The description of a run in the paper's setting."""
    return run(*datasets, **{"preset": "paper", "ablation_dataset": None, **overrides})


def number(
    name: str, method: str, value: float | None, seed: int = 0, dataset: str = "rendered", **rest: Any
) -> Metric:
    """A metric with 29 images."""
    reason = None if value is not None else rest.pop("reason", "no edit has a counterpart")
    return Metric(name, value, rest.pop("n", 29), dataset, method, seed, reason=reason, **rest)


def sorted_metrics(*metrics: Metric) -> dict[tuple[str, str, str], dict[int, Metric]]:
    """Metrics as `read_metrics` returns them."""
    found: dict[tuple[str, str, str], dict[int, Metric]] = {}
    for metric in metrics:
        found.setdefault((metric.dataset, metric.method, metric.name), {})[metric.seed] = metric
    return found


def table(name: str, context: dict[str, Any], *metrics: Metric, **more: Any) -> Table:
    """The table of a run with these numbers."""
    return build_table(name, context, sorted_metrics(*metrics), **more)
