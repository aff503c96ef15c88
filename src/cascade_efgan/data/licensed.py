"""What all data sets that only their user can obtain share: where the archive is, and whether it is whole."""

import logging
import os
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path, PurePosixPath

from cascade_efgan.config.settings import Archive
from cascade_efgan.data import UNKNOWN
from cascade_efgan.data.archives import ArchiveReader
from cascade_efgan.data.photos import Completeness, Photo, sha256
from cascade_efgan.errors import InputError

log = logging.getLogger("efgan.download")

#: Suffixes of files that look like photographs, in lower case.
IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".gif", ".tif", ".tiff", ".webp")

#: Names that a sentence lists before it says "...".
_SHOWN = 5


def archive_of(section: Archive, dataset: str, title: str, request_at: str) -> Path:
    """The archive of a licensed data set: the setting `archive`, else the environment variable EFGAN_<DATA SET>.

    Args:
        section: the data set's settings.
        dataset: its key in the settings, for instance `rafd`.
        title: its name, as its owners write it.
        request_at: public address where it is requested.

    Raises:
        InputError: neither is set, or what is named does not exist.
    """
    variable = f"EFGAN_{dataset.upper()}"
    named = section.archive or os.environ.get(variable)
    left_out = ", and 'wild={dataset: null}' leaves it out" if dataset == "affectnet" else ""
    advice = (
        f"request the data set at {request_at} and name the folder, zip or tar that you received as {dataset}.archive "
        f"in config.yaml or in {variable} (the presets laptop, full and london run without it{left_out})"
    )
    if not named:
        raise InputError(f"{dataset}.archive is not set: {title} is licensed by its owners; {advice}")
    path = Path(named).expanduser()
    if not path.exists():
        source = f"{dataset}.archive" if section.archive else variable
        raise InputError(
            f"{path}: no such file or folder, though {source} names it as {title}; correct it, or {advice}"
        )
    return path


def check_complete(
    dataset: str,
    path: Path,
    expected: Mapping[str, tuple[str, str, str]],
    found: Collection[str],
    unexpected: Sequence[str],
    left_out: Mapping[str, int],
    partial: bool,
) -> Completeness:
    """Compare what an archive holds with what the complete data set has.

    Args:
        dataset: its key in the settings.
        path: the archive, for messages.
        expected: id -> (person, expression, gaze) of every photograph of the complete data set.
        found: ids of `expected` that are there.
        unexpected: files that look like photographs and are none of the data set's; they are warned of.
        left_out: why -> how many photographs this project does not use.
        partial: whether to go on, with a warning, when photographs are missing.

    Raises:
        InputError: no photograph at all, or some are missing and `partial` is false.
    """
    if unexpected:
        log.warning("%s: images that are none of %s's, not used: %d (%s)",
                    path, dataset, len(unexpected), first(sorted(unexpected)))  # fmt: skip
    if not found:
        raise InputError(
            f"{path}: holds no photograph of {dataset} among {len(unexpected) + sum(left_out.values())} images; name "
            f"the folder, zip or tar as its owners sent it in {dataset}.archive"
        )
    missing = sorted(set(expected).difference(found))
    if missing:
        sentence = f"{path}: {_missing(dataset, expected, missing)}"
        if not partial:
            raise InputError(
                f"{sentence}; complete the archive, or set {dataset}.partial to true to go on without them"
            )
        log.warning("%s", sentence)
    return Completeness(len(expected), len(found), missing, sorted(unexpected), dict(sorted(left_out.items())))


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
    return PurePosixPath(name).suffix.lower() in IMAGE_SUFFIXES


def first(names: Sequence[str]) -> str:
    """The first few of some names, for a sentence."""
    return ", ".join(names[:_SHOWN]) + (", ..." if len(names) > _SHOWN else "")


def _missing(dataset: str, expected: Mapping[str, tuple[str, str, str]], missing: Sequence[str]) -> str:
    """How many are missing, of whom and of what, and which first."""
    people = Counter(person for person, _, _ in expected.values())
    lacks = Counter(expected[key][0] for key in missing)
    whole = sum(people[person] == count for person, count in lacks.items())
    parts = [f"{len(missing)} of {len(expected)} photographs of {dataset} are missing"]
    if whole:
        parts.append(f"all of {whole} of {len(people)} people")
    for place, axis in enumerate(("person", "expression", "gaze")):
        counts = Counter(expected[key][place] for key in missing)
        if set(counts) == {UNKNOWN}:
            continue
        ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
        parts.append(f"per {axis} " + first([f"{name}: {count}" for name, count in ordered]))
    return "; ".join([*parts, f"the first are {first(missing)}"])
