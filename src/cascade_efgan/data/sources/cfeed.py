"""Compound Facial Expressions of Emotion (CFEE): 230 people; seven primary expressions are used (Sec. 4.1, 4.3).

Du, S., Tao, Y., & Martinez, A. M. (2014). Compound facial expressions of emotion. PNAS 111(15). Licensed by its owners:
the user brings the archive.
"""

import io
import logging
import os
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from python_calamine import CalamineError, CalamineWorkbook

from cascade_efgan.data.photo_files.photos import Photo
from cascade_efgan.data.sources.archive_contents import (
    Contents,
    archive_photos,
    first,
    one_file_each,
    placeholder,
    recognize,
)
from cascade_efgan.data.sources.archives import ArchiveReader
from cascade_efgan.data.sources.source import Request, SourcePhotos
from cascade_efgan.errors import InputError

log = logging.getLogger("efgan.download")

#: People of the complete set (Sec. 4.1). Their numbers are not published: they are those of the archive.
PEOPLE = 230
SHEETS = ("AU_annotation_all_subjects.xls", "AU_annotation_all_subjects.xlsx")
SUMMARY = "summary"

PRIMARY = ("neutral", "happy", "sad", "fearful", "angry", "surprised", "disgusted")
#: Names of the primary expressions as releases spell them -> ours; all other classes are compound.
EXPRESSION_OF = {name: name for name in PRIMARY} | {
    "fear": "fearful", "anger": "angry", "surprise": "surprised", "disgust": "disgusted",
}  # fmt: skip

SECOND = "second photograph of the same person and expression"

_FILE = re.compile(r"(\d{1,2})_(\d+)_(\d+)\.jpe?g", re.ASCII | re.IGNORECASE)
#: A class id as a cell holds it: a number, or the text of one.
_WHOLE = re.compile(r"\s*(\d+)(?:\.0*)?\s*")


class CfeedFile(NamedTuple):
    """What a file's name says: `09_110_2555` is class 9, person 110, photograph 2555."""

    id: str
    class_id: int
    person: str
    number: int

    @property
    def place(self) -> str:
        """The id without the photograph's number, which nobody knows of one that is missing."""
        return f"{self.class_id:02d}_{self.person}_*"


def cfeed_photos(request: Request) -> SourcePhotos:
    """The photographs of CFEE's seven primary expressions in order of id.

    Which class is which expression is read from the release's own spreadsheet. It is in the archive, or beside it: in
    the release the photographs have a folder of their own.

    Raises:
        InputError: as `archive_photos`; no spreadsheet, several that differ, an unreadable one, one without the sheet
            `summary`, or one that gives a class two names or an expression none or two classes; two photographs of one
            name that differ.
    """
    return archive_photos(request, "cfeed", _contents)


def _contents(archive: ArchiveReader) -> Contents:
    classes = _classes(archive)
    expressions = _primary(classes, archive.path)

    def of_known_class(name: str) -> CfeedFile | None:
        path = PurePosixPath(name)
        match = _FILE.fullmatch(path.name)
        if match is None or int(match[1]) not in classes:
            return None
        return CfeedFile(path.stem, int(match[1]), f"{int(match[2]):03d}", int(match[3]))

    parsed, unexpected = recognize(archive.names(), of_known_class)
    kept = one_file_each(archive, ((file.id, name) for name, file in parsed.items()))
    files = {name: parsed[name] for name in kept.values()}
    left_out = Counter(classes[file.class_id] for file in files.values() if file.class_id not in expressions)
    primary = {name: file for name, file in files.items() if file.class_id in expressions}
    # Of several photographs of one person and expression, the one with the lowest number.
    chosen: dict[str, str] = {}
    second = []
    for name, file in sorted(primary.items(), key=lambda item: (item[1].number, item[1].id)):
        if chosen.setdefault(file.place, name) != name:
            second.append(file.id)
    if second:
        log.info("%s: %s, not used: %d (%s)", archive.path, SECOND, len(second), first(second))
        left_out[SECOND] = len(second)
    photos = {
        name: Photo(file.id, f"{file.id}.jpg", file.person, expressions[file.class_id], "frontal", b"")
        for name, file in primary.items()
        if chosen[file.place] == name
    }
    people = sorted({file.person for file in files.values()})
    return Contents(photos, _expected(people, expressions, archive.path), chosen, unexpected, left_out)


def _classes(archive: ArchiveReader) -> dict[int, str]:
    """Class id -> name, from the first two columns of the sheet `summary` of the release's spreadsheet."""
    where, data = _spreadsheet(archive)
    classes: dict[int, str] = {}
    for row in _summary(data, where):
        # Neither the header nor further tables below, where the second column holds numbers.
        match, label = _WHOLE.fullmatch(str(row[0])), row[1].strip() if len(row) > 1 and isinstance(row[1], str) else ""
        if match is None or not label:
            continue
        number = int(match[1])
        if _plain(classes.setdefault(number, label)) != _plain(label):
            raise InputError(
                f"{where} calls class {number} both {classes[number]!r} and {label!r}, expected one name: obtain the "
                "original spreadsheet"
            )
    return classes


def _primary(classes: Mapping[int, str], path: Path) -> dict[int, str]:
    """Class id -> expression of the seven primary classes."""
    found = {number: EXPRESSION_OF[_plain(name)] for number, name in classes.items() if _plain(name) in EXPRESSION_OF}
    for expression in PRIMARY:
        ids = [number for number, name in found.items() if name == expression]
        if len(ids) != 1:
            held = " and ".join(f"class {number} ({classes[number]!r})" for number in ids) or "no class"
            raise InputError(
                f"{path}: {SHEETS[0]} has {held} for {expression}, expected one in the sheet {SUMMARY!r}: obtain the "
                "original spreadsheet"
            )
    return found


def _spreadsheet(archive: ArchiveReader) -> tuple[str, bytes]:
    """The release's spreadsheet: (how messages name it, its bytes)."""
    wanted = {name.lower() for name in SHEETS}
    inside = [name for name in archive.names() if PurePosixPath(name).name.lower() in wanted]
    for name in one_file_each(archive, ((SHEETS[0], name) for name in inside)).values():
        return f"{archive.path}: {name}", archive.read(name)
    above = Path(os.path.abspath(archive.path)).parent
    for path in (above / name for name in SHEETS):
        if os.path.isfile(path):
            log.info("%s: the classes are those of %s, which lies beside it", archive.path, path)
            return str(path), path.read_bytes()
    raise InputError(
        f"{archive.path}: the spreadsheet {SHEETS[0]} is missing, which says what the classes mean, in it and beside "
        "it: copy it there from the release, or name the folder above"
    )


def _summary(data: bytes, where: str) -> list[list[Any]]:
    """Rows of the sheet `summary`."""
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        sheet = next((sheet for sheet in book.sheet_names if _plain(sheet) == SUMMARY), None)
        if sheet is None:
            raise InputError(
                f"{where} has no sheet {SUMMARY!r}, only {', '.join(book.sheet_names)}: obtain the original spreadsheet"
            )
        return book.get_sheet_by_name(sheet).to_python()
    except BaseException as error:
        # A damaged file can make the reader's Rust code panic; that exception is no Exception and has no public name.
        if not isinstance(error, CalamineError) and type(error).__name__ != "PanicException":
            raise
        raise InputError(
            f"{where} is not a readable spreadsheet ({' '.join(str(error).split())}); obtain the original one"
        ) from None


def _expected(people: Sequence[str], expressions: Mapping[int, str], path: Path) -> dict[str, tuple[str, str, str]]:
    """Every person x seven expressions; people whom the archive lacks get a number of their own."""
    if len(people) > PEOPLE:
        log.warning("%s: photographs of %d people, where the complete set has %d", path, len(people), PEOPLE)
    absent = [placeholder(number) for number in range(1, PEOPLE - len(people) + 1)]
    return {
        CfeedFile("", class_id, person, 0).place: (person, expression, "frontal")
        for person in (*people, *absent)
        for class_id, expression in expressions.items()
    }


def _plain(name: str) -> str:
    """A name without spaces, in lower case."""
    return "".join(name.split()).lower()
