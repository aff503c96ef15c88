"""Names of files as other programs write them into archives and lists, brought to one form."""

import re
import unicodedata
import zipfile

_DRIVE = re.compile(r"[A-Za-z]:/")


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
    return None if name.startswith("/") or _DRIVE.match(name) or ".." in parts else "/".join(parts)


def decoded(member: zipfile.ZipInfo) -> str:
    """A zip member's name; many programs write UTF-8 and do not say so, which Python then reads as CP437."""
    if member.flag_bits & 0x800:
        return member.filename
    try:
        return member.filename.encode("cp437").decode("utf-8")
    except UnicodeError:
        return member.filename
