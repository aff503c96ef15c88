"""Lists of files that differ in their seed alone, in one word each.

A list as long as the seeds are many gets too long for a shell: Linux takes 128 KiB as one command.
"""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

#: Stands for every seed of the run in a path on the command line.
SEED = "{seed}"


def for_all_seeds(paths: Iterable[str]) -> list[str]:
    """Paths with `{seed}` in place of the number in their folder `seed0`, `seed1`, ..., each once, in their order."""
    return list(dict.fromkeys(re.sub(r"(^|/)seed\d+/", rf"\g<1>seed{SEED}/", path) for path in paths))


def with_seeds(paths: Iterable[Path], seeds: Sequence[int]) -> list[Path]:
    """Each path that has `{seed}` in it once for every seed, in the order of the seeds; others as they are."""
    expanded: list[Path] = []
    for path in paths:
        text = str(path)
        expanded += [Path(text.replace(SEED, str(seed))) for seed in seeds] if SEED in text else [path]
    return expanded
