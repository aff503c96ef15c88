"""The service of `efgan app` as tests call it, with an engine that needs no network."""

import base64
import io
import zipfile

import numpy as np
import pytest
from picture_files import encoded
from PIL import Image

from cascade_efgan.app.engine import Download, OpenedFace, OpenedPhotograph, Shown, WorkerDiedError
from cascade_efgan.app.service import make_app
from cascade_efgan.data import AUS
from cascade_efgan.data.images import decode_image
from cascade_efgan.data.photos import encode_png

testclient = pytest.importorskip("fastapi.testclient", reason="httpx, which the client needs, is not installed")

HAPPY = np.array([4.0 if au == "AU12" else 0.0 for au in AUS])


class FakeEngine:
    """Edits by brightening with AU12; a photograph as wide as it is high has two faces, any other one."""

    description = "a fake"
    caution = ""

    def __init__(self):
        self.expressions = {"happy": HAPPY, "neutral": np.zeros(17)}
        self.wait = None  # an event that every edit waits for
        self.deadly = None  # bytes that end a worker

    def open(self, data):
        image = decode_image(data, "the photograph")
        crop = image[:16, :16]
        face = OpenedFace(None, np.full(17, 1.0), crop, encode_png(crop), crop, encode_png(crop), guessed=("AU04",))
        faces = [face] * (2 if image.shape[0] == image.shape[1] else 1)
        return OpenedPhotograph(data, image, 1.0, encode_png(image), faces)

    def show_faces(self, wanted):
        if self.wait is not None:
            assert self.wait.wait(20)
        grey = encoded(Image.new("L", (16, 16), 128), "PNG")
        images = [encode_png(self._edited(photo.faces[wish.face].crop, [wish])) for photo, wish in wanted]
        return [Shown([image] * 3, [grey] * 3, [image] * 3) for image in images]

    def show_photograph(self, photograph, wishes):
        return Shown([encode_png(self._edited(photograph.preview, wishes))])

    def download(self, photograph, wishes):
        return Download(encode_png(self._edited(decode_image(photograph.data, "x"), wishes)), "image/png")

    def animate(self, photograph, wishes, whole):
        first, last = (Image.new("RGB", (8, 8), (level, 0, 0)) for level in (0, 90))
        return Download(encoded(first, "GIF", save_all=True, append_images=[last]), "image/gif")

    def edit_file(self, data, expression, intensity):
        if data == self.deadly:
            raise WorkerDiedError
        return Download(encode_png(decode_image(data, "the photograph")), "image/png")

    def close(self):
        if self.wait is not None:
            self.wait.set()

    @staticmethod
    def _edited(image, wishes):
        strength = sum(wish.target[AUS.index("AU12")] for wish in wishes)
        return (image * 0.5 + strength * 10).astype(np.uint8)


def client_of(engine, limits):
    """A client of the service, without a network."""
    return testclient.TestClient(make_app(engine, limits), base_url="http://127.0.0.1:8000")


def photograph(height=20, width=24):
    return encode_png(np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8))


def opened(client, data=None):
    answer = client.post("/api/photos", content=data or photograph())
    assert answer.status_code == 200, answer.text
    return answer.json()


def pixels(text):
    return decode_image(base64.b64decode(text), "answer")


def wish(value=3.0, **more):
    return {"edits": [{"face": 0, "aus": {"AU12": value}, **more}]}


def a_zip(*members, names=None, compression=zipfile.ZIP_DEFLATED):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for number, member in enumerate(members):
            archive.writestr(names[number] if names else f"{number}.png", member)
    return buffer.getvalue()
