"""Files that others publish: known by their SHA-256, taken from a local folder or fetched from their public address."""

import logging
import os
from dataclasses import dataclass
from pathlib import Path

from cascade_efgan.errors import InputError
from cascade_efgan.files import not_the_file, sha256_file

_TIMEOUT_SECONDS = 30


@dataclass(frozen=True)
class PinnedFile:
    """One published file; the environment variable `variable` names a mirror, a folder that holds it."""

    name: str
    url: str
    sha256: str
    variable: str

    def mirrored(self) -> Path | None:
        """The file in the mirror; None where the variable is not set.

        Raises:
            InputError: the variable is set, but the file is not there.
        """
        folder = os.environ.get(self.variable)
        if not folder:
            return None
        path = Path(folder) / self.name
        if not path.is_file():
            raise InputError(f"environment variable {self.variable}: no file {path}; put {self.name} there or unset it")
        return path

    def check(self, path: Path) -> Path:
        """The path again, once its bytes are those that were published.

        Raises:
            InputError: no such file, or another SHA-256.
        """
        if not path.is_file():
            raise InputError(not_the_file(path) or f"{path}: no such file; put {self.name} there")
        if (digest := sha256_file(path)) != self.sha256:
            raise InputError(
                not_the_file(path)
                or f"{path}: SHA-256 begins with {digest[:8]}, expected {self.sha256[:8]} of {self.name}; delete it "
                "and fetch it again"
            )
        return path

    def fetch(self, path: Path, advice: str, progress: bool = False) -> Path:
        """Download to `path`, unless it is there already; checked either way. `advice` ends the message of a failure.

        Raises:
            InputError: it cannot be downloaded, or has another SHA-256.
        """
        import pooch
        import requests

        pooch.get_logger().setLevel(logging.WARNING)
        loader = pooch.HTTPDownloader(timeout=_TIMEOUT_SECONDS, progressbar=progress)
        known = f"sha256:{self.sha256}"
        try:
            return Path(pooch.retrieve(self.url, known, fname=path.name, path=path.parent, downloader=loader))
        except (requests.RequestException, OSError, ValueError) as error:
            raise InputError(
                f"{self.name} could not be downloaded from {self.url} ({type(error).__name__}); {advice}"
            ) from None
