"""The page's engine with a real editor: what it shows, and that it is what the download holds."""

import io
import multiprocessing
import os
import signal
from concurrent.futures import ThreadPoolExecutor, as_completed

import numpy as np
import pytest
from app_client import batch, client_of, opened, wish
from copied_workflow import wait_until
from picture_files import bare_png, encoded, read_mark
from PIL import Image
from rendered_photo import outside
from small_models import small_spec

from cascade_efgan.app.editing_engine import EditingEngine
from cascade_efgan.app.engine import Wish
from cascade_efgan.app.limits import Limits
from cascade_efgan.app.processes import ProcessEngine
from cascade_efgan.data import AUS
from cascade_efgan.data.face_crops.crops import crop_image, crop_square
from cascade_efgan.data.photo_files.images import decode_image
from cascade_efgan.data.photo_files.photos import encode_png
from cascade_efgan.data.rendered import face_of_id, render
from cascade_efgan.editing.editor import Editor
from cascade_efgan.editing.runs import prototypes
from cascade_efgan.face_finders.found import FoundFace
from cascade_efgan.models.build import build_generator

RENDERING = render(face_of_id("r001_neutral_frontal", 0))
PHOTO = encode_png(RENDERING.image)


class KnownFaces:
    """A finder that knows where the faces of rendered photographs are, at any size of them and side by side."""

    def find(self, image):
        scale = image.shape[0] / 256
        lefts = range(0, round(image.shape[1] / scale), 256)
        places = [(RENDERING.landmarks + (left, 0) + 0.5) * scale - 0.5 for left in lefts]
        return [FoundFace(place, RENDERING.aus, 1.0, "test") for place in places]


class Engine(EditingEngine):
    def close(self):
        """Without processes there is nothing to end."""


def real_engine(**limits):
    """The engine of the page with an untrained Cascade EF-GAN at 32 x 32 pixels, which changes much: it repaints."""
    spec = small_spec("cascade_ef_gan", cascade_steps=3, refiner="repaint")
    editor = Editor(build_generator(spec).eval(), spec, prototypes(), 0.15, KnownFaces(), "cpu")
    return Engine(editor, Limits(**limits))


def living():
    """Ids of the processes that this one has started."""
    return [process.pid for process in multiprocessing.active_children()]


def test_the_page_survives_the_death_of_a_process(caplog):
    with client_of(ProcessEngine(real_engine)) as client, ThreadPoolExecutor(2) as users:
        path = opened(client, PHOTO)["path"]
        whole = wish() | {"view": "photograph"}
        (first,) = living()
        os.kill(first, signal.SIGSTOP)  # at work for ever on the edit of one user, while the other's is made
        answers = [users.submit(client.post, f"{path}/edit", json=whole) for _ in range(2)]
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
        assert client.post(f"{path}/edit", json=whole).json() == lucky.result().json()
        assert len(client.post(f"{path}/edit", json=wish()).json()["network"]) == 3
        assert client.post(f"{path}/download", json=wish()).headers["content-type"] == "image/png"
        assert client.post(f"{path}/animation", json=wish()).content.startswith(b"GIF8")
        assert client.post("/api/photos", content=b"no photograph").status_code == 422
        (last,) = living()
    wait_until(lambda: not living(), "end of the last process")
    assert last != first


def target_of(**aus):
    return np.array([aus.get(au, 0.0) for au in AUS])


def test_the_editor_shows_every_step_with_its_attention():
    engine = real_engine()
    (face,) = engine.open(PHOTO).faces
    wanted = [(face, target_of(AU12=level)) for level in (1.0, 4.0)]
    together, alone = engine.show_faces(wanted), [engine.show_faces([one])[0] for one in wanted]
    for shown, single in zip(together, alone, strict=True):
        assert len(shown.images) == len(shown.attention) == len(shown.network) == 3
        for one, other in zip(shown.network, single.network, strict=True):
            # A batch may round otherwise than a single face; it must not mix users up.
            difference = decode_image(one, "a").astype(int) - decode_image(other, "b")
            assert difference.shape == (32, 32, 3) and abs(difference).max() <= 1
    assert together[0].network[-1] != together[1].network[-1]


def test_the_page_shows_of_a_face_what_the_download_will_hold():
    engine = real_engine()
    photo = engine.open(PHOTO)
    face, target = photo.faces[0], target_of(AU12=5.0, AU26=3.5)
    shown = decode_image(engine.show_faces([(face, target)])[0].images[-1], "a").astype(int)
    made = engine.download(PHOTO, photo, [Wish(0, target)])
    assert made.media == "image/png"
    assert read_mark(made.data)["target_aus"] == [dict.fromkeys(AUS, 0.0) | {"AU12": 5.0, "AU26": 3.5}]
    downloaded = decode_image(made.data, "b")
    square = crop_square(RENDERING.landmarks, 0.15)
    untouched = outside(downloaded, square)
    assert untouched.any() and np.array_equal(downloaded[untouched], RENDERING.image[untouched])
    expected = crop_image(downloaded, square, len(face.picture)).astype(int)
    assert len(face.picture) == round(square.side)  # as fine as the photograph, not as the network's 32 pixels
    changed = np.abs(expected - face.picture).mean()
    assert changed > 1 and np.abs(shown - expected).mean() < changed / 2
    # A face that is asked to stay as it is does so, whatever the network makes of it.
    still = engine.show_faces([(face, face.aus)])[0]
    assert still.images[-1] == face.picture_file and still.network[-1] != face.crop_file


def test_the_page_shows_a_photographs_own_colours(swapped_profile):
    engine = real_engine()

    def shown(profile):
        photo, target = engine.open(encoded(RENDERING.image, "PNG", icc_profile=profile)), target_of(AU12=5.0)
        face = engine.show_faces([(photo.faces[0], target)])[0]
        yield from (photo.preview_file, photo.faces[0].crop_file, photo.faces[0].picture_file)
        yield from (face.images[-1], face.network[-1], engine.show_photograph(photo, [Wish(0, target)]).images[0])
        yield from (engine.animate(photo, [Wish(0, target)], whole).data for whole in (False, True))

    for one, two in zip(shown(None), shown(swapped_profile), strict=True):
        one, two = (decode_image(data, "x").astype(int) for data in (one, two))
        assert np.abs(two - one[..., [1, 0, 2]]).mean() < 4 < np.abs(two - one).mean()


def test_a_large_photograph_has_a_small_preview_whose_edit_lies_at_the_face():
    large = np.asarray(Image.fromarray(RENDERING.image).resize((1536, 1536), Image.Resampling.BICUBIC))
    engine = real_engine(preview_side=512)
    photo = engine.open(encode_png(large))
    assert photo.preview.shape == (512, 512, 3) and photo.scale == pytest.approx(1 / 3)
    shown = decode_image(engine.show_photograph(photo, [Wish(0, target_of(AU12=5))]).images[0], "preview").astype(int)
    changed = np.argwhere(np.abs(shown - photo.preview).max(axis=2) > 40)
    square = crop_square(RENDERING.landmarks * 2 + 0.5, 0.15)
    assert len(changed) > 100
    assert (changed.min(axis=0) >= (square.y - 8, square.x - 8)).all()
    assert (changed.max(axis=0) <= (square.y + square.side + 8, square.x + square.side + 8)).all()


@pytest.mark.parametrize("whole", [False, True])
def test_an_animation_runs_there_and_back_and_is_marked(whole):
    engine = real_engine()
    made = engine.animate(engine.open(PHOTO), [Wish(0, target_of(AU26=4))], whole)
    with Image.open(io.BytesIO(made.data)) as gif:
        assert (gif.format, gif.n_frames, gif.info["loop"]) == ("GIF", 14, 0)
        assert gif.size == (256, 256)
    assert read_mark(made.data)["target_aus"][0]["AU26"] == 4


def test_uploads_that_are_no_plain_photograph_are_one_sentence_and_a_zip_of_them_loses_no_other():
    refused = {
        "it is cut off": encoded(Image.effect_noise((200, 200), 50).convert("RGB"), "JPEG")[:2000],
        "32 million allowed": bare_png((6_000, 6_000), b""),  # the header is all that is read
    }
    two = np.concatenate([RENDERING.image, RENDERING.image], axis=1)
    with client_of(real_engine()) as client:
        for words, data in refused.items():
            answer = client.post("/api/photos", content=data)
            said = answer.json()["error"]
            assert answer.status_code == 422 and words in said
            assert said.startswith("The photograph: ") and said.endswith(".")
        _, rows, archive = batch(client, *refused.values(), encode_png(two))
    assert [row[1] for row in rows[1:]] == ["", "", "0003.png"]
    assert all(words in row[2] for row, words in zip(rows[1:], [*refused, "edited"], strict=True))
    data = archive.read("0003.png")
    changed = (decode_image(data, "x") != two).any(axis=2)
    assert changed[:, :256].any() and changed[:, 256:].any()
    marked = read_mark(data)["target_aus"]
    assert len(marked) == 2 and marked[0]["AU12"] == pytest.approx(prototypes()["happy"][AUS.index("AU12")])
