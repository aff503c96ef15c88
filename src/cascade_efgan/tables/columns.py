"""What columns, control rows and tables are called, and what they mean."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from cascade_efgan.errors import InputError
from cascade_efgan.evaluation.metric import TABLE_METRICS, UNITS
from cascade_efgan.evaluation.statistics import DISTANCE_NAMES, KERNEL_NAMES
from cascade_efgan.methods import CONTROLS, METHODS, REFERENCES
from cascade_efgan.tables.rows import table_metrics

TITLES = {
    "accuracy": "Table 1: facial expression recognition accuracy",
    "quality": "Table 2: quality of the edited images",
    "ablation": "Table 3: ablation",
    "measures": "Further measures of the edited images",
}

#: Control row -> its meaning in a line.
CONTROL_NOTES = {
    "unchanged": "the edit that does nothing; a method that edits at all must have a higher G.",
    "true_edit": "the same person, pose and light rendered with the target AUs: what a perfect method would score.",
    "same_person": "each test image and the real images of its person with another expression, same gaze.",
    "other_person": "each test image and the real images of other people with its expression, same gaze.",
}


@dataclass(frozen=True)
class Column:
    """A column of numbers.

    Attributes:
        key: name of the column in the CSV file.
        metric: name of the metric file it shows.
        heading: shown name, with the direction that is better.
        meaning: what it says, in a line.
        detail: key of the metric's details to show in place of its value.
    """

    key: str
    metric: str
    heading: str
    meaning: str
    decimals: int
    detail: str | None = None

    @property
    def unit(self) -> str:
        """Unit of the numbers."""
        return UNITS[self.metric]

    @property
    def higher_is_better(self) -> bool:
        """Whether a higher number is the better one."""
        return "↑" in self.heading

    @property
    def name(self) -> str:
        """The heading without the direction."""
        return self.heading.split(" ↑")[0].split(" ↓")[0]


def metric_column(name: str, extractor: str = "inception") -> Column:
    """The column of a metric, by features of an extractor."""
    metric = TABLE_METRICS[name]
    network = {"inception": "Inception", "efficientnet_lite0": "EfficientNet-Lite0"}[extractor]
    heading = metric.title.format(distance=DISTANCE_NAMES[extractor], kernel=KERNEL_NAMES[extractor], network=network)
    return Column(name, name, heading, metric.meaning, metric.decimals)


def table_columns(name: str, settings: Mapping[str, Any]) -> list[Column]:
    """The columns of a table.

    Raises:
        InputError: there is no such table.
    """
    if name not in TITLES:
        raise InputError(f"--name {name}: expected one of {', '.join(TITLES)}")
    columns = [metric_column(metric, settings["fid"]["extractor"]) for metric in table_metrics(name, settings)]
    if columns[-1].metric == "au_error" and name in TABLE_METRICS["au_error"].for_true_edits:
        meaning = (
            "that network's mean absolute error on real test faces, whose AUs are known: differences between rows "
            "below it mean little."
        )
        floor = replace(columns[-1], key="au_error_held_out", heading="regressor's own error", meaning=meaning)
        columns.append(replace(floor, detail="held_out_error"))
    return columns


def method_title(method: str) -> str:
    """The name of a row; the id of what is no table's row."""
    return METHODS[method].title if method in METHODS else {**CONTROLS, **REFERENCES}.get(method, method)
