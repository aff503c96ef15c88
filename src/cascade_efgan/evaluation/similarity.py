"""PSNR (Sec. 4.3, Table 2) and SSIM between edits and real counterparts or true edits."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from cascade_efgan.data.face_crops.dataset import Faces
from cascade_efgan.evaluation.packed_edits import Edits

#: Largest value of an 8-bit image.
PEAK = 255.0


def psnr(first: np.ndarray, second: np.ndarray) -> float:
    """PSNR of two `(S, S, 3)` uint8 images in dB, infinite where they are identical.

    10 log10(255^2 / MSE), MSE over all pixels and channels in float64.
    """
    mse = np.mean((first.astype(np.float64) - second.astype(np.float64)) ** 2)
    return float("inf") if mse == 0 else float(10 * np.log10(PEAK**2 / mse))


def ssim(first: np.ndarray, second: np.ndarray) -> float:
    """Structural similarity of two `(S, S, 3)` uint8 images (Wang et al. 2004): -1..1, 1 for identical ones.

    Gaussian window of deviation 1.5, mean over channels. Not in the paper.
    """
    from skimage.metrics import structural_similarity

    return float(
        structural_similarity(
            first, second, data_range=255, channel_axis=-1, gaussian_weights=True, sigma=1.5,
            use_sample_covariance=False,
        )
    )  # fmt: skip


@dataclass(frozen=True)
class Compared:
    """Edits compared with their partners, pixel by pixel.

    Attributes:
        rows: rows of the edits that have a value.
        details: counts of edits, and of those left out by reason.
        reason: why there is no value at all; None otherwise.
    """

    rows: list[int]
    values: list[float]
    details: dict[str, Any]
    reason: str | None

    @property
    def mean(self) -> float | None:
        """Mean of the values; None where there is none."""
        return float(np.mean(self.values)) if self.values else None


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
    return Compared(rows, values, {"edits": len(edits), "left_out": left_out}, reason)


def counterparts(edits: Edits, faces: Faces) -> Callable[[int], np.ndarray | None]:
    """Partner = the real image of the same person with the target expression (`counterpart_id`)."""
    wanted = edits.index["counterpart_id"].tolist()
    return lambda row: faces.image(wanted[row])


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
