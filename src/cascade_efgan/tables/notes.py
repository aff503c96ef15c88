"""What is written below a table: the images behind each number, what intervals are, cautions."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from cascade_efgan.data import AUS
from cascade_efgan.datasets import dataset_title
from cascade_efgan.evaluation.metric import Metric
from cascade_efgan.evaluation.values import SET_METRICS
from cascade_efgan.tables.columns import Column
from cascade_efgan.tables.model import Metrics, Row

#: Key of the left-out counts -> words.
LEFT_OUT = {
    "own_expression": "to the source's own expression",
    "no_counterpart": "without a counterpart",
    "no_true_edit": "without a true edit",
    "no_face": "in which no face was found",
    "identical": "identical to the image they are compared with",
}


def note_lines(
    name: str,
    context: Mapping[str, Any],
    metrics: Metrics,
    rows: Sequence[Row],
    columns: Sequence[Column],
    comparisons: Mapping[str, Any] | None,
) -> list[str]:
    """The sentences below a table, in their order."""
    datasets: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        datasets[row.dataset].append(row)
    every = [metric for by_seed in metrics.values() for metric in by_seed.values()]
    return [
        *([] if comparisons is None else _inference_lines(rows, columns, comparisons["settings"], name)),
        *_count_lines(datasets, columns),
        *_copy_lines(context, datasets),
        *_left_out_lines(metrics, datasets, columns),
        *_distance_lines(every, context["settings"]["measures"]["fid_curve"]),
        *_identity_lines(every),
        *reader_lines(every),
    ]


def _inference_lines(
    rows: Sequence[Row], columns: Sequence[Column], chosen: Mapping[str, Any], name: str
) -> Iterator[str]:
    """What intervals and bold numbers mean."""
    percent, unit = f"{100 * chosen['level']:g} %", {"person": "people", "image": "images"}[chosen["unit"]]
    if any(cell.interval is not None and cell.spread is None for row in rows for cell in row.cells.values()):
        said = f"In brackets: {percent} interval over {unit} ({chosen['resamples']} bootstrap resamples, BCa)"
        if any(column.metric in SET_METRICS for column in columns):
            said += "; of a distance, by leaving people out in turn (jackknife)"
        yield f"{said}. None where all {unit} have the same value, or fewer than three are there."
    start = "Bold: the method" if any(row.best for row in rows) else "No number is bold: no method"
    against = "every other method, and than doing nothing"
    yield (
        f"{start} is better than {against}, by paired tests on the same images that exchange whole {unit} "
        f"(p < {1 - chosen['level']:.2g} after Holm's correction over the column; {name}_statistics.md lists them)."
    )


def _count_lines(datasets: Mapping[str, list[Row]], columns: Sequence[Column]) -> Iterator[str]:
    """Images behind the numbers of each data set, as a range over rows and seeds."""
    for dataset, rows in datasets.items():
        sizes = {
            column.name: [number for row in rows for number in row.cells[column.key].n or ()]
            for column in columns
            if column.detail is None
        }
        if parts := [f"{name} {_range(numbers)}" for name, numbers in sizes.items() if numbers]:
            yield f"Images behind each number, {dataset_title(dataset)}: {', '.join(parts)}."


def _copy_lines(context: Mapping[str, Any], datasets: Iterable[str]) -> Iterator[str]:
    """Copies among the images of each data set."""
    for name in datasets:
        facts = context["datasets"][name]
        if copies := facts.get("copies"):  # runs of earlier versions did not count
            yield (
                f"Of the {facts['images']} images of {dataset_title(name)}, {copies} show a photograph that is there "
                "already (equal pixels); copies are all in training or all in test, and each counts."
            )


def _left_out_lines(metrics: Metrics, datasets: Mapping[str, list[Row]], columns: Sequence[Column]) -> Iterator[str]:
    """Edits that PSNR leaves out, as a range over rows and seeds."""
    for dataset, rows in datasets.items():
        for column in columns:
            counts: dict[str, list[int]] = defaultdict(list)
            for row in rows:
                for metric in metrics.get((dataset, row.method, column.metric), {}).values():
                    for key, number in metric.details.get("left_out", {}).items():
                        counts[key].append(number)
            parts = [f"{_range(numbers)} {LEFT_OUT.get(key, key)}" for key, numbers in counts.items() if any(numbers)]
            if parts:
                yield f"Edits left out of {column.name}, {dataset_title(dataset)}: {', '.join(parts)}."


def _distance_lines(metrics: Iterable[Metric], curve: bool) -> Iterator[str]:
    """Caution about a distance estimated from fewer images than features."""
    found = [metric for metric in metrics if metric.name == "fid"]
    features = max((metric.details.get("features", 0) for metric in found), default=0)
    fewest = min((min(metric.n, metric.details.get("n_real", metric.n)) for metric in found), default=0)
    if found and fewest <= features:
        measured = " (measured: fid_curve.png of each data set)" if curve else ""
        yield (
            f"The distance has {features} features but only {fewest} images in its smaller set, which biases it "
            f"upwards{measured}: compare rows of one data set with each other, not with other numbers."
        )


def _identity_lines(metrics: Iterable[Metric]) -> Iterator[str]:
    """How well the features of the identity column tell people apart, in the first seed."""
    shares: dict[str, float] = {}
    for metric in metrics:
        if (metric.method, metric.name) == ("same_person", "identity") and "auc" in metric.details:
            shares.setdefault(dataset_title(metric.dataset), metric.details["auc"])
    for title, share in sorted(shares.items()):
        yield (
            f"Identity, {title}: of a real pair of one person and one of two people, the cosine is higher for the "
            f"former in {100 * share:.0f} % of cases (AUC; 50 % would be chance)."
        )


def reader_lines(metrics: Iterable[Metric]) -> list[str]:
    """Who read the AUs of photographs."""
    lines = set()
    for metric in metrics:
        found = metric.details
        if (metric.method, metric.name) == ("unchanged", "au_error") and "reader" in found:
            told = "all AUs" if len(found["aus"]) == len(AUS) else f"the AUs {', '.join(found['aus'])} only"
            own = found.get("own_expression_error")
            floor = "" if own is None else f"; its error on real test images against the data set's own AUs: {own:.3f}"
            lines.add(f"AUs of {dataset_title(metric.dataset)} were read by {found['reader']}, {told}{floor}.")
    return sorted(lines)


def _range(numbers: Sequence[int]) -> str:
    low, high = min(numbers), max(numbers)
    return str(low) if low == high else f"{low} to {high}"
