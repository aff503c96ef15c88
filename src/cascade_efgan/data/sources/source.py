"""What every data set's source is asked for, and what it answers."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path

from cascade_efgan.config.settings import Settings
from cascade_efgan.data.photo_files.photos import Photo
from cascade_efgan.datasets import DATASETS, source_module
from cascade_efgan.errors import InputError


@dataclass(frozen=True)
class Request:
    """What a data set's source, which reads its own section of the settings, is asked for."""

    settings: Settings
    work: Path  # folder for partial downloads, kept when a run is interrupted and removed when it is complete
    checksums: Path | None = None  # list of SHA-256 hashes that replaces the source's own


@dataclass(frozen=True)
class Completeness:
    """What of a data set is there, as `completeness.json` and every table say it."""

    expected: int | None  # photographs of the complete set; None where nobody can know
    found: int  # photographs that the source yields
    missing: list[str] = field(default_factory=list)  # ids of expected photographs that are not there, sorted
    unexpected: list[str] = field(default_factory=list)  # files that belong to none of them, sorted
    left_out: dict[str, int] = field(default_factory=dict)  # why -> photographs of the archive that are not used
    side_files: dict[str, int] = field(default_factory=dict)  # what other programs left (`side_file`) -> unused files


@dataclass(frozen=True)
class SourcePhotos:
    """The answer of a source: the photographs one by one, in order of id, and what of the data set they are."""

    photos: Iterator[Photo]
    completeness: Completeness


def source_photos(dataset: str, request: Request) -> SourcePhotos:
    """The photographs of a data set.

    Raises:
        InputError: no data set of that name, or its own complaint.
    """
    if dataset not in DATASETS:
        raise InputError(f"data set {dataset!r} has no source: expected one of {', '.join(DATASETS)}")
    # By its name, so that a change of one data set's module makes no other data set again.
    source = import_module(source_module(dataset))
    make: Callable[[Request], SourcePhotos] = getattr(source, f"{dataset}_photos")
    return make(request)
