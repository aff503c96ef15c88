"""Which edits are made: of which image, to which expression, with which target AUs."""

import numpy as np
import pandas as pd

from cascade_efgan.data import AUS, EXPRESSIONS
from cascade_efgan.errors import InputError

#: Columns of `edits_{part}.csv` before the target AUs, which are in 0..5.
EDIT_TEXT = ("source_id", "person", "source_expression", "target_expression", "gaze", "counterpart_id")


def expression_means(index: pd.DataFrame, training: np.ndarray) -> pd.DataFrame:
    """Mean AUs of every expression over the training images: columns `AUS`, 0..5, rows in the order of `EXPRESSIONS`.

    Args:
        index: `crops.csv` of the whole data set.
        training: row numbers of its training part.

    Raises:
        InputError: an expression has no training image, so that it has no mean.
    """
    means = index.iloc[training].groupby("expression")[list(AUS)].mean()
    expressions = [name for name in EXPRESSIONS if (index["expression"] == name).any()]
    missing = [name for name in expressions if name not in means.index]
    if missing:
        raise InputError(f"split: no training image is {missing[0]}; use another split.seed or more images")
    return means.loc[expressions]


def plan_edits(
    index: pd.DataFrame, sources: np.ndarray, means: pd.DataFrame, per_image: int | None, seed: int
) -> pd.DataFrame:
    """One row per edit, in the order of the sources and of `EXPRESSIONS`.

    Target AUs are those of the same person's real image with the target expression and the same gaze; where
    there is none, the mean of that expression over the training images. Not in the paper: it does not say
    where the target AUs of the evaluation come from.

    Args:
        index: `crops.csv` of the whole data set; counterparts may be in either part.
        sources: row numbers of the images to edit.
        means: `expression_means`; its expressions are the targets.
        per_image: None edits to every target expression, the source's own included (evaluation);
            a number draws that many other expressions per image (training images for R+G).
        seed: decides that draw.

    Returns:
        Columns `EDIT_TEXT` and `AUS`; `counterpart_id` is empty where there is no such image.
    """
    expressions = list(means.index)
    aus = index[list(AUS)].to_numpy(dtype=float)
    ids, names = index["id"].to_numpy(), index["expression"].to_numpy()
    keys = list(zip(index["person"], index["gaze"].fillna(""), names, strict=True))
    counterparts = {key: row for row, key in reversed(list(enumerate(keys)))}
    draw = np.random.default_rng(seed)
    rows = []
    for source in sources:
        person, gaze, own = keys[source]
        targets = expressions
        if per_image is not None:
            others = [name for name in expressions if name != own]
            targets = [others[i] for i in sorted(draw.permutation(len(others))[:per_image])]
        for target in targets:
            partner = source if target == own else counterparts.get((person, gaze, target))
            goal = means.loc[target].to_numpy() if partner is None else aus[partner]
            rows.append((ids[source], person, own, target, gaze, "" if partner is None else ids[partner], *goal))
    return pd.DataFrame(rows, columns=[*EDIT_TEXT, *AUS])
