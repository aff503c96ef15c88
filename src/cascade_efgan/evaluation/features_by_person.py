"""Features of edits by group of people, for measures of a whole set without each group in turn."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cascade_efgan.data.records import read_records
from cascade_efgan.errors import InputError
from cascade_efgan.evaluation.statistics import load_vectors
from cascade_efgan.generation.edit_plan import EDIT_TEXT


@dataclass(frozen=True)
class FeaturesByPerson:
    """Features `(N, D)` of edits, the group of each, `(N,)` int64, and the people of every group."""

    vectors: np.ndarray
    groups: np.ndarray
    names: list[str]

    def rows(self, kept: np.ndarray) -> np.ndarray:
        """Rows of some groups."""
        return np.flatnonzero(np.isin(self.groups, kept))

    def without_each(self, measure: Callable[[np.ndarray], float]) -> dict[str, float]:
        """A measure of all groups but one, by the people of that one; a distance needs two images of the others."""
        every = np.arange(len(self.names))
        others = {name: np.delete(every, turn) for turn, name in enumerate(self.names)}
        return {name: measure(kept) for name, kept in others.items() if len(self.rows(kept)) >= 2}


def read_features_by_person(path: Path, index_path: Path) -> FeaturesByPerson:
    """Read features of edits and their index.

    Raises:
        InputError: the two do not belong together.
    """
    vectors, people = load_vectors(path), read_records(index_path, EDIT_TEXT)["person"].tolist()
    if len(people) != len(vectors):
        raise InputError(f"{index_path}: {len(people)} rows, but {path} holds {len(vectors)}; make both again")
    group_of = person_groups(people)
    names = list(dict.fromkeys(group_of.values()))
    return FeaturesByPerson(vectors, np.array([names.index(group_of[person]) for person in people]), names)


def person_groups(people: Sequence[str], most: int = 20) -> dict[str, str]:
    """Person -> group that is left out together: each person alone, or `most` groups of nearly the same size."""
    names = sorted(set(people))
    groups = [names[turn::most] for turn in range(min(most, len(names)))]
    return {name: " ".join(group) for group in groups for name in group}
