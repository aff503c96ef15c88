"""A folder of one's own photographs, with or without a CSV that says who they show and which expression.

Not in the paper: its wild images are AffectNet's. This lets Sec. 4.5 run on any photographs.
"""

import csv
import hashlib
import io
import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from cascade_efgan.data import EXPRESSIONS, UNKNOWN
from cascade_efgan.data.photo_files import images
from cascade_efgan.data.photo_files.photos import Photo
from cascade_efgan.data.sources.archive_contents import Contents, archive_photos, first
from cascade_efgan.data.sources.archives import ArchiveReader
from cascade_efgan.data.sources.file_names import composed
from cascade_efgan.data.sources.source import Request, SourcePhotos
from cascade_efgan.errors import InputError
from cascade_efgan.files import not_the_file

log = logging.getLogger("efgan.download")

#: Suffixes of photographs, in lower case; a file's own may be in any case. A .gif is mostly animated.
SUFFIXES = tuple(suffix for suffix in images.SUFFIXES if suffix != ".gif")

#: Nouns beside the adjectives of `EXPRESSIONS`.
_NOUNS = {"anger": "angry", "contempt": "contemptuous", "disgust": "disgusted", "fear": "fearful",
          "happiness": "happy", "sadness": "sad", "surprise": "surprised"}  # fmt: skip
_SPELLINGS = {name: name for name in (*EXPRESSIONS, UNKNOWN)} | _NOUNS
_COLUMNS = ("file", "person", "expression")

#: A part of a path that an id can spell as it is. It has no two marks in a row, which is what joins parts in an id.
_PLAIN_PART = re.compile(r"[A-Za-z0-9_]+(?:[.-][A-Za-z0-9_]+)*")
_LONGEST_ID = 100


@dataclass(frozen=True)
class LabelLine:
    """One line of the labels: the file as written; person and expression are None where the CSV lacks the column."""

    file: str
    person: str | None = None
    expression: str | None = None
    line: int = 0


def folder_photos(request: Request) -> SourcePhotos:
    """The photographs of `folder.archive` (else of what EFGAN_FOLDER names) in order of id.

    With `folder.labels`, the photographs that it lists; a column that it lacks is filled as without labels. Without,
    all of them: each is a person of its own, and the name of its folder is its expression where it is one. A photograph
    is known by its suffix; of an animated one, later stages use the first picture.

    Raises:
        InputError: as `archive_photos` and `read_labels`; a label's file fits several photographs, two rows name the
            same one, or none is there.
    """
    wanted = request.settings.folder
    if not wanted.labels:
        return archive_photos(request, "folder", _unlabelled)
    labels = Path(wanted.labels).expanduser()
    rows = read_labels(labels)
    return archive_photos(request, "folder", lambda archive: _labelled(archive, rows, labels, wanted.partial))


def path_id(path: str) -> str:
    """Id of a photograph: its relative path in letters, digits and `. _ -`, at most 114 characters.

    It depends on this path alone, so that it stays when other files come or go. A plain path is spelled out
    (`anna/happy/1.jpg` is `anna--happy--1`); any other (spaces, other letters, another suffix than .jpg) also
    gets a short hash of the path, so that no two paths share an id.
    """
    parts = PurePosixPath(path).with_suffix("").parts
    spelled = "--".join(parts)
    plain = path.endswith(".jpg") and all(_PLAIN_PART.fullmatch(part) for part in parts)
    if plain and len(spelled) <= _LONGEST_ID:
        return spelled
    readable = re.sub(r"[^A-Za-z0-9._-]+", "_", spelled).strip(".-_")[:_LONGEST_ID].rstrip(".-_")
    return "--".join(filter(None, (readable, hashlib.sha256(path.encode()).hexdigest()[:12])))


def read_labels(path: Path) -> list[LabelLine]:
    """Rows of a CSV with the columns `file`, and optionally `person` and `expression`, as spreadsheets save them.

    Separated by commas or semicolons; Windows line ends and a byte order mark do no harm. An expression is one of
    `EXPRESSIONS`, its noun (happiness), or empty for unknown.

    Raises:
        InputError: no such file, no text, a wrong header, no rows, a row without a file or with too many cells, or an
            unknown expression.
    """
    text = _text(path)
    separator = ";" if ";" in text.split("\n", 1)[0] else ","
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=separator, skipinitialspace=True)
    header = [cell.strip().lower() for cell in next(lines, [])]
    _check_header(header, path)
    labels = []
    for cells in lines:
        cells = [cell.strip() for cell in cells]
        if not any(cells):
            continue
        where = f"{path}: line {lines.line_num}"
        if any(cells[len(header) :]):
            raise InputError(f"{where} has {len(cells)} cells, expected {len(header)}; quote a cell that holds a comma")
        row = dict(zip(header, cells + [""] * len(header), strict=False))
        if not row["file"]:
            raise InputError(f"{where} names no file; expected a path relative to the folder: fill it in or delete it")
        expression = row.get("expression")
        if expression is not None:
            expression = _SPELLINGS.get(expression.lower() or UNKNOWN, expression)
        labels.append(LabelLine(row["file"], row.get("person"), expression, lines.line_num))
    known = (None, UNKNOWN, *EXPRESSIONS)
    if wrong := [f"{label.expression!r} (line {label.line})" for label in labels if label.expression not in known]:
        raise InputError(
            f"{path}: {first(wrong)}: not an expression; expected {', '.join(EXPRESSIONS)}, or nothing for unknown"
        )
    if not labels:
        raise InputError(f"{path}: no rows; expected one row per photograph, or leave folder.labels out")
    return labels


def _matched(labels: Sequence[LabelLine], names: Sequence[str], path: Path) -> dict[str, LabelLine]:
    """Photograph's name -> its label; labels of absent files are left out. `path` is the labels' file.

    A label's file is the relative path, or any end of it that no other photograph shares, a bare name for instance;
    slashes may lean either way.
    """
    tails = _tails(names)
    matched: dict[str, LabelLine] = {}
    for label in labels:
        fitting = tails.get(_posix(label.file), [])
        if len(fitting) > 1:
            raise InputError(
                f"{path}: line {label.line}: {label.file} fits several photographs ({first(fitting)}); write its "
                "path relative to the folder"
            )
        for name in fitting:
            if name in matched:
                raise InputError(
                    f"{path}: lines {matched[name].line} and {label.line} both name {name}; expected one row per "
                    "photograph: delete one"
                )
            matched[name] = label
    return matched


def _photographs(archive: ArchiveReader, labels: Path | None) -> tuple[list[str], list[str]]:
    """Names of the photographs and of all other files but the labels themselves, both sorted."""
    own = labels.resolve() if labels else None
    photographs, others = [], []
    for name in archive.names():
        if PurePosixPath(name).suffix.lower() in SUFFIXES:
            photographs.append(name)
        elif own is None or own.name != PurePosixPath(name).name or (archive.path / name).resolve() != own:
            others.append(name)
    if not photographs:
        raise InputError(
            f"{archive.path}: no photograph in it; expected files that end in {', '.join(SUFFIXES)}: "
            "correct folder.archive"
        )
    return photographs, others


def _unlabelled(archive: ArchiveReader) -> Contents:
    """All photographs; nobody can know how many there should be."""
    names, others = _photographs(archive, None)
    if others:
        log.warning("%s: %d files are no photographs: %s", archive.path, len(others), first(others))
    return Contents({name: _photo(name, LabelLine(name)) for name in names}, None, names, others)


def _labelled(archive: ArchiveReader, rows: Sequence[LabelLine], labels: Path, partial: bool) -> Contents:
    """The listed photographs, and what is missing or unlisted."""
    names, others = _photographs(archive, labels)
    matched = _matched(rows, names, labels)
    present = {row.line for row in matched.values()}
    absent = [row for row in rows if row.line not in present]
    _refuse_unread([row.file for row in absent], others, labels, partial)
    if not matched:
        raise InputError(
            f"{labels}: its {len(rows)} rows name none of the {len(names)} photographs in {archive.path}; expected "
            f"names such as {names[0]}, found {rows[0].file}: correct folder.labels"
        )
    photos = {name: _photo(name, row) for name, row in matched.items()}
    listed = [*photos.values(), *(_photo(_posix(row.file), row) for row in absent)]
    return Contents(
        photos,
        expected={photo.id: (photo.person, photo.expression, UNKNOWN) for photo in listed},
        found={photo.id for photo in photos.values()},
        unexpected=others + [name for name in names if name not in photos],
    )


def _refuse_unread(absent: Sequence[str], others: Sequence[str], labels: Path, partial: bool) -> None:
    """Say of listed files that are there under another suffix than a photograph's that they are, before `missing`."""
    tails = _tails(others)
    unread = [file for file in absent if _posix(file) in tails]
    if unread:
        sentence = (
            f"{labels}: {len(unread)} listed files are there, but no photographs by their suffix ({first(unread)}); "
            f"convert them to JPEG, expected {', '.join(SUFFIXES)}"
        )
        if not partial:
            raise InputError(f"{sentence}, or set folder.partial to true to go on without them")
        log.warning("%s", sentence)


def _photo(name: str, row: LabelLine) -> Photo:
    """What the row says; else the photograph is its own person, and its folder's name may be an expression."""
    expression = row.expression
    if expression is None:
        expression = _SPELLINGS.get(PurePosixPath(name).parent.name.strip().lower(), UNKNOWN)
    return Photo(path_id(name), name, row.person or path_id(name), expression, UNKNOWN, b"")


def _text(path: Path) -> str:
    try:
        if told := not_the_file(path):
            raise InputError(told)
        # People too: one who is spelled in two forms must not count as two.
        return composed(path.read_bytes().decode("utf-8-sig"))
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; correct folder.labels, or leave it out") from None
    except (UnicodeDecodeError, IsADirectoryError):
        raise InputError(f"{path}: not a text file in UTF-8; save it as `CSV UTF-8` in folder.labels") from None


def _check_header(header: list[str], path: Path) -> None:
    expected = "expected `file`, and optionally `person` and `expression`, separated by commas or semicolons"
    strange = [name for name in header if name not in _COLUMNS]
    if strange:
        raise InputError(f"{path}: unknown column {strange[0]!r} in the first line; {expected}")
    if "file" not in header or len(set(header)) != len(header):
        raise InputError(f"{path}: the first line is {', '.join(header) or 'empty'}; {expected}, each once")


def _tails(names: Sequence[str]) -> dict[str, list[str]]:
    """Every end of every path -> the photographs that it may mean; a whole path means that one alone."""
    tails: dict[str, list[str]] = {}
    for name in names:
        parts = name.split("/")
        for start in range(1, len(parts)):
            tails.setdefault("/".join(parts[start:]), []).append(name)
    return tails | {name: [name] for name in names}


def _posix(file: str) -> str:
    """A path of the labels as an archive spells it."""
    return str(PurePosixPath(file.replace("\\", "/")))
