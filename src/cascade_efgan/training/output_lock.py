"""One training run at a time for one folder of outputs, whoever started it."""

import fcntl
import json
import logging
import os
import platform
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

log = logging.getLogger("efgan")

#: Seconds between two attempts at a lock that another process holds.
LOOK_SECONDS = 0.5


@contextmanager
def alone_in(folder: Path, fingerprint: str, seconds: float = LOOK_SECONDS) -> Iterator[bool]:
    """Hold a folder of outputs while the block runs; wait, with a line in the log, while another process has it.

    The lock is the kernel's on a file in the folder: it ends with the process, however that dies. The file is gone
    after a run that ended well, and says until then who holds it.

    Args:
        folder: made where it is missing.
        fingerprint: identifies settings, inputs and code of the run.
        seconds: between two looks.

    Yields:
        True if the process that was waited for ended well with the same fingerprint: the outputs are those that this
        run would make.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / ".training.lock"
    while True:
        with path.open("a+", encoding="utf-8") as file:
            locked = _wait_for(file, folder, seconds)
            if not locked:
                yield False
                return
            if _is_still(path, file):
                _write(file, {"host": platform.node(), "pid": os.getpid(), "since": time.strftime("%F %T")})
                yield False
                # Who waits has the file open, and reads this after the file is gone.
                _write(file, {"finished": fingerprint})
                path.unlink()
                return
            if _content(file).get("finished") == fingerprint:
                yield True
                return


def _wait_for(file: IO[str], folder: Path, seconds: float) -> bool:
    """Lock the file; False, with a line in the log, where the file system has no locks."""
    waiting = False
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            if not waiting:
                holder = _content(file)
                who = "process {pid} on {host} (since {since})".format(**holder) if "pid" in holder else "another job"
                log.warning("%s: %s is training into this folder; waiting for it to end", folder, who)
                waiting = True
            time.sleep(seconds)
        except OSError as error:
            log.warning("%s: this file system has no locks (%s); start no second run on it", folder, error.strerror)
            return False


def _is_still(path: Path, file: IO[str]) -> bool:
    """Whether the name stands for the open file: its holder may have removed it, and a lock on it keeps nobody out."""
    try:
        return os.path.samestat(path.stat(), os.fstat(file.fileno()))
    except FileNotFoundError:
        return False


def _content(file: IO[str]) -> dict[str, Any]:
    file.seek(0)
    try:
        return json.loads(file.read())
    except ValueError:
        return {}


def _write(file: IO[str], record: dict[str, Any]) -> None:
    file.seek(0)
    file.truncate()
    json.dump(record, file)
    file.flush()
