"""Many photographs at once: a zip in, a zip out, both in memory and bounded."""

import io
import logging
import lzma
import zipfile
import zlib
from collections.abc import Iterator

import pandas as pd

from cascade_efgan.app.limits import Limits
from cascade_efgan.data.photo_files.photos import ExactZip
from cascade_efgan.data.sources.file_names import decoded, side_file
from cascade_efgan.editing.photo_writing import SUFFIXES
from cascade_efgan.errors import InputError

log = logging.getLogger("efgan.app")

#: Suffix of a member of the answer, by media type. Nothing of a client's name is ever used.
_SUFFIXES = {f"image/{kind.lower()}": suffix for kind, suffix in SUFFIXES.items()}

#: What reading a member raises when it is damaged (the compressions' own errors), or encrypted (RuntimeError).
_DAMAGED = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, RuntimeError, EOFError, OSError, ValueError)


def read_members(data: bytes, limits: Limits) -> Iterator[bytes | InputError]:
    """The bytes of each file of a zip in its order, or why this one cannot be read.

    Names say only what other programs left in it (`side_file`), which is left out and counted in the log. A size that
    the zip declares is not believed: reading stops at the limit.

    Raises:
        InputError: no zip, empty, too many members, or too many bytes unpacked.
    """
    # Folders and the like count here. `ZipFile` would make an object of each: a million fit into a small zip.
    if data.count(b"PK\x01\x02") > 1000:
        raise InputError(f"the zip has too many entries; put at most {limits.batch_photographs} photographs in")
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, ValueError, OSError):
        raise InputError("this is not a zip file; put the photographs in a zip and choose that") from None
    with archive:
        files = [entry for entry in archive.infolist() if not entry.is_dir()]
        members = [entry for entry in files if side_file(decoded(entry).replace("\\", "/")) is None]
        if len(members) < len(files):
            log.info("%d files of a zip are other programs', not photographs", len(files) - len(members))
        if not 1 <= len(members) <= limits.batch_photographs:
            raise InputError(f"the zip has {len(members)} files; put 1 to {limits.batch_photographs} photographs in")
        left = limits.batch_bytes
        for member in members:
            content = _read(archive, member, limits.upload_bytes)
            left -= len(content) if isinstance(content, bytes) else 0
            if left < 0:
                raise InputError(f"the zip unpacks to more than {limits.batch_bytes / 2**20:.3g} MB; make it smaller")
            yield content


def _read(archive: zipfile.ZipFile, member: zipfile.ZipInfo, most: int) -> bytes | InputError:
    try:
        with archive.open(member) as file:
            content = file.read(most + 1)
    except _DAMAGED:
        return InputError("damaged, encrypted, or packed in a way that cannot be read; pack it again")
    if len(content) > most:
        return InputError(f"larger than {most / 2**20:.3g} MB; choose a smaller photograph")
    return content


class Answer:
    """The zip that is given back, of at most `limits.batch_bytes`: edited photographs by number, and `report.csv`."""

    def __init__(self, limits: Limits) -> None:
        self._most = limits.batch_bytes
        self._buffer = io.BytesIO()
        self._archive = ExactZip(self._buffer, "w")
        self._report: list[tuple[str, str]] = []

    def add(self, data: bytes, media: str) -> None:
        """The next photograph, edited; `InputError` where the answer would become too large."""
        if self._buffer.tell() + len(data) > self._most:
            raise InputError("the edited photographs are too large together; put fewer of them in a zip")
        name = f"{len(self._report) + 1:04d}{_SUFFIXES[media]}"
        self._archive.add(name, data)
        self._report.append((name, "edited"))

    def refuse(self, reason: Exception) -> None:
        """The next photograph was not edited, and why."""
        self._report.append(("", str(reason)))

    def finish(self) -> bytes:
        """The bytes of the zip; `InputError` where no photograph was edited."""
        report = pd.DataFrame(self._report, columns=["file", "result"], index=range(1, len(self._report) + 1))
        if not report["file"].any():
            raise InputError(f"no photograph of the zip could be edited; the first: {report['result'].iloc[0]}")
        self._archive.add("report.csv", report.to_csv(index_label="number", lineterminator="\n"))
        self.close()
        return self._buffer.getvalue()

    def close(self) -> None:
        """Nothing more is added."""
        self._archive.close()
