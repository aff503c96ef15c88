"""The service of `efgan app`: what it answers, what it refuses, and what it keeps."""

import asyncio
import socket
import threading
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import replace

import pytest
from app_client import FakeEngine, a_zip, client_of, opened, photograph, pixels, wish

from cascade_efgan.app.action_units import ACTION_UNITS
from cascade_efgan.app.batching import BatchRunner
from cascade_efgan.app.engine import WorkerDiedError
from cascade_efgan.app.limits import Limits
from cascade_efgan.app.service import STATIC
from cascade_efgan.app.sessions import Sessions
from cascade_efgan.app.workers import BusyError, Workers
from cascade_efgan.data import AUS
from cascade_efgan.data.images import decode_image
from cascade_efgan.errors import InputError


@pytest.fixture
def engine():
    return FakeEngine()


@pytest.fixture
def client(engine):
    with client_of(engine, Limits()) as made:
        yield made


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


def test_a_port_that_is_taken_is_told_before_a_model_is_loaded(efgan, tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(InputError, match="choose another port"):
            efgan("app", "--run", tmp_path / "nothing", "--port", taken.getsockname()[1])
    with pytest.raises(InputError, match="no trained generator"):
        efgan("app", "--run", tmp_path / "nothing", "--port", 0)
