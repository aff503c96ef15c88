"""Compound Facial Expressions of Emotion (CFEE): 230 people; seven primary expressions are used (Sec. 4.1, 4.3).

Du, S., Tao, Y., & Martinez, A. M. (2014). Compound facial expressions of emotion. PNAS 111(15). Licensed by its owners:
the user brings the archive.
"""

import io
import logging
import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook

from cascade_efgan.data.photos import Photo, Request, SourcePhotos
from cascade_efgan.data.sources.archive_contents import (
    check_complete,
    first,
    is_image,
    one_file_each,
    open_photographs,
    placeholder,
    read_while_open,
)
from cascade_efgan.data.sources.archives import ArchiveReader
from cascade_efgan.errors import InputError

log = logging.getLogger("efgan.download")

#: People of the complete set (Sec. 4.1). Their numbers are not published: they are those of the archive.
PEOPLE = 230
SHEETS = ("AU_annotation_all_subjects.xls", "AU_annotation_all_subjects.xlsx")
SUMMARY = "summary"

#: Names of the seven primary expressions as releases spell them -> ours; all other classes are compound.
EXPRESSION_OF = {
    "neutral": "neutral",
    "happy": "happy",
    "sad": "sad",
    "fearful": "fearful",
    "fear": "fearful",
    "angry": "angry",
    "anger": "angry",
    "surprised": "surprised",
    "surprise": "surprised",
    "disgusted": "disgusted",
    "disgust": "disgusted",
}
PRIMARY = tuple(dict.fromkeys(EXPRESSION_OF.values()))

SECOND = "second photograph of the same person and expression"

_FILE = re.compile(r"(?P<class>\d{1,2})_(?P<person>\d+)_(?P<number>\d+)\.jpe?g", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True)
class CfeedFile:
    """What a file's name says: `09_110_2555` is class 9, person 110, photograph 2555."""

    id: str
    class_id: int
    person: str
    number: int

    @property
    def place(self) -> str:
        """The id without the photograph's number, which nobody knows of one that is missing."""
        return _place(self.class_id, self.person)


def cfeed_photos(request: Request) -> SourcePhotos:
    """The photographs of CFEE's seven primary expressions in order of id.

    They come from the folder, zip or tar `cfeed.archive`, else from the one that the environment variable EFGAN_CFEED
    names. Which class is which expression is read from the release's own spreadsheet.

    Raises:
        InputError: no archive or a bad one; the spreadsheet is missing, unreadable or ambiguous; missing photographs or
            people without `cfeed.partial`; two photographs of one name that differ. While iterating: a damaged member.
    """
    settings = request.settings.cfeed
    with ExitStack() as stack:
        archive = stack.enter_context(open_photographs(request, "cfeed"))
        path, names = archive.path, archive.names()
        classes = read_classes(archive, names)
        expressions = primary_classes(classes, path)
        files, unexpected = _files(archive, names, classes)
        left_out = Counter(classes[file.class_id] for file in files if file.class_id not in expressions)
        photos = _one_each([file for file in files if file.class_id in expressions], path)
        if second := sum(file.class_id in expressions for file in files) - len(photos):
            left_out[SECOND] = second
        expected = _expected({file.person for file in files}, expressions, path)
        completeness = check_complete("cfeed", archive, expected, photos, unexpected, left_out, settings.partial)
        chosen = {file: files[file] for file in photos.values()}
        return SourcePhotos(read_while_open(stack.pop_all(), _photos(archive, chosen, expressions)), completeness)


def parse_cfeed_name(name: str) -> CfeedFile | None:
    """What the name of a file says, in any folder; None where it is no photograph of CFEE."""
    path = PurePosixPath(name)
    match = _FILE.fullmatch(path.name)
    if match is None:
        return None
    return CfeedFile(path.stem, int(match["class"]), f"{int(match['person']):03d}", int(match["number"]))


def read_classes(archive: ArchiveReader, names: Sequence[str]) -> dict[int, str]:
    """Class id -> name, from the first two columns of the sheet `summary` of the release's spreadsheet.

    It is in the archive, or beside it: in the release the photographs have a folder of their own. Rows without a
    class id, such as the header, are passed over.

    Raises:
        InputError: no spreadsheet, several that differ, no such sheet, or one id with two names.
    """
    where, data = _spreadsheet(archive, names)
    classes: dict[int, str] = {}
    for row in _summary(data, where):
        # Further tables may follow below; there the second column holds numbers.
        class_id, label = _class_id(row[0]), row[1].strip() if len(row) > 1 and isinstance(row[1], str) else ""
        if class_id is None or not label:
            continue
        if _plain(classes.setdefault(class_id, label)) != _plain(label):
            raise InputError(
                f"{where} calls class {class_id} both {classes[class_id]!r} and {label!r}, expected one name: obtain "
                "the original spreadsheet"
            )
    return classes


def primary_classes(classes: Mapping[int, str], path: Path) -> dict[int, str]:
    """Class id -> expression of the seven primary classes.

    Raises:
        InputError: one of the seven has no class, or two.
    """
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


def _spreadsheet(archive: ArchiveReader, names: Sequence[str]) -> tuple[str, bytes]:
    """The release's spreadsheet: (how messages name it, its bytes)."""
    wanted = {name.lower() for name in SHEETS}
    kept = one_file_each(archive, ((SHEETS[0], n) for n in names if PurePosixPath(n).name.lower() in wanted))
    if kept:
        name = kept[SHEETS[0]]
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


def _files(
    archive: ArchiveReader, names: Sequence[str], classes: Mapping[int, str]
) -> tuple[dict[CfeedFile, str], list[str]]:
    """The archive's photographs of known classes with their names, and the images that are none of CFEE's."""
    known, unexpected = [], []
    for name in names:
        file = parse_cfeed_name(name)
        if file is not None and file.class_id in classes:
            known.append((file.id, name))
        elif is_image(name):
            unexpected.append(name)
    kept = one_file_each(archive, known)
    return {file: name for name in kept.values() if (file := parse_cfeed_name(name))}, unexpected


def _one_each(files: Sequence[CfeedFile], path: Path) -> dict[str, CfeedFile]:
    """Place -> photograph; of several of one person and expression the one with the lowest number."""
    kept: dict[str, CfeedFile] = {}
    dropped = []
    for file in sorted(files, key=lambda file: (file.number, file.id)):
        if kept.setdefault(file.place, file) != file:
            dropped.append(file.id)
    if dropped:
        log.info("%s: %s, not used: %d (%s)", path, SECOND, len(dropped), first(dropped))
    return kept


def _photos(archive: ArchiveReader, files: Mapping[CfeedFile, str], expressions: Mapping[int, str]) -> Iterator[Photo]:
    for file in sorted(files, key=lambda file: file.id):
        yield Photo(
            id=file.id,
            file=f"{file.id}.jpg",
            person=file.person,
            expression=expressions[file.class_id],
            gaze="frontal",
            data=archive.read(files[file]),
        )


def _expected(people: set[str], expressions: Mapping[int, str], path: Path) -> dict[str, tuple[str, str, str]]:
    """Every person x seven expressions; people whom the archive lacks get a number of their own."""
    if len(people) > PEOPLE:
        log.warning("%s: photographs of %d people, where the complete set has %d", path, len(people), PEOPLE)
    absent = [placeholder(number) for number in range(1, PEOPLE - len(people) + 1)]
    return {
        _place(class_id, person): (person, expression, "frontal")
        for person in (*sorted(people), *absent)
        for class_id, expression in expressions.items()
    }


def _place(class_id: int, person: str) -> str:
    return f"{class_id:02d}_{person}_*"


def _class_id(cell: Any) -> int | None:
    """A cell as a class id, whether the sheet holds it as a number or as text; None for any other cell."""
    try:
        number = float(cell)
    except (TypeError, ValueError):
        return None
    return int(number) if number.is_integer() and not isinstance(cell, bool) else None


def _plain(name: str) -> str:
    """A name without spaces, in lower case."""
    return "".join(name.split()).lower()
