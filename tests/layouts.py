"""Data sets as their owners send them: real layouts and names, filled with rendered faces, and their traps.

Every `make_...` returns id -> OpenFace's CSV of the photograph, for a replayed OpenFace. What such archives bring along
is there too: `._` files, upper-case suffixes, Windows line ends, spaces in paths, photographs that are left out.
"""

import hashlib
import io
import shutil
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from PIL import Image
from programs import write_files

from cascade_efgan.config import settings_from_flags
from cascade_efgan.data import EXPRESSIONS
from cascade_efgan.data.rendered import GAZES, Rendering, face_of_id, openface_csv, render
from cascade_efgan.data.sources.folder import path_id
from cascade_efgan.data.sources.source import Request, SourcePhotos, source_photos

#: The first numbers of RaFD's models (6 was never given) with ethnicity and gender; among them a Kid.
RAFD_MODELS = {"01": "Caucasian_female", "02": "Kid_male", "03": "Moroccan_male", "04": "Caucasian_male",
               "05": "Kid_female", "07": "Caucasian_male", "08": "Moroccan_male"}  # fmt: skip

#: Class ids of the seven expressions in the two good spreadsheets of `fixtures/cfeed`.
CFEED_CLASSES = {
    "22_classes": {"neutral": 1, "happy": 2, "sad": 3, "fearful": 4, "angry": 5, "surprised": 6, "disgusted": 7},
    "extra_classes": {"neutral": 1, "angry": 2, "disgusted": 3, "fearful": 4, "happy": 5, "sad": 6, "surprised": 7},
}
CFEED_SHEETS = Path(__file__).parent / "fixtures" / "cfeed"
CFEED_SHEET = "AU_annotation_all_subjects.xls"
_CFEED_RANGES = ("01-04", "05-08", "09-12", "13-16", "17-20", "21-26")

#: AffectNet's eight expressions in the order of its ids, spelled as the project spells them.
AFFECTNET = ("neutral", "happy", "sad", "surprised", "fearful", "disgusted", "angry", "contemptuous")
LIST_HEADER = ("subDirectory_filePath", "face_x", "face_y", "face_width", "face_height", "facial_landmarks",
               "expression", "valence", "arousal")  # fmt: skip

_SUFFIXES = (".jpg", ".JPG", ".jpeg", ".png", ".PNG")
#: What macOS and Windows leave in a folder: none of it is a photograph, whatever its name says.
_LITTER = ("._1.jpg", "._training.csv", "._0_exp.npy", ".DS_Store", "Thumbs.db", "desktop.ini", "__MACOSX/1.jpg")
_PACKINGS = {".zip": "zip", ".tar": "tar", ".tar.gz": "gztar", ".tar.bz2": "bztar", ".tar.xz": "xztar"}


def source(dataset: str, archive: Path, **section: object) -> SourcePhotos:
    """What an archive holds of a data set, by these settings of its section."""
    flags = [f"{dataset}.{key}={value}" for key, value in {"archive": archive, **section}.items()]
    return source_photos(dataset, Request(settings_from_flags(flags), archive.parent / ".download"))


def make_rafd(folder: Path, people: int, gazes: Sequence[str] = GAZES, size: int = 160) -> dict[str, str]:
    """RaFD's frontal photographs of the first `people` (at most 7) models, `size` pixels wide and high."""
    answers = {}
    for person, (number, looks) in enumerate(list(RAFD_MODELS.items())[:people], start=1):
        for expression in EXPRESSIONS:
            for gaze in gazes:
                face_id = f"Rafd090_{number}_{looks}_{expression}_{gaze}"
                answers[face_id] = _photograph(folder / f"{face_id}.jpg", face(person, expression, gaze, size))
    _litter(folder)
    return answers


def make_cfeed(folder: Path, people: int, sheet: str = "22_classes", size: int = 160) -> dict[str, str]:
    """CFEE's seven primary classes and one compound class of `people` subjects, with the spreadsheet `sheet`."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(CFEED_SHEETS / f"{sheet}.xls", folder / CFEED_SHEET)
    answers = {}
    for person in range(1, people + 1):
        for expression, class_id in (CFEED_CLASSES[sheet] | {"compound": 9}).items():
            path = folder / cfeed_name(class_id, person)
            shown = face(person, "happy" if class_id == 9 else expression, "frontal", size)
            answers[path.stem] = _photograph(path, shown)
        del answers[path.stem]
        _litter(path.parent)
    return answers


def cfeed_name(class_id: int, person: int, number: int | None = None) -> str:
    """Where the release has a photograph; the suffix's case changes from class to class, as there."""
    place = next(place for place, text in enumerate(_CFEED_RANGES) if class_id <= int(text[3:]))
    number = 2000 + 30 * person + class_id if number is None else number
    suffix = (".jpg", ".JPG", ".Jpg")[class_id % 3]
    folder = f"CFEE_Database_230/{_CFEED_RANGES[place]}/Images{place + 1}"
    return f"{folder}/{class_id:02d}_{109 + person}_{number}{suffix}"


def make_affectnet_csv(folder: Path, count: int) -> dict[str, str]:
    """The full release: `count` photographs of the eight expressions in turn, and three that show none.

    Every fourth is in `validation.csv`, which is quoted; `training.csv` has Windows line ends.
    """
    images = folder / "Manually_Annotated" / "Manually_Annotated_Images"
    rows: dict[str, list[list[str]]] = {"training": [], "validation": []}
    answers = {}
    for number in range(count + 3):
        expression = number % 8 if number < count else 8 + number - count
        shown = face(number + 1, AFFECTNET[expression % 8])
        subdirectory, stem = str(1 + number % 3), hashlib.sha224(str(number).encode()).hexdigest()
        path = f"{subdirectory}/{stem}{_SUFFIXES[number % len(_SUFFIXES)]}"
        answer = _photograph(images / path, shown)
        if expression < 8:
            answers[f"{subdirectory}-{stem}"] = answer
        low, high = shown.landmarks.min(axis=0), shown.landmarks.max(axis=0)
        box = ["NULL"] * 4 if expression == 10 else [str(int(value)) for value in (*low, *(high - low))]
        points = ";".join(f"{value:.2f}" for value in shown.landmarks.ravel())
        part = "validation" if number % 4 == 3 else "training"
        rows[part].append([path, *box, points, str(expression), "0.785714", "-0.055556"])
    lists = folder / "Manually_Annotated_file_lists"
    write_list(lists / "training.csv", [LIST_HEADER, *rows["training"]], "\r\n")
    write_list(lists / "validation.csv", [[f'"{cell}"' for cell in row] for row in (LIST_HEADER, *rows["validation"])])
    write_list(folder / "Automatically_annotated_file_list.csv", [LIST_HEADER, ["4/other.jpg,,,,,,1,0,0"]])
    _litter(images / "1")
    _litter(lists)
    return answers


def make_affectnet_npy(folder: Path, count: int) -> dict[str, str]:
    """The small release: `count` photographs of the eight expressions in turn, every fourth in `val_set`, and one none.

    Numbers start at 0 in both parts, so that the same file name is there twice.
    """
    numbers = {"train": 0, "val": 0}
    answers = {}
    for number in range(count + 1):
        expression = number % 8 if number < count else 8
        part = "val" if number % 4 == 3 else "train"
        stem = str(numbers[part])
        numbers[part] += 1
        shown = face(number + 1, AFFECTNET[expression % 8])
        answer = _photograph(folder / f"{part}_set" / "images" / f"{stem}{_SUFFIXES[number % 2]}", shown)
        if expression < 8:
            answers[f"{part}-{stem}"] = answer
        # Both are found in the wild: the digit as a string, and as a number.
        values = {"exp": str(expression) if number % 2 else expression, "val": "0.1", "aro": "-0.2",
                  "lnd": shown.landmarks.ravel()}  # fmt: skip
        annotations = folder / f"{part}_set" / "annotations"
        annotations.mkdir(exist_ok=True)
        for kind, value in values.items():
            np.save(annotations / f"{stem}_{kind}.npy", np.array(value))
    _litter(folder / "train_set" / "images")
    _litter(folder / "train_set" / "annotations")
    return answers


def make_folder(folder: Path, people: int, labels: bool) -> dict[str, str]:
    """Photographs of one's own: every person with the eight expressions.

    With labels in `folder/labels.csv` as a German spreadsheet saves them, and folders by person; without, folders by
    expression.
    """
    rows = ["file;person;expression"]
    answers = {}
    for person in range(people):
        for number, expression in enumerate(EXPRESSIONS):
            place = f"Frau Müller {person}/Bild {number}" if labels else f"my photos/{expression}/p{person}"
            name = place + _SUFFIXES[(person + number) % len(_SUFFIXES)]
            answers[path_id(name)] = _photograph(folder / name, face(person + 1, expression))
            windows = name.replace("/", "\\")
            rows.append(f"{windows};Müller {person};{expression.capitalize()}")
    if labels:
        (folder / "labels.csv").write_text("\r\n".join(rows) + "\r\n", encoding="utf-8-sig", newline="")
    _litter(folder)
    return answers


def write_list(path: Path, rows: Sequence[Sequence[str]], end: str = "\n") -> None:
    """Write rows as AffectNet's lists: cells joined by commas, lines ended by `end`."""
    write_files(path.parent, {path.name: "".join(",".join(row) + end for row in rows)})


@lru_cache(maxsize=256)
def face(person: int, expression: str, gaze: str = "frontal", size: int = 160) -> Rendering:
    """A rendered face, `size` pixels wide and high."""
    rendering = render(face_of_id(f"r{person:03d}_{expression}_{gaze}", seed=3))
    image = cv2.resize(rendering.image, (size, size), interpolation=cv2.INTER_AREA)
    # Pixel centres keep their places: the middle of pixel 0 is at 0.
    landmarks = (rendering.landmarks + 0.5) * size / rendering.image.shape[0] - 0.5
    return replace(rendering, image=np.asarray(image, np.uint8), landmarks=landmarks)


def _photograph(path: Path, shown: Rendering) -> str:
    """Write a photograph as its suffix says; gives OpenFace's CSV of it."""
    buffer = io.BytesIO()
    kind = "PNG" if path.suffix.lower() == ".png" else "JPEG"
    Image.fromarray(shown.image).save(buffer, format=kind, quality=95)
    write_files(path.parent, {path.name: buffer.getvalue()})
    return openface_csv(shown)


def _litter(folder: Path) -> None:
    write_files(folder, dict.fromkeys(_LITTER, b"\0\5\26\7"))


def pack(folder: Path, archive: Path) -> Path:
    """Pack a folder as the suffix of `archive` says; returns `archive`."""
    suffix = next(suffix for suffix in _PACKINGS if archive.name.endswith(suffix))
    return Path(shutil.make_archive(str(archive).removesuffix(suffix), _PACKINGS[suffix], folder))
