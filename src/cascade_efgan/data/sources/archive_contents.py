"""What is in the archive of a user's data set: photographs at all, each once, and whether they are all there."""

import logging
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import TypeVar

from cascade_efgan.data import UNKNOWN
from cascade_efgan.data.photo_files.images import SUFFIXES
from cascade_efgan.data.photo_files.photos import Photo, sha256
from cascade_efgan.data.sources.archives import ArchiveReader, open_archive
from cascade_efgan.data.sources.file_names import say_left_out
from cascade_efgan.data.sources.licensed import archive_of
from cascade_efgan.data.sources.source import Completeness, Request, SourcePhotos
from cascade_efgan.errors import InputError

log = logging.getLogger("efgan.download")

#: Names of archives, and of the parts that large ones are sent in (.part01.rar, .r00, .z01, .zip.001).
_PACKED = re.compile(r"\.(?:zip|rar|7z|tar|tgz|tbz2?|txz|tar\.(?:gz|bz2|xz|zst)|[rz]\d\d|\d{3})\Z", re.IGNORECASE)

#: A person of whom nothing but the absence is known.
_PLACEHOLDER = re.compile(rf"{UNKNOWN}\d{{3,}}")

#: Names that a sentence lists before it says "...", and names that the log lists.
_SHOWN = 5
_LISTED = 1000

Expected = dict[str, tuple[str, str, str]]
_T = TypeVar("_T")


@dataclass(frozen=True)
class Contents:
    """What an archive holds of a data set, found before any photograph is read.

    Attributes:
        photos: name in the archive -> photograph, its bytes still empty.
        expected: key -> (person, expression, gaze) of every photograph of the complete data set; None where nobody
            can know.
        found: keys of `expected` that are there.
        unexpected: files that look like photographs and are none of the data set's.
        left_out: why -> how many photographs this project does not use.
    """

    photos: Mapping[str, Photo]
    expected: Expected | None
    found: Collection[str]
    unexpected: Sequence[str]
    left_out: Mapping[str, int] = field(default_factory=dict)


def archive_photos(request: Request, dataset: str, look: Callable[[ArchiveReader], Contents]) -> SourcePhotos:
    """The photographs that `look` finds in the archive of a data set, in order of id.

    What is unexpected is warned of. A run that stops leaves its lists in the log: of what is missing all counts and the
    first 1,000 names, and of what is unexpected the first 1,000 names.

    Raises:
        InputError: no archive (`archive_of`), a bad one (`open_archive`), nothing in it but further archives, no
            photograph, or some are missing and the setting `partial` is false. While iterating: a damaged member.
    """
    with ExitStack() as stack:
        archive = stack.enter_context(open_archive(archive_of(request.settings, dataset), request.work))
        say_left_out(log, archive.path, archive.skipped)
        _refuse_packed(archive, dataset)
        contents = look(archive)
        missing = _missing(archive, dataset, contents, getattr(request.settings, dataset).partial)
        completeness = Completeness(
            None if contents.expected is None else len(contents.expected),
            len(contents.photos),
            missing,
            sorted(contents.unexpected),
            dict(sorted(contents.left_out.items())),
            dict(sorted(archive.skipped.items())),
        )
        return SourcePhotos(_read(stack.pop_all(), archive, contents.photos), completeness)


def recognize(names: Iterable[str], parse: Callable[[str], _T | None]) -> tuple[dict[str, _T], list[str]]:
    """Name -> what `parse` makes of it, and the images of which it makes nothing."""
    parsed = {name: parse(name) for name in names}
    unexpected = [name for name, file in parsed.items() if file is None and is_image(name)]
    return {name: file for name, file in parsed.items() if file is not None}, unexpected


def one_file_each(archive: ArchiveReader, files: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Id -> file from (id, file) pairs; of an id's several files with identical bytes the first is kept.

    Raises:
        InputError: two files of one id differ.
    """
    kept: dict[str, str] = {}
    copies = []
    for key, name in files:
        if kept.setdefault(key, name) == name:
            continue
        if sha256(archive.read(name)) != sha256(archive.read(kept[key])):
            raise InputError(
                f"{archive.path}: {kept[key]} and {name} are both {key}, and their bytes differ: remove the one that "
                "is not the original"
            )
        copies.append(name)
    if copies:
        log.warning("%s: identical copies, not used: %d (%s)", archive.path, len(copies), first(copies))
    return kept


def is_image(name: str) -> bool:
    """Whether a file's name ends as that of an image."""
    return PurePosixPath(name).suffix.lower() in SUFFIXES


def first(names: Sequence[str]) -> str:
    """The first few of some names, for a sentence."""
    return ", ".join(names[:_SHOWN]) + (", ..." if len(names) > _SHOWN else "")


def placeholder(number: int) -> str:
    """A person who is known to be missing, and by no name: `unknown001`."""
    return f"{UNKNOWN}{number:03d}"


def _read(opened: ExitStack, archive: ArchiveReader, photos: Mapping[str, Photo]) -> Iterator[Photo]:
    """The photographs with their bytes; the archive is closed after the last one."""
    with opened:
        for name, photo in sorted(photos.items(), key=lambda item: item[1].id):
            yield replace(photo, data=archive.read(name))


def _refuse_packed(archive: ArchiveReader, dataset: str) -> None:
    names = archive.names()
    packed = [] if any(map(is_image, names)) else list(filter(_PACKED.search, names))
    if packed:
        raise InputError(
            f"{archive.path}: holds {len(packed)} archive{'s' * (len(packed) > 1)} and no photograph "
            f"({first(packed)}): unpack them into one folder, and name that in {dataset}.archive"
        )


def _missing(archive: ArchiveReader, dataset: str, contents: Contents, partial: bool) -> list[str]:
    """Keys of the expected photographs that are not there, sorted; where `partial` is true, with a warning."""
    if contents.expected is None:
        return []
    path, expected, unexpected = archive.path, contents.expected, sorted(contents.unexpected)
    if unexpected:
        log.warning("%s: images that are none of %s's, not used: %d (%s)",
                    path, dataset, len(unexpected), first(unexpected))  # fmt: skip
    if not contents.found:
        _log_names("unexpected", unexpected)
        raise InputError(
            f"{path}: holds no photograph of {dataset} among {len(unexpected) + sum(contents.left_out.values())} "
            f"images; name the folder, zip or tar as its owners sent it in {dataset}.archive"
        )
    missing = sorted(expected.keys() - contents.found)
    if not missing:
        return []
    # Whoever has gaps is worth more than the numbers of people whom nobody knows.
    known_first = sorted(missing, key=lambda key: _is_placeholder(expected[key][0]))
    counts = _counts(expected, missing)
    sentence = f"{path}: {_about_missing(dataset, expected, known_first, counts)}"
    if partial:
        log.warning("%s", sentence)
        return missing
    for axis, lines in counts.items():
        _log_names(f"missing per {axis}", lines)
    _log_names("missing", known_first)
    _log_names("unexpected", unexpected)
    listed = "them all" if len(missing) <= _LISTED else f"the first {_LISTED}"
    raise InputError(
        f"{sentence}; complete the archive, or set {dataset}.partial to true to go on without them; the log lists "
        f"{listed}"
    )


def _about_missing(dataset: str, expected: Expected, missing: Sequence[str], counts: Mapping[str, list[str]]) -> str:
    """How many are missing, of whom and of what, and which first."""
    people = Counter(person for person, _, _ in expected.values())
    lacks = Counter(expected[key][0] for key in missing)
    whole = sum(people[person] == count for person, count in lacks.items())
    parts = [f"{len(missing)} of {len(expected)} photographs of {dataset} are missing"]
    if whole:
        parts.append(f"all of {whole} of {len(people)} people")
    parts += [f"per {axis} {first(lines)}" for axis, lines in counts.items()]
    return "; ".join([*parts, f"the first are {first(missing)}"])


def _counts(expected: Expected, missing: Sequence[str]) -> dict[str, list[str]]:
    """Axis -> `name: count` of those that lack any, most first and placeholders last; without an axis unknown."""
    found = {}
    for place, axis in enumerate(("person", "expression", "gaze")):
        counts = Counter(expected[key][place] for key in missing)
        if set(counts) != {UNKNOWN}:
            ordered = sorted(counts.items(), key=lambda item: (_is_placeholder(item[0]), -item[1], item[0]))
            found[axis] = [f"{name}: {count}" for name, count in ordered]
    return found


def _is_placeholder(person: str) -> bool:
    return _PLACEHOLDER.fullmatch(person) is not None


def _log_names(what: str, names: Sequence[str]) -> None:
    """The first 1,000 of some names, one per line."""
    if names:
        more = [f"... and {len(names) - _LISTED} more"] if len(names) > _LISTED else []
        log.info("%s (%d):\n  %s", what, len(names), "\n  ".join([*names[:_LISTED], *more]))
