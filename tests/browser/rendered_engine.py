"""An engine for the page's tests that edits rendered faces by rendering them anew."""

import io

import numpy as np
from PIL import Image

from cascade_efgan.app.engine import Download, OpenedFace, OpenedPhotograph, Shown
from cascade_efgan.data import AUS
from cascade_efgan.data.crops import crop_image, crop_square
from cascade_efgan.data.images import decode_image
from cascade_efgan.data.photos import encode_png
from cascade_efgan.data.rendered import render, sample_plan
from cascade_efgan.data.rendered.expression import PROTOTYPES

SIZE = 128


class RenderedEngine:
    """Edits of rendered people by rendering them anew: the page's pictures are right without any training.

    It takes what the tests upload: one rendered photograph, or two side by side.
    """

    description = "rendered faces, true edits"
    caution = ""
    steps = 3

    def __init__(self):
        self.expressions = {
            name: np.array([prototype.get(au, 0.0) for au in AUS]) for name, prototype in PROTOTYPES.items()
        }
        everyone = sample_plan(2, ["frontal"], 3)
        self.people = [face for face in everyone if face.expression == "neutral"]
        self.renderings = [render(face) for face in self.people]

    def upload(self, faces=1):
        return encode_png(np.concatenate([one.image for one in self.renderings[:faces]], axis=1))

    def open(self, data):
        image = decode_image(data, "the photograph")
        faces = []
        for person in range(image.shape[1] // 256):
            rendering = self.renderings[person]
            square = crop_square(rendering.landmarks, 0.25)
            crop = crop_image(rendering.image, square, SIZE)
            picture = crop_image(rendering.image, square, 2 * SIZE)
            faces.append(
                OpenedFace(
                    (person, square), rendering.aus, crop, encode_png(crop), picture, encode_png(picture), (), ("AU04",)
                )
            )
        return OpenedPhotograph(data, image, 1.0, encode_png(image), faces)

    def close(self):
        pass

    def show_faces(self, wanted):
        return [self._show_face(photograph.faces[wish.face], wish) for photograph, wish in wanted]

    def _show_face(self, face, wish):
        person, square = face.found
        images, attention, network = [], [], []
        for step in range(1, self.steps + 1):
            aus = face.aus + step / self.steps * (wish.target - face.aus)
            edited = render(self.people[person], aus).image
            images.append(crop_image(edited, square, 2 * SIZE))
            network.append(crop_image(edited, square, SIZE))
            change = np.abs(network[-1].astype(int) - face.crop).max(axis=2).clip(0, 255).astype(np.uint8)
            buffer = io.BytesIO()
            Image.fromarray(change).save(buffer, "PNG")
            attention.append(buffer.getvalue())
        return Shown([encode_png(image) for image in images], attention, [encode_png(image) for image in network])

    def _whole(self, photograph, wishes):
        image = photograph.preview.copy()
        for wish in wishes:
            person, _ = photograph.faces[wish.face].found
            image[:, 256 * person : 256 * (person + 1)] = render(self.people[person], wish.target).image
        return image

    def show_photograph(self, photograph, wishes):
        return Shown([encode_png(self._whole(photograph, wishes))])

    def download(self, photograph, wishes):
        return Download(encode_png(self._whole(photograph, wishes)), "image/png")

    def animate(self, photograph, wishes, whole):
        frames = [Image.fromarray(photograph.preview), Image.fromarray(self._whole(photograph, wishes))]
        buffer = io.BytesIO()
        frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:])
        return Download(buffer.getvalue(), "image/gif")

    def edit_file(self, data, expression, intensity):
        decode_image(data, "the photograph")
        return Download(data, "image/png")
