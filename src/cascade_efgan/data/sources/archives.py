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
from typing import Any, BinaryIO

from cascade_efgan.data.sources.file_names import below_root, decoded, side_file
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


class ArchiveReader(ABC):
    """What all kinds of archives share.

    Attributes:
        path: the archive, for messages.
        skipped: what other programs left (`side_file`) -> how many files, which are not listed.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.skipped: Counter[str] = Counter()
        #: Name -> where its bytes are, as the kind of archive says it; None for a link, a device or a sparse file.
        self._places: dict[str, Any] = {}

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
        place = self._places[name]
        if place is None:
            raise InputError(
                f"{self.path}: {name} is a link, a device or a sparse file, which is not read: put a plain file in its "
                "place"
            )
        try:
            data = self._read(place)
        except _DAMAGE as error:
            raise self._damaged(f"{name}: {error}") from None
        if len(data) > MAX_BYTES:
            raise InputError(
                f"{self.path}: {name} is larger than {MAX_BYTES >> 20} MiB, expected a photograph or a list: remove it"
            )
        return data

    @abstractmethod
    def _read(self, place: Any) -> bytes:
        """At most `MAX_BYTES + 1` bytes: a size that an archive declares is not trusted."""

    def _add(self, raw: str, place: Any, folder: bool = False) -> None:
        """List one file, unless another program left it; of a folder, only the name is checked.

        Raises:
            InputError: the name leaves the archive or is there already, or there are more than `MAX_MEMBERS`.
        """
        name = below_root(raw)
        if name is None:
            raise InputError(
                f"{self.path}: member {raw!r} points outside the archive, expected names below its root: do not trust "
                "this archive, obtain it again"
            )
        if len(self._places) >= MAX_MEMBERS:
            raise InputError(f"{self.path}: more than {MAX_MEMBERS} files; name the folder of the data set alone")
        if folder or not name:
            return
        if left := side_file(name):
            self.skipped[left] += 1
        elif name in self._places:
            raise InputError(f"{self.path}: holds {name} twice, expected every name once: pack it again")
        else:
            self._places[name] = place

    def _damaged(self, reason: object) -> InputError:
        return InputError(f"{self.path}: damaged or not readable ({reason}); obtain it again, or unpack it yourself")


class _Folder(ArchiveReader):
    """A folder; places are paths relative to it, as the file system spells them."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._root = path.resolve()
        folders = [""]
        try:
            while folders:
                folders += self._list(folders.pop())
        except OSError as error:
            raise self._damaged(error) from None

    def _list(self, below: str) -> list[str]:
        """List the files of one folder, and return its folders; the kinds come with the names, without a stat."""
        folders = []
        with os.scandir(self._root / below) as entries:
            for entry in entries:
                raw = f"{below}/{entry.name}" if below else entry.name
                folder = entry.is_dir(follow_symlinks=False)
                if left := side_file(entry.name):
                    # What cannot be listed does not count.
                    self.skipped[left] += sum(len(files) for *_, files in os.walk(entry)) if folder else 1
                elif folder:
                    folders.append(raw)
                elif entry.is_symlink():
                    self._add_link(raw)
                else:
                    self._add(raw, raw if entry.is_file(follow_symlinks=False) else None)
        return folders

    def _add_link(self, raw: str) -> None:
        target = Path(os.path.realpath(self._root / raw))
        inside = target.is_relative_to(self._root)
        if not target.is_dir():
            self._add(raw, raw if inside and target.is_file() else None)
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


class _Zip(ArchiveReader):
    """A zip."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        try:
            self.archive = zipfile.ZipFile(path)
        except _DAMAGE as error:
            raise self._damaged(error) from None
        for member in self.archive.infolist():
            name = decoded(member)
            folder = member.is_dir() or name.endswith("\\")
            if member.flag_bits & 1 and not folder:
                raise InputError(
                    f"{path}: {name} is encrypted; unpack the zip with its password and name the folder instead"
                )
            self._add(name, None if stat.S_ISLNK(member.external_attr >> 16) else member, folder)

    def _read(self, place: zipfile.ZipInfo) -> bytes:
        # Python bounds what deflate puts out, but not what other methods do.
        if place.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise ValueError(f"packed by method {place.compress_type}, expected 0 (stored) or 8 (deflated)")
        with self.archive.open(place) as file:
            return file.read(MAX_BYTES + 1)


class _Tar(ArchiveReader):
    """A plain tar; places are (offset, size) in bytes."""

    def __init__(self, path: Path, file: BinaryIO) -> None:
        super().__init__(path)
        self._file = file
        try:
            # No `with`: leaving it would close the file.
            archive = tarfile.open(fileobj=file, mode="r:")  # noqa: SIM115
            while (member := archive.next()) is not None:
                archive.members.clear()  # type: ignore[attr-defined]  # a million records would take gigabytes
                plain = member.isreg() and not member.issparse()
                self._add(member.name, (member.offset_data, member.size) if plain else None, member.isdir())
            # tarfile takes a damaged header for the end; the true end is a block of zeros.
            file.seek(archive.offset)
            end = file.read(tarfile.BLOCKSIZE)
        except _DAMAGE as error:
            raise self._damaged(error) from None
        if end != bytes(tarfile.BLOCKSIZE):
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
