"""Fixtures for all tests: small photographs with faces at known places, and the shared real data where it is."""

import os
import signal
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock
from PIL import ImageCms
from preloaded import preloaded_programs
from programs import write_program

# Tests run side by side, one process per core. Threads of their own would wait for each other, which makes a training
# step up to ten times slower. Set before PyTorch is imported.
os.environ["OMP_NUM_THREADS"] = "1"
# Hundreds of processes are started here; without their bytecode each compiles the package anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
# The machine's own archives must not answer.
os.environ.pop("EFGAN_RAFD", None)
os.environ.pop("EFGAN_CFEED", None)
os.environ.pop("EFGAN_AFFECTNET", None)
os.environ.pop("EFGAN_FOLDER", None)
# A script's background command begins with Ctrl-C ignored, and so would everything that is started here; `nohup` does
# the same to SIGHUP.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)

from made_faces import landmarks, openface_text

from cascade_efgan.cli import app
from cascade_efgan.data import AUS
from cascade_efgan.data.face_crops.dataset import Faces, load_faces
from cascade_efgan.data.photo_files.manifest import manifest_row, read_manifest, write_manifest
from cascade_efgan.data.photo_files.photos import Photo, PhotoZip, encode_png, new_zip, sha256

REPOSITORY = Path(__file__).parents[1]
SHARED = REPOSITORY.parent / "shared"


def shared_folder(*parts: str) -> Path:
    """A folder of real data beside the repository; the test is skipped where it is absent."""
    folder = SHARED.joinpath(*parts)
    if not folder.is_dir():
        pytest.skip(f"real data are absent: no folder {Path('..', 'shared', *parts)} beside the repository")
    return folder


@pytest.fixture(scope="session")
def preloaded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Folder of an `efgan` that starts at once."""
    with preloaded_programs(tmp_path_factory.mktemp("preloaded") / "programs") as programs:
        yield programs


@pytest.fixture(scope="session")
def made_once(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Callable[[str, Callable[[Path], object]], Path]:
    """A function that fills a folder once for all processes of the session: `made_once(NAME, FILL)` is its path."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if hasattr(request.config, "workerinput") else base

    def made(name: str, fill: Callable[[Path], object]) -> Path:
        folder, done = shared / name, shared / f"{name}.done"
        with FileLock(shared / f"{name}.lock"):
            if not done.is_file():
                fill(folder)
                done.touch()
        return folder

    return made


@pytest.fixture(scope="session")
def repository() -> Path:
    """Root of the repository."""
    return REPOSITORY


@pytest.fixture(scope="session")
def london_mirror() -> Path:
    """The real London photographs."""
    return shared_folder("faces", "london")


@pytest.fixture(scope="session")
def openface_cases() -> Path:
    """Recorded runs of the real OpenFace, one folder each."""
    return shared_folder("openface", "cases")


@pytest.fixture(scope="session")
def openface_london() -> Path:
    """The real OpenFace's CSVs of the London photographs."""
    return shared_folder("openface", "london")


@pytest.fixture(scope="session")
def models_mirror() -> Path:
    """Weights of MediaPipe's face landmarker."""
    return shared_folder("models")


def run_stage(*words: object) -> None:
    """Run one stage in this process, as `efgan WORDS` would; errors are raised."""
    app([str(word) for word in words], standalone_mode=False)


@dataclass
class SmallData:
    """Paths of a small data set as `download` leaves it, with OpenFace's CSVs in a folder."""

    folder: Path
    photos: Path
    manifest: Path
    openface: Path

    def path(self, name: str) -> Path:
        """A file beside the others."""
        return self.folder / name

    def extract_aus(self, *flags: str) -> None:
        """Run the stage: `faces.csv` and `excluded.csv`."""
        run_stage(
            "extract_aus", "--dataset", "rendered", "--photos", self.photos, "--manifest", self.manifest,
            "--openface", self.openface, "--faces", self.path("faces.csv"), "--excluded", self.path("excluded.csv"),
            "--provenance", self.path("openface.json"), *flags,
        )  # fmt: skip

    def crop(self, *flags: str) -> Faces:
        """Run the stage at 32 x 32 pixels with a margin of a quarter: `crops.npy`, `crops.csv`, `crop_checks.csv`."""
        run_stage(
            "crop", "--photos", self.photos, "--manifest", self.manifest, "--faces", self.path("faces.csv"),
            "--crops", self.path("crops.npy"), "--index", self.path("crops.csv"),
            "--checks", self.path("crop_checks.csv"), "--set", "crop.size=32", "--set", "crop.margin=0.25",
            *flags,
        )  # fmt: skip
        return load_faces(self.path("crops.npy"), self.path("crops.csv"))

    def replace_photo(self, file: str, content: bytes | None, height: int = 100) -> None:
        """Put other bytes into the zip for one file (None: none) and what belongs to them into the manifest."""
        manifest = read_manifest(self.manifest)
        with PhotoZip(self.photos) as photos:
            contents = {name: photos.read(name) for name in manifest["file"] if name != file}
        contents |= {} if content is None else {file: content}
        with new_zip(self.photos) as archive:
            for name, data in contents.items():
                archive.add(name, data)
        manifest.loc[manifest["file"] == file, ["sha256", "height"]] = [sha256(content or b""), height]
        write_manifest(self.manifest, manifest.to_dict("records"))


def write_small_data(folder: Path, people: int = 4, expressions: Sequence[str] = ("happy", "neutral")) -> SmallData:
    """Photographs of noise, 120 x 100 pixels, whose landmarks span 60 pixels; one per person and expression."""
    rng = np.random.default_rng(0)
    data = SmallData(folder, folder / "photos.zip", folder / "manifest.csv", folder / "openface")
    data.openface.mkdir(parents=True)
    rows = []
    with new_zip(data.photos) as archive:
        for person in range(people):
            for number, expression in enumerate(expressions):
                name = f"p{person:02d}_{expression}"
                png = encode_png(rng.integers(0, 256, (100, 120, 3), dtype=np.uint8))
                photo = Photo(name, f"{name}.png", f"{person:02d}", expression, "frontal", png)
                archive.add(photo.file, photo.data)
                rows.append(manifest_row(photo, "rendered"))
                face = (0.98, [float(number)] * len(AUS), landmarks(20 + person, 30 + number))
                (data.openface / f"{name}.csv").write_text(openface_text([face]))
    write_manifest(data.manifest, rows)
    return data


@pytest.fixture(scope="session")
def make_data() -> Callable[[Path], SmallData]:
    """Writes such a data set into a folder, for fixtures that last longer than a test."""
    return write_small_data


@pytest.fixture
def small_data(tmp_path: Path) -> SmallData:
    """Four people, neutral and happy."""
    return write_small_data(tmp_path / "data")


@pytest.fixture
def cropped_data(small_data: SmallData) -> SmallData:
    """The same after `extract_aus` and `crop`."""
    small_data.extract_aus()
    small_data.crop()
    return small_data


@pytest.fixture(scope="session")
def efgan() -> Callable[..., None]:
    """`run_stage`: `efgan("split", "--index", path, ...)`."""
    return run_stage


#: Answers each photograph with the next CSV of its folder, the last one again and again; an empty one is no face.
OPENFACE = """#!/bin/sh
set -e
cd "$(dirname "$0")" && test -s "$2" && mkdir -p "$4"
turn=$(cat turn)
if [ -f "$((turn + 1)).csv" ]; then echo "$((turn + 1))" >turn; fi
if [ -s "$turn.csv" ]; then cp "$turn.csv" "$4/photo.csv"; fi
"""


@pytest.fixture
def openface_answers(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """A function that names a FaceLandmarkImg with these answers (CSV texts, one per photograph) in OPENFACE_BIN."""

    def named(*texts: str) -> Path:
        program = write_program(tmp_path_factory.mktemp("openface") / "FaceLandmarkImg", OPENFACE)
        for number, text in enumerate(texts):
            program.with_name(f"{number}.csv").write_text(text)
        program.with_name("turn").write_text("0")
        monkeypatch.setenv("OPENFACE_BIN", str(program))
        return program

    return named


@pytest.fixture(scope="session")
def swapped_profile() -> bytes:
    """An ICC profile that is sRGB's with red and green exchanged: no mistake about colours stays small under it."""
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return srgb.replace(b"rXYZ", b"here").replace(b"gXYZ", b"rXYZ").replace(b"here", b"gXYZ")
