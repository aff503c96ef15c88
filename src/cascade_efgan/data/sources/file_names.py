"""Names of files as other programs write them, brought to one form, and of files that those programs leave behind.

Such files are thumbnails, waste bins, backups and notes on edits: some hold photographs that are none of the data
set's, because they are shrunken, deleted or older.
"""

import logging
import os
import re
import unicodedata
import zipfile
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


def composed(name: str) -> str:
    """A name in Unicode's composed form (NFC), in which all names are compared: a Mac may write é as two characters."""
    return unicodedata.normalize("NFC", name)


def below_root(raw: str) -> str | None:
    """An archive member's name as a POSIX path below the root, composed; None where it leaves the archive."""
    name = raw.replace("\\", "/")
    if not name.isascii():
        # Bytes that are no UTF-8 arrive as lone surrogates, which no later file could be written with.
        name = composed(name.encode("utf-8", "surrogateescape").decode("utf-8", "replace"))
    parts = [part for part in name.split("/") if part not in ("", ".")]
    return None if re.match(r"/|[A-Za-z]:/", name) or ".." in parts else "/".join(parts)


def decoded(member: zipfile.ZipInfo) -> str:
    """A zip member's name; many programs write UTF-8 and do not say so, which Python then reads as CP437."""
    if member.flag_bits & 0x800:
        return member.filename
    try:
        return member.filename.encode("cp437").decode("utf-8")
    except UnicodeError:
        return member.filename


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


def say_left_out(log: logging.Logger, path: Path, counts: Mapping[str, int]) -> None:
    """One warning that names what was left out of a folder or archive, most first."""
    if counts:
        told = [f"{name} ({count})" for name, count in Counter(counts).most_common()]
        more = f" and {len(told) - 10} more" if len(told) > 10 else ""
        log.warning("%s: files that other programs left there, not used: %d: %s%s",
                    path, sum(counts.values()), ", ".join(told[:10]), more)  # fmt: skip
