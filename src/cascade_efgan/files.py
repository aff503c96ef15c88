"""Files that are whole or absent: written beside their place, then renamed."""

import errno
import hashlib
import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from cascade_efgan.errors import NO_RIGHT, NO_SPACE, InputError, sentence_of

#: A write that failed with less than this many free bytes failed for want of space.
NO_ROOM = 2**20
#: First bytes of a file by which a pointer is known.
_POINTER = 512


@contextmanager
def atomic_path(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path in the folder of `path`; rename it to `path` if the block succeeds.

    The temporary name keeps the suffix of `path` because NumPy and pandas choose formats by it.
    On any exception the temporary file is removed and `path` is left as it was.

    Raises:
        InputError: the disk is full, the file system read-only, or the right to write is missing.
    """
    path = Path(path)
    partial = path.with_name(f".{path.stem}.{os.getpid()}.partial{path.suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield partial
        with partial.open("rb+") as file:
            # Without this, a power cut may leave the new name with none of its bytes.
            os.fsync(file.fileno())
        os.replace(partial, path)
    except Exception as error:
        if sentence := _about_writing(error, path, partial):
            raise InputError(sentence) from error
        raise
    finally:
        with suppress(OSError):
            partial.unlink()


def _about_writing(error: Exception, path: Path, partial: Path) -> str | None:
    """A sentence about `path` if it could not be written for want of space or of rights; None for another error."""
    cause = error if isinstance(error, OSError) and error.errno else _told_otherwise(error, partial.parent)
    if cause is None or cause.errno not in (*NO_SPACE, *NO_RIGHT):
        return None
    if cause.filename is not None and Path(cause.filename) not in (partial, path, *path.parents):
        return None  # something that the block reads
    return sentence_of(cause, str(path))


def _told_otherwise(error: Exception, folder: Path) -> OSError | None:
    """The system's error behind one that NumPy, PyTorch or safetensors raises without its number."""
    if number := re.search(r"\(os error (\d+)\)", str(error)):
        return OSError(int(number[1]), os.strerror(int(number[1])))
    if isinstance(error, OSError | RuntimeError) and folder.is_dir():
        room = os.statvfs(folder)  # the half-written file is still there
        if room.f_bavail * room.f_frsize < NO_ROOM:
            return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    return None


def check_target(path: Path, force: bool) -> None:
    """Refuse a file to write before anything is computed for it.

    Raises:
        InputError: a folder, a name below a file, or, without `force`, a file that is there.
    """
    if path.is_dir():
        raise InputError(f"{path}: a folder; name a file to write")
    above = next(folder for folder in path.absolute().parents if folder.exists())
    if not above.is_dir():
        raise InputError(f"{path}: cannot be written below {above}, which is a file; name another place")
    if os.path.lexists(path) and not force:
        raise InputError(f"{path}: is there already and would be replaced; name another file, or add --force")


def not_the_file(path: str | Path) -> str | None:
    """What lies at `path` in place of a file whose content is kept elsewhere, and the command that brings it.

    Known are Git LFS's and git-annex's pointers, DVC's `.dvc` files (at the path, or beside it), links of DVC or
    git-annex to a content that is not here, and web pages that were saved in place of a download.

    Returns:
        One sentence, or None where it is none of these.
    """
    path = Path(path)
    if path.is_symlink() and not path.exists():
        place = str(path.readlink())
        what, fetch = ("git-annex", f"`git annex get {path.name}`") if "annex" in place else ("DVC", "`dvc pull`")
        return f"{path}: a link of {what} to {place}, which is not here; fetch the content with {fetch} in its folder"
    if not path.exists() and (beside := path.with_name(f"{path.name}.dvc")).is_file():
        return f"{path}: only its DVC file {beside.name} is here; fetch it with `dvc pull {beside}`"
    if not path.is_file():
        return None
    with path.open("rb") as file:
        told = pointer(file.read(_POINTER), path.name)
    return f"{path}: {told[0]}; {told[1]}" if told else None


def pointer(start: bytes, name: str) -> tuple[str, str] | None:
    """What the first bytes of a file of that name show it to be in place of a content kept elsewhere, and what to do.

    Known is what `not_the_file` knows of a file that is there; None: it is none of these.
    """
    start = start[:_POINTER].lstrip()
    if start.startswith(b"version https://git-lfs.github.com/spec/"):
        return "a Git LFS pointer, not the file itself", "fetch it with `git lfs pull` in its checkout"
    if start.startswith(b"/annex/objects/"):
        return "a git-annex pointer, not the file itself", f"fetch it with `git annex get {name}` in its folder"
    if re.match(rb"(outs|md5|frozen|deps|wdir):.*(md5|hash|path): ", start, re.DOTALL):
        return "a DVC file that points to the real one", "fetch that with `dvc pull`, and name it instead"
    if re.match(rb"<!doctype html|<html", start, re.IGNORECASE):
        return "a saved web page, not the file itself", "download the file by its own link (on GitHub: Raw)"
    return None


def write_text(path: str | Path, text: str) -> None:
    """Write a text file in UTF-8, whole or not at all."""
    with atomic_path(path) as partial:
        partial.write_text(text, encoding="utf-8")


def write_json(path: str | Path, value: Any, ensure_ascii: bool = True) -> None:
    """Write `value` as indented JSON with a final newline; NaN and infinity are refused."""
    write_text(path, json.dumps(value, indent=2, ensure_ascii=ensure_ascii, allow_nan=False) + "\n")


def read_json(path: str | Path) -> Any:
    """Read a JSON file.

    Raises:
        InputError: the file is missing or is no JSON.
    """
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError:
        told = f"{path}: no such file; run the rule that makes it first"
    except ValueError as error:
        told = f"{path}: not a JSON file ({error}); delete it and run its rule again"
    raise InputError(not_the_file(path) or told)


def sha256_file(path: str | Path) -> str:
    """SHA-256 of a file's bytes, as 64 hexadecimal digits."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
