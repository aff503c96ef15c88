"""The engine of the page: `cascade_efgan.editing` behind the service's small interface."""

import io
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from cascade_efgan.app.engine import Download, OpenedFace, OpenedPhotograph, Shown, Wish
from cascade_efgan.app.limits import Limits
from cascade_efgan.data.face_crops.crops import crop_image
from cascade_efgan.data.photo_files.images import to_srgb
from cascade_efgan.data.photo_files.photos import encode_png
from cascade_efgan.devices import taken_device
from cascade_efgan.editing.animation import FILM_SIDE, gif_bytes, shrink
from cascade_efgan.editing.crop_editor import CropEdit
from cascade_efgan.editing.editor import Editor
from cascade_efgan.editing.inputs import target_aus
from cascade_efgan.editing.mark import named_aus
from cascade_efgan.editing.paste import paste
from cascade_efgan.editing.photo import LIMITS, read_photo
from cascade_efgan.editing.photo_writing import write_photo
from cascade_efgan.face_finders.blendshapes import untold_aus
from cascade_efgan.face_finders.found import MEDIAPIPE, FoundFace, find_faces

#: What messages call an upload: its own name is never used.
_NAME = "the photograph"


class EditingEngine:
    """Finds faces and edits them with an `Editor`, for one caller at a time.

    Every method raises `InputError` with one sentence for what the user can fix.

    Attributes:
        description: the model in a few words, for the head of the page.
        caution: one sentence on what a model below the paper's size cannot do, or empty.
        expressions: name -> `(17,)` mean AUs 0..5 that the expression's button sets.
    """

    def __init__(self, editor: Editor, limits: Limits) -> None:
        self._editor = editor
        self._limits = limits
        self._photo_limits = replace(LIMITS, pixels=limits.pixels)
        self.description = editor.description
        self.caution = ""
        if editor.crop_size < 128:  # the paper's (Sec. 4.1)
            self.caution = (
                "This model is smaller than the paper's, made to be trained in minutes: expect coarse edits, and poor "
                "ones of photographs that are unlike those it learnt from."
            )
        self.expressions = editor.expressions()

    def open(self, data: bytes) -> OpenedPhotograph:
        """Read an upload and find its faces; at least one."""
        photo = read_photo(data, _NAME, self._photo_limits)
        found, reasons = self._editor.find(photo.image, _NAME)
        profile = photo.metadata.get("icc_profile")
        faces = self._open_faces(photo.image, found[: self._limits.faces], profile)
        preview = shrink(photo.image, self._limits.preview_side)
        scale = preview.shape[1] / photo.image.shape[1]
        note = f"Of {len(found) + len(reasons)} faces, one {reasons[0]}." if reasons else ""
        return OpenedPhotograph(preview, scale, _jpeg(preview, profile), faces, note)

    def show_faces(self, wanted: Sequence[tuple[OpenedFace, np.ndarray]]) -> list[Shown]:
        """The picture of each face, edited to its target, with an attention map and the network's output per step."""
        return [
            Shown(
                images=[_jpeg(picture, face.profile) for picture in self._pictures(face, edit)],
                attention=[encode_png(one) for one in np.rint(255 * edit.attention).clip(0, 255).astype(np.uint8)],
                network=[encode_png(to_srgb(image, face.profile)) for image in edit.images],
            )
            for (face, _), edit in zip(wanted, self._edit_crops(wanted), strict=True)
        ]

    def show_photograph(self, photograph: OpenedPhotograph, wishes: Sequence[Wish]) -> Shown:
        """The preview with all wishes done: one picture."""
        return Shown([_jpeg(self._edit_preview(photograph, wishes), photograph.faces[0].profile)])

    def download(self, data: bytes, photograph: OpenedPhotograph, wishes: Sequence[Wish]) -> Download:
        """The full-size upload with all wishes done, its metadata and the mark, in its format if that can hold it."""
        photo = read_photo(data, _NAME, self._photo_limits)
        found = [photograph.faces[wish.face].found for wish in wishes]
        edited = self._editor.edit_faces(photo.image, found, np.stack([wish.target for wish in wishes]))
        return Download(*write_photo(photo, edited.image, [named_aus(wish.target) for wish in wishes]))

    def animate(self, photograph: OpenedPhotograph, wishes: Sequence[Wish], whole: bool) -> Download:
        """A GIF from what is there to the wishes and back, of the whole preview or of the first wish's face; marked."""
        shares = np.linspace(0, 1, 8)[1:]
        if whole:
            small = replace(photograph, preview=shrink(photograph.preview, FILM_SIDE))
            small = replace(small, scale=photograph.scale * small.preview.shape[1] / photograph.preview.shape[1])
            stages = [[_on_the_way(photograph, wish, share) for wish in wishes] for share in shares]
            frames = [small.preview, *(self._edit_preview(small, one) for one in stages)]
        else:
            wishes = wishes[:1]
            face = photograph.faces[wishes[0].face]
            edits = self._edit_crops([(face, _on_the_way(photograph, wishes[0], share).target) for share in shares])
            now = [self._pictures(face, edit)[-1] for edit in edits]
            frames = [shrink(frame, FILM_SIDE) for frame in (face.picture, *now)]
        frames = [to_srgb(_enlarge(frame), photograph.faces[0].profile) for frame in frames]
        return Download(gif_bytes(frames, [named_aus(wish.target) for wish in wishes]), "image/gif")

    def edit_file(self, data: bytes, expression: str, intensity: float) -> Download:
        """An upload with all its faces edited to one expression, for the batch."""
        photograph = self.open(data)
        goal = self.expressions[expression]
        targets = [target_aus(face.aus, goal, None, intensity) for face in photograph.faces]
        return self.download(data, photograph, [Wish(place, target) for place, target in enumerate(targets)])

    def _open_faces(self, image: np.ndarray, found: Sequence[FoundFace], profile: bytes | None) -> list[OpenedFace]:
        squares = [self._editor.square(face) for face in found]
        crops = np.stack([crop_image(image, square, self._editor.crop_size) for square in squares])
        aus = np.stack([np.asarray(face.aus, dtype=np.float64) for face in found])
        same = self._editor.crops.edit(crops, aus, aus)
        faces = []
        for n, face in enumerate(found):
            side = round(np.clip(squares[n].side, self._editor.crop_size, 384))  # as large as the page shows it
            picture = crop_image(image, squares[n], side)
            opened = OpenedFace(
                found=face,
                aus=aus[n],
                crop=crops[n],
                crop_file=encode_png(to_srgb(crops[n], profile)),
                picture=picture,
                picture_file=_jpeg(picture, profile),
                unchanged=list(same[n].images),
                guessed=untold_aus() if face.where == MEDIAPIPE else (),
                profile=profile,
            )
            faces.append(opened)
        return faces

    @staticmethod
    def _pictures(face: OpenedFace, edit: CropEdit) -> list[np.ndarray]:
        """The picture of a face with each step's crop put into it, as the photograph gets it."""
        whole = (-0.5, -0.5, float(len(face.picture)))
        return [
            paste(face.picture, whole, *step) for step in zip(edit.images, edit.attention, face.unchanged, strict=True)
        ]

    def _edit_crops(self, wanted: Sequence[tuple[OpenedFace, np.ndarray]]) -> list[CropEdit]:
        return self._editor.crops.edit(
            np.stack([face.crop for face, _ in wanted]),
            np.stack([face.aus for face, _ in wanted]),
            np.stack([target for _, target in wanted]),
        )

    def _edit_preview(self, photograph: OpenedPhotograph, wishes: Sequence[Wish]) -> np.ndarray:
        found = [_scaled(photograph.faces[wish.face].found, photograph.scale) for wish in wishes]
        return self._editor.edit_faces(photograph.preview, found, np.stack([wish.target for wish in wishes])).image


def make_engine(weights: Path, openface: Path | None, device: str | None, limits: Limits) -> EditingEngine:
    """The engine of a weights file; without `device` on the GPU that `take_gpu` took, else on the CPU."""
    return EditingEngine(Editor.from_file(weights, find_faces(openface), device or taken_device()), limits)


def _on_the_way(photograph: OpenedPhotograph, wish: Wish, share: float) -> Wish:
    """The wish at a share of the way from what the face shows."""
    return Wish(wish.face, target_aus(photograph.faces[wish.face].aus, wish.target, None, share))


def _scaled(face: FoundFace, scale: float) -> FoundFace:
    """A face in its photograph resized by `scale`; pixel centres lie at whole numbers in both."""
    return replace(face, landmarks=(face.landmarks + 0.5) * scale - 0.5)


def _enlarge(image: np.ndarray) -> np.ndarray:
    scale = 256 / max(image.shape[:2])  # smaller faces are hard to see in an animation
    return image if scale <= 1 else cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)


def _jpeg(image: np.ndarray, profile: bytes | None) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(to_srgb(image, profile)).save(buffer, "JPEG", quality=90)  # looked at, not kept
    return buffer.getvalue()
