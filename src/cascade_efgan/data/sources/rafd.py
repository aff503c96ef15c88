"""The Radboud Faces Database: 67 people, eight expressions, three gazes, the frontal camera (Sec. 4.1).

Langner, O., Dotsch, R., Bijlstra, G., Wigboldus, D., Hawk, S., & van Knippenberg, A. (2010). Presentation and
validation of the Radboud Faces Database. Cognition & Emotion 24(8). Licensed by its owners: the user brings the
archive.
"""

import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from cascade_efgan.data import EXPRESSIONS
from cascade_efgan.data.photo_files.photos import Photo
from cascade_efgan.data.sources.archive_contents import Contents, archive_photos, one_file_each, recognize
from cascade_efgan.data.sources.archives import ArchiveReader
from cascade_efgan.data.sources.source import Request, SourcePhotos
from cascade_efgan.errors import InputError

#: The camera in front of the face, degrees; the paper's 1,608 photographs are its (Sec. 4.1).
FRONTAL = "090"
GAZES = ("left", "frontal", "right")
#: Model numbers: 1 to 73, six of which were never given.
PEOPLE = tuple(f"{number:02d}" for number in range(1, 74) if number not in (6, 13, 17, 34, 62, 66))

_FILE = re.compile(
    rf"Rafd(000|045|090|135|180)_({'|'.join(PEOPLE)})_((?:Caucasian|Moroccan|Kid)_(?:male|female))"
    rf"_({'|'.join(EXPRESSIONS)})_({'|'.join(GAZES)})\.jpe?g",
    re.ASCII | re.IGNORECASE,
)


class RafdFile(NamedTuple):
    """What a file's name says; `looks` is ethnicity and gender, for instance `Caucasian_female`."""

    camera: str
    number: str
    looks: str
    expression: str
    gaze: str

    @property
    def id(self) -> str:
        """The file's stem in its canonical spelling."""
        return f"Rafd{'_'.join(self)}"

    @property
    def place(self) -> str:
        """The id without ethnicity and gender, which nobody knows of a photograph that is missing."""
        return self._replace(looks="*").id


def rafd_photos(request: Request) -> SourcePhotos:
    """The frontal photographs of RaFD in order of id; the person is the two-digit model number.

    Raises:
        InputError: as `archive_photos`; two photographs of one name that differ; a model with two ethnicities or
            genders.
    """
    return archive_photos(request, "rafd", _contents)


def parse_rafd_name(name: str) -> RafdFile | None:
    """What the name of a file says, in any case and folder; None where it is no photograph of RaFD."""
    match = _FILE.fullmatch(PurePosixPath(name).name)
    if match is None:
        return None
    camera, number, looks, expression, gaze = match.groups()
    return RafdFile(camera, number, looks.capitalize(), expression.lower(), gaze.lower())


def _contents(archive: ArchiveReader) -> Contents:
    files, unexpected = recognize(archive.names(), parse_rafd_name)
    kept = one_file_each(archive, ((file.id, name) for name, file in files.items() if file.camera == FRONTAL))
    frontal = {name: files[name] for name in kept.values()}
    _check_looks(archive.path, frontal)
    cameras = Counter(file.camera for file in set(files.values()))
    # Every photograph of the frontal camera: 67 x 8 x 3 = 1,608 (Sec. 4.1).
    expected = {
        RafdFile(FRONTAL, number, "*", expression, gaze).id: (number, expression, gaze)
        for number in PEOPLE
        for expression in EXPRESSIONS
        for gaze in GAZES
    }
    return Contents(
        photos={
            name: Photo(file.id, f"{file.id}.jpg", file.number, file.expression, file.gaze, b"")
            for name, file in frontal.items()
        },
        expected=expected,
        found={file.place for file in frontal.values()},
        unexpected=unexpected,
        left_out={f"camera {camera}": count for camera, count in cameras.items() if camera != FRONTAL},
    )


def _check_looks(path: Path, files: Mapping[str, RafdFile]) -> None:
    seen: dict[str, str] = {}
    for name, file in files.items():
        other = seen.setdefault(file.number, name)
        if files[other].looks != file.looks:
            raise InputError(
                f"{path}: model {file.number} is {files[other].looks} in {other} and {file.looks} in {name}, expected "
                "one ethnicity and gender: correct the wrong name"
            )
