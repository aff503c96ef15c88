"""The page's engine with a real editor: what it shows, and that it is what the download holds."""

import csv
import io
import multiprocessing
import os
import signal
import zipfile
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import replace

import numpy as np
import pytest
import torch
from app_client import a_zip, client_of, opened, wish
from copied_workflow import wait_until
from picture_files import bare_png, encoded, read_mark
from PIL import Image
from small_models import small_spec

from cascade_efgan.app.editing_engine import EditingEngine
from cascade_efgan.app.engine import Wish
from cascade_efgan.app.limits import Limits
from cascade_efgan.app.processes import ProcessEngine
from cascade_efgan.data import AUS
from cascade_efgan.data.crops import crop_image, crop_square
from cascade_efgan.data.images import decode_image
from cascade_efgan.data.photos import encode_png
from cascade_efgan.data.rendered import face_of_id, render
from cascade_efgan.editing.editor import Editor
from cascade_efgan.editing.runs import prototypes
from cascade_efgan.face_finders.found import FoundFace
from cascade_efgan.models.build import build_generator


class KnownFaces:
    """A finder that knows where the faces of rendered photographs are, at any size of them."""

    def __init__(self, rendering, count=1):
        self.rendering, self.count = rendering, count

    def find(self, image):
        scale = image.shape[0] / self.rendering.image.shape[0]
        places = [self.rendering.landmarks + (256 * number, 0) for number in range(self.count)]
        return [FoundFace((points + 0.5) * scale - 0.5, self.rendering.aus, 1.0, "test") for points in places]


@pytest.fixture(scope="module")
def rendering():
    """A face, and PyTorch with one thread, as the service sets it; what was set comes back."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield render(face_of_id("r001_neutral_frontal", 0))
    torch.set_num_threads(threads)


def real_engine(rendering, limits=None, faces=1):
    """The engine of the page with an untrained Cascade EF-GAN at 32 x 32 pixels, which changes much: it repaints."""
    spec = small_spec("cascade_ef_gan", cascade_steps=3, refiner="repaint")
    editor = Editor(build_generator(spec).eval(), spec, prototypes(), 0.15, KnownFaces(rendering, faces), "cpu")
    return EditingEngine(editor, limits or Limits())


def engine_of_a_process():
    """The same, made in a process that the service starts."""
    return real_engine(render(face_of_id("r001_neutral_frontal", 0)))


def living():
    """Ids of the processes that this one has started."""
    return [process.pid for process in multiprocessing.active_children()]


def test_the_page_survives_the_death_of_a_process(rendering, caplog):
    engine = ProcessEngine(engine_of_a_process)
    with client_of(engine, Limits()) as client, ThreadPoolExecutor(2) as users:
        path = f"/api/photos/{opened(client, encode_png(rendering.image))['token']}/edit"
        whole = wish() | {"view": "photograph"}
        (first,) = living()
        os.kill(first, signal.SIGSTOP)  # at work for ever on the edit of one user, while the other's is made
        answers = [users.submit(client.post, path, json=whole) for _ in range(2)]
        lucky = next(as_completed(answers, timeout=60))
        assert lucky.result().status_code == 200 and len(living()) == 2
        os.kill(first, signal.SIGKILL)
        (unlucky,) = (one.result() for one in answers if one is not lucky)
        assert unlucky.status_code == 500
        assert unlucky.json()["error"].startswith("The program broke off") and unlucky.json()["error"].count(".") == 1
        assert "the process of a request ended (SIGKILL); the others go on" in caplog.text
        # One that dies while nobody uses it costs nobody anything.
        for process in living():
            os.kill(process, signal.SIGKILL)
        wait_until(lambda: living() == [], "end of the processes")
        for body in (whole, wish()):
            assert client.post(path, json=body).json() == lucky.result().json() or body != whole
        assert client.post(f"{path[:-5]}/download", json=wish()).headers["content-type"] == "image/png"
        assert client.post(f"{path[:-5]}/animation", json=wish()).content.startswith(b"GIF8")
        assert client.post("/api/photos", content=b"no photograph").status_code == 422
        (last,) = living()
    wait_until(lambda: not living(), "end of the last process")
    assert last != first


def target_of(**aus):
    return np.array([aus.get(au, 0.0) for au in AUS])


def test_the_editor_shows_every_step_with_its_attention(rendering):
    engine = real_engine(rendering)
    photo = engine.open(encode_png(rendering.image))
    wanted = [(photo, Wish(0, target_of(AU12=level))) for level in (1.0, 4.0)]
    together, alone = engine.show_faces(wanted), [engine.show_faces([one])[0] for one in wanted]
    for shown, single in zip(together, alone, strict=True):
        assert len(shown.images) == len(shown.attention) == len(shown.network) == 3
        for one, other in zip(shown.network, single.network, strict=True):
            # A batch may round otherwise than a single face; it must not mix users up.
            difference = decode_image(one, "a").astype(int) - decode_image(other, "b")
            assert difference.shape == (32, 32, 3) and abs(difference).max() <= 1
    assert together[0].network[-1] != together[1].network[-1]


def test_the_page_shows_of_a_face_what_the_download_will_hold(rendering):
    engine = real_engine(rendering)
    photo = engine.open(encode_png(rendering.image))
    face, wanted = photo.faces[0], Wish(0, target_of(AU12=5.0, AU26=5.0))
    shown = decode_image(engine.show_faces([(photo, wanted)])[0].images[-1], "a").astype(int)
    downloaded = decode_image(engine.download(photo, [wanted]).data, "b")
    square = crop_square(rendering.landmarks, 0.15)
    expected = crop_image(downloaded, square, len(face.picture)).astype(int)
    assert len(face.picture) == round(square.side)  # as fine as the photograph, not as the network's 32 pixels
    changed = np.abs(expected - face.picture).mean()
    assert changed > 1 and np.abs(shown - expected).mean() < changed / 2
    # A face that is asked to stay as it is does so, whatever the network makes of it.
    still = engine.show_faces([(photo, Wish(0, face.aus))])[0]
    assert still.images[-1] == face.picture_file and still.network[-1] != face.crop_file


def test_the_page_shows_a_photographs_own_colours(rendering, swapped_profile):
    engine = real_engine(rendering)
    plain, other = (
        engine.open(encoded(rendering.image, "PNG", icc_profile=profile)) for profile in (None, swapped_profile)
    )

    def shown(photo):
        wishes = [Wish(0, target_of(AU12=5.0))]
        face = engine.show_faces([(photo, wishes[0])])[0]
        yield from (photo.preview_file, photo.faces[0].crop_file, photo.faces[0].picture_file)
        yield from (face.images[-1], face.network[-1], engine.show_photograph(photo, wishes).images[0])
        yield from (engine.animate(photo, wishes, whole).data for whole in (False, True))

    for one, two in zip(shown(plain), shown(other), strict=True):
        one, two = (decode_image(data, "x").astype(int) for data in (one, two))
        assert np.abs(two - one[..., [1, 0, 2]]).mean() < 4 < np.abs(two - one).mean()


def test_a_download_is_marked_and_leaves_what_is_outside_the_face(rendering):
    engine = real_engine(rendering)
    photo = engine.open(encode_png(rendering.image))
    made = engine.download(photo, [Wish(0, target_of(AU12=3.5))])
    assert made.media == "image/png"
    assert read_mark(made.data)["target_aus"] == [dict.fromkeys(AUS, 0.0) | {"AU12": 3.5}]
    x, y, side = crop_square(rendering.landmarks, 0.15)
    inside = np.zeros((256, 256), dtype=bool)
    inside[max(0, int(y)) : int(y + side) + 2, max(0, int(x)) : int(x + side) + 2] = True
    edited = decode_image(made.data, "download")
    np.testing.assert_array_equal(edited[~inside], rendering.image[~inside])
    assert (edited[inside] != rendering.image[inside]).any()


def test_a_large_photograph_has_a_small_preview_whose_edit_lies_at_the_face(rendering):
    large = np.asarray(Image.fromarray(rendering.image).resize((1536, 1536), Image.Resampling.BICUBIC))
    engine = real_engine(rendering, replace(Limits(), preview_side=512))
    photo = engine.open(encode_png(large))
    assert photo.preview.shape == (512, 512, 3) and photo.scale == pytest.approx(1 / 3)
    shown = decode_image(engine.show_photograph(photo, [Wish(0, target_of(AU12=5))]).images[0], "preview").astype(int)
    changed = np.argwhere(np.abs(shown - photo.preview).max(axis=2) > 40)
    square = crop_square(rendering.landmarks * 2 + 0.5, 0.15)
    assert len(changed) > 100
    assert (changed.min(axis=0) >= (square.y - 8, square.x - 8)).all()
    assert (changed.max(axis=0) <= (square.y + square.side + 8, square.x + square.side + 8)).all()


@pytest.mark.parametrize("whole", [False, True])
def test_an_animation_runs_there_and_back_and_is_marked(rendering, whole):
    engine = real_engine(rendering)
    made = engine.animate(engine.open(encode_png(rendering.image)), [Wish(0, target_of(AU26=4))], whole)
    with Image.open(io.BytesIO(made.data)) as gif:
        assert (gif.format, gif.n_frames, gif.info["loop"]) == ("GIF", 14, 0)
        assert gif.size == (256, 256)
    assert read_mark(made.data)["target_aus"][0]["AU26"] == 4


def test_a_batch_edits_all_faces_of_a_photograph(rendering):
    two = np.concatenate([rendering.image, rendering.image], axis=1)
    with client_of(real_engine(rendering, faces=2), Limits()) as client:
        answer = client.post("/api/batch?expression=happy&intensity=1", content=a_zip(encode_png(two)))
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        data = archive.read("0001.png")
    changed = (decode_image(data, "x") != two).any(axis=2)
    assert changed[:, :256].any() and changed[:, 256:].any()
    marked = read_mark(data)["target_aus"]
    assert len(marked) == 2 and marked[0]["AU12"] == pytest.approx(prototypes()["happy"][AUS.index("AU12")])


REFUSED = {
    "svg": b"<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>",
    "truncated": encoded(Image.effect_noise((200, 200), 50).convert("RGB"), "JPEG")[:2000],
    "too long": encoded(Image.new("L", (64, 32_767)), "PNG"),
    "a bomb": bare_png((30_000, 30_000), b""),  # 900 million pixels: the header is all that is read
}


def test_pictures_that_are_no_plain_photograph_are_one_sentence(rendering):
    """A few of those that test_editing_photo.py has the editor refuse."""
    with client_of(real_engine(rendering), Limits()) as client:
        for data in REFUSED.values():
            answer = client.post("/api/photos", content=data)
            assert answer.status_code == 422, answer.text
            assert answer.json()["error"].startswith("The photograph: ") and answer.json()["error"].endswith(".")
        assert client.post("/api/photos", content=encode_png(rendering.image)).status_code == 200


def test_pictures_beyond_the_limits_are_refused_in_a_zip_too(rendering):
    files = [REFUSED["too long"], encode_png(rendering.image), REFUSED["a bomb"], REFUSED["truncated"]]
    with client_of(real_engine(rendering), Limits()) as client:
        answer = client.post("/api/batch?expression=happy", content=a_zip(*files))
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        rows = list(csv.reader(io.TextIOWrapper(archive.open("report.csv"))))[1:]
    assert [row[1] for row in rows] == ["", "0002.png", "", ""]
    for row, words in zip(rows, ("longer than the 32766", "edited", "million allowed", "it is cut off"), strict=True):
        assert words in row[2]
