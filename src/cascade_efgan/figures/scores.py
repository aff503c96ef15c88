"""Every edit of a method with its own numbers: distance of its target, recognised or not, PSNR, AU error."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from cascade_efgan.data import AUS
from cascade_efgan.data.face_crops.dataset import Faces
from cascade_efgan.data.records import read_records
from cascade_efgan.errors import InputError
from cascade_efgan.evaluation.packed_edits import Edits
from cascade_efgan.evaluation.similarity import counterparts, psnr, true_counterparts


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


def au_gaps(index: pd.DataFrame, faces: pd.DataFrame) -> np.ndarray:
    """Expression gap of each edit, `(M,)` float64: Euclidean distance between source and target AUs, each 0..5.

    Targets are those of `edits_test.csv`, sources of `crops.csv`. Not in the paper, which speaks of large gaps and
    measures none.
    """
    known = faces.set_index("id")[list(AUS)]
    difference = index[list(AUS)].to_numpy(np.float64) - known.loc[index["source_id"]].to_numpy(np.float64)
    distances: np.ndarray = np.linalg.norm(difference, axis=1)
    return distances


def read_readings(path: Path, ids: list[str]) -> np.ndarray:
    """AUs that were read from these edits, `(M, 17)` float64, 0..5: `readings_au.csv`."""
    return matched(read_records(path, ("id",), AUS), ids, path)[list(AUS)].to_numpy(np.float64)


def matched(frame: pd.DataFrame, ids: list[str], path: Path) -> pd.DataFrame:
    """The rows of these ids, in their order.

    Raises:
        InputError: the file is of other edits.
    """
    if set(frame["id"]) != set(ids) or len(frame) != len(ids):
        raise InputError(f"{path}: not of the edits it is shown with; run the rules that make both again")
    return frame.set_index("id").loc[ids].reset_index()
