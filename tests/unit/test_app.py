"""The service of `efgan app`: what it answers, what it refuses, and what it keeps."""

import asyncio
import base64
import csv
import io
import multiprocessing
import os
import signal
import socket
import struct
import threading
import zipfile
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import replace

import numpy as np
import pytest
import torch
from copied_workflow import wait_until
from picture_files import bare_png, encoded
from PIL import Image
from small_models import small_spec

from cascade_efgan.app.action_units import ACTION_UNITS
from cascade_efgan.app.batching import BatchRunner
from cascade_efgan.app.editing_engine import EditingEngine
from cascade_efgan.app.engine import Download, OpenedFace, OpenedPhotograph, Shown, Wish, WorkerDiedError
from cascade_efgan.app.limits import Limits
from cascade_efgan.app.processes import ProcessEngine
from cascade_efgan.app.service import STATIC, make_app
from cascade_efgan.app.sessions import Sessions
from cascade_efgan.app.workers import BusyError, Workers
from cascade_efgan.app.zip_edits import read_members
from cascade_efgan.data import AUS
from cascade_efgan.data.crops import crop_image, crop_square
from cascade_efgan.data.images import decode_image
from cascade_efgan.data.photos import encode_png
from cascade_efgan.data.rendered import face_of_id, render
from cascade_efgan.editing.editor import Editor
from cascade_efgan.editing.mark import read_mark
from cascade_efgan.editing.runs import prototypes
from cascade_efgan.errors import InputError
from cascade_efgan.face_finders.found import FoundFace
from cascade_efgan.models.build import build_generator

testclient = pytest.importorskip("fastapi.testclient", reason="httpx, which the client needs, is not installed")

DEFAULTS = Limits()
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


@pytest.fixture
def engine():
    return FakeEngine()


@pytest.fixture
def client(engine):
    with client_of(engine, Limits()) as made:
        yield made


def client_of(engine, limits):
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


def test_every_action_unit_has_plain_words():
    assert tuple(ACTION_UNITS) == AUS
    for unit in ACTION_UNITS.values():
        assert unit.name and unit.help.endswith(".")
    assert len({unit.name for unit in ACTION_UNITS.values()}) == 17


def test_the_page_and_its_files_come_from_this_service_only(client):
    page = client.get("/")
    assert page.status_code == 200
    assert "default-src 'self'" in page.headers["content-security-policy"]
    assert "unsafe" not in page.headers["content-security-policy"]
    for file in STATIC.iterdir():
        answer = client.get(f"/static/{file.name}")
        assert answer.status_code == 200
        assert answer.headers["x-content-type-options"] == "nosniff"
        addresses = answer.text.replace("http://www.w3.org/2000/svg", "")
        assert "http://" not in addresses and "https://" not in addresses
        assert not any(word in answer.text for word in ("onclick=", "style=", "<script>", "eval(", "innerHTML"))
    assert client.get("/static/../service.py").status_code == 404
    assert client.get("/docs").status_code == client.get("/openapi.json").status_code == 404


def test_a_photograph_is_opened_edited_and_downloaded(client):
    photo = opened(client)
    assert len(photo["faces"]) == 1 and photo["faces"][0]["aus"] == dict.fromkeys(AUS, 1.0)
    path = f"/api/photos/{photo['token']}"
    weak, strong = (client.post(f"{path}/edit", json=wish(value)).json() for value in (1, 5))
    assert len(weak["images"]) == len(weak["attention"]) == 3
    assert pixels(strong["images"][-1]).mean() - pixels(weak["images"][-1]).mean() == pytest.approx(40, abs=1)
    whole = client.post(f"{path}/edit", json=wish() | {"view": "photograph"}).json()
    assert pixels(whole["images"][0]).shape == (20, 24, 3) and whole["attention"] == []
    download = client.post(f"{path}/download", json=wish())
    assert download.headers["content-type"] == "image/png"
    assert decode_image(download.content, "download").shape == (20, 24, 3)
    gif = client.post(f"{path}/animation", json=wish())
    assert gif.headers["content-type"] == "image/gif" and gif.content.startswith(b"GIF8")


def test_intensity_goes_from_the_face_as_it_is_to_the_sliders_and_beyond(client):
    path = f"/api/photos/{opened(client)['token']}/edit"

    def level(intensity):
        answer = client.post(path, json=wish(3.0, intensity=intensity)).json()
        return pixels(answer["images"][-1]).mean()

    # From AU12 = 1 to 3: intensity 1.5 asks for 4, and every unit is 10 grey levels in the fake.
    assert level(1) - level(0) == pytest.approx(20, abs=1)
    assert level(1.5) - level(0) == pytest.approx(30, abs=1)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"edits": []},
        wish(5.1),
        wish(-1),
        wish("NaN"),
        wish(1, intensity=2),
        {"edits": [{"face": -1, "aus": {}}]},
        {"edits": [{"face": 9, "aus": {}}]},
        {"edits": [{"face": 0, "aus": {"AU99": 1}}]},
        {"edits": [{"face": 0, "aus": {}}], "file": "/etc/passwd"},
    ],
)
def test_settings_out_of_range_are_one_sentence(client, body):
    answer = client.post(f"/api/photos/{opened(client)['token']}/edit", json=body)
    assert answer.status_code == 422
    assert set(answer.json()) == {"error"}
    assert answer.json()["error"].count(".") == 1


def test_a_body_beyond_the_limit_is_refused_with_and_without_a_declared_length(engine):
    with client_of(engine, Limits(upload_bytes=1000)) as client:
        declared = client.post("/api/photos", content=bytes(1001))
        streamed = client.post("/api/photos", content=iter([bytes(600), bytes(600)]))
    assert declared.status_code == streamed.status_code == 413
    assert "choose one of at most" in declared.json()["error"]


def test_a_wish_of_any_length_is_not_read(client):
    token = opened(client)["token"]

    def endless():
        for _ in range(64):
            yield b" " * 2**16

    for path in ("edit", "download", "animation"):
        answer = client.post(f"/api/photos/{token}/{path}", content=endless())
        assert answer.status_code == 413 and "too large" in answer.json()["error"]


def test_a_photograph_is_forgotten_on_request(client):
    path = f"/api/photos/{opened(client)['token']}"
    assert client.delete(path).status_code == 204
    gone = client.post(f"{path}/edit", json=wish())
    assert gone.status_code == 404 and "choose it again" in gone.json()["error"]


def test_other_hosts_names_and_other_sites_pages_are_refused(client):
    assert client.get("/api/about", headers={"host": "evil.example"}).status_code == 403
    assert client.post("/api/photos", headers={"origin": "http://evil.example"}).status_code == 403
    assert client.post("/api/photos", headers={"origin": "null"}).status_code == 403
    own = {"origin": "http://127.0.0.1:8000"}
    assert client.post("/api/photos", content=photograph(), headers=own).status_code == 200


def test_a_full_queue_answers_at_once_and_the_page_still_loads(engine):
    engine.wait = threading.Event()
    limits = Limits(workers=1, queue=2, batch_faces=1)
    with client_of(engine, limits) as client, ThreadPoolExecutor(4) as users:
        path = f"/api/photos/{opened(client)['token']}/edit"
        # Three fill the thread and the two places; the fourth, whichever it is, is answered while they wait.
        answers = [users.submit(client.post, path, json=wish()) for _ in range(4)]
        first = next(as_completed(answers, timeout=20)).result()
        assert first.status_code == 503 and first.headers["retry-after"] == "2"
        assert "try again" in first.json()["error"]
        assert client.get("/").status_code == 200
        engine.wait.set()
        assert sorted(one.result().status_code for one in answers) == [200, 200, 200, 503]


def test_edits_that_wait_are_made_in_one_go_and_each_user_gets_the_own_one():
    limits = replace(Limits(), workers=1, batch_faces=4, queue=9)
    calls = []

    def tenfold(items):
        calls.append(len(items))
        if 13 in items:
            raise InputError("thirteen")
        if 17 in items:
            raise WorkerDiedError
        return [10 * item for item in items]

    async def scenario(items):
        workers = Workers(limits)
        batches = BatchRunner(workers, tenfold, limits)
        try:
            return await asyncio.gather(*(batches.run(item) for item in items), return_exceptions=True)
        finally:
            workers.close()

    assert asyncio.run(scenario(range(9))) == [10 * item for item in range(9)]
    assert calls == [4, 4, 1]
    *answers, refused = asyncio.run(scenario([0, 1, 2, 3, 13, 4, 5, 6, 7, 8]))
    assert answers[:4] == [0, 10, 20, 30] and answers[8:] == [70]
    assert all(isinstance(one, InputError) for one in answers[4:8])
    assert isinstance(refused, BusyError)
    # Which of them ended the worker shows only one by one; the others lose nothing.
    *answers, died, last = asyncio.run(scenario([0, 1, 2, 17, 3]))
    assert [*answers, last] == [0, 10, 20, 30] and isinstance(died, WorkerDiedError)


def test_a_zip_becomes_a_zip_of_numbered_files_with_a_report(client):
    names = ["../../etc/passwd", "C:\\x.png", "/root/bashrc", "__MACOSX/._x.png", "@eaDir/x.png/thumb.jpg"]
    data = a_zip(photograph(), b"no picture", photograph(30, 30), b"resource fork", photograph(), names=names)
    answer = client.post("/api/batch?expression=happy", content=data)
    assert answer.status_code == 200 and answer.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.namelist() == ["0001.png", "0003.png", "report.csv"]
        assert decode_image(archive.read("0003.png"), "x").shape == (30, 30, 3)
        rows = list(csv.reader(io.TextIOWrapper(archive.open("report.csv"))))
    assert rows[0] == ["number", "file", "result"]
    assert [row[:2] for row in rows[1:]] == [["1", "0001.png"], ["2", ""], ["3", "0003.png"]]
    assert "not a readable image" in rows[2][2]
    assert not any("passwd" in cell or "bashrc" in cell for row in rows for cell in row)


def test_a_photograph_of_a_zip_that_ends_a_worker_is_named_and_the_others_are_edited(client, engine):
    engine.deadly = photograph(30, 30)
    answer = client.post("/api/batch?expression=happy", content=a_zip(photograph(), engine.deadly, photograph()))
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.namelist() == ["0001.png", "0003.png", "report.csv"]
        assert '2,,"the program broke off while it worked on this' in archive.read("report.csv").decode()


def test_a_zip_in_which_nothing_could_be_edited_says_why(client):
    answer = client.post("/api/batch?expression=happy", content=a_zip(b"a", b"b"))
    assert answer.status_code == 422 and "not a readable image" in answer.json()["error"]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"no zip", "not a zip"),
        (a_zip(), "1 to 50"),
        (a_zip(*[b"x"] * 51), "1 to 50"),
        (a_zip(*[b""] * 1001), "too many entries"),
    ],
)
def test_bad_zips_are_one_sentence(client, data, words):
    answer = client.post("/api/batch?expression=happy", content=data)
    assert answer.status_code == 422 and words in answer.json()["error"]
    assert client.post("/api/batch?expression=purple", content=data).status_code == 422


def test_a_zip_bomb_stops_at_the_limit_whatever_size_it_declares():
    limits = Limits(upload_bytes=10_000, batch_bytes=25_000)
    bomb = bytearray(a_zip(bytes(50_000_000), b"fine"))
    assert len(bomb) < 60_000
    # The declared size, in the directory: a zip may lie about it.
    place = bomb.rindex(b"PK\x01\x02", 0, bomb.rindex(b"PK\x01\x02"))
    struct.pack_into("<I", bomb, place + 24, 5)
    members = list(read_members(bytes(bomb), limits))
    assert isinstance(members[0], InputError) and members[1] == b"fine"
    with pytest.raises(InputError, match="unpacks to more"):
        list(read_members(a_zip(*[bytes(9_000)] * 3), limits))


def test_damaged_and_encrypted_members_do_not_stop_the_others():
    data = bytearray(a_zip(b"first" * 50, b"second", compression=zipfile.ZIP_STORED))
    data[data.index(b"firstfirst") + 3] ^= 0xFF
    members = list(read_members(bytes(data), Limits()))
    assert isinstance(members[0], InputError) and members[1] == b"second"
    data = bytearray(a_zip(b"first", b"second"))
    for mark, flag in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + flag] |= 1
    members = list(read_members(bytes(data), Limits()))
    assert isinstance(members[0], InputError) and members[1] == b"second"


class Weight:
    def __init__(self, count):
        self.bytes = count


def test_sessions_are_bounded_in_number_bytes_and_age():
    now = [0.0]
    limits = replace(Limits(), sessions=3, session_bytes=100, session_seconds=10)
    sessions = Sessions(limits, clock=lambda: now[0])
    tokens = [sessions.add(Weight(10)) for _ in range(3)]
    assert sessions.get(tokens[0]) is not None  # used: the second is now the oldest
    tokens.append(sessions.add(Weight(10)))
    assert [sessions.get(token) is not None for token in tokens] == [True, False, True, True]
    large = sessions.add(Weight(85))
    assert len(sessions) == 2 and sessions.get(large) is not None
    now[0] = 9.0
    assert sessions.get(large) is not None
    now[0] = 12.0
    assert len(sessions) == 1
    now[0] = 20.0
    assert sessions.get(large) is None and len(sessions) == 0


def test_tokens_cannot_be_guessed():
    sessions = Sessions(Limits())
    tokens = {sessions.add(Weight(1)) for _ in range(50)}
    assert len(tokens) == 50 and min(map(len, tokens)) >= 22


def test_uploads_are_neither_logged_nor_written(client, caplog, monkeypatch, tmp_path):
    caplog.set_level(0)
    monkeypatch.chdir(tmp_path)
    written = []
    real_open = open

    def watched(file, mode="r", *args, **kwargs):
        if set(mode) & set("wax+"):
            written.append(file)
        return real_open(file, mode, *args, **kwargs)

    monkeypatch.setattr("builtins.open", watched)
    monkeypatch.setattr("tempfile.SpooledTemporaryFile", lambda *_, **__: pytest.fail("a temporary file was made"))
    monkeypatch.setattr("tempfile.NamedTemporaryFile", lambda *_, **__: pytest.fail("a temporary file was made"))
    data = photograph(1200, 1000)  # beyond what form parsers keep in memory
    token = opened(client, data)["token"]
    client.post(f"/api/photos/{token}/download", json=wish())
    client.post("/api/batch?expression=happy", content=a_zip(data))
    assert written == [] and list(tmp_path.iterdir()) == []
    assert not any(record.name.startswith("efgan") for record in caplog.records)


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


def real_engine(rendering, limits=DEFAULTS, faces=1):
    """The engine of the page with an untrained Cascade EF-GAN at 32 x 32 pixels, which changes much: it repaints."""
    spec = small_spec("cascade_ef_gan", cascade_steps=3, refiner="repaint")
    editor = Editor(build_generator(spec).eval(), spec, prototypes(), 0.15, KnownFaces(rendering, faces), "cpu")
    return EditingEngine(editor, limits)


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


def test_a_photograph_without_a_face_is_one_sentence(rendering):
    with client_of(real_engine(rendering, faces=0), Limits()) as client:
        answer = client.post("/api/photos", content=encode_png(rendering.image))
    assert answer.status_code == 422 and "no face was found" in answer.json()["error"]


def test_a_port_that_is_taken_is_told_before_a_model_is_loaded(efgan, tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(InputError, match="choose another port"):
            efgan("app", "--run", tmp_path / "nothing", "--port", taken.getsockname()[1])
    with pytest.raises(InputError, match="no trained generator"):
        efgan("app", "--run", tmp_path / "nothing", "--port", 0)
