"""Which columns each table has, and what its rows are called."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from cascade_efgan.datasets import TRUE_EDITS
from cascade_efgan.errors import InputError
from cascade_efgan.evaluation.metric import FURTHER_METRICS
from cascade_efgan.evaluation.statistics import DISTANCE_NAMES, KERNEL_NAMES
from cascade_efgan.methods import CONTROLS, METHODS, REFERENCES
from cascade_efgan.tables.model import Column
from cascade_efgan.tables.rows import measures, table_datasets

#: (method, metric) that the workflow does not compute on purpose -> why.
NOT_MEASURED = {
    ("unchanged", "R+G"): "not measured: copies of training images under other expressions' names are no training data",
    **{
        (reference, metric): "a pair of real images of that kind is no edit"
        for reference in REFERENCES
        for metric in FURTHER_METRICS
        if metric != "identity"
    },
}


def measure_column(name: str, extractor: str = "inception") -> Column:
    """The column of a further measure, by features of an extractor."""
    measure = FURTHER_METRICS[name]
    network = {"inception": "Inception", "efficientnet_lite0": "EfficientNet-Lite0"}[extractor]
    title = measure.title.format(kernel=KERNEL_NAMES[extractor], network=network)
    return Column(name, name, title, measure.meaning, measure.decimals)


R = Column(
    "R", "R", "R ↑ (%)", "ResNet-18 trained on real training images, on real test images; one number per data set."
)
G = Column(
    "G", "G", "G ↑ (%)",
    "the same classifier on the edits of the test images: share recognised as the target expression.",
)  # fmt: skip
R_AND_G = Column(
    "R+G", "R+G", "R+G ↑ (%)",
    "ResNet-18 trained, for as many steps, on real training images and the method's edits of them, on real test "
    "images.",
)  # fmt: skip
PSNR = Column(
    "psnr", "psnr", "PSNR ↑ (dB)",
    "edit against the real image of the same person with the target expression; mean over edits.",
)  # fmt: skip
PSNR_TRUE = Column(
    "psnr_true", "psnr_true", "PSNR to true edit ↑ (dB)",
    "edit against the same person, pose and light rendered with the target AUs; mean over edits.", true_edits_only=True,
)  # fmt: skip
AU_ERROR = replace(measure_column("au_error"), true_edits_only=True)
AU_FLOOR = Column(
    "au_error_held_out", "au_error", "regressor's own error",
    "that network's mean absolute error on real test faces, whose AUs are known: differences between rows below it "
    "mean little.", 3, "held_out_error", true_edits_only=True,
)  # fmt: skip

#: Control row -> its meaning in a line.
CONTROL_NOTES = {
    "same_person": "each test image and the real images of its person with another expression, same gaze.",
    "other_person": "each test image and the real images of other people with its expression, same gaze.",
    "unchanged": "the edit that does nothing; a method that edits at all must have a higher G.",
    "true_edit": "the same person, pose and light rendered with the target AUs: what a perfect method would score.",
}

TITLES = {
    "accuracy": "Table 1: facial expression recognition accuracy",
    "quality": "Table 2: quality of the edited images",
    "ablation": "Table 3: ablation",
    "measures": "Further measures of the edited images",
}


def check_name(name: str) -> None:
    """Refuse a table that there is not.

    Raises:
        InputError: an unknown name.
    """
    if name not in TITLES:
        raise InputError(f"--name {name}: expected one of {', '.join(TITLES)}")


def table_columns(name: str, settings: Mapping[str, Any]) -> list[Column]:
    """The columns of a table."""
    extractor = settings["fid"]["extractor"]
    known = any(dataset in TRUE_EDITS for dataset in table_datasets(name, settings))
    meaning = "distance between the features of all edits of test images and of real images."
    distance = Column("fid", "fid", f"{DISTANCE_NAMES[extractor]} ↓", meaning)
    chosen = {
        "accuracy": [R, G, R_AND_G, AU_ERROR, AU_FLOOR],
        "quality": [PSNR, distance, PSNR_TRUE],
        "ablation": [G, R_AND_G, AU_ERROR, AU_FLOOR],
        "measures": [measure_column(name, extractor) for name in measures(settings)],
    }[name]
    return [column for column in chosen if known or not column.true_edits_only]


def method_title(method: str) -> str:
    """The name of a row; the id of what is no table's row."""
    return METHODS[method].title if method in METHODS else {**CONTROLS, **REFERENCES}.get(method, method)
