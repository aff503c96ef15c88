"""A folder, zip or tar that a user obtained, read as bytes: nothing is ever written under a member's own name.

Names are POSIX paths relative to the root. What other programs left is counted, not listed. A link or device is
listed and refused when it is read, so that a photograph that is one is never silently absent.
"""

import bz2
import errno
import gzip
import lzma
import os
import stat
import tarfile
import zipfile
import zlib
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Generic, TypeVar

from cascade_efgan.data.sources.file_names import below_root, decoded
from cascade_efgan.data.sources.side_files import files_below, side_file
from cascade_efgan.errors import InputError
from cascade_efgan.files import atomic_path, not_the_file

#: More files than any of the data sets has; reading the list of more would fill the memory.
MAX_MEMBERS = 5_000_000

#: Largest file that is read, bytes. The largest known is AffectNet's list: about a kilobyte for each of 415,000 lines.
MAX_BYTES = 2**30

#: A compressed tar of photographs shrinks by little; one that grows this much is made to fill the disk.
MAX_GROWTH = 200

_ZIP_STARTS = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
_COMPRESSED: dict[bytes, Callable[..., Any]] = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ\x00": lzma.open}
_DAMAGE = (zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, EOFError, OSError, ValueError)
_BLOCK = tarfile.BLOCKSIZE

Place = TypeVar("Place")


class ArchiveReader(ABC, Generic[Place]):
    """What all kinds of archives share; `Place` is where a member's bytes are.

    Attributes:
        path: the archive, for messages.
        skipped: what other programs left (`side_file`) -> how many files, which are not listed.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.skipped: Counter[str] = Counter()
        self._places: dict[str, Place] = {}
        self._special: set[str] = set()

    def names(self) -> list[str]:
        """All files, sorted: POSIX paths relative to the root, in Unicode's composed form (NFC)."""
        return sorted(self._places)

    def read(self, name: str) -> bytes:
        """Bytes of one file.

        Raises:
            InputError: no such file, a link or a device, more than `MAX_BYTES`, or damaged.
        """
        if name not in self._places:
            raise InputError(f"{self.path}: holds no file {name}; complete it")
        if name in self._special:
            raise InputError(
                f"{self.path}: {name} is a link, a device or a sparse file, which is not read: put a plain file in its "
                "place"
            )
        try:
            data = self._read(self._places[name])
        except _DAMAGE as error:
            raise self._damaged(f"{name}: {error}") from None
        if len(data) > MAX_BYTES:
            raise InputError(
                f"{self.path}: {name} is larger than {MAX_BYTES >> 20} MiB, expected a photograph or a list: remove it"
            )
        return data

    @abstractmethod
    def _read(self, place: Place) -> bytes:
        """At most `MAX_BYTES + 1` bytes: a size that an archive declares is not trusted."""

    def _add(self, raw: str, place: Place, special: bool = False) -> None:
        """List one file, unless another program left it."""
        name = self._checked(raw)
        left = side_file(name)
        if left:
            self.skipped[left] += 1
        if left or not name:
            return
        if name in self._places:
            raise InputError(f"{self.path}: holds {name} twice, expected every name once: pack it again")
        self._places[name] = place
        if special:
            self._special.add(name)

    def _checked(self, raw: str) -> str:
        """A member's name in the form of `names`.

        Raises:
            InputError: it leaves the archive, or there are more than `MAX_MEMBERS`.
        """
        name = below_root(raw)
        if name is None:
            raise InputError(
                f"{self.path}: member {raw!r} points outside the archive, expected names below its root: do not trust "
                "this archive, obtain it again"
            )
        if len(self._places) >= MAX_MEMBERS:
            raise InputError(f"{self.path}: more than {MAX_MEMBERS} files; name the folder of the data set alone")
        return name

    def _damaged(self, reason: str) -> InputError:
        return InputError(f"{self.path}: damaged or not readable ({reason}); obtain it again, or unpack it yourself")


class _Folder(ArchiveReader[str]):
    """A folder; places are paths relative to it, as the file system spells them."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._root = path.resolve()
        folders = [""]
        try:
            while folders:
                folders += self._list(folders.pop())
        except OSError as error:
            raise self._damaged(str(error)) from None

    def _list(self, below: str) -> list[str]:
        """List the files of one folder, and return its folders; the kinds come with the names, without a stat."""
        folders = []
        with os.scandir(self._root / below) as entries:
            for entry in entries:
                raw = f"{below}/{entry.name}" if below else entry.name
                if left := side_file(entry.name):
                    inside = entry.is_dir(follow_symlinks=False)
                    self.skipped[left] += files_below(entry.path) if inside else 1
                elif entry.is_dir(follow_symlinks=False):
                    folders.append(raw)
                elif entry.is_symlink():
                    self._add_link(raw)
                else:
                    self._add(raw, raw, special=not entry.is_file(follow_symlinks=False))
        return folders

    def _add_link(self, raw: str) -> None:
        target = Path(os.path.realpath(self._root / raw))
        inside = target.is_relative_to(self._root)
        if not target.is_dir():
            self._add(raw, raw, special=not (inside and target.is_file()))
        elif not inside:
            # Not followed, its photographs would be missing without a word.
            raise InputError(
                f"{self.path}: {raw} is a link to a folder outside, which is not followed: put the folder itself in "
                "its place"
            )

    def _read(self, place: str) -> bytes:
        with open(self._root / place, "rb") as file:
            # Not MAX_BYTES at once: Python reserves what it is asked to read.
            return file.read(min(os.fstat(file.fileno()).st_size, MAX_BYTES) + 1)


class _Zip(ArchiveReader[zipfile.ZipInfo]):
    """A zip."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        try:
            self.archive = zipfile.ZipFile(path)
        except _DAMAGE as error:
            raise self._damaged(str(error)) from None
        for member in self.archive.infolist():
            name = decoded(member)
            if member.is_dir() or name.endswith("\\"):
                self._checked(name)
                continue
            if member.flag_bits & 1:
                raise InputError(
                    f"{path}: {name} is encrypted; unpack the zip with its password and name the folder instead"
                )
            self._add(name, member, special=stat.S_ISLNK(member.external_attr >> 16))

    def _read(self, place: zipfile.ZipInfo) -> bytes:
        # Python bounds what deflate puts out, but not what other methods do.
        if place.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise ValueError(f"packed by method {place.compress_type}, expected 0 (stored) or 8 (deflated)")
        with self.archive.open(place) as file:
            return file.read(MAX_BYTES + 1)


class _Tar(ArchiveReader[tuple[int, int]]):
    """A plain tar; places are (offset, size) in bytes."""

    def __init__(self, path: Path, file: BinaryIO) -> None:
        super().__init__(path)
        self._file = file
        try:
            # No `with`: leaving it would close the file.
            archive = tarfile.open(fileobj=file, mode="r:")  # noqa: SIM115
            while (member := archive.next()) is not None:
                archive.members.clear()  # type: ignore[attr-defined]  # a million records would take gigabytes
                if member.isdir():
                    self._checked(member.name)
                    continue
                plain = member.isreg() and not member.issparse()
                self._add(member.name, (member.offset_data, member.size), special=not plain)
            # tarfile takes a damaged header for the end; the true end is a block of zeros.
            file.seek(archive.offset)
            end = file.read(_BLOCK)
        except _DAMAGE as error:
            raise self._damaged(str(error)) from None
        if end != bytes(_BLOCK):
            raise self._damaged("it breaks off")

    def _read(self, place: tuple[int, int]) -> bytes:
        offset, size = place
        self._file.seek(offset)
        wanted = min(size, MAX_BYTES + 1)
        data = self._file.read(wanted)
        if len(data) < wanted:
            raise EOFError("it breaks off")
        return data


@contextmanager
def open_archive(path: Path, work: Path) -> Iterator[ArchiveReader]:
    """Open a folder, zip or tar (plain, gz, bz2 or xz) for reading.

    Args:
        work: folder for the one temporary file that a compressed tar is unpacked to, as reading here and there in it
            would decompress it again and again.

    Raises:
        InputError: absent, of another kind, damaged or encrypted; a member's name points outside; a name twice; more
            than `MAX_MEMBERS` files; a link to a folder outside; a compressed tar that grows more than `MAX_GROWTH`
            times.
    """
    if path.is_dir():
        yield _Folder(path)
        return
    try:
        with open(path, "rb") as file:
            start = file.read(8)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); expected a folder, a zip or a tar") from None
    opener = next((opener for magic, opener in _COMPRESSED.items() if start.startswith(magic)), None)
    if opener is not None:
        with _decompressed(path, opener, work) as file:
            yield _Tar(path, file)
    elif not start.startswith(_ZIP_STARTS) and tarfile.is_tarfile(path):
        with open(path, "rb") as file:
            yield _Tar(path, file)
    elif start.startswith(_ZIP_STARTS) or zipfile.is_zipfile(path):
        reader = _Zip(path)
        with reader.archive:
            yield reader
    else:
        raise InputError(
            not_the_file(path)
            or f"{path}: neither a folder nor a zip nor a tar (plain, gz, bz2 or xz); unpack it and name the folder"
        )


@contextmanager
def _decompressed(path: Path, opener: Callable[..., Any], work: Path) -> Iterator[BinaryIO]:
    """A temporary plain copy of a compressed file."""
    limit = max(MAX_BYTES, MAX_GROWTH * path.stat().st_size)
    with atomic_path(work / "unpacked.tar") as copy:
        try:
            with opener(path, "rb") as packed, open(copy, "wb") as plain:
                while data := packed.read(2**20):
                    if plain.tell() + len(data) > limit:
                        raise InputError(
                            f"{path}: grows more than {MAX_GROWTH} times when it is unpacked, which no archive of "
                            "photographs does: obtain it again"
                        )
                    plain.write(data)
        except _DAMAGE as error:
            if isinstance(error, OSError) and error.errno == errno.ENOSPC:
                raise InputError(
                    f"{path}: no space left to unpack it in {work}; unpack it elsewhere and name the folder"
                ) from None
            raise InputError(f"{path}: damaged or not readable ({error}); obtain it again") from None
    try:
        with open(work / "unpacked.tar", "rb") as file:
            yield file
    finally:
        (work / "unpacked.tar").unlink(missing_ok=True)
