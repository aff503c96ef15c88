"""Files and folders beside photographs that other programs made: thumbnails, waste bins, backups, notes on edits.

Some hold photographs that are none of the data set's: shrunken, deleted, or older ones.
"""

import logging
import os
import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

#: Suffixes of what Lightroom, Apple and cameras keep beside a photograph.
_NOTES = (".lrdata", ".xmp", ".aae", ".thm")

#: A part of a path. Whatever is hidden (.git, .thumbnails, .Trash-1000, .ipynb_checkpoints, .DS_Store, ._a.jpg); the
#: folders of NAS systems (Synology, QNAP), Windows, macOS and Linux file systems; `_NOTES`.
_SIDE = re.compile(
    r"(?:^|/)(\.(?!\.(?:/|\Z))[^/]+|~\$[^/]*|@(?:eaDir|tmp|Recycle|Recently-Snapshot)|#(?:recycle|snapshot)|__MACOSX"
    r"|\$RECYCLE\.BIN|RECYCLE[RD]|System Volume Information|lost\+found|Network Trash Folder|Temporary Items"
    r"|(?:eh)?thumbs(?:_vista)?\.db|desktop\.ini|picasa\.ini|Icon\r"
    rf"|[^/]+(?:{'|'.join(map(re.escape, _NOTES))}))(?:/|\Z)",
    re.IGNORECASE,
)


def side_file(path: str) -> str | None:
    """What makes a file or folder one that another program left, as its count is named; None: it is the user's own.

    Args:
        path: POSIX path below the folder or archive that the user named, whose own path does not matter.
    """
    match = _SIDE.search(path)
    if match is None:
        return None
    part, suffix = match[1], os.path.splitext(match[1])[1].lower()
    return "._*" if part.startswith("._") else f"*{suffix}" if suffix in _NOTES else part.strip()


def files_below(folder: str | Path) -> int:
    """How many files are in a folder and below; what cannot be listed does not count."""
    return sum(len(files) for _, _, files in os.walk(folder))


def say_left_out(log: logging.Logger, path: Path, counts: Mapping[str, int]) -> None:
    """One warning that names what was left out of a folder or archive, most first."""
    if counts:
        told = [f"{name} ({count})" for name, count in Counter(counts).most_common()]
        more = f" and {len(told) - 10} more" if len(told) > 10 else ""
        log.warning("%s: files that other programs left there, not used: %d: %s%s",
                    path, sum(counts.values()), ", ".join(told[:10]), more)  # fmt: skip
