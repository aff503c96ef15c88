"""One number of a table as one JSON file, with all that is needed to trace it."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from cascade_efgan import __version__
from cascade_efgan.errors import InputError
from cascade_efgan.files import read_json, sha256_file, write_json


@dataclass(frozen=True)
class TableMetric:
    """A number that tables show in a column of its own.

    Attributes:
        title: its head, with the direction of better; `{distance}`, `{kernel}` and `{network}` stand for the features'
            names.
        meaning: a sentence for the tables' notes.
        tables: those that have it: accuracy (Table 1), quality (2), ablation (3), measures (beyond the paper's).
        for_true_edits: those of them in which only data sets with true edits have it.
        of_set: a number of a whole set of images. Its files of values hold none per image, but the number without some
            people: `person` names who was left out, `id` the turn.
    """

    title: str
    unit: str
    decimals: int
    meaning: str
    tables: tuple[str, ...] = ("measures",)
    for_true_edits: tuple[str, ...] = ()
    of_set: bool = False


#: What tables show, by metric name, in the order of their columns. A new one is named here, computed by a stage and
#: asked for by a rule.
TABLE_METRICS = {
    "R": TableMetric(
        "R ↑ (%)", "%", 2,
        "ResNet-18 trained on real training images, on real test images; one number per data set.", ("accuracy",),
    ),
    "G": TableMetric(
        "G ↑ (%)", "%", 2,
        "the same classifier on the edits of the test images: share recognised as the target expression.",
        ("accuracy", "ablation"),
    ),
    "R+G": TableMetric(
        "R+G ↑ (%)", "%", 2,
        "ResNet-18 trained, for as many steps, on real training images and the method's edits of them, on real test "
        "images.", ("accuracy", "ablation"),
    ),
    "psnr": TableMetric(
        "PSNR ↑ (dB)", "dB", 2,
        "edit against the real image of the same person with the target expression; mean over edits.", ("quality",),
    ),
    "fid": TableMetric(
        "{distance} ↓", "", 2, "distance between the features of all edits of test images and of real images.",
        ("quality",), of_set=True,
    ),
    "psnr_true": TableMetric(
        "PSNR to true edit ↑ (dB)", "dB", 2,
        "edit against the same person, pose and light rendered with the target AUs; mean over edits.", ("quality",),
        for_true_edits=("quality",),
    ),
    "kid": TableMetric(
        "{kernel} ↓", "", 4,
        "squared maximum mean discrepancy of the same features (Binkowski et al. 2018), over all pairs of images; "
        "unbiased, so that it may be below 0.", of_set=True,
    ),
    "ssim": TableMetric(
        "SSIM ↑", "-1 to 1", 3,
        "structural similarity (Wang et al. 2004, Gaussian window) of the pairs of PSNR; mean over edits.",
    ),
    "identity": TableMetric(
        "identity ({network} cosine) ↑", "cosine", 3,
        "cosine between the features of an edit and of its input; mean over edits to other expressions. The "
        "network was trained on objects, not on faces: only the rows of real pairs say what a value means.",
    ),
    "au_error": TableMetric(
        "AU error ↓ (0-5)", "intensity (0 to 5)", 3,
        "mean absolute difference between the AUs read from the edits and their targets; AUs of rendered faces are "
        "read by a small network.", ("accuracy", "ablation", "measures"), for_true_edits=("accuracy", "ablation"),
    ),
}  # fmt: skip

#: Metric name -> unit: what tables show, and what is measured for the claims alone.
UNITS = {
    **{name: metric.unit for name, metric in TABLE_METRICS.items()},
    **dict.fromkeys(("R_again", "R+G_again"), "%"),
    **dict.fromkeys(("focus_local", "focus_global", "hits_local", "hits_global"), ""),
    **dict.fromkeys(("upper_local", "upper_global", "mouth_global"), "times the mean attention"),
    **dict.fromkeys(("distance_interpolated", "distance_linear", "distance_real"), "distance of AUs"),
    **dict.fromkeys(("critic_interpolated", "critic_linear"), "score"),
    **dict.fromkeys(("steps_forward", "steps_even", "largest_step"), ""),
    **{"au_approach": "intensity (0 to 5)", "change_outside": "grey levels"},
    **{"gap": "distance of AUs", "left_over": "intensity (0 to 5)", "region_error": "grey levels"},
}

#: Method of a number that belongs to the real images and to no method (column R).
REAL = "real"


@dataclass(frozen=True)
class Metric:
    """A number with its origin.

    Attributes:
        name: a key of `UNITS`.
        value: the number, or None where it could not be computed.
        n: images behind it.
        method: id of a method or control, or `REAL`.
        part: part of the data set, `test` for every number of the tables.
        reason: why `value` is None, one sentence; None otherwise.
        details: what belongs to this kind of number only (left-out images, per-class values, extractor, ...).
        settings: settings it depends on beyond the files.
        inputs: path -> SHA-256 of every file it was computed from.
        unit: unit of `value`.
    """

    name: str
    value: float | None
    n: int
    dataset: str
    method: str
    seed: int
    part: str = "test"
    reason: str | None = None
    details: dict[str, Any] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    inputs: dict[str, str] = field(default_factory=dict)
    unit: str = ""
    version: str = __version__

    def __post_init__(self) -> None:
        """Check the name and that exactly one of value and reason is given."""
        if self.name not in UNITS:
            raise InputError(f"metric name {self.name!r} is unknown: expected one of {', '.join(UNITS)}")
        if (self.value is None) == (self.reason is None):
            raise InputError(
                f"metric {self.name} of {self.dataset}/{self.method}: expected either a value or a reason why there is "
                "none; run its rule again"
            )


def hashed(paths: Iterable[str | Path]) -> dict[str, str]:
    """SHA-256 of files, by path: relative ones as given, others below the working folder relative to it, else by name.

    A local copy of a file in an object store has the name of the file there, without its bucket. Absolute paths are
    shortened because results must not depend on, or reveal, where a checkout is.
    """
    return {_shown(Path(path)): sha256_file(path) for path in paths}


def write_metric(path: str | Path, metric: Metric, inputs: Iterable[str | Path] = ()) -> None:
    """Write a metric as JSON; the unit and the hashes of `inputs` are filled in.

    Raises:
        ValueError: the value is NaN or infinite (a bug: such a number must become None with a reason).
    """
    values = asdict(metric) | {"unit": UNITS[metric.name], "inputs": hashed(inputs)}
    order = ("name", "value", "unit", "n", "dataset", "method", "seed", "part", "reason", "details", "settings")
    write_json(path, {key: values[key] for key in (*order, "inputs", "version")})


def read_metric(path: str | Path) -> Metric:
    """Read a metric.

    Raises:
        InputError: the file is missing, no JSON, or no metric.
    """
    values = read_json(path)
    expected = {item.name for item in fields(Metric)}
    if not isinstance(values, Mapping) or set(values) != expected:
        raise InputError(f"{path}: not a metric file; expected the keys {', '.join(sorted(expected))}")
    value = values["value"]
    if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
        raise InputError(f"{path}: value is {value!r}, expected a number or null; run its rule again")
    try:
        return Metric(**values)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None


def _shown(path: Path) -> str:
    if not path.is_absolute():
        # Snakemake keeps the copy of s3://bucket/any/folder/results/... in .snakemake/storage/s3/bucket/any/folder/.
        return re.sub(r"^\.snakemake/storage/.*?/(?=(results|resources)/)", "", path.as_posix())
    here = Path.cwd()
    return path.relative_to(here).as_posix() if path.is_relative_to(here) else path.name
