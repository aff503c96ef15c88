"""Train and test parts, by image as in the paper or by person."""

from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from cascade_efgan.data import EXPRESSIONS, UNKNOWN
from cascade_efgan.data.face_crops.dataset import PIXELS
from cascade_efgan.errors import InputError

#: Draws of people that are compared with each other: more improve the shares hardly, and 500 take a second at most.
_DRAWS = 500


def make_split(
    index: pd.DataFrame,
    by: Literal["image", "person"],
    test_share: float,
    seed: int,
    name: str | Path,
    *,
    labelled: bool = True,
) -> pd.DataFrame:
    """Put every image in the train or the test part: columns `id,part`, sorted by id.

    By image, the test part has `test_share` of all images, rounded, and of every expression this share to within one
    image: each expression gives the whole part of its share, and the images still missing come from the expressions
    with the largest fractions (among equals, the seed decides); one image of each expression always stays in train.
    By person, `test_share` of the people, rounded, go to the test part with all their images: this share of the
    people who have equally many images of every expression, rounded down; the people still missing are the best of
    500 random draws, the one that leaves every expression in train and whose shares are nearest to `test_share`.
    Unknown expressions are a class like any other. The order of the rows does not matter, only their ids.

    Copies of one photograph share a part. By image, they are drawn as one, by the expression of the first by id; by
    person, people who share a photograph are drawn as one.

    The index, which messages call `name`, has `id, person, expression, pixels`, the last equal for copies of one
    photograph; the share is above 0 and below 1. `labelled` images train and test classifiers, which need every
    expression in train. Wild images do not: among them nearly every image is a person, and drawing people may take the
    only image of an expression.

    Raises:
        InputError: the test part would be empty, or, where `labelled`, the train part would lack an expression.

    Source: Sec. 4.1 (random 90 % / 10 %). Not in the paper: the stratification, and the split by person, which alone
    shows how well a method does on people that it has never seen.
    """
    rng = np.random.default_rng(seed)
    rows = index[["id", "person", "expression", PIXELS]].sort_values("id", ignore_index=True)
    if by == "image":
        drawn = rows.drop_duplicates(PIXELS, ignore_index=True)
        tested = drawn[PIXELS][_draw_images(drawn, test_share, rng)]
        count, test = len(drawn), rows[PIXELS].isin(tested).to_numpy()
    else:
        drawn = rows.assign(person=_united(rows))
        count, test = drawn["person"].nunique(), _draw_people(drawn, test_share, rng)
    if not test.any():
        raise InputError(
            f"{name}: the test part is empty, because {test_share:g} of {count} ({by}) rounds to none; raise "
            "split.test_share or use more photographs"
        )
    lacking = set(rows["expression"]) - set(rows["expression"][~test])
    if labelled and lacking:
        raise InputError(
            f"{name}: expression {min(lacking)} has no image in the train part; lower split.test_share or use more "
            "photographs of it"
        )
    return pd.DataFrame({"id": rows["id"], "part": np.where(test, "test", "train")})


def check_labelled(index: pd.DataFrame, name: str | Path) -> None:
    """Refuse photographs (`id, expression`) of unknown expression, which cannot be classified, by `InputError`."""
    unknown = index.loc[index["expression"] == UNKNOWN, "id"]
    if len(unknown):
        raise InputError(
            f"{len(unknown)} photographs of {name} have no expression (first: {unknown.iloc[0]}); name them in "
            "folder.labels, or use the data set as wild.dataset only"
        )


def _draw_images(rows: pd.DataFrame, share: float, rng: np.random.Generator) -> np.ndarray:
    """`(N,)` bool, True for test images, stratified by expression."""
    expressions = rows["expression"].to_numpy()
    # Only where it occurs: an empty class too would draw random numbers, and every other split would change.
    names = (*EXPRESSIONS, UNKNOWN) if UNKNOWN in expressions else EXPRESSIONS
    classes = [np.flatnonzero(expressions == name) for name in names]
    test = np.zeros(len(rows), dtype=bool)
    for members, count in zip(classes, _seats([len(c) for c in classes], share, rng), strict=True):
        test[rng.permutation(members)[:count]] = True
    return test


def _seats(sizes: list[int], share: float, rng: np.random.Generator) -> np.ndarray:
    """Test images of every class, `(C,)` int64: largest remainders, and never all images of a class."""
    # Rounded first, because 0.1 x 30 must not become 2.9999999999999996.
    exact = np.round(np.array(sizes) * share, 9)
    seats = np.floor(exact).astype(np.int64)
    missing = _rounded(sum(sizes) * share) - int(seats.sum())
    # Largest fraction first; lexsort sorts by its last key first, so the random numbers only break ties.
    order = np.lexsort((rng.random(len(sizes)), seats - exact))
    open_classes = [place for place in order if exact[place] > seats[place] and seats[place] + 1 < sizes[place]]
    seats[open_classes[:missing]] += 1
    return seats


def _united(rows: pd.DataFrame) -> np.ndarray:
    """`(N,)` person of every row; those who share a photograph, directly or in a chain, have the first's name."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    person, names = pd.factorize(rows["person"], sort=True)
    photograph, photographs = pd.factorize(rows[PIXELS])
    size = len(names) + len(photographs)
    shown = coo_array((np.ones(len(rows), dtype=bool), (person, len(names) + photograph)), shape=(size, size))
    _, group = connected_components(shown, directed=False)
    # People are sorted, so that the first name of a group is that of its first row.
    united: np.ndarray = pd.Series(names).groupby(group[: len(names)]).transform("first").to_numpy()[person]
    return united


def _draw_people(rows: pd.DataFrame, share: float, rng: np.random.Generator) -> np.ndarray:
    """`(N,)` bool, True for all images of the people drawn, stratified by their numbers of images by expression."""
    person, people = pd.factorize(rows["person"], sort=True)
    expression, names = pd.factorize(rows["expression"], sort=True)
    images = np.zeros((len(people), len(names)), dtype=np.int64)  # of each person, by expression
    np.add.at(images, (person, expression), 1)
    _, kind = np.unique(images, axis=0, return_inverse=True)
    order = rng.permutation(len(people))
    order = order[np.argsort(kind[order], kind="stable")]  # kind after kind, in random order within each
    sizes = np.bincount(kind)
    place = np.arange(len(people)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    chosen = np.zeros(len(people), dtype=bool)
    chosen[order[place < np.repeat(np.floor(np.round(sizes * share, 9)), sizes)]] = True
    missing = _rounded(len(people) * share) - int(chosen.sum())
    if missing:
        chosen[_best_people(images, chosen, missing, share, rng)] = True
    tested: np.ndarray = chosen[person]
    return tested


def _best_people(
    images: np.ndarray, chosen: np.ndarray, count: int, share: float, rng: np.random.Generator
) -> np.ndarray:
    """`(count,)` people to add to those chosen, `(P,)` bool: the best of many draws from the others.

    `images` is `(P, E)` images of each person by expression, `share` what the test part should have of each.
    """
    total, tested, others = images.sum(axis=0), images[chosen].sum(axis=0), np.flatnonzero(~chosen)
    best, least = others[:0], (np.inf, np.inf)
    for _ in range(_DRAWS):
        draw = rng.choice(others, count, replace=False)
        part = (tested + images[draw].sum(axis=0)) / total
        # First that no expression is lost to train, then how near the shares are; the first of equals stays.
        badness = (float((part == 1).sum()), round(float(((part - share) ** 2).sum()), 12))
        if badness < least:
            best, least = draw, badness
    return best


def _rounded(value: float) -> int:
    """Nearest whole number; halves go up (Python's own rounding would send 2.5 to 2 and 3.5 to 4)."""
    return int(np.floor(round(value, 9) + 0.5))
