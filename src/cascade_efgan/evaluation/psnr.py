"""Peak signal-to-noise ratio between edits and real counterparts or true edits (Sec. 4.3, Table 2)."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cascade_efgan.evaluation.metric import Metric, write_metric
from cascade_efgan.evaluation.packed_edits import Edits
from cascade_efgan.evaluation.values import write_values

log = logging.getLogger("efgan.compare_edits")

#: Largest value of an 8-bit image.
PEAK = 255.0


def psnr(first: np.ndarray, second: np.ndarray) -> float:
    """PSNR of two `(S, S, 3)` uint8 images in dB, infinite where they are identical.

    10 log10(255^2 / MSE), MSE over all pixels and channels in float64.
    """
    mse = np.mean((first.astype(np.float64) - second.astype(np.float64)) ** 2)
    return float("inf") if mse == 0 else float(10 * np.log10(PEAK**2 / mse))


@dataclass(frozen=True)
class Compared:
    """Edits compared with their partners, pixel by pixel.

    Attributes:
        rows: rows of the edits that have a value.
        details: counts of edits, and of those left out by reason.
        reason: why there is no value at all; None otherwise.
    """

    edits: Edits
    rows: list[int]
    values: list[float]
    details: dict[str, Any]
    reason: str | None

    @property
    def mean(self) -> float | None:
        """Mean of the values; None where there is none."""
        return float(np.mean(self.values)) if self.values else None

    def write(self, name: str, about: tuple[str, str, int], metric: Path, values: Path, inputs: Sequence[Path]) -> None:
        """Write the mean as the number `name`, and the values behind it; `about`: data set, method and seed."""
        dataset, method, seed = about
        number = Metric(
            name, self.mean, len(self.values), dataset, method, seed, reason=self.reason, details=self.details
        )
        write_metric(metric, number, inputs)
        people = self.edits.index["person"].iloc[self.rows].tolist()
        write_values(values, number, [self.edits.ids[row] for row in self.rows], people, self.values)
        shown = "no value" if self.mean is None else f"{self.mean:.3f}"
        log.info("%s of %s on %s: %s over %d edits", name, method, dataset, shown, len(self.values))


def compare_edits(
    edits: Edits,
    partner: Callable[[int], np.ndarray | None],
    missing: str,
    measure: Callable[[np.ndarray, np.ndarray], float] = psnr,
) -> Compared:
    """PSNR, or another measure, of each edit and its partner.

    Left out and counted: edits to the source's own expression (the partner is the source itself), edits without a
    partner, and edits identical to their partner, whose PSNR is infinite and has no mean. Not in the paper, which
    says neither whether it averages dB or squared errors nor what it leaves out; dB are averaged, as is usual.

    Args:
        partner: row number of `edits` -> `(S, S, 3)` uint8, or None where there is none.
        missing: key of the count of edits without a partner in the details.
        measure: (edit, partner), both `(S, S, 3)` uint8 -> value; infinite for identical images that have no value.
    """
    left_out = {"own_expression": 0, missing: 0, "identical": 0}
    rows: list[int] = []
    values: list[float] = []
    for row, changes in enumerate(edits.changes):
        other = partner(row) if changes else None
        if other is None:
            left_out[missing if changes else "own_expression"] += 1
            continue
        value = measure(edits.images[row], other)
        if np.isinf(value):
            left_out["identical"] += 1
        else:
            rows.append(row)
            values.append(value)
    reason = None if values else _reason(len(edits), left_out, missing)
    return Compared(edits, rows, values, {"edits": len(edits), "left_out": left_out}, reason)


def counterparts(edits: Edits, images: np.ndarray, ids: list[str]) -> Callable[[int], np.ndarray | None]:
    """Partner = the real image of the same person with the target expression (`counterpart_id`)."""
    rows = {name: row for row, name in enumerate(ids)}
    wanted = edits.index["counterpart_id"].tolist()
    return lambda row: np.asarray(images[rows[wanted[row]]]) if wanted[row] in rows else None


def true_counterparts(edits: Edits, truth: Edits) -> Callable[[int], np.ndarray | None]:
    """Partner = the same source rendered with the target AUs, matched by (source id, target expression)."""
    rows = {key: row for row, key in enumerate(truth.keys)}
    keys = edits.keys
    return lambda row: np.asarray(truth.images[rows[keys[row]]]) if keys[row] in rows else None


def _reason(count: int, left_out: dict[str, int], missing: str) -> str:
    if count == 0:
        return "there are no edits"
    words = {
        "own_expression": "to their source's own expression",
        missing: f"with {missing.replace('_', ' ')}",
        "identical": "identical to it",
    }
    parts = ", ".join(f"{number} {words[key]}" for key, number in left_out.items() if number)
    return f"no edit can be compared with its counterpart: of {count}, {parts}"
