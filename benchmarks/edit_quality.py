"""What limits edits of photographs: `python benchmarks/edit_quality.py RUN LONDON OPENFACE [--json OUT.json]`.

RUN is a trained method's folder, LONDON the folder of the photographs, OPENFACE that of OpenFace's CSVs of them.
Neutral faces of people that the networks never saw, photographed and rendered, are edited to happy and to surprised.
Three things may fail, and each is taken out in turn:

- the weights: the true edit, rendered, takes the place of the network's output;
- the AUs that the face is said to show: OpenFace's (of rendered faces the true ones) take the place of MediaPipe's;
- the way back into the photograph: the network's whole crop is put there, or the difference alone.

`reached` is the share of the wanted change that MediaPipe reads from the result, over the AUs that it can read;
`damage` the mean absolute change of the pixels in the face's square, grey levels; `gain` the PSNR to the true edit less
that of the photograph as it is, dB: above 0 is better than doing nothing.
"""

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from cascade_efgan.config.data_sections import OpenFace
from cascade_efgan.data import AUS
from cascade_efgan.data.face_crops.crops import crop_image
from cascade_efgan.data.openface.csv_files import read_openface
from cascade_efgan.data.openface.detected import choose_face
from cascade_efgan.data.photo_files.images import decode_image
from cascade_efgan.data.rendered import render, sample_plan
from cascade_efgan.editing.editor import Editor
from cascade_efgan.editing.face_edits import EditedFace
from cascade_efgan.editing.paste import paste
from cascade_efgan.face_finders.blendshapes import untold_aus
from cascade_efgan.face_finders.found import FaceFinder, FoundFace, find_faces
from cascade_efgan.files import write_json

EXPRESSIONS = ("happy", "surprised")
#: Of the rendered people: no preset renders any with it, so that no network has seen them.
SEED = 7
#: A wanted change below this cannot be read reliably.
LEAST_CHANGE = 1.0

_TOLD = [AUS.index(au) for au in AUS if au not in untold_aus()]


@dataclass(frozen=True)
class Subject:
    """A neutral face.

    Attributes:
        image: `(H, W, 3)` uint8 RGB.
        read: the face as MediaPipe finds it.
        known: the same as OpenFace found it or, of a rendered face, as it is.
        true_edit: renders the person with `(17,)` AUs, `(H, W, 3)`; None for photographs.
    """

    image: np.ndarray
    read: FoundFace
    known: FoundFace
    true_edit: Callable[[np.ndarray], np.ndarray] | None = None


def photographed(london: Path, openface: Path, count: int, finder: FaceFinder) -> Iterator[Subject]:
    """`count` neutral London photographs, spread over all."""
    known = read_openface(openface)
    files = sorted((london / "neutral_front").glob("*.jpg"))
    for file in files[:: max(1, len(files) // count)][:count]:
        image = decode_image(file.read_bytes(), file.name)
        face = choose_face(known[file.stem], OpenFace().min_confidence)
        yield Subject(image, finder.find(image)[0], face)


def rendered(count: int, finder: FaceFinder) -> Iterator[Subject]:
    """`count` rendered people."""
    plan = sample_plan(count, ["frontal"], SEED)
    for face in [one for one in plan if one.expression == "neutral"]:
        rendering = render(face)
        known = FoundFace(rendering.landmarks, rendering.aus, 1.0, "rendered")
        found = finder.find(rendering.image)
        if found:
            yield Subject(rendering.image, found[0], known, lambda aus, face=face: render(face, aus).image)


def ways_back(subject: Subject, face: EditedFace) -> dict[str, np.ndarray]:
    """The photograph with a face put back in each way, `(H, W, 3)` uint8."""
    attention = face.attention[-1]

    def back(edited: np.ndarray, unchanged: np.ndarray | None, painted: np.ndarray) -> np.ndarray:
        return paste(subject.image, face.square, edited, painted, unchanged)

    difference = face.crop + face.steps[-1].astype(float) - face.unchanged[-1]
    made = {
        "as it is done": back(face.steps[-1], face.unchanged[-1], attention),
        "whole crop": back(face.steps[-1], None, np.ones_like(attention)),
        "difference alone": back(difference.round().clip(0, 255).astype(np.uint8), None, attention),
    }
    if subject.true_edit is not None:
        true = crop_image(subject.true_edit(face.target), face.square, len(face.crop))
        made["true edit instead of the network"] = back(true, face.crop, np.ones_like(attention))
    return made


def reached(before: FoundFace, after: list[FoundFace], target: np.ndarray) -> float:
    """Share of the wanted change that can be read; NaN where no face is found any more."""
    if not after:
        return np.nan
    wanted = (target - before.aus)[_TOLD]
    large = np.abs(wanted) >= LEAST_CHANGE
    got = (after[0].aus - before.aus)[_TOLD]
    return float(wanted[large] @ got[large] / (wanted[large] @ wanted[large]))


def score(subject: Subject, face: EditedFace, image: np.ndarray, finder: FaceFinder) -> dict[str, float]:
    """The figures of one edited photograph."""
    x, y, side = (round(value) for value in face.square)
    here = np.s_[max(0, y) : y + side, max(0, x) : x + side]
    figures = {
        "reached": reached(subject.read, finder.find(image), face.target),
        "damage": float(np.abs(image[here].astype(float) - subject.image[here]).mean()),
    }
    if subject.true_edit is not None:
        true = subject.true_edit(face.target)[here].astype(float)
        errors = [np.square(one[here] - true).mean() for one in (subject.image, image)]
        figures["gain"] = float(10 * np.log10(errors[0] / errors[1]))
    return figures


def measure(editor: Editor, subjects: list[Subject], finder: FaceFinder) -> list[dict[str, object]]:
    """A row for each source of AUs and each way back: means over subjects and expressions."""
    rows: list[dict[str, object]] = []
    for source in ("MediaPipe", "known"):
        scores: dict[str, list[dict[str, float]]] = {}
        for subject in subjects:
            face = subject.read if source == "MediaPipe" else replace(subject.known, landmarks=subject.read.landmarks)
            for expression in EXPRESSIONS:
                target = editor.expressions()[expression]
                edited = editor.edit_faces(subject.image, [face], target[None]).faces[0]
                for way, image in ways_back(subject, edited).items():
                    scores.setdefault(way, []).append(score(subject, edited, image, finder))
        for way, each in scores.items():
            means = {name: round(float(np.nanmean([one[name] for one in each])), 2) for name in each[0]}
            rows.append({"aus": source, "way": way, **means})
    return rows


def main() -> None:
    """Measure, print and write where asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("london", type=Path)
    parser.add_argument("openface", type=Path)
    parser.add_argument("--people", type=int, default=20, help="of each kind")
    parser.add_argument("--json", type=Path, help="file for the result")
    flags = parser.parse_args()
    torch.set_num_threads(1)
    finder = find_faces()
    editor = Editor.from_run(flags.run, finder, "cpu")
    kinds = {
        "photographed": list(photographed(flags.london, flags.openface, flags.people, finder)),
        "rendered": list(rendered(flags.people, finder)),
    }
    result: dict[str, object] = {"method": editor.spec.method, "crop_size": editor.crop_size}
    for kind, subjects in kinds.items():
        bias = np.mean([one.read.aus - one.known.aus for one in subjects], axis=0)
        result[kind] = {
            "people": len(subjects),
            "mediapipe_less_known_aus": {au: round(float(value), 2) for au, value in zip(AUS, bias, strict=True)},
            "rows": measure(editor, subjects, finder),
        }
        for row in result[kind]["rows"]:  # type: ignore[index]
            print(kind, row)
    if flags.json:
        write_json(flags.json, result)


if __name__ == "__main__":
    main()
