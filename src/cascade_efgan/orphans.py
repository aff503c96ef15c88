"""End with the workflow: a job whose Snakemake was killed would otherwise go on beside the one that replaces it."""

import logging
import os
import select
import signal
import threading

log = logging.getLogger("efgan")


def end_with(process: int) -> None:
    """Send SIGTERM to this process when another one dies, however it dies.

    A training job saves its state on SIGTERM and ends; any other job ends at once and leaves no result. The kernel's
    own "parent death signal" would not do: between Snakemake and a job stands a shell, which outlives Snakemake.

    Args:
        process: id of a process. Where there is none of that id (a job in a container that hides the processes
            outside), or no Linux, nothing is watched.
    """
    try:
        watched = os.pidfd_open(process)
    except (AttributeError, OSError):
        return
    threading.Thread(target=_wait, args=(watched,), name="end-with-the-workflow", daemon=True).start()


def _wait(watched: int) -> None:
    select.select([watched], [], [])  # readable once the process has ended
    log.warning("the workflow that started this job is gone: the job ends too")
    os.kill(os.getpid(), signal.SIGTERM)
