"""Words on the command line: `NAME=PATH`, and lists of files that differ in their seed alone."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from cascade_efgan.errors import InputError

#: Stands for every seed of the run in a path on the command line: a list with one path per seed may get too long
#: for a shell, which Linux gives 128 KiB for one command.
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


def named_paths(flag: str, words: Sequence[str]) -> dict[str, Path]:
    """`NAME=PATH` words as a mapping, in their order.

    Raises:
        InputError: a word of another form, or a name twice.
    """
    paths: dict[str, Path] = {}
    for word in words:
        name, separator, path = word.partition("=")
        if not (separator and name and path) or name in paths:
            raise InputError(f"{flag} {word}: expected NAME=PATH, every name once")
        paths[name] = Path(path)
    return paths


def same_names(flags: Sequence[str], *mappings: dict[str, Path]) -> list[str]:
    """The names that all mappings have, in the order of the first.

    Raises:
        InputError: the mappings differ in their names.
    """
    names = list(mappings[0])
    if any(list(mapping) != names for mapping in mappings):
        raise InputError(f"{', '.join(flags)}: give the same names in the same order to each of them")
    return names
