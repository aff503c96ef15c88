"""End with the workflow: a job whose Snakemake was killed would otherwise go on beside the one that replaces it."""

import logging
import os
import select
import signal
import threading

log = logging.getLogger("efgan")


def this_process() -> str:
    """`PID:NAMESPACE` of this process: a process id means something only where the same ids are seen."""
    return f"{os.getpid()}:{_namespace()}"


def end_with(workflow: str) -> None:
    """Send SIGTERM to this process when another one dies, however it dies, or now if it is dead already.

    A training job saves its state on SIGTERM and ends; any other job ends at once and leaves no result. The kernel's
    own "parent death signal" would not do: between Snakemake and a job is a shell, which outlives Snakemake.

    Args:
        workflow: what `this_process` gave in the other process. One of other process ids (outside a container that
            hides them) is not watched, nor is any without Linux.
    """
    process, _, namespace = workflow.partition(":")
    if namespace != _namespace() or not hasattr(os, "pidfd_open"):
        return
    try:
        watched = os.pidfd_open(int(process))
    except ProcessLookupError:
        _end()
        return
    except OSError:
        return  # a kernel that cannot watch
    threading.Thread(target=_wait, args=(watched,), name="end-with-the-workflow", daemon=True).start()


def _wait(watched: int) -> None:
    select.select([watched], [], [])  # readable once the process has ended
    _end()


def _end() -> None:
    log.warning("the workflow that started this job is gone: the job ends too")
    os.kill(os.getpid(), signal.SIGTERM)


def _namespace() -> str:
    try:
        return str(os.stat("/proc/self/ns/pid").st_ino)
    except OSError:
        return ""
