"""The Radboud Faces Database: 67 people, eight expressions, three gazes, the frontal camera (Sec. 4.1).

Langner, O., Dotsch, R., Bijlstra, G., Wigboldus, D., Hawk, S., & van Knippenberg, A. (2010). Presentation and
validation of the Radboud Faces Database. Cognition & Emotion 24(8). Licensed by its owners: the user brings the
archive.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from cascade_efgan.data import EXPRESSIONS
from cascade_efgan.data.photos import Photo, Request, SourcePhotos
from cascade_efgan.data.sources.archive_contents import (
    check_complete,
    is_image,
    one_file_each,
    open_photographs,
    read_while_open,
)
from cascade_efgan.data.sources.archives import ArchiveReader
from cascade_efgan.errors import InputError

CAMERAS = ("000", "045", "090", "135", "180")
#: The camera in front of the face, degrees; the paper's 1,608 photographs are its (Sec. 4.1).
FRONTAL = "090"
GAZES = ("left", "frontal", "right")
#: Model numbers: 1 to 73, six of which were never given.
PEOPLE = tuple(number for number in range(1, 74) if number not in (6, 13, 17, 34, 62, 66))

_FILE = re.compile(
    rf"Rafd(?P<camera>{'|'.join(CAMERAS)})_(?P<number>\d\d)_(?P<looks>(?:Caucasian|Moroccan|Kid)_(?:male|female))"
    rf"_(?P<expression>{'|'.join(EXPRESSIONS)})_(?P<gaze>{'|'.join(GAZES)})\.jpe?g",
    re.ASCII | re.IGNORECASE,
)


@dataclass(frozen=True)
class RafdFile:
    """What a file's name says; `looks` is ethnicity and gender, for instance `Caucasian_female`."""

    camera: str
    number: str
    looks: str
    expression: str
    gaze: str

    @property
    def id(self) -> str:
        """The file's stem in its canonical spelling."""
        return f"Rafd{self.camera}_{self.number}_{self.looks}_{self.expression}_{self.gaze}"

    @property
    def place(self) -> str:
        """The id without ethnicity and gender, which nobody knows of a photograph that is missing."""
        return _place(self.number, self.expression, self.gaze)


def rafd_photos(request: Request) -> SourcePhotos:
    """The frontal photographs of RaFD in order of id.

    They come from the folder, zip or tar `rafd.archive`, else from the one that the environment variable EFGAN_RAFD
    names. The person is the two-digit model number.

    Raises:
        InputError: no archive or a bad one; missing photographs without `rafd.partial`; two photographs of one name
            that differ; a model with two ethnicities or genders. While iterating: a damaged member.
    """
    settings = request.settings.rafd
    with ExitStack() as stack:
        archive = stack.enter_context(open_photographs(request, "rafd"))
        files, unexpected = _files(archive)
        frontal = [(file.id, name) for name, file in files.items() if file.camera == FRONTAL]
        kept = one_file_each(archive, frontal)
        photos = {files[name]: name for name in kept.values()}
        _check_looks(archive.path, photos)
        other = Counter(camera for camera, _ in {(file.camera, file.id) for file in files.values()})
        left_out = {f"camera {camera}": count for camera, count in other.items() if camera != FRONTAL}
        found = {file.place for file in photos}
        completeness = check_complete("rafd", archive, _expected(), found, unexpected, left_out, settings.partial)
        return SourcePhotos(read_while_open(stack.pop_all(), _photos(archive, photos)), completeness)


def parse_rafd_name(name: str) -> RafdFile | None:
    """What the name of a file says, in any case and folder; None where it is no photograph of RaFD."""
    match = _FILE.fullmatch(PurePosixPath(name).name)
    if match is None or int(match["number"]) not in PEOPLE:
        return None
    looks = match["looks"].capitalize()
    return RafdFile(match["camera"], match["number"], looks, match["expression"].lower(), match["gaze"].lower())


def _files(archive: ArchiveReader) -> tuple[dict[str, RafdFile], list[str]]:
    """The archive's photographs by name, and the images that are none of RaFD's."""
    files, unexpected = {}, []
    for name in archive.names():
        file = parse_rafd_name(name)
        if file is not None:
            files[name] = file
        elif is_image(name):
            unexpected.append(name)
    return files, unexpected


def _photos(archive: ArchiveReader, files: Mapping[RafdFile, str]) -> Iterator[Photo]:
    for file in sorted(files, key=lambda file: file.id):
        yield Photo(
            id=file.id,
            file=f"{file.id}.jpg",
            person=file.number,
            expression=file.expression,
            gaze=file.gaze,
            data=archive.read(files[file]),
        )


def _expected() -> dict[str, tuple[str, str, str]]:
    """Every photograph of the frontal camera: 67 x 8 x 3 = 1,608 (Sec. 4.1)."""
    return {
        _place(f"{number:02d}", expression, gaze): (f"{number:02d}", expression, gaze)
        for number in PEOPLE
        for expression in EXPRESSIONS
        for gaze in GAZES
    }


def _place(number: str, expression: str, gaze: str) -> str:
    return f"Rafd{FRONTAL}_{number}_*_{expression}_{gaze}"


def _check_looks(path: Path, files: Mapping[RafdFile, str]) -> None:
    seen: dict[str, RafdFile] = {}
    for file, name in files.items():
        other = seen.setdefault(file.number, file)
        if other.looks != file.looks:
            raise InputError(
                f"{path}: model {file.number} is {other.looks} in {files[other]} and {file.looks} in {name}, expected "
                "one ethnicity and gender: correct the wrong name"
            )
