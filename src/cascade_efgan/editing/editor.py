"""`Editor`: a trained generator that edits faces in photographs, without Snakemake."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from cascade_efgan.data import AU_MAX
from cascade_efgan.data.crops import Square, crop_image, crop_square
from cascade_efgan.editing.faces import FaceFinder, FoundFace, find_faces, usable_faces
from cascade_efgan.editing.paste import paste
from cascade_efgan.editing.runs import find_weights, load_editor_model, run_expressions, run_folder
from cascade_efgan.editing.targets import MOST_INTENSITY, check_aus, target_aus
from cascade_efgan.errors import InputError

if TYPE_CHECKING:
    import torch

    from cascade_efgan.models.build import ModelSpec
    from cascade_efgan.models.cascade import Cascade

log = logging.getLogger("efgan.edit")

#: Smallest face, as a share of the crop's side: a smaller one would be enlarged more than twofold.
SMALLEST_FACE = 0.5
#: Crops that go through the network at a time.
_BATCH = 16


@dataclass(frozen=True)
class CropEdit:
    """What one step of the cascade made of N crops.

    Attributes:
        images: `(N, S, S, 3)` uint8 RGB.
        attention: branch (`face`, and with local focuses `eyes`, `nose`, `mouth`) -> `(N, h, w)` float32, 0..1.
    """

    images: np.ndarray
    attention: dict[str, np.ndarray]


@dataclass(frozen=True)
class EditedFace:
    """One edited face of a photograph.

    Attributes:
        found: the face as it was found.
        square: what was cut out, in pixels of the photograph.
        target: `(17,)` float64, 0..5, the AUs that it was edited to.
        crop: `(S, S, 3)` uint8 RGB, the face before.
        steps: of each step of the cascade, the crop `(S, S, 3)` uint8 RGB; the last is the edit.
        unchanged: of each step, what it gives when it is asked to change nothing, `(S, S, 3)` uint8 RGB (see `paste`).
        attention: of each step, where it painted anew: `(S, S)` float32, 0..1.
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


class Editor:
    """Edits the expression of faces with a trained generator.

    Make one with `from_run` or `from_file`. Several threads may use one at a time.

        editor = Editor.from_run("results")
        edited = editor.edit(image, {"AU12": 3.0})      # image: (H, W, 3) uint8 RGB

    Args:
        generator: a `Cascade` (of one module for single-step methods), in evaluation mode.
        spec: what it was built from.
        expressions: name -> `(17,)` AUs, 0..5.
        margin: border of crops as a share of the landmarks' longer side, as it was trained with.
        finder: finds faces; None: OpenFace or MediaPipe (`find_faces`), looked for when first needed.
        device: where it computes; None: a GPU where there is one, else the CPU.
    """

    def __init__(
        self,
        generator: "Cascade",
        spec: "ModelSpec",
        expressions: Mapping[str, np.ndarray],
        margin: float,
        finder: FaceFinder | None = None,
        device: "torch.device | str | None" = None,
    ) -> None:
        import torch

        from cascade_efgan.devices import pick_device
        from cascade_efgan.editing.fixed import fix_weights

        self._device = torch.device(device) if device is not None else pick_device()
        self._generator = fix_weights(generator).to(self._device).eval()
        self._expressions = {name: np.array(aus, dtype=np.float64) for name, aus in expressions.items()}
        self._finder = finder
        self.spec = spec
        self.margin = margin

    @classmethod
    def from_run(
        cls, run: str | Path = "results", finder: FaceFinder | None = None, device: "torch.device | str | None" = None
    ) -> "Editor":
        """The editor of a method's folder, or of the newest Cascade EF-GAN below a folder of runs.

        Raises:
            InputError: no weights there (the sentence says how to make them), or weights that do not fit.
        """
        return cls.from_file(find_weights(Path(run)), finder, device)

    @classmethod
    def from_file(
        cls, weights: str | Path, finder: FaceFinder | None = None, device: "torch.device | str | None" = None
    ) -> "Editor":
        """The editor of a weights file, with `model.json` beside it.

        Expressions are the means of the run's training images where its `crops.csv` and `split.csv` are, else the
        EMFACS prototypes.

        Raises:
            InputError: a file is missing or torn, they do not fit, or the method is StarGAN, which knows no AUs.
        """
        path = Path(weights)
        generator, spec, margin = load_editor_model(path)
        log.info("%s, %d pixels, from %s", spec.info.title, spec.crop_size, path)
        return cls(generator, spec, run_expressions(run_folder(path)), margin, finder, device)

    @property
    def crop_size(self) -> int:
        """Side S of the crops that the network edits, pixels."""
        return self.spec.crop_size

    @property
    def description(self) -> str:
        """The model in a few words."""
        steps = f", {self.spec.steps} steps" if self.spec.steps > 1 else ""
        return f"{self.spec.info.title}, {self.crop_size}×{self.crop_size} pixels{steps}"

    @property
    def has_attention(self) -> bool:
        """Whether it has attention maps: every method that edits by AUs has."""
        return True

    @property
    def smallest_face(self) -> float:
        """Least side of the box of a face's landmarks, pixels."""
        return SMALLEST_FACE * self.crop_size

    def expressions(self) -> dict[str, np.ndarray]:
        """Name -> `(17,)` float64, 0..5: the AUs that `expression=NAME` stands for."""
        return {name: aus.copy() for name, aus in self._expressions.items()}

    def square(self, face: FoundFace) -> Square:
        """The square of a face, pixels of its photograph."""
        return crop_square(face.landmarks, self.margin)

    def find(self, image: np.ndarray, name: str = "the photograph") -> tuple[list[FoundFace], list[str]]:
        """The faces of `(H, W, 3)` uint8 RGB that can be edited, largest first, and why each other one cannot.

        Raises:
            InputError: no face, or none that can be edited: too small, turned away, tilted or cut off.
        """
        _check_image(image)
        if self._finder is None:
            self._finder = find_faces()
        return usable_faces(self._finder.find(image), image.shape[:2], self.smallest_face, name)

    def edit(
        self,
        image: np.ndarray,
        aus: Mapping[str, float] | None = None,
        *,
        expression: str | None = None,
        like: np.ndarray | None = None,
        intensity: float = 1.0,
        faces: Literal["all"] | int = "all",
        steps: bool = False,
        name: str = "the photograph",
    ) -> EditedPhoto:
        """Edit the faces of a photograph.

        Args:
            image: `(H, W, 3)` uint8 RGB, upright.
            aus: AU (`AU12`) -> intensity 0..5; the AUs that are not named stay, or are the expression's.
            expression: a name of `expressions()`.
            like: another photograph, `(H, W, 3)` uint8 RGB, whose largest face shows the target; or `(17,)` AUs, 0..5.
            intensity: share of the way from what a face shows to the target, 0..2.
            faces: "all", or the number of one, 0 for the largest.
            steps: also give the photograph after each step of the cascade.
            name: what messages call the photograph.

        Raises:
            InputError: nothing or too much is asked for, or no face can be edited.
        """
        goal = self.goal(aus, expression, like)
        found, skipped = self.find(image, name)
        found = _chosen(found, faces, name)
        targets = np.stack([target_aus(face.aus, goal, aus, _intensity(intensity)) for face in found])
        return self.edit_faces(image, found, targets, skipped, steps)

    def animate(
        self,
        image: np.ndarray,
        frames: int,
        aus: Mapping[str, float] | None = None,
        *,
        expression: str | None = None,
        like: np.ndarray | None = None,
        intensity: float = 1.0,
        faces: Literal["all"] | int = "all",
        name: str = "the photograph",
    ) -> list[EditedPhoto]:
        """Continuous editing: the photograph as it is, then edits that go evenly to the target (Fig. 7).

        Args:
            image: `(H, W, 3)` uint8 RGB; the other arguments are those of `edit`.
            frames: number of photographs, 2 or more; the first is the original, the last the full edit.

        Raises:
            InputError: as `edit`, or fewer than two frames.
        """
        if frames < 2:
            raise InputError(f"{frames} frames: continuous editing needs at least 2")
        goal = self.goal(aus, expression, like)
        found, skipped = self.find(image, name)
        found = _chosen(found, faces, name)
        shares = np.linspace(0, _intensity(intensity), frames)[1:]
        targets = [[target_aus(face.aus, goal, aus, share) for face in found] for share in shares]
        return [
            EditedPhoto(image.copy(), [], skipped),
            *(self.edit_faces(image, found, np.array(target), skipped) for target in targets),
        ]

    def goal(
        self, aus: Mapping[str, float] | None, expression: str | None = None, like: np.ndarray | None = None
    ) -> np.ndarray | None:
        """The AUs `(17,)`, 0..5, that an expression or another photograph stands for; None where only AUs are given.

        Raises:
            InputError: nothing is asked for, both an expression and a photograph are, or one of them is unknown.
        """
        check_aus(aus or {})
        if expression is not None and like is not None:
            raise InputError("an expression and another photograph: give one of them")
        if like is not None:
            return (
                np.array(like, dtype=np.float64)
                if like.ndim == 1
                else self.find(like, "the other photograph")[0][0].aus
            )
        if expression is None:
            if not aus:
                raise InputError("nothing to do: give an expression, AUs or another photograph")
            return None
        if expression not in self._expressions:
            raise InputError(f"{expression}: no expression of this model; choose from {', '.join(self._expressions)}")
        return self._expressions[expression]

    def edit_faces(
        self,
        image: np.ndarray,
        found: Sequence[FoundFace],
        targets: np.ndarray,
        skipped: Sequence[str] = (),
        steps: bool = False,
    ) -> EditedPhoto:
        """Edit faces that are known already, all in one batch.

        Args:
            image: `(H, W, 3)` uint8 RGB.
            found: N faces in it.
            targets: `(N, 17)`, 0..5.
            skipped: passed on.
            steps: also give the photograph after each step.
        """
        squares = [self.square(face) for face in found]
        crops = np.stack([crop_image(image, square, self.crop_size) for square in squares])
        present = np.stack([face.aus for face in found])
        made, unchanged = self.edit_crops(crops, present, targets), self.edit_crops(crops, present, present)
        faces = [
            EditedFace(
                found=face,
                square=squares[n],
                target=targets[n],
                crop=crops[n],
                steps=[step.images[n] for step in made],
                unchanged=[step.images[n] for step in unchanged],
                attention=[self.attention_map(step, n) for step in made],
            )
            for n, face in enumerate(found)
        ]
        shown = [self._pasted(image, faces, step) for step in range(len(made) if steps else 0)]
        last = shown[-1] if shown else self._pasted(image, faces, len(made) - 1)
        return EditedPhoto(last, faces, list(skipped), shown)

    def edit_crops(self, crops: np.ndarray, present: np.ndarray, target: np.ndarray) -> list[CropEdit]:
        """Edit crops, in batches.

        Args:
            crops: `(N, S, S, 3)` uint8 RGB, as `crop_image` cuts them from `square`.
            present: `(N, 17)`, 0..5, the AUs that they show.
            target: `(N, 17)`, 0..5, the AUs that they shall show.

        Returns:
            One `CropEdit` a step of the cascade, first to last; the last is the edit.
        """
        import torch

        if crops.shape != (len(crops), self.crop_size, self.crop_size, 3) or crops.dtype != np.uint8:
            raise ValueError(f"crops: {crops.dtype} {crops.shape}, expected uint8 (N, {self.crop_size}, ..., 3)")
        if not len(crops) == len(present) == len(target):
            raise ValueError(f"{len(crops)} crops, {len(present)} present and {len(target)} target AUs")
        with torch.inference_mode():
            parts = [
                self._edit_batch(crops[n : n + _BATCH], present[n : n + _BATCH], target[n : n + _BATCH])
                for n in range(0, len(crops), _BATCH)
            ]
        return [
            CropEdit(
                np.concatenate([part.images for part in step]),
                {name: np.concatenate([part.attention[name] for part in step]) for name in step[0].attention},
            )
            for step in zip(*parts, strict=True)
        ]

    def attention_map(self, step: CropEdit, number: int) -> np.ndarray:
        """Where a step painted crop `number` anew: `(S, S)` float32, 0..1, the largest of its branches' maps."""
        whole = step.attention["face"][number].copy()
        for name, box in self.spec.boxes.items():
            part = whole[box.top : box.top + box.height, box.left : box.left + box.width]
            np.maximum(part, step.attention[name][number], out=part)
        return whole

    def _edit_batch(self, crops: np.ndarray, present: np.ndarray, target: np.ndarray) -> list[CropEdit]:
        import torch

        from cascade_efgan.training.samples import to_float, to_uint8

        image = to_float(torch.from_numpy(np.ascontiguousarray(np.moveaxis(crops, -1, 1))).to(self._device))
        source, goal = (
            torch.from_numpy((np.asarray(aus) / AU_MAX).astype(np.float32)).to(self._device).clamp(0, 1)
            for aus in (present, target)
        )
        return [
            CropEdit(
                to_uint8(edit.final).permute(0, 2, 3, 1).cpu().numpy(),
                {name: values[:, 0].float().cpu().numpy() for name, values in edit.attention.items()},
            )
            for edit in self._generator(image, source, goal)
        ]

    @staticmethod
    def _pasted(image: np.ndarray, faces: Sequence[EditedFace], step: int) -> np.ndarray:
        for face in faces:
            image = paste(image, face.square, face.steps[step], face.attention[step], face.unchanged[step])
        return image


def _chosen(found: list[FoundFace], faces: Literal["all"] | int, name: str) -> list[FoundFace]:
    if faces == "all":
        return found
    if not 0 <= faces < len(found):
        count = "1 face" if len(found) == 1 else f"{len(found)} faces"
        raise InputError(f"{name}: {count} can be edited, so that there is no face {faces + 1}; choose another")
    return [found[faces]]


def _intensity(value: float) -> float:
    if not 0 <= value <= MOST_INTENSITY:
        raise InputError(f"intensity {value:g}: expected 0 (nothing) to 1 (the target), or up to {MOST_INTENSITY:g}")
    return value


def _check_image(image: np.ndarray) -> None:
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8:
        raise ValueError(f"image: {image.dtype} {image.shape}, expected uint8 (H, W, 3) RGB")
