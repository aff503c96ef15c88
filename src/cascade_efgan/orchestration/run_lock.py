"""Who runs the workflow: a killed run's lock is lifted by the next one, and a second run learns whom it waits for.

Snakemake writes the files that a run reads and makes into `.snakemake/locks`, and leaves them there when it is killed;
every later run then stops until somebody types `snakemake --unlock`. Nothing in them says whose they are. Here each run
also holds a lock of the kernel, which ends with its process however it dies, beside a record of who it is.
"""

import errno
import fcntl
import json
import os
import platform
import shlex
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from cascade_efgan.errors import sentence_of

#: What a file system without locks answers: there, Snakemake's own lock is all there is.
NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP)


@contextmanager
def joined(folder: Path) -> Iterator[str | None]:
    """Be one of the runs on the working directory whose `.snakemake` is `folder`, for the length of a block.

    The kernel's lock is shared by all runs. Where it can be had for this one alone, no other lives, and what is
    recorded of others is of dead ones: their records and Snakemake's locks are removed. Not so where another
    machine wrote a record, because some network file systems keep such locks to each machine; and not without a
    record, because then the locks are of a Snakemake that was not started by this project's command.

    Yields:
        One sentence about the dead run whose lock was removed, None where there was none.
    """
    own = _own_record(folder)
    own.parent.mkdir(exist_ok=True)
    with (folder / "runs.lock").open("ab") as file:
        removed = None
        with suppress(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            removed = _remove_dead(folder)
        fcntl.flock(file, fcntl.LOCK_SH)
        command = shlex.join(["snakemake", *sys.argv[1:]])
        record = {"host": platform.node(), "pid": os.getpid(), "since": time.strftime("%F %T"), "command": command}
        own.write_text(json.dumps(record), encoding="utf-8")
        try:
            yield removed
        finally:
            own.unlink(missing_ok=True)


def other_runs(folder: Path) -> list[str]:
    """Every other recorded run, as `process 12 on host (since 2026-01-01 12:00:00): snakemake ...`."""
    records = [record for path, record in _records(folder).items() if path != _own_record(folder) and record]
    return ["process {pid} on {host} (since {since}): {command}".format(**record) for record in records]


def _own_record(folder: Path) -> Path:
    return folder / "runs" / f"{platform.node()}.{os.getpid()}.json"


def _records(folder: Path) -> dict[Path, dict[str, Any]]:
    """What each run wrote about itself; empty where the kill tore it."""
    found: dict[Path, dict[str, Any]] = {}
    for path in sorted((folder / "runs").glob("*.json")):
        found[path] = {}
        with suppress(OSError, ValueError):
            found[path] = json.loads(path.read_text(encoding="utf-8"))
    return found


def _remove_dead(folder: Path) -> str | None:
    dead = _records(folder)
    # A record that was torn by the kill is of this machine or of none: its name begins with the host.
    if not dead or any(not path.name.startswith(f"{platform.node()}.") for path in dead):
        return None
    locks = list((folder / "locks").glob("*.lock"))
    for path in [*locks, *dead]:
        path.unlink(missing_ok=True)
    if not locks:
        return None
    whose = ", ".join(f"process {record['pid']}, since {record['since']}" for record in dead.values() if record)
    return f"A former run was killed ({whose or 'its record is torn'}) and left its lock, which is removed."


def unwritable(files: Iterable[str]) -> str | None:
    """The first folder among those of `files` (or their nearest that exists) that this user may not write to."""
    for folder in sorted({os.path.dirname(file) or "." for file in files}):
        path = Path(folder)
        while not path.exists():
            path = path.parent
        # Also false on a read-only file system, for root too.
        if not os.access(path, os.W_OK | os.X_OK):
            return str(path)
    return None


def guard_runs() -> None:
    """Have Snakemake's lock do all this. Dry runs and the jobs of a cluster take no lock, and are let alone.

    Snakemake offers no hook before its lock; this replaces one method of the pinned version (9.27.1).
    """
    from snakemake.exceptions import LockException, WorkflowError
    from snakemake.logging import logger
    from snakemake.persistence import PersistenceBase

    lock = PersistenceBase.lock

    @contextmanager
    def guarded(self: Any) -> Iterator[None]:
        closed = unwritable(file for file in map(str, self.all_outputfiles()) if "://" not in file)
        if closed is not None:
            raise WorkflowError(
                f"{closed}: this user may not write here, or the file system is read-only; fix that, or work on a "
                "copy of the repository. Nothing was run."
            )
        folder = Path(self.path)
        with ExitStack() as held:
            try:
                # One run starts at a time: Snakemake looks for other runs' locks first and writes its own later.
                with (folder / "starting.lock").open("ab") as starting:
                    fcntl.flock(starting, fcntl.LOCK_EX)
                    if removed := held.enter_context(joined(folder)):
                        logger.warning(removed)
                    held.enter_context(lock(self))
            except LockException:
                if others := other_runs(folder):
                    raise WorkflowError(
                        f"Another run works on the same files: {'; '.join(others)}. Wait until it ends, then give the "
                        "same command again. Nothing was run."
                    ) from None
                raise
            except OSError as error:
                if error.errno not in NO_LOCKS:
                    raise WorkflowError(sentence_of(error, str(folder)) or str(error)) from None
                held.enter_context(lock(self))
            yield

    PersistenceBase.lock = guarded
