"""Which data sets, rows and columns each table has."""

from collections.abc import Mapping, Sequence
from typing import Any

from cascade_efgan.errors import InputError
from cascade_efgan.evaluation.statistics import DISTANCE_NAMES, KERNEL_NAMES
from cascade_efgan.methods import ABLATED, COMPARED, CONTROLS, METHODS, REFERENCES
from cascade_efgan.tables.model import Column

#: Data sets whose true edits are known, because the project renders them.
TRUE_EDITS = ("rendered",)

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


def table_datasets(name: str, settings: Mapping[str, Any]) -> list[str]:
    """The data sets of a table: Table 3 has one (Sec. 4.4)."""
    datasets = list(settings["datasets"])
    return [settings["ablation_dataset"] or datasets[0]] if name == "ablation" else datasets


def table_columns(name: str, settings: Mapping[str, Any]) -> list[Column]:
    """The columns of a table."""
    extractor = settings["fid"]["extractor"]
    known = any(dataset in TRUE_EDITS for dataset in table_datasets(name, settings))
    chosen = {
        "accuracy": [R, G, R_AND_G, AU_ERROR, AU_FLOOR],
        "quality": [PSNR, Column("fid", "fid", f"{DISTANCE_NAMES[extractor]} ↓"), PSNR_TRUE],
        "ablation": [G, R_AND_G, AU_ERROR, AU_FLOOR],
        "measures": _measures(extractor, settings["measures"], set(settings["datasets"]) - set(TRUE_EDITS)),
    }[name]
    return [column for column in chosen if known or not column.true_edits_only]


def table_methods(name: str, dataset: str, methods: Sequence[str]) -> list[str]:
    """Rows of a data set: doing nothing, the paper's methods, the perfect edit, and pairs of real images."""
    compared = {"ablation": ABLATED, "measures": tuple(METHODS)}.get(name, COMPARED)
    last = ["true_edit"] if dataset in TRUE_EDITS else []
    references = list(REFERENCES) if name == "measures" else []
    return ["unchanged", *(method for method in compared if method in methods), *last, *references]


def method_title(method: str) -> str:
    """The name of a row."""
    return METHODS[method].title if method in METHODS else {**CONTROLS, **REFERENCES}[method]


def _measures(extractor: str, chosen: Mapping[str, Any], photographed: set[str]) -> list[Column]:
    network = {"inception": "Inception", "efficientnet_lite0": "EfficientNet-Lite0"}[extractor]
    columns = []
    if chosen["kernel_distance"]:
        columns.append(Column("kid", "kid", f"{KERNEL_NAMES[extractor]} ↓", 4))
    if chosen["ssim"]:
        columns.append(Column("ssim", "ssim", "SSIM ↑", 3))
    if chosen["identity"]:
        columns.append(Column("identity", "identity", f"identity ({network} cosine) ↑", 3))
    if chosen["aus"] != "none" and photographed:
        columns.append(Column("au_error", "au_error", "AU error ↓ (0-5)", 3))
    return columns
