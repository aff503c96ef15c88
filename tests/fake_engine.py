"""The engine of the page without a network: its edits are known to the grey level."""

import io
import zipfile

import cv2
import numpy as np
from PIL import Image

from cascade_efgan.app.engine import Download, OpenedFace, OpenedPhotograph, Shown, WorkerDiedError
from cascade_efgan.data import AUS
from cascade_efgan.data.photo_files.images import decode_image
from cascade_efgan.data.photo_files.photos import encode_png
from cascade_efgan.editing.runs import prototypes

SEEN = [AUS.index(au) for au in ("AU04", "AU12", "AU26")]


def photograph(height=20, width=24):
    """A ramp with some noise, as PNG."""
    ramp = np.add.outer(np.linspace(0, 120, height), np.linspace(0, 120, width))[..., None]
    return encode_png((ramp + np.random.default_rng(0).integers(0, 15, (height, width, 3))).astype(np.uint8))


def a_zip(*members, names=None, compression=zipfile.ZIP_DEFLATED):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for number, member in enumerate(members):
            archive.writestr(names[number] if names else f"{number}.png", member)
    return buffer.getvalue()


def edited(image, *targets):
    """Ten grey levels brighter for each unit of three AUs."""
    return (image * 0.5 + 10 * np.sum([target[SEEN] for target in targets])).clip(0, 255).astype(np.uint8)


class FakeEngine:
    """A photograph has as many faces as its height goes into its width; each is edited by brightening it."""

    description = "a fake"
    caution = ""
    steps = 3

    def __init__(self):
        self.expressions = prototypes()
        self.wait = None  # an event that every edit of a whole photograph waits for
        self.deadly = None  # bytes that end a worker

    def open(self, data):
        image = decode_image(data, "the photograph")
        side = image.shape[0]
        faces = []
        for left in range(0, image.shape[1] - side + 1, side):
            picture = image[:, left : left + side]
            crop = cv2.resize(picture, (side // 2, side // 2), interpolation=cv2.INTER_AREA)
            files = encode_png(crop), encode_png(picture)
            faces.append(OpenedFace(left, np.full(17, 0.5), crop, files[0], picture, files[1], guessed=("AU04",)))
        return OpenedPhotograph(image, 1.0, encode_png(image), faces)

    def show_faces(self, wanted):
        return [self._show_face(*one) for one in wanted]

    def _show_face(self, face, target):
        on_the_way = [face.aus + step / self.steps * (target - face.aus) for step in range(1, self.steps + 1)]
        pictures, crops = (
            [encode_png(edited(image, aus)) for aus in on_the_way] for image in (face.picture, face.crop)
        )
        return Shown(pictures, [encode_png(np.full(face.crop.shape[:2], 200, np.uint8))] * self.steps, crops)

    def show_photograph(self, photograph, wishes):
        if self.wait is not None:
            assert self.wait.wait(20)
        return Shown([encode_png(self._whole(photograph, wishes))])

    def download(self, data, photograph, wishes):
        return Download(encode_png(self._whole(photograph, wishes)), "image/png")

    def animate(self, photograph, wishes, whole):
        first, last = (Image.fromarray(one) for one in (photograph.preview, self._whole(photograph, wishes)))
        buffer = io.BytesIO()
        first.save(buffer, "GIF", save_all=True, append_images=[last])
        return Download(buffer.getvalue(), "image/gif")

    def edit_file(self, data, expression, intensity):
        if data == self.deadly:
            raise WorkerDiedError
        return Download(encode_png(decode_image(data, "the photograph")), "image/png")

    def close(self):
        if self.wait is not None:
            self.wait.set()

    @staticmethod
    def _whole(photograph, wishes):
        image = photograph.preview.copy()
        for wish in wishes:
            face = photograph.faces[wish.face]
            left, side = face.found, len(face.picture)
            image[:, left : left + side] = edited(face.picture, wish.target)
        return image
