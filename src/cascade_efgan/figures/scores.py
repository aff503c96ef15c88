"""What is known of single edits without their pictures: how far the target is, AUs that were read from them."""

from pathlib import Path

import numpy as np
import pandas as pd

from cascade_efgan.data import AUS
from cascade_efgan.data.records import read_records
from cascade_efgan.errors import InputError


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
