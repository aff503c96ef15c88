"""Command-line words of the form NAME=PATH, which stages that read one file of several sources take."""

from collections.abc import Sequence
from pathlib import Path

from cascade_efgan.errors import InputError


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
