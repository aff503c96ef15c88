"""Which people and images a figure shows: drawn at random by a seed, so that nobody's eye chooses."""

from collections import Counter

import numpy as np
import pandas as pd

from cascade_efgan.data import EXPRESSIONS


def from_to(edits: pd.DataFrame, between: str) -> list[str]:
    """`happy → sad` for every edit, with `between` before the arrow."""
    names = zip(edits["source_expression"], edits["target_expression"], strict=True)
    return [f"{own}{between}→ {target}" for own, target in names]


def choose_edits(index: pd.DataFrame, count: int, seed: int) -> list[int]:
    """Draw edits that change the expression, with as many different targets and people as there are.

    Every target expression gets its turn, in an order drawn at random; of its edits, one is drawn among those whose
    person, and then whose own expression, was drawn least often.

    Args:
        index: `edits_test.csv`, or some of its rows.
        count: edits at the most.

    Returns:
        Labels of `index`, ordered by target and own expression.
    """
    rng = np.random.default_rng(seed)
    changing = index[index["source_expression"] != index["target_expression"]]
    left = changing if len(changing) else index  # a data set of one expression has none that changes it
    chosen: list[int] = []
    targets: list[str] = []
    people, sources = Counter[str](), Counter[str]()
    while len(chosen) < count and len(left):
        present = set(left["target_expression"])
        targets = [name for name in targets if name in present] or list(rng.permutation(sorted(present)))
        fits = left[left["target_expression"] == targets.pop(0)]
        used = list(zip(fits["person"].map(people), fits["source_expression"].map(sources), strict=True))
        label = int(rng.choice([row for row, often in zip(fits.index, used, strict=True) if often == min(used)]))
        people[str(index.at[label, "person"])] += 1
        sources[str(index.at[label, "source_expression"])] += 1
        chosen.append(label)
        left = left.drop(label)
    # A wild image may have no expression that is known.
    places = {name: place for place, name in enumerate(EXPRESSIONS)}
    ordered = index.loc[chosen, ["target_expression", "source_expression"]].map(
        lambda name: places.get(name, len(places))
    )
    return ordered.sort_values(["target_expression", "source_expression"], kind="stable").index.tolist()


def choose_sources(index: pd.DataFrame, count: int, seed: int) -> list[str]:
    """Draw up to `count` sources of `edits_test.csv`, of as many people as there are: their ids, ordered by person."""
    rng = np.random.default_rng(seed)
    images = index.drop_duplicates("source_id").set_index("source_id")["person"]
    shuffled = images.iloc[rng.permutation(len(images))]
    turns = shuffled.groupby(shuffled).cumcount().sort_values(kind="stable")  # one of each person, then a second
    chosen = list(turns.index[:count])
    return sorted(chosen, key=lambda name: (images[name], name))


def far_edits(index: pd.DataFrame, gaps: np.ndarray) -> pd.DataFrame:
    """The quarter of the edits with the largest AU gap, the paper's "large gaps"; `gaps` is `(M,)`."""
    changes = (index["source_expression"] != index["target_expression"]).to_numpy()
    if not changes.any():
        return index
    return index[changes & (gaps >= np.quantile(gaps[changes], 0.75))]
