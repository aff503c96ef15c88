"""The last good state of a training run, so that an interruption or a NaN loses little."""

import logging
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import torch

from cascade_efgan.files import atomic_path

log = logging.getLogger("efgan.checkpoint")

#: Exit code of a run that a signal ended after its state was saved: run the same command again. EX_TEMPFAIL of
#: sysexits.h, "temporary failure; the user is invited to retry".
RUN_AGAIN = 75


class Checkpoint:
    """One file with the whole state of a run, replaced as the run proceeds and removed at its end.

    Args:
        path: where the state is kept.
        fingerprint: identifies settings, inputs and code; a checkpoint of another fingerprint is not used.
    """

    def __init__(self, path: Path, fingerprint: str) -> None:
        self.path, self.fingerprint = path, fingerprint

    def save(self, state: dict[str, Any]) -> None:
        """Write the state beside, then rename: a kill at any moment leaves the former checkpoint whole."""
        with atomic_path(self.path) as partial:
            torch.save({"fingerprint": self.fingerprint, "state": state}, partial)

    def load(self) -> dict[str, Any] | None:
        """The stored state, or None (with a line in the log) when there is none that fits this run.

        `weights_only` keeps the file from executing code.
        """
        # What a kill in the middle of `save` left: as large as the checkpoint.
        for partial in self.path.parent.glob(f".{self.path.stem}.*.partial{self.path.suffix}"):
            partial.unlink(missing_ok=True)
        if not self.path.exists():
            return None
        try:
            stored = torch.load(self.path, map_location="cpu", weights_only=True)
            if stored["fingerprint"] == self.fingerprint:
                return stored["state"]
            reason = "it was made with other settings, inputs or code"
        except Exception as error:
            reason = f"it cannot be read ({type(error).__name__})"
        log.warning("%s is not used: %s; training starts from the beginning", self.path, reason)
        return None

    def remove(self) -> None:
        """Delete the file after a finished run."""
        self.path.unlink(missing_ok=True)


@contextmanager
def stop_signals() -> Iterator[list[str]]:
    """SIGTERM (preemption) and SIGINT (Ctrl-C) as a request that a loop answers when it can.

    A second Ctrl-C interrupts at once. A second SIGTERM does not: some schedulers send it to a job's every process
    and to its group.

    Yields:
        names of the signals received, in order.
    """
    received: list[str] = []
    former: dict[int, Any] = {}

    def note(number: int, _frame: FrameType | None) -> None:
        received.append(signal.Signals(number).name)
        if number == signal.SIGINT:
            signal.signal(number, former[number])

    if threading.current_thread() is threading.main_thread():  # Python allows it there only
        for kind in (signal.SIGTERM, signal.SIGINT):
            # A shell that starts a program in the background has it ignore Ctrl-C: that is meant to last.
            if signal.getsignal(kind) is not signal.SIG_IGN:
                former[kind] = signal.signal(kind, note)
    try:
        yield received
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)
