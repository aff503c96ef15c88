"""The errors that users see as a sentence instead of a traceback, and the numbers in such a sentence."""

import errno
from collections.abc import Callable


class InputError(Exception):
    """Bad input: a file, a setting or a key that the user can fix.

    The message is one sentence that names the file or key, what was expected and what to do.
    The command line prints it and exits with status 2.
    """


#: What a full disk and a used-up quota raise.
NO_SPACE = (errno.ENOSPC, errno.EDQUOT)
#: What a missing right and a read-only file system raise.
NO_RIGHT = (errno.EACCES, errno.EPERM, errno.EROFS)


def sentence_of(error: OSError, name: str | None = None) -> str | None:
    """What a person can fix about an error of the operating system; None where it names no file or is of other kinds.

    Args:
        name: the file to name, where it is not the one that the error names.
    """
    file = name or error.filename
    if file is None:
        return None
    if error.errno in NO_SPACE:
        return (
            f"{file}: its disk is full; free some space, then run the same command again; no half-written file is kept"
        )
    if error.errno == errno.ENOENT:
        return f"{file}: no such file; if it was there a moment ago, restore it, or run snakemake, which makes it again"
    if error.errno in NO_RIGHT:
        reason = "its file system is read-only" if error.errno == errno.EROFS else "this user lacks the right to it"
        return f"{file}: {reason}; fix that, or work on a copy, and run the same command again"
    return None


def enough_decimals(holds: Callable[..., bool], *values: float, least: int = 2, sign: str = "") -> list[str]:
    """Numbers with as many decimals as it takes for `holds` to be true of what a sentence shows.

    With two decimals, 0.4996 would be "0.50; at least 0.5 was expected".

    Args:
        holds: whether the sentence is true of such numbers.
        least: decimals, unless it takes more.
        sign: "+" puts it before positive numbers too.
    """
    count = next((n for n in range(least, 15) if holds(*(round(value, n) for value in values))), 15)
    return [f"{value:{sign}.{count}f}" for value in values]
