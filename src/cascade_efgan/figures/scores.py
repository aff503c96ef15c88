"""Every edit of a method with its own numbers: distance of its target, recognised or not, PSNR, AU error."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from cascade_efgan.data import AUS
from cascade_efgan.data.dataset import Faces
from cascade_efgan.data.records import read_records
from cascade_efgan.evaluation.packed_edits import Edits
from cascade_efgan.evaluation.similarity import counterparts, psnr, true_counterparts
from cascade_efgan.figures.per_edit import au_gaps, matched, read_readings


def edit_scores(
    edits: Edits, faces: Faces, truth: Edits | None, predictions: Path, readings: Path | None
) -> pd.DataFrame:
    """One row per edit that changes the expression.

    Args:
        edits: a method's edits of test images.
        truth: the true edits, where they are known: PSNR is against them, else against the real counterpart.
        predictions: `predictions_G.csv` of these edits.
        readings: `readings_au.csv` of them, or None.

    Returns:
        `row` (of `edits`), `person, gap, correct` (0 or 1), `psnr` (dB; NaN without a partner, or where the two are
        identical) and `au_error` (0..5; NaN without readings).
    """
    ids = edits.ids
    partner = partners(edits, faces, truth)
    rows = np.flatnonzero(edits.changes)
    predicted = matched(read_records(predictions, ("id", "true", "predicted")), ids, predictions)
    errors = np.full(len(edits), np.nan)
    if readings is not None:
        errors = np.abs(read_readings(readings, ids) - edits.index[list(AUS)].to_numpy(np.float64)).mean(axis=1)
    ratios = [
        psnr(edits.images[row], other) if (other := partner(row)) is not None else np.nan for row in rows.tolist()
    ]
    return pd.DataFrame(
        {
            "row": rows,
            "person": edits.index["person"].to_numpy()[rows],
            "gap": au_gaps(edits.index, faces.index)[rows],
            "correct": (predicted["true"] == predicted["predicted"]).to_numpy(np.float64)[rows],
            "psnr": np.where(np.isinf(ratios), np.nan, ratios),
            "au_error": errors[rows],
        }
    )


def partners(edits: Edits, faces: Faces, truth: Edits | None) -> Callable[[int], np.ndarray | None]:
    """What the edit of a row is compared with: the true edit where these are known, else its real counterpart."""
    if truth is not None:
        return true_counterparts(edits, truth)
    return counterparts(edits, faces)


def bin_edges(gaps: np.ndarray, bins: int) -> np.ndarray:
    """Edges of bins that hold about as many of the values each: `(B + 1,)`, B at most `bins`, strictly rising."""
    edges = np.unique(np.quantile(gaps, np.linspace(0, 1, bins + 1)))
    return edges if len(edges) > 1 else np.array([edges[0], edges[0] + 1])


def in_bins(gaps: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Number of the bin of each value, `(M,)` int64."""
    numbers: np.ndarray = np.clip(np.searchsorted(edges, gaps, side="right") - 1, 0, len(edges) - 2)
    return numbers


def resampled_means(values: np.ndarray, groups: np.ndarray, people: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Mean of every group under each resampling of people: `(B, G)`, NaN where a draw has none of a group.

    Args:
        values: `(M,)`; NaN is left out.
        groups: `(M,)` int64, 0..G-1.
        people: `(M,)` int64, 0..P-1: whose value it is.
        weights: `(B, P)`: how often each person was drawn.
    """
    known = ~np.isnan(values)
    shape = (weights.shape[1], int(groups.max()) + 1)
    totals, counts = np.zeros(shape), np.zeros(shape)
    np.add.at(totals, (people[known], groups[known]), values[known])
    np.add.at(counts, (people[known], groups[known]), 1)
    with np.errstate(invalid="ignore"):
        means: np.ndarray = (weights @ totals) / (weights @ counts)
    return means


def people_weights(people: int, draws: int, seed: int) -> np.ndarray:
    """How often each of `people` is drawn when as many are drawn with replacement: `(draws, people)`."""
    rng = np.random.default_rng(seed)
    return rng.multinomial(people, np.full(people, 1 / people), size=draws).astype(np.float64)


def interval(samples: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """95 % percentile interval along the first axis, without NaN."""
    low, high = np.nanpercentile(samples, [2.5, 97.5], axis=0)
    return low, high
