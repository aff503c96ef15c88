"""What is in the archive of a user's data set: photographs at all, each once, and whether they are all there."""

import logging
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import PurePosixPath

from cascade_efgan.data import UNKNOWN
from cascade_efgan.data.images import SUFFIXES
from cascade_efgan.data.photos import Completeness, Photo, Request, sha256
from cascade_efgan.data.sources.archives import ArchiveReader, open_archive
from cascade_efgan.data.sources.licensed import archive_of
from cascade_efgan.data.sources.side_files import say_left_out
from cascade_efgan.errors import InputError

log = logging.getLogger("efgan.download")

#: Names of archives, and of the parts that large ones are sent in (.part01.rar, .r00, .z01, .zip.001).
_PACKED = re.compile(r"\.(?:zip|rar|7z|tar|tgz|tbz2?|txz|tar\.(?:gz|bz2|xz|zst)|[rz]\d\d|\d{3})\Z", re.IGNORECASE)

#: A person of whom nothing but the absence is known.
_PLACEHOLDER = re.compile(rf"{UNKNOWN}\d{{3,}}")

#: Names that a sentence lists before it says "...", and names that the log lists.
_SHOWN = 5
_LISTED = 1000

Expected = Mapping[str, tuple[str, str, str]]


@contextmanager
def open_photographs(request: Request, dataset: str) -> Iterator[ArchiveReader]:
    """Open the archive of a data set.

    Raises:
        InputError: no archive (`archive_of`) or a bad one (`open_archive`), or nothing in it but further archives.
    """
    with open_archive(archive_of(request.settings, dataset), request.work) as archive:
        say_left_out(log, archive.path, archive.skipped)
        names = archive.names()
        packed = [] if any(map(is_image, names)) else list(filter(_PACKED.search, names))
        if packed:
            raise InputError(
                f"{archive.path}: holds {len(packed)} archive{'s' * (len(packed) > 1)} and no photograph "
                f"({first(packed)}): unpack them into one folder, and name that in {dataset}.archive"
            )
        yield archive


def check_complete(
    dataset: str,
    archive: ArchiveReader,
    expected: Expected,
    found: Collection[str],
    unexpected: Sequence[str],
    left_out: Mapping[str, int],
    partial: bool,
) -> Completeness:
    """Compare what an archive holds with what the complete data set has.

    A run that stops leaves its lists in the log: of what is missing all counts and the first 1,000 names, and of what
    is unexpected the first 1,000 names.

    Args:
        dataset: its key in the settings.
        archive: for messages.
        expected: id -> (person, expression, gaze) of every photograph of the complete data set.
        found: ids of `expected` that are there.
        unexpected: files that look like photographs and are none of the data set's; they are warned of.
        left_out: why -> how many photographs this project does not use.
        partial: whether to go on, with a warning, when photographs are missing.

    Raises:
        InputError: no photograph at all, or some are missing and `partial` is false.
    """
    path, unexpected = archive.path, sorted(unexpected)
    if unexpected:
        log.warning("%s: images that are none of %s's, not used: %d (%s)",
                    path, dataset, len(unexpected), first(unexpected))  # fmt: skip
    if not found:
        _log_names("unexpected", unexpected)
        raise InputError(
            f"{path}: holds no photograph of {dataset} among {len(unexpected) + sum(left_out.values())} images; name "
            f"the folder, zip or tar as its owners sent it in {dataset}.archive"
        )
    missing = sorted(set(expected).difference(found))
    if missing:
        # Whoever has gaps is worth more than the numbers of people whom nobody knows.
        known_first = sorted(missing, key=lambda key: is_placeholder(expected[key][0]))
        sentence = f"{path}: {_missing(dataset, expected, known_first)}"
        if not partial:
            for axis, counts in _counts(expected, missing):
                _log_names(f"missing per {axis}", counts)
            _log_names("missing", known_first)
            _log_names("unexpected", unexpected)
            listed = "them all" if len(missing) <= _LISTED else f"the first {_LISTED}"
            raise InputError(
                f"{sentence}; complete the archive, or set {dataset}.partial to true to go on without them; the log "
                f"lists {listed}"
            )
        log.warning("%s", sentence)
    return Completeness(
        len(expected),
        len(found),
        missing,
        unexpected,
        dict(sorted(left_out.items())),
        dict(sorted(archive.skipped.items())),
    )


def one_file_each(archive: ArchiveReader, files: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Id -> file from (id, file) pairs; of an id's several files with identical bytes the first is kept.

    Raises:
        InputError: two files of one id differ.
    """
    kept: dict[str, str] = {}
    copies = []
    for key, name in files:
        if key not in kept:
            kept[key] = name
        elif sha256(archive.read(name)) == sha256(archive.read(kept[key])):
            copies.append(name)
        else:
            raise InputError(
                f"{archive.path}: {kept[key]} and {name} are both {key}, and their bytes differ: remove the one that "
                "is not the original"
            )
    if copies:
        log.warning("%s: identical copies, not used: %d (%s)", archive.path, len(copies), first(copies))
    return kept


def read_while_open(opened: ExitStack, photos: Iterator[Photo]) -> Iterator[Photo]:
    """The photographs; the archive that they are read from is closed after the last one."""
    with opened:
        yield from photos


def is_image(name: str) -> bool:
    """Whether a file's name ends as that of an image."""
    return PurePosixPath(name).suffix.lower() in SUFFIXES


def first(names: Sequence[str]) -> str:
    """The first few of some names, for a sentence."""
    return ", ".join(names[:_SHOWN]) + (", ..." if len(names) > _SHOWN else "")


def placeholder(number: int) -> str:
    """A person who is known to be missing, and by no name: `unknown001`."""
    return f"{UNKNOWN}{number:03d}"


def is_placeholder(person: str) -> bool:
    """Whether a person is one of `placeholder`'s."""
    return _PLACEHOLDER.fullmatch(person) is not None


def _missing(dataset: str, expected: Expected, missing: Sequence[str]) -> str:
    """How many are missing, of whom and of what, and which first."""
    people = Counter(person for person, _, _ in expected.values())
    lacks = Counter(expected[key][0] for key in missing)
    whole = sum(people[person] == count for person, count in lacks.items())
    parts = [f"{len(missing)} of {len(expected)} photographs of {dataset} are missing"]
    if whole:
        parts.append(f"all of {whole} of {len(people)} people")
    parts += [f"per {axis} {first(counts)}" for axis, counts in _counts(expected, missing)]
    return "; ".join([*parts, f"the first are {first(missing)}"])


def _counts(expected: Expected, missing: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
    """(axis, `name: count` of those that lack any, most first and placeholders last); none for an axis unknown."""
    for place, axis in enumerate(("person", "expression", "gaze")):
        counts = Counter(expected[key][place] for key in missing)
        if set(counts) != {UNKNOWN}:
            ordered = sorted(counts.items(), key=lambda item: (is_placeholder(item[0]), -item[1], item[0]))
            yield axis, [f"{name}: {count}" for name, count in ordered]


def _log_names(what: str, names: Sequence[str]) -> None:
    """The first 1,000 of some names, one per line."""
    if names:
        more = [f"... and {len(names) - _LISTED} more"] if len(names) > _LISTED else []
        log.info("%s (%d):\n  %s", what, len(names), "\n  ".join([*names[:_LISTED], *more]))
