"""Photographs from the web and of one's own: real layouts and names, filled with rendered faces.

Every builder returns id -> OpenFace's CSV of the photograph, for a replayed OpenFace. What such archives bring along is
there too: `._` files, upper-case suffixes, Windows line ends, spaces in paths, photographs that are left out.
"""

import hashlib
import io
from pathlib import Path

import numpy as np
from PIL import Image

from cascade_efgan.data import EXPRESSIONS
from cascade_efgan.data.rendered import Rendering, openface_csv, render
from cascade_efgan.data.rendered.photographs import face_of_id
from cascade_efgan.data.sources.folder import path_id

#: AffectNet's eight expressions in the order of its ids, spelled as the project spells them.
AFFECTNET = ("neutral", "happy", "sad", "surprised", "fearful", "disgusted", "angry", "contemptuous")
LIST_HEADER = ("subDirectory_filePath", "face_x", "face_y", "face_width", "face_height", "facial_landmarks",
               "expression", "valence", "arousal")  # fmt: skip
_SUFFIXES = (".jpg", ".JPG", ".jpeg", ".png", ".PNG")


def make_affectnet_csv(folder: Path, count: int) -> dict[str, str]:
    """The full release: `count` photographs of the eight expressions in turn, and three that show none.

    Every fourth is in `validation.csv`, which is quoted; `training.csv` has Windows line ends.
    """
    images = folder / "Manually_Annotated" / "Manually_Annotated_Images"
    rows: dict[str, list[list[str]]] = {"training": [], "validation": []}
    openface = {}
    for number in range(count + 3):
        expression = number % 8 if number < count else 8 + number - count
        face = _face(number, AFFECTNET[expression % 8])
        subdirectory, stem = str(1 + number % 3), hashlib.sha224(str(number).encode()).hexdigest()
        path = f"{subdirectory}/{stem}{_SUFFIXES[number % len(_SUFFIXES)]}"
        _write_photograph(images / path, face)
        if expression < 8:
            openface[f"{subdirectory}-{stem}"] = openface_csv(face)
        part = "validation" if number % 4 == 3 else "training"
        rows[part].append([path, *_box(face, expression), _points(face), str(expression), "0.785714", "-0.055556"])
    lists = folder / "Manually_Annotated_file_lists"
    lists.mkdir(parents=True)
    write_list(lists / "training.csv", [list(LIST_HEADER), *rows["training"]], "\r\n")
    quoted = [[f'"{cell}"' for cell in row] for row in ([*LIST_HEADER], *rows["validation"])]
    write_list(lists / "validation.csv", quoted, "\n")
    (folder / "Automatically_annotated_file_list.csv").write_text(",".join(LIST_HEADER) + "\n4/other.jpg,,,,,,1,0,0\n")
    _litter(images / "1")
    _litter(lists)
    return openface


def make_affectnet_npy(folder: Path, count: int) -> dict[str, str]:
    """The small release: `count` photographs of the eight expressions in turn, every fourth in `val_set`, and one none.

    Numbers start at 0 in both parts, so that the same file name is there twice.
    """
    numbers = {"train": 0, "val": 0}
    openface = {}
    for number in range(count + 1):
        expression = number % 8 if number < count else 8
        part = "val" if number % 4 == 3 else "train"
        stem = str(numbers[part])
        numbers[part] += 1
        face = _face(number, AFFECTNET[expression % 8])
        _write_photograph(folder / f"{part}_set" / "images" / f"{stem}{_SUFFIXES[number % 2]}", face)
        annotations = folder / f"{part}_set" / "annotations"
        annotations.mkdir(exist_ok=True)
        # Both are found in the wild: the digit as a string, and as a number.
        np.save(annotations / f"{stem}_exp.npy", np.array(str(expression) if number % 2 else expression))
        np.save(annotations / f"{stem}_val.npy", np.array("0.1"))
        np.save(annotations / f"{stem}_aro.npy", np.array("-0.2"))
        np.save(annotations / f"{stem}_lnd.npy", face.landmarks.ravel())
        if expression < 8:
            openface[f"{part}-{stem}"] = openface_csv(face)
    _litter(folder / "train_set" / "images")
    _litter(folder / "train_set" / "annotations")
    return openface


def make_folder(folder: Path, people: int, labels: bool) -> dict[str, str]:
    """Photographs of one's own: every person with the eight expressions.

    With labels in `folder/labels.csv` as a German spreadsheet saves them, and folders by person; without, folders by
    expression.
    """
    rows = ["file;person;expression"]
    openface = {}
    for person in range(people):
        for number, expression in enumerate(EXPRESSIONS):
            face = _face(person, expression)
            suffix = _SUFFIXES[(person + number) % len(_SUFFIXES)]
            place = f"Frau Müller {person}/Bild {number}" if labels else f"my photos/{expression}/p{person}"
            _write_photograph(folder / f"{place}{suffix}", face)
            openface[path_id(f"{place}{suffix}")] = openface_csv(face)
            windows = place.replace("/", "\\")
            rows.append(f"{windows}{suffix};Müller {person};{expression.capitalize()}")
    if labels:
        (folder / "labels.csv").write_text("\r\n".join(rows) + "\r\n", encoding="utf-8-sig", newline="")
    _litter(folder)
    return openface


def write_list(path: Path, rows: list[list[str]], end: str) -> None:
    """Write rows as AffectNet's lists: cells joined by commas, lines ended by `end`."""
    path.write_text("".join(",".join(row) + end for row in rows), newline="")


def _face(person: int, expression: str) -> Rendering:
    return render(face_of_id(f"r{person + 1:03d}_{expression}_frontal", 7))


def _write_photograph(path: Path, face: Rendering) -> None:
    buffer = io.BytesIO()
    Image.fromarray(face.image).save(buffer, format="PNG" if path.suffix.lower() == ".png" else "JPEG", quality=95)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(buffer.getvalue())


def _box(face: Rendering, expression: int) -> list[str]:
    if expression == 10:
        return ["NULL"] * 4
    low, high = face.landmarks.min(axis=0), face.landmarks.max(axis=0)
    return [str(int(value)) for value in (*low, *(high - low))]


def _points(face: Rendering) -> str:
    return ";".join(f"{value:.2f}" for value in face.landmarks.ravel())


def _litter(folder: Path) -> None:
    """What macOS and Windows leave in a folder: none of it is a photograph, whatever its name says."""
    for name in ("._1.jpg", "._training.csv", "._0_exp.npy", ".DS_Store", "Thumbs.db"):
        (folder / name).write_bytes(b"\0\5\26\7")
