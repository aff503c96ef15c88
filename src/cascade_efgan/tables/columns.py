"""Which columns each table has, and what its rows are called."""

from collections.abc import Mapping
from typing import Any

from cascade_efgan.errors import InputError
from cascade_efgan.evaluation.statistics import DISTANCE_NAMES, KERNEL_NAMES
from cascade_efgan.methods import CONTROLS, METHODS, REFERENCES
from cascade_efgan.tables.model import Column
from cascade_efgan.tables.rows import TRUE_EDITS, measures, table_datasets

#: (method, metric) that the workflow does not compute on purpose -> why.
NOT_MEASURED = {
    ("unchanged", "R+G"): "not measured: copies of training images under other expressions' names are no training data",
    **{
        (reference, metric): "a pair of real images of that kind is no edit"
        for reference in REFERENCES
        for metric in ("kid", "ssim", "au_error")
    },
}

R = Column("R", "R", "R ↑ (%)")
G = Column("G", "G", "G ↑ (%)")
R_AND_G = Column("R+G", "R+G", "R+G ↑ (%)")
PSNR = Column("psnr", "psnr", "PSNR ↑ (dB)")
PSNR_TRUE = Column("psnr_true", "psnr_true", "PSNR to true edit ↑ (dB)", true_edits_only=True)
AU_ERROR = Column("au_error", "au_error", "AU error ↓ (0-5)", 3, true_edits_only=True)
AU_FLOOR = Column("au_error_held_out", "au_error", "regressor's own error", 3, "held_out_error", true_edits_only=True)

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
    chosen = {
        "accuracy": [R, G, R_AND_G, AU_ERROR, AU_FLOOR],
        "quality": [PSNR, Column("fid", "fid", f"{DISTANCE_NAMES[extractor]} ↓"), PSNR_TRUE],
        "ablation": [G, R_AND_G, AU_ERROR, AU_FLOOR],
        "measures": _measures(extractor, settings),
    }[name]
    return [column for column in chosen if known or not column.true_edits_only]


def method_title(method: str) -> str:
    """The name of a row."""
    return METHODS[method].title if method in METHODS else {**CONTROLS, **REFERENCES}[method]


def _measures(extractor: str, settings: Mapping[str, Any]) -> list[Column]:
    network = {"inception": "Inception", "efficientnet_lite0": "EfficientNet-Lite0"}[extractor]
    columns = [
        Column("kid", "kid", f"{KERNEL_NAMES[extractor]} ↓", 4),
        Column("ssim", "ssim", "SSIM ↑", 3),
        Column("identity", "identity", f"identity ({network} cosine) ↑", 3),
        Column("au_error", "au_error", "AU error ↓ (0-5)", 3),
    ]
    return [column for column in columns if column.key in measures(settings)]
