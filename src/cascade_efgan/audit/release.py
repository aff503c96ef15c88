"""A folder of results as it is on disk, with the record that says what it should be."""

import hashlib
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from cascade_efgan.audit.provenance import Job, Provenance, read_provenance
from cascade_efgan.errors import InputError
from cascade_efgan.files import sha256_file

#: How paths of results begin in a record, wherever the folder is now.
RESULTS = "results/"
RECORD = "provenance.json"
SOURCES = "source.zip"


@dataclass(frozen=True)
class Problem:
    """Something that did not hold, and the path of the file that it is about, as the record names it."""

    file: str
    sentence: str


class Release:
    """Results, their record (`provenance.json`), and whether its seal fits.

    Every file is read and hashed once, when it is first asked for.
    """

    def __init__(self, folder: Path) -> None:
        """Read the record.

        Raises:
            InputError: no record, or a malformed one.
        """
        self.folder = folder
        self.record: Provenance
        self.record, self.sealed = read_provenance(folder / RECORD)
        self._hashes: dict[str, str | None] = {}

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of the record: who has it from elsewhere need not trust the folder at all."""
        return sha256_file(self.folder / RECORD)

    @cached_property
    def packed(self) -> dict[str, str]:
        """Path -> SHA-256 of the sources that were packed with the results.

        Raises:
            InputError: no such archive, or no readable zip.
        """
        archive = self.folder / SOURCES
        try:
            with zipfile.ZipFile(archive) as sources:
                return {name: hashlib.sha256(sources.read(name)).hexdigest() for name in sources.namelist()}
        except FileNotFoundError:
            raise InputError(f"{archive}: no such file; restore the published one, or run snakemake") from None
        except (zipfile.BadZipFile, OSError, ValueError) as error:
            raise InputError(f"{archive}: not a readable zip ({error}); restore the published one") from None

    def path(self, name: str) -> Path:
        """Where a file of the record is."""
        return self.folder / name.removeprefix(RESULTS) if name.startswith(RESULTS) else Path(name)

    def shown(self, name: str) -> str:
        """A record's path as the user sees it on disk."""
        return self.path(name).as_posix()

    def problem(self, name: str, words: str) -> Problem:
        """What does not hold of a file, as a sentence that begins with its path."""
        return Problem(name, f"{self.shown(name)}: {words}")

    def sha256(self, name: str) -> str | None:
        """Hash of a file as it is now; None where it is gone. A source is read from the archive, not the checkout."""
        if name not in self._hashes:
            path = self.path(name)
            if not name.startswith(RESULTS) and name in self.packed:
                self._hashes[name] = self.packed[name]
            else:
                self._hashes[name] = sha256_file(path) if path.is_file() else None
        return self._hashes[name]

    def holds(self, name: str) -> bool:
        """Whether a file is what the record says."""
        return name in self.record.files and self.sha256(name) == self.record.files[name].sha256

    def is_away(self, name: str) -> bool:
        """Whether a release does not carry a file: a program or archive of the machine that made it, not here."""
        return Path(name).is_absolute() and not Path(name).exists()

    def code_hint(self, jobs: Iterable[Job]) -> str:
        """What to add to a sentence about jobs that ran again, where this installation has other code than they had."""
        package = Path(__file__).parents[1]
        for path, ran in ((path, ran) for job in jobs for path, ran in self.record.code[job.code].items()):
            here = package / path.removeprefix("src/cascade_efgan/")
            if path.startswith("src/cascade_efgan/") and ran and (not here.is_file() or sha256_file(here) != ran):
                commit = self.record.run["commit"] or "its own commit"
                return f"; but the code here is not the one that made it: audit it in a clone at {commit}"
        return ""
