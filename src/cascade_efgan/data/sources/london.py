"""The Face Research Lab London Set: 102 people, neutral and smiling, from its public address or a local mirror.

DeBruine, L., & Jones, B. (2017). Face Research Lab London Set. figshare, doi 10.6084/m9.figshare.5047666. CC BY 4.0.
Not in the paper: its own data sets are licensed, and this one may be shared.
"""

import logging
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pooch
import requests

from cascade_efgan.data.photo_files.photos import Photo, sha256
from cascade_efgan.data.sources.source import Completeness, Request, SourcePhotos
from cascade_efgan.errors import InputError

#: The hash list of this repository: the photographs that belong to the data set, and what their bytes must be.
CHECKSUMS = Path(__file__).parents[4] / "resources" / "london" / "sha256sums.txt"
MIRROR_VARIABLE = "EFGAN_LONDON_MIRROR"

#: Number in the file name -> expression.
_EXPRESSIONS = {"03": "neutral", "08": "happy"}
_FILE = re.compile(r"(?:neutral|smiling)_front/(?P<person>\d{3})_(?P<pose>03|08)\.jpg")
_CHECKSUM_LINE = re.compile(r"(?P<sha256>[0-9a-f]{64}) [ *](?P<file>\S+)")

#: Attempts after the first one; pooch waits 1 s, then 2 s between them.
RETRIES = 2
TIMEOUT_SECONDS = 30


@dataclass(frozen=True)
class LondonFile:
    """One photograph of the set: its path below the base address, SHA-256, person and expression."""

    path: str
    sha256: str
    person: str
    expression: str

    @property
    def id(self) -> str:
        """The file's stem, for instance `001_03`."""
        return Path(self.path).stem


Reader = Callable[[LondonFile], bytes]


def london_photos(request: Request) -> SourcePhotos:
    """The photographs of the London Set in order of id, each checked by its SHA-256.

    They come from the folder `london.mirror`, else from the one that the environment variable EFGAN_LONDON_MIRROR
    names, else from `london.base_url`; what was fetched before and has the right hash is not fetched again.

    Raises:
        InputError: the hash list or the mirror folder is missing or wrong. While iterating: a file is missing, has
            another hash, or the server cannot be reached.
    """
    wanted = request.settings.london
    files = london_files(request.checksums or CHECKSUMS, wanted.limit)
    mirror = wanted.mirror or os.environ.get(MIRROR_VARIABLE)
    read = mirror_reader(Path(mirror)) if mirror else download_reader(wanted.base_url, files, request.work)
    photos = (
        Photo(file.id, Path(file.path).name, file.person, file.expression, gaze="frontal", data=read(file))
        for file in files
    )
    return SourcePhotos(photos, Completeness(len(files), len(files)))


def london_files(checksums: Path, limit: int | None) -> list[LondonFile]:
    """The files of a hash list, as `sha256sum` writes it, in order of id; with `limit`, those of the first people.

    Raises:
        InputError: the list is missing or empty, a line has another form, or a name is none of the London Set's.
    """
    try:
        lines = checksums.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        raise InputError(
            f"{checksums}: no such file; it belongs to the repository: restore it, or name another list with "
            "--checksums"
        ) from None
    if not lines:
        raise InputError(f"{checksums}: no lines; expected one `SHA-256  file` per photograph")
    files = {}
    for number, line in enumerate(lines, start=1):
        listed = _CHECKSUM_LINE.fullmatch(line.rstrip())
        if listed is None:
            raise InputError(f"{checksums}: line {number} is not `SHA-256  file`, as sha256sum writes it; fix it")
        match = _FILE.fullmatch(path := listed["file"])
        if match is None:
            raise InputError(
                f"{checksums}: {path} is no photograph of the London Set; expected names such as "
                "neutral_front/001_03.jpg or smiling_front/001_08.jpg"
            )
        files[path] = LondonFile(path, listed["sha256"], match["person"], _EXPRESSIONS[match["pose"]])
    people = sorted({file.person for file in files.values()})[:limit]
    return sorted((file for file in files.values() if file.person in people), key=lambda file: file.id)


def mirror_reader(folder: Path) -> Reader:
    """A function that reads a photograph from a local folder and checks its hash.

    Raises:
        InputError: the folder does not exist; when called: the file is missing or has another hash.
    """
    if not folder.is_dir():
        raise InputError(
            f"{folder}: no such folder; expected one with neutral_front/ and smiling_front/: correct london.mirror "
            f"or {MIRROR_VARIABLE}, or unset it to download"
        )

    def read(file: LondonFile) -> bytes:
        path = folder / file.path
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            raise InputError(
                f"{path}: missing in the mirror; expected a file with SHA-256 {file.sha256}: copy it there, or unset "
                f"london.mirror and {MIRROR_VARIABLE} to download"
            ) from None
        if sha256(data) != file.sha256:
            raise InputError(
                f"{path}: its SHA-256 is {sha256(data)}, expected {file.sha256}: replace it by the original file"
            )
        return data

    return read


def download_reader(base_url: str, files: Sequence[LondonFile], cache: Path) -> Reader:
    """A function that fetches a photograph into `cache` unless it is there, checks its hash and reads it.

    Raises:
        InputError: when called: the server cannot be reached, lacks the file, or sends other bytes.
    """
    pooch.get_logger().setLevel(logging.WARNING)
    registry = {file.path: f"sha256:{file.sha256}" for file in files}
    fetcher = pooch.create(cache, base_url.rstrip("/") + "/", registry=registry, retry_if_failed=RETRIES)
    downloader = pooch.HTTPDownloader(timeout=TIMEOUT_SECONDS, progressbar=False)

    def read(file: LondonFile) -> bytes:
        try:
            return Path(fetcher.fetch(file.path, downloader=downloader)).read_bytes()
        except requests.HTTPError as error:
            status = getattr(error.response, "status_code", "an error")
            told = f"the server answered {status} instead of the photograph; correct london.base_url"
        except requests.RequestException as error:
            told = (
                f"the server cannot be reached ({type(error).__name__}); run again when it can (what was fetched is "
                "kept)"
            )
        except ValueError:
            told = f"the server sent a file whose SHA-256 is not the expected {file.sha256}; correct london.base_url"
        raise InputError(
            f"{fetcher.get_url(file.path)}: {told}, or name a local copy of the data set in london.mirror or "
            f"{MIRROR_VARIABLE}"
        )

    return read
