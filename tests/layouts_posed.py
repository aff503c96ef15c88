"""RaFD and CFEE as their owners send them, real names and folders filled with rendered faces, and their traps."""

import io
import shutil
import tarfile
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from cascade_efgan.data import EXPRESSIONS
from cascade_efgan.data.rendered import face_of_id, openface_csv, render

#: The first numbers of RaFD's models (6 was never given) with ethnicity and gender; among them a Kid.
RAFD_MODELS = {1: "Caucasian_female", 2: "Kid_male", 3: "Moroccan_male", 4: "Caucasian_male", 5: "Kid_female",
               7: "Caucasian_male", 8: "Moroccan_male"}  # fmt: skip

#: Class ids of the seven expressions in the two good spreadsheets of `fixtures/cfeed`.
CFEED_CLASSES = {
    "22_classes": {"neutral": 1, "happy": 2, "sad": 3, "fearful": 4, "angry": 5, "surprised": 6, "disgusted": 7},
    "extra_classes": {"neutral": 1, "angry": 2, "disgusted": 3, "fearful": 4, "happy": 5, "sad": 6, "surprised": 7},
}
CFEED_SHEETS = Path(__file__).parent / "fixtures" / "cfeed"
CFEED_SHEET = "AU_annotation_all_subjects.xls"
_CFEED_RANGES = ("01-04", "05-08", "09-12", "13-16", "17-20", "21-26")


def make_rafd(
    folder: Path, people: int, gazes: Sequence[str] = ("left", "frontal", "right"), size: int = 160
) -> dict[str, str]:
    """Write RaFD's frontal photographs of the first `people` (at most 7) models, `size` pixels wide and high.

    Returns:
        id -> OpenFace's CSV of the photograph.
    """
    folder.mkdir(parents=True, exist_ok=True)
    answers = {}
    for person, (number, looks) in enumerate(list(RAFD_MODELS.items())[:people], start=1):
        for expression in EXPRESSIONS:
            for gaze in gazes:
                face_id = f"Rafd090_{number:02d}_{looks}_{expression}_{gaze}"
                jpeg, answers[face_id] = face(person, expression, gaze, size)
                (folder / f"{face_id}.jpg").write_bytes(jpeg)
    return answers


def make_cfeed(folder: Path, people: int, sheet: str = "22_classes", size: int = 160) -> dict[str, str]:
    """Write CFEE's seven primary classes and one compound class of `people` subjects, with the spreadsheet `sheet`.

    Returns:
        id -> OpenFace's CSV of the photograph, for the seven.
    """
    classes = CFEED_CLASSES[sheet]
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(CFEED_SHEETS / f"{sheet}.xls", folder / CFEED_SHEET)
    answers = {}
    for person in range(1, people + 1):
        for expression, class_id in classes.items():
            jpeg, answer = face(person, expression, "frontal", size)
            answers[cfeed_photo(folder, class_id, person, jpeg).stem] = answer
        cfeed_photo(folder, 9, person, jpeg)
    return answers


def cfeed_photo(folder: Path, class_id: int, person: int, data: bytes, number: int | None = None) -> Path:
    """Write one photograph where the release has it; the suffix's case changes from class to class, as there."""
    place = next(k for k, text in enumerate(_CFEED_RANGES) if class_id <= int(text[3:]))
    below = folder / "CFEE_Database_230" / _CFEED_RANGES[place] / f"Images{place + 1}"
    below.mkdir(parents=True, exist_ok=True)
    suffix = (".jpg", ".JPG", ".Jpg")[class_id % 3]
    if number is None:
        number = 2000 + 30 * person + class_id
    path = below / f"{class_id:02d}_{109 + person}_{number}{suffix}"
    path.write_bytes(data)
    return path


@lru_cache(maxsize=256)
def face(person: int, expression: str, gaze: str, size: int) -> tuple[bytes, str]:
    """(JPEG, OpenFace's CSV) of a rendered face; the landmarks are those of the picture's new size."""
    rendering = render(face_of_id(f"r{person:03d}_{expression}_{gaze}", seed=3))
    scale = size / rendering.image.shape[0]
    image = cv2.resize(rendering.image, (size, size), interpolation=cv2.INTER_AREA)
    # Pixel centres keep their places: the middle of pixel 0 is at 0.
    landmarks = (rendering.landmarks + 0.5) * scale - 0.5
    return jpeg_of(np.asarray(image, np.uint8)), openface_csv(replace(rendering, image=image, landmarks=landmarks))


def jpeg_of(image: np.ndarray) -> bytes:
    """JPEG bytes of `(H, W, 3)` uint8."""
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, format="JPEG", quality=92)
    return buffer.getvalue()


def add_leavings(folder: Path) -> None:
    """What macOS and Windows leave beside the photographs: names that look like photographs, and are none."""
    photo = next(path for path in sorted(folder.rglob("*")) if path.suffix.lower() == ".jpg")
    photo.with_name(f"._{photo.name}").write_bytes(b"\x00\x05\x16\x07 resource fork")
    (folder / "__MACOSX").mkdir()
    (folder / "__MACOSX" / photo.name).write_bytes(b"resource fork")
    for name in (".DS_Store", "Thumbs.db", "desktop.ini"):
        photo.with_name(name).write_bytes(b"view settings")


def add_copy(folder: Path, photo_id: str, data: bytes | None = None) -> Path:
    """The same photograph once more, in a folder with spaces in its name; with `data`, other bytes under its name."""
    copy = folder / "copy of my photos" / f"{photo_id}.jpg"
    copy.parent.mkdir(exist_ok=True)
    copy.write_bytes(photo_path(folder, photo_id).read_bytes() if data is None else data)
    return copy


def photo_path(folder: Path, photo_id: str) -> Path:
    """Where the photograph of an id is."""
    return next(path for path in sorted(folder.rglob(f"{photo_id}.*")))


def pack(folder: Path, archive: Path) -> Path:
    """Pack a folder as the suffix of `archive` says: .zip, .tar, .tar.gz, .tar.bz2, .tar.xz; returns `archive`."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    if archive.suffix == ".zip":
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
            for path in files:
                packed.write(path, path.relative_to(folder))
    else:
        kind = archive.suffix.removeprefix(".")
        with tarfile.open(archive, "w" if kind == "tar" else f"w:{kind}") as packed:  # type: ignore[call-overload]
            for path in reversed(files):
                packed.add(path, path.relative_to(folder))
    return archive
