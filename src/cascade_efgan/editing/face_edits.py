"""Edits of photographs whose faces are known: crops out, through the network together, and back in."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from cascade_efgan.data.face_crops.crops import Square, crop_image
from cascade_efgan.editing.crop_editor import CropEditor
from cascade_efgan.editing.paste import paste
from cascade_efgan.face_finders.found import FoundFace


@dataclass(frozen=True)
class EditedFace:
    """One edited face of a photograph.

    Attributes:
        square: what was cut out, in pixels of the photograph.
        target: `(17,)` float64, 0..5, the AUs that it was edited to.
        crop: `(S, S, 3)` uint8 RGB, the face before.
        steps: of each step of the cascade, the crop `(S, S, 3)` uint8 RGB; the last is the edit.
        unchanged: of each step, what it gives when it is asked to change nothing, `(S, S, 3)` uint8 RGB (see `paste`).
        attention: of each step, where it repainted: `(S, S)` float32, 0..1.
    """

    found: FoundFace
    square: Square
    target: np.ndarray
    crop: np.ndarray
    steps: list[np.ndarray]
    unchanged: list[np.ndarray]
    attention: list[np.ndarray]


@dataclass(frozen=True)
class EditedPhoto:
    """An edited photograph.

    Attributes:
        image: `(H, W, 3)` uint8 RGB.
        faces: the edited faces, largest first.
        skipped: why each of the other faces was left as it was.
        steps: with `steps=True`, the photograph after each step of the cascade, each like `image`; else empty.
    """

    image: np.ndarray
    faces: list[EditedFace]
    skipped: list[str] = field(default_factory=list)
    steps: list[np.ndarray] = field(default_factory=list)


class Work(NamedTuple):
    """A photograph with N known faces, and K edits of them."""

    image: np.ndarray  # (H, W, 3) uint8 RGB
    found: Sequence[FoundFace]
    targets: np.ndarray  # (K, N, 17), 0..5
    skipped: Sequence[str] = ()  # why each of its other faces is left as it is


def edit_works(
    crop_editor: CropEditor, square: Callable[[FoundFace], Square], works: Sequence[Work], steps: bool = False
) -> list[list[EditedPhoto]]:
    """Of each work its K edits. All faces go through the network together, in batches.

    `square` gives that of a face, pixels of its photograph; `steps`: also give the photographs after each step.
    """
    if not works:
        return []
    squares = [[square(face) for face in work.found] for work in works]
    crops = [
        np.stack([crop_image(work.image, one, crop_editor.spec.crop_size) for one in of_work])
        for work, of_work in zip(works, squares, strict=True)
    ]
    present = [np.stack([face.aus for face in work.found]) for work in works]
    edits = [(number, target) for number, work in enumerate(works) for target in work.targets]
    made = iter(
        crop_editor.edit(
            np.concatenate([crops[number] for number, _ in edits]),
            np.concatenate([present[number] for number, _ in edits]),
            np.concatenate([target for _, target in edits]),
        )
    )
    # What it gives when it is asked to change nothing is the same for all edits of a face.
    same = iter(crop_editor.edit(np.concatenate(crops), np.concatenate(present), np.concatenate(present)))
    unchanged = [[list(next(same).images) for _ in work.found] for work in works]
    edited: list[list[EditedPhoto]] = [[] for _ in works]
    for number, target in edits:
        faces = []
        known = zip(works[number].found, squares[number], target, crops[number], unchanged[number], strict=True)
        for face, place, aus, crop, before in known:
            edit = next(made)
            faces.append(EditedFace(face, place, aus, crop, list(edit.images), before, list(edit.attention)))
        edited[number].append(_put_back(works[number], faces, steps))
    return edited


def _put_back(work: Work, faces: list[EditedFace], steps: bool) -> EditedPhoto:
    shown = []
    for step in range(len(faces[0].steps)) if steps else [-1]:
        image = work.image
        for face in faces:
            image = paste(image, face.square, face.steps[step], face.attention[step], face.unchanged[step])
        shown.append(image)
    return EditedPhoto(shown[-1], faces, list(work.skipped), shown if steps else [])
