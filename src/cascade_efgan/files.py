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


def write_json(path: str | Path, value: Any) -> None:
    """Write `value` as indented JSON with a final newline; NaN and infinity are refused."""
    with atomic_path(path) as partial:
        partial.write_text(json.dumps(value, indent=2, allow_nan=False) + "\n", encoding="utf-8")


def read_json(path: str | Path) -> Any:
    """Read a JSON file.

    Raises:
        InputError: the file is missing or is no JSON.
    """
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; run the rule that makes it first") from None
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: not a JSON file ({error}); delete it and run its rule again") from None


def sha256_file(path: str | Path) -> str:
    """SHA-256 of a file's bytes, as 64 hexadecimal digits."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
