"""What is written below a table: the meaning of its columns, the images behind each number, cautions."""

from collections.abc import Mapping, Sequence
from typing import Any

from cascade_efgan.data import AUS
from cascade_efgan.datasets import dataset_title
from cascade_efgan.evaluation.values import SET_METRICS
from cascade_efgan.tables.cells import Metrics
from cascade_efgan.tables.model import Column, Row

#: Key of the left-out counts -> words.
LEFT_OUT = {
    "own_expression": "to the source's own expression",
    "no_counterpart": "without a counterpart",
    "no_true_edit": "without a true edit",
    "no_face": "in which no face was found",
    "identical": "identical to the image they are compared with",
}


def count_lines(rows: Sequence[Row], columns: Sequence[Column]) -> list[str]:
    """Images behind the numbers of each data set, as a range over rows and seeds."""
    lines = []
    for dataset in dict.fromkeys(row.dataset for row in rows):
        parts = []
        for column in columns:
            if column.detail is not None:
                continue
            sizes = [row.cells[column.key].n for row in rows if row.dataset == dataset]
            known = [size for size in sizes if size is not None]
            if known:
                parts.append(f"{_name(column)} {_range([number for size in known for number in size])}")
        if parts:
            lines.append(f"Images behind each number, {dataset_title(dataset)}: {', '.join(parts)}.")
    return lines


def copy_lines(context: Mapping[str, Any], datasets: Sequence[str]) -> list[str]:
    """Copies among the images of each data set."""
    return [
        f"Of the {context['datasets'][name]['images']} images of {dataset_title(name)}, {copies} show a "
        "photograph that is there already (equal pixels); copies are all in training or all in test, and each counts."
        for name in datasets
        if (copies := context["datasets"][name].get("copies"))  # runs of earlier versions did not count
    ]


def left_out_lines(metrics: Metrics, rows: Sequence[Row], columns: Sequence[Column]) -> list[str]:
    """Edits that PSNR leaves out, as a range over rows and seeds."""
    lines = []
    for dataset in dict.fromkeys(row.dataset for row in rows):
        for column in columns:
            counts: dict[str, list[int]] = {}
            for row in rows:
                for metric in metrics.get((dataset, row.method, column.metric), {}).values():
                    for key, number in metric.details.get("left_out", {}).items():
                        counts.setdefault(key, []).append(number)
            parts = [f"{_range(numbers)} {LEFT_OUT.get(key, key)}" for key, numbers in counts.items() if any(numbers)]
            if parts:
                title = dataset_title(dataset)
                lines.append(f"Edits left out of {_name(column)}, {title}: {', '.join(parts)}.")
    return lines


def distance_lines(metrics: Metrics, columns: Sequence[Column], curve: bool) -> list[str]:
    """Caution about a distance estimated from fewer images than features."""
    if not any(column.metric == "fid" for column in columns):
        return []
    found = [metric for (_, _, name), by_seed in metrics.items() if name == "fid" for metric in by_seed.values()]
    features = max((metric.details.get("features", 0) for metric in found), default=0)
    fewest = min((min(metric.n, metric.details.get("n_real", metric.n)) for metric in found), default=0)
    if not found or fewest > features:
        return []
    measured = " (measured: fid_curve.png of each data set)" if curve else ""
    return [
        f"The distance has {features} features but only {fewest} images in its smaller set, which biases it upwards"
        f"{measured}: compare rows of one data set with each other, not with other numbers."
    ]


def inference_lines(
    rows: Sequence[Row], columns: Sequence[Column], comparisons: Mapping[str, Any] | None, name: str
) -> list[str]:
    """What intervals and bold numbers mean."""
    if comparisons is None:
        return []
    chosen = comparisons["settings"]
    percent, unit = f"{100 * chosen['level']:g} %", {"person": "people", "image": "images"}[chosen["unit"]]
    lines = []
    shown = [row.cells[column.key] for row in rows for column in columns]
    if any(cell.interval is not None and cell.spread is None for cell in shown):
        said = f"In brackets: {percent} interval over {unit} ({chosen['resamples']} bootstrap resamples, BCa)"
        if any(column.metric in SET_METRICS for column in columns):
            said += "; of a distance, by leaving people out in turn (jackknife)"
        lines.append(f"{said}. None where all {unit} have the same value, or fewer than three are there.")
    start = "Bold: the method" if any(row.best for row in rows) else "No number is bold: no method"
    against = "every other method, and than doing nothing"
    lines.append(
        f"{start} is better than {against}, by paired tests on the same images that exchange whole {unit} "
        f"(p < {1 - chosen['level']:.2g} after Holm's correction over the column; {name}_statistics.md lists them)."
    )
    return lines


def identity_lines(metrics: Metrics, columns: Sequence[Column]) -> list[str]:
    """How well the features of the identity column tell people apart."""
    if not any(column.metric == "identity" for column in columns):
        return []
    lines = []
    for (dataset, method, name), by_seed in metrics.items():
        shares = [metric.details["auc"] for metric in by_seed.values() if "auc" in metric.details]
        if (method, name) == ("same_person", "identity") and shares:
            title = dataset_title(dataset)
            lines.append(
                f"Identity, {title}: of a real pair of one person and one of two people, the cosine is higher for the "
                f"former in {100 * shares[0]:.0f} % of cases (AUC; 50 % would be chance)."
            )
    return sorted(lines)


def reader_lines(metrics: Metrics, columns: Sequence[Column]) -> list[str]:
    """Who read the AUs of photographs."""
    if not any(column.metric == "au_error" and column.detail is None for column in columns):
        return []
    lines = set()
    for (dataset, method, name), by_seed in metrics.items():
        for metric in by_seed.values():
            if (method, name) != ("unchanged", "au_error") or "reader" not in metric.details:
                continue
            found = metric.details
            told = "all AUs" if len(found["aus"]) == len(AUS) else f"the AUs {', '.join(found['aus'])} only"
            own = found.get("own_expression_error")
            floor = "" if own is None else f"; its error on real test images against the data set's own AUs: {own:.3f}"
            lines.add(f"AUs of {dataset_title(dataset)} were read by {found['reader']}, {told}{floor}.")
    return sorted(lines)


def _name(column: Column) -> str:
    return column.heading.split(" ↑")[0].split(" ↓")[0]


def _range(numbers: Sequence[int]) -> str:
    low, high = min(numbers), max(numbers)
    return str(low) if low == high else f"{low} to {high}"
