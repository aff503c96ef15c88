"""Lists of files that differ in their seed alone, in one word each."""

from collections.abc import Iterable, Sequence
from pathlib import Path

#: Stands for every seed of the run in a path on the command line.
SEED = "{seed}"


def with_seeds(paths: Iterable[Path], seeds: Sequence[int]) -> list[Path]:
    """Each path that has `{seed}` in it once for every seed, in the order of the seeds; others as they are."""
    expanded: list[Path] = []
    for path in paths:
        text = str(path)
        expanded += [Path(text.replace(SEED, str(seed))) for seed in seeds] if SEED in text else [path]
    return expanded
