"""Words on the command line (`NAME=PATH`), and numbers in sentences."""

from collections.abc import Callable, Sequence
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


def beside(holds: Callable[..., bool], *values: float, least: int = 2, sign: str = "") -> list[str]:
    """Numbers as they may stand in a sentence beside what `holds` says of them.

    With two decimals, 0.4996 would be "0.50; at least 0.5 was expected".

    Args:
        holds: whether the sentence is true of such numbers.
        values: of which it is true.
        least: decimals, unless it takes more.
        sign: "+" puts it before positive numbers too.
    """
    count = next((n for n in range(least, 15) if holds(*(round(value, n) for value in values))), 15)
    return [f"{value:{sign}.{count}f}" for value in values]
