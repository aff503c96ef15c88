"""The Face Research Lab London Set: 102 people, neutral and smiling, from its public address or a local mirror.

DeBruine, L., & Jones, B. (2017). Face Research Lab London Set. figshare, doi 10.6084/m9.figshare.5047666. CC BY 4.0.
Not in the paper: its own data sets are licensed, and this one may be shared.
"""

import logging
import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pooch
import requests

from cascade_efgan.data.photos import Completeness, Photo, Request, SourcePhotos, sha256
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
    return SourcePhotos(_photos(files, read), Completeness(len(files), len(files)))


def _photos(files: list[LondonFile], read: Callable[[LondonFile], bytes]) -> Iterator[Photo]:
    for file in files:
        yield Photo(
            id=file.id,
            file=Path(file.path).name,
            person=file.person,
            expression=file.expression,
            gaze="frontal",
            data=read(file),
        )


def london_files(checksums: Path, limit: int | None) -> list[LondonFile]:
    """The files of a hash list in order of id; with `limit`, those of the first people.

    Raises:
        InputError: the list is missing, a line is none of `sha256sum`'s, or a name is none of the London Set's.
    """
    files = []
    for path, digest in read_checksums(checksums).items():
        match = _FILE.fullmatch(path)
        if match is None:
            raise InputError(
                f"{checksums}: {path} is no photograph of the London Set; expected names such as "
                "neutral_front/001_03.jpg or smiling_front/001_08.jpg"
            )
        files.append(LondonFile(path, digest, match["person"], _EXPRESSIONS[match["pose"]]))
    people = sorted({file.person for file in files})[:limit]
    return sorted((file for file in files if file.person in people), key=lambda file: file.id)


def read_checksums(path: Path) -> Mapping[str, str]:
    """File -> SHA-256 from a list as `sha256sum` writes it.

    Raises:
        InputError: the list is missing or empty, or a line has another form.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        raise InputError(
            f"{path}: no such file; it belongs to the repository: restore it, or name another list with --checksums"
        ) from None
    checksums = {}
    for number, line in enumerate(lines, start=1):
        match = _CHECKSUM_LINE.fullmatch(line.rstrip())
        if match is None:
            raise InputError(f"{path}: line {number} is not `SHA-256  file`, as sha256sum writes it; fix it")
        checksums[match["file"]] = match["sha256"]
    if not checksums:
        raise InputError(f"{path}: no lines; expected one `SHA-256  file` per photograph")
    return checksums


def mirror_reader(folder: Path) -> Callable[[LondonFile], bytes]:
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


def download_reader(base_url: str, files: list[LondonFile], cache: Path) -> Callable[[LondonFile], bytes]:
    """A function that fetches a photograph into `cache` unless it is there, checks its hash and reads it.

    Raises:
        InputError: when called: the server cannot be reached, lacks the file, or sends other bytes.
    """
    pooch.get_logger().setLevel(logging.WARNING)
    registry = {file.path: f"sha256:{file.sha256}" for file in files}
    fetcher = pooch.create(cache, base_url.rstrip("/") + "/", registry=registry, retry_if_failed=RETRIES)
    downloader = pooch.HTTPDownloader(timeout=TIMEOUT_SECONDS, progressbar=False)

    def read(file: LondonFile) -> bytes:
        url = fetcher.get_url(file.path)
        advice = f"or name a local copy of the data set in london.mirror or {MIRROR_VARIABLE}"
        try:
            return Path(fetcher.fetch(file.path, downloader=downloader)).read_bytes()
        except requests.HTTPError as error:
            status = error.response.status_code if error.response is not None else "an error"
            raise InputError(
                f"{url}: the server answered {status} instead of the photograph; correct london.base_url, {advice}"
            ) from None
        except requests.RequestException as error:
            raise InputError(
                f"{url}: the server cannot be reached ({type(error).__name__}); run again when it can (what was "
                f"fetched is kept), {advice}"
            ) from None
        except ValueError:
            raise InputError(
                f"{url}: the server sent a file whose SHA-256 is not the expected {file.sha256}; correct "
                f"london.base_url, {advice}"
            ) from None

    return read
