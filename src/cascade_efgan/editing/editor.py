"""`Editor`: a trained generator that edits faces in photographs, without Snakemake."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self

import numpy as np

from cascade_efgan.data import AUS
from cascade_efgan.data.face_crops.crops import Square, crop_square
from cascade_efgan.editing.crop_editor import CropEditor, Device
from cascade_efgan.editing.face_edits import EditedFace, EditedPhoto, Work, edit_works
from cascade_efgan.editing.inputs import (
    Photograph,
    check_aus,
    check_intensity,
    chosen,
    known_aus,
    name_of,
    pixels_of,
    several,
    target_aus,
)
from cascade_efgan.editing.runs import (
    FOR_PHOTOGRAPHS,
    find_weights,
    load_editor_model,
    no_weights,
    pretrained_weights,
    run_facts,
    shown_weights,
)
from cascade_efgan.errors import InputError
from cascade_efgan.face_finders.found import FaceFinder, FoundFace, find_faces, usable_faces

if TYPE_CHECKING:
    from cascade_efgan.models.build import ModelSpec
    from cascade_efgan.models.cascade import Cascade

__all__ = ["EditedFace", "EditedPhoto", "Editor"]

log = logging.getLogger("efgan.edit")


class Editor:
    """Edits the expression of faces with a trained generator.

    Make one with `pretrained`, `from_run` or `from_file`. Several threads may use one at a time.

        editor = Editor.pretrained()
        edited = editor.edit(image, {"AU12": 3.0})      # image: (H, W, 3) uint8 RGB

    Attributes:
        crops: the network on crops: `editor.crops.edit(crops, present, target)`.
        origin: whose weights these are, in a few words; empty where it is not known.

    Args:
        generator: a `Cascade` (of one module for single-step methods), in evaluation mode.
        expressions: name -> `(17,)` AUs, 0..5.
        margin: border of crops as a share of the landmarks' longer side, as it was trained with.
        finder: finds faces; None: OpenFace or MediaPipe (`find_faces`), looked for when first needed.
    """

    def __init__(
        self,
        generator: "Cascade",
        spec: "ModelSpec",
        expressions: Mapping[str, np.ndarray],
        margin: float,
        finder: FaceFinder | None = None,
        device: Device = None,
    ) -> None:
        self.crops = CropEditor(generator, spec, device)
        self._expressions = {name: np.array(aus, dtype=np.float64) for name, aus in expressions.items()}
        self._finder = finder
        self.spec = spec
        self.margin = margin
        self.origin = ""

    @classmethod
    def pretrained(cls, name: str = FOR_PHOTOGRAPHS, finder: FaceFinder | None = None, device: Device = None) -> Self:
        """The editor of the package's weights `name`, of those for photographs by default; `InputError`: no such."""
        weights = pretrained_weights(name)
        if weights is None:
            raise no_weights(f"{name}: no weights of that name come with this package")
        return cls.from_file(weights, finder, device)

    @classmethod
    def from_run(cls, run: str | Path = "results", finder: FaceFinder | None = None, device: Device = None) -> Self:
        """The editor of the weights that `find_weights` finds in a method's folder, or in a folder of runs."""
        return cls.from_file(find_weights(Path(run)), finder, device)

    @classmethod
    def from_file(cls, weights: str | Path, finder: FaceFinder | None = None, device: Device = None) -> Self:
        """The editor of a weights file; `InputError` as of `load_editor_model`.

        Expressions are those stored beside published weights, or the means of the run's training images where its
        `crops.csv` and `split.csv` are, else the EMFACS prototypes.
        """
        path = Path(weights)
        generator, spec = load_editor_model(path)
        margin, expressions = run_facts(path, spec.crop_size)
        editor = cls(generator, spec, expressions, margin, finder, device)
        editor.origin = shown_weights(path)
        log.info("%s (%s)", editor.description, path)
        return editor

    @property
    def crop_size(self) -> int:
        """Side S of the crops that the network edits, pixels."""
        return self.spec.crop_size

    @property
    def description(self) -> str:
        """The model, and whose weights it uses, in a few words."""
        steps = f", {self.spec.steps} steps" if self.spec.steps > 1 else ""
        origin = f"; {self.origin}" if self.origin else ""
        return f"{self.spec.info.title}, {self.crop_size}×{self.crop_size} pixels{steps}{origin}"

    def expressions(self) -> dict[str, np.ndarray]:
        """Name -> `(17,)` float64, 0..5: the AUs that `expression=NAME` stands for."""
        return {name: aus.copy() for name, aus in self._expressions.items()}

    def square(self, face: FoundFace) -> Square:
        """The square of a face, pixels of its photograph."""
        return crop_square(face.landmarks, self.margin)

    def find(self, image: Photograph, name: str | None = None) -> tuple[list[FoundFace], list[str]]:
        """The faces of a photograph that can be edited, largest first, and why each other one cannot.

        Raises:
            InputError: no photograph (`pixels_of`), a finder that failed, no face, or none that can be edited: too
                small, turned away, tilted or cut off.
        """
        name = name or name_of(image)
        pixels = pixels_of(image, name)
        if self._finder is None:
            self._finder = find_faces()
        try:
            found = self._finder.find(pixels)
        except InputError as error:
            raise InputError(f"{name}: {error}") from None
        # A smaller face would be enlarged more than twofold.
        return usable_faces(found, pixels.shape[:2], self.crop_size / 2, name)

    def edit(
        self,
        image: Photograph,
        aus: Mapping[str, float] | None = None,
        *,
        expression: str | None = None,
        like: Photograph | None = None,
        intensity: float = 1.0,
        faces: Literal["all"] | int = "all",
        steps: bool = False,
        name: str | None = None,
    ) -> EditedPhoto:
        """Edit the faces of a photograph.

        Args:
            image: `(H, W, 3)` uint8 RGB, upright; or an image of Pillow's or a path, which are turned upright.
            aus: AU (`AU12`) -> intensity 0..5; the AUs that are not named stay, or are the expression's.
            expression: a name of `expressions()`.
            like: another photograph like `image`, whose largest face shows the target; or `(17,)` AUs, 0..5.
            intensity: share of the way from what a face shows to the target, 0..2.
            faces: "all", or the number of one, 0 for the largest.
            steps: also give the photograph after each step of the cascade.
            name: what messages call the photograph; None: its path, or "the photograph".

        Raises:
            InputError: no photograph, nothing or too much is asked for, or no face can be edited.
        """
        (edited,) = self.edit_many(
            [image], aus, expression=expression, like=like, intensity=intensity, faces=faces, steps=steps,
            names=[name or name_of(image)],
        )  # fmt: skip
        return edited

    def edit_many(
        self,
        images: Iterable[Photograph],
        aus: Mapping[str, float] | None = None,
        *,
        expression: str | None = None,
        like: Photograph | None = None,
        intensity: float = 1.0,
        faces: Literal["all"] | int = "all",
        steps: bool = False,
        names: Sequence[str] | None = None,
    ) -> list[EditedPhoto]:
        """Edit several photographs to one target, in their order; the faces of all go through the network together.

        Args:
            images: as `image` of `edit`, of any sizes; the other arguments are those of `edit`.
            names: what messages call each photograph; None: its path, or "photograph 1" and so on.

        Raises:
            InputError: as `edit`, of the first photograph that cannot be edited.
        """
        goal, shares = self.goal(aus, expression, like), [check_intensity(intensity)]
        works = [self._work(image, name, goal, aus, shares, faces) for image, name in several(images, names)]
        return [made for (made,) in edit_works(self.crops, self.square, works, steps)]

    def animate(
        self,
        image: Photograph,
        frames: int,
        aus: Mapping[str, float] | None = None,
        *,
        expression: str | None = None,
        like: Photograph | None = None,
        intensity: float = 1.0,
        faces: Literal["all"] | int = "all",
        name: str | None = None,
    ) -> list[EditedPhoto]:
        """Continuous editing: the photograph as it is, then edits that go evenly to the target (Fig. 7).

        Args:
            image: as in `edit`; the other arguments are those of `edit`.
            frames: number of photographs, 2 or more; the first is the original, the last the full edit.

        Raises:
            InputError: as `edit`, or fewer than two frames.
        """
        if frames < 2:
            raise InputError(f"{frames} frames: continuous editing needs at least 2")
        goal = self.goal(aus, expression, like)
        shares = np.linspace(0, check_intensity(intensity), frames)[1:]
        work = self._work(image, name or name_of(image), goal, aus, list(shares), faces)
        (edits,) = edit_works(self.crops, self.square, [work])
        return [EditedPhoto(work.image.copy(), [], list(work.skipped)), *edits]

    def goal(
        self, aus: Mapping[str, float] | None, expression: str | None = None, like: Photograph | None = None
    ) -> np.ndarray | None:
        """The AUs `(17,)`, 0..5, that an expression or another photograph stands for; None where only AUs are given.

        Raises:
            InputError: nothing is asked for, both an expression and a photograph are, or one of them is unknown.
        """
        check_aus(aus or {})
        if expression is not None and like is not None:
            raise InputError("an expression and another photograph: give one of them")
        if like is not None:
            if isinstance(like, list | tuple) or (isinstance(like, np.ndarray) and like.ndim == 1):
                return known_aus(like)
            return self.find(like, name_of(like, "the other photograph"))[0][0].aus
        if expression is None:
            if not aus:
                raise InputError("nothing to do: give an expression, AUs or another photograph")
            return None
        if expression not in self._expressions:
            raise InputError(f"{expression}: no expression of this model; choose from {', '.join(self._expressions)}")
        return self._expressions[expression]

    def edit_faces(self, image: Photograph, found: Sequence[FoundFace], targets: np.ndarray) -> EditedPhoto:
        """Edit faces that are known already, all in one batch.

        Args:
            image: as in `edit`.
            found: N faces in it.
            targets: `(N, 17)`, 0..5.

        Raises:
            InputError: no photograph, or targets that do not fit.
        """
        pixels, aus = pixels_of(image, name_of(image)), known_aus(targets, (len(found), len(AUS)))
        if not found:
            return EditedPhoto(pixels.copy(), [])
        return edit_works(self.crops, self.square, [Work(pixels, found, aus[None])])[0][0]

    def _work(
        self,
        image: Photograph,
        name: str,
        goal: np.ndarray | None,
        aus: Mapping[str, float] | None,
        shares: Sequence[float],
        faces: Literal["all"] | int,
    ) -> Work:
        pixels = pixels_of(image, name)
        found, skipped = self.find(pixels, name)
        found = chosen(found, faces, name)
        targets = [[target_aus(face.aus, goal, aus, share) for face in found] for share in shares]
        return Work(pixels, found, np.array(targets), skipped)
