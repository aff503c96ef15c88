"""A folder of results as it is on disk, with the record that says what it should be."""

from collections.abc import Iterable
from functools import cached_property
from pathlib import Path

from cascade_efgan.audit.provenance import Provenance, read_provenance
from cascade_efgan.audit.sources import packed_hashes
from cascade_efgan.files import sha256_file

#: How paths of results begin in a record, wherever the folder is now.
RESULTS = "results/"
RECORD = "provenance.json"
SOURCES = "source.zip"


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
        """Path -> SHA-256 of the sources that were packed with the results."""
        return packed_hashes(self.folder / SOURCES)

    def path(self, name: str) -> Path:
        """Where a file of the record is."""
        return self.folder / name.removeprefix(RESULTS) if name.startswith(RESULTS) else Path(name)

    def is_packed(self, name: str) -> bool:
        """Whether a file is a source, which is checked in the archive: the checkout around it may be another."""
        return not name.startswith(RESULTS) and name in self.packed

    def sha256(self, name: str) -> str | None:
        """Hash of a file as it is now; None where it is gone."""
        if name not in self._hashes:
            path = self.path(name)
            if self.is_packed(name):
                self._hashes[name] = self.packed[name]
            else:
                self._hashes[name] = sha256_file(path) if path.is_file() else None
        return self._hashes[name]

    def shown(self, name: str) -> str:
        """A record's path as the user sees it on disk."""
        return self.path(name).as_posix()

    def holds(self, name: str) -> bool:
        """Whether a file is what the record says."""
        return name in self.record.files and self.sha256(name) == self.record.files[name].sha256

    def outside(self, names: Iterable[str]) -> list[str]:
        """Files that a release does not carry: a program or archive of the machine that made it, which is not here."""
        return [name for name in names if Path(name).is_absolute() and not Path(name).exists()]
