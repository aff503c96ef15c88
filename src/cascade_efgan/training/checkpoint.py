"""The last good state of a training run, so that an interruption or a NaN loses little."""

import logging
from pathlib import Path
from typing import Any

import torch

from cascade_efgan.files import atomic_path

log = logging.getLogger("efgan.checkpoint")


class Checkpoint:
    """One file with the whole state of a run, replaced as the run proceeds and removed at its end.

    Args:
        path: where the state is kept.
        fingerprint: identifies settings and inputs; a checkpoint of another fingerprint is not used.
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
        if not self.path.exists():
            return None
        try:
            stored = torch.load(self.path, map_location="cpu", weights_only=True)
            if stored["fingerprint"] == self.fingerprint:
                return stored["state"]
            reason = "it was made with other settings or inputs"
        except Exception as error:
            reason = f"it cannot be read ({type(error).__name__})"
        log.warning("%s is not used: %s; training starts from the beginning", self.path, reason)
        return None

    def remove(self) -> None:
        """Delete the file after a finished run."""
        self.path.unlink(missing_ok=True)
