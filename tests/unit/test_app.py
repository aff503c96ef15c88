"""The service of `efgan app`: what it answers, what it refuses, what it keeps, and zips of photographs."""

import asyncio
import os
import re
import socket
import struct
import sys
import threading
import zipfile
from concurrent.futures import ThreadPoolExecutor, as_completed

import pytest
from app_client import batch, client_of, opened, pixels, wish
from fake_engine import FakeEngine, a_zip, photograph

from cascade_efgan.app.engine import WorkerDiedError
from cascade_efgan.app.limits import Limits
from cascade_efgan.app.service import STATIC
from cascade_efgan.app.sessions import Sessions
from cascade_efgan.app.workers import BatchRunner, BusyError, Workers
from cascade_efgan.app.zip_edits import read_members
from cascade_efgan.data import AUS
from cascade_efgan.data.photo_files.images import decode_image
from cascade_efgan.errors import InputError


@pytest.fixture
def client():
    with client_of(FakeEngine()) as made:
        yield made


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
    for absent in ("/static/../service.py", "/docs", "/openapi.json"):
        assert client.get(absent).status_code == 404


def test_a_photograph_is_opened_edited_downloaded_and_forgotten(client):
    photo = opened(client)
    assert len(photo["faces"]) == 1 and photo["faces"][0]["aus"] == dict.fromkeys(AUS, 0.5)
    path = photo["path"]

    def level(value, **more):
        shown = client.post(f"{path}/edit", json=wish(value, **more)).json()
        assert len(shown["images"]) == len(shown["attention"]) == len(shown["network"]) == 3
        return pixels(shown["images"][-1]).mean()

    assert level(5) - level(1) == pytest.approx(40, abs=1)
    # From AU12 = 0.5 to 2.5, and beyond: every unit is 10 grey levels in the fake.
    assert level(2.5, intensity=1) - level(2.5, intensity=0) == pytest.approx(20, abs=1)
    assert level(2.5, intensity=1.5) - level(2.5, intensity=0) == pytest.approx(30, abs=1)
    whole = client.post(f"{path}/edit", json=wish() | {"view": "photograph"}).json()
    assert pixels(whole["images"][0]).shape == (20, 24, 3) and whole["attention"] == []
    download = client.post(f"{path}/download", json=wish())
    assert download.headers["content-type"] == "image/png"
    assert decode_image(download.content, "download").shape == (20, 24, 3)
    gif = client.post(f"{path}/animation", json=wish())
    assert gif.headers["content-type"] == "image/gif" and gif.content.startswith(b"GIF8")
    assert client.delete(path).status_code == 204
    gone = client.post(f"{path}/edit", json=wish())
    assert gone.status_code == 404 and "choose it again" in gone.json()["error"]


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
    answer = client.post(f"{opened(client)['path']}/edit", json=body)
    assert answer.status_code == 422
    assert set(answer.json()) == {"error"}
    assert answer.json()["error"].count(".") == 1


def test_a_body_beyond_its_limit_is_refused_with_and_without_a_declared_length():
    with client_of(FakeEngine(), Limits(upload_bytes=2000)) as client:
        wishes = [f"{opened(client)['path']}/{what}" for what in ("edit", "download", "animation")]
        bodies = [("/api/photos", bytes(2001)), ("/api/photos", iter([bytes(1200)] * 2))]
        bodies += [(path, iter([b" " * 2**16] * 64)) for path in wishes]
        for path, body in bodies:
            answer = client.post(path, content=body)
            assert answer.status_code == 413 and "too large; choose one of at most" in answer.json()["error"]


def test_other_hosts_names_and_other_sites_pages_are_refused(client):
    assert client.get("/api/about", headers={"host": "evil.example"}).status_code == 403
    assert client.post("/api/photos", headers={"origin": "http://evil.example"}).status_code == 403
    for origin in ("null", "http://["):
        assert client.post("/api/photos", headers={"origin": origin}).status_code == 403
    assert client.get("/api/about", headers={"host": "["}).status_code == 403
    own = {"origin": "http://127.0.0.1:8000"}
    assert client.post("/api/photos", content=photograph(), headers=own).status_code == 200


def test_a_full_queue_answers_at_once_and_the_page_still_loads():
    engine = FakeEngine()
    engine.wait = threading.Event()
    with client_of(engine, Limits(workers=1, queue=2)) as client, ThreadPoolExecutor(5) as users:
        path, whole = f"{opened(client)['path']}/edit", wish() | {"view": "photograph"}
        # Three fill the thread and the two places; the fourth, whichever it is, is answered while they wait.
        answers = [users.submit(client.post, path, json=whole) for _ in range(4)]
        first = next(as_completed(answers, timeout=20)).result()
        assert first.status_code == 503 and first.headers["retry-after"] == "2"
        assert "try again" in first.json()["error"]
        assert client.get("/").status_code == 200
        zipped = users.submit(client.post, "/api/batch?expression=happy", content=a_zip(photograph()))
        with pytest.raises(TimeoutError):  # nobody watches it: it waits for a place
            zipped.result(0.2)
        engine.wait.set()
        assert zipped.result().status_code == 200
        assert sorted(one.result().status_code for one in answers) == [200, 200, 200, 503]


def test_edits_that_wait_are_made_in_one_go_and_each_user_gets_the_own_one():
    limits = Limits(workers=1, batch_faces=4, queue=9)
    calls = []

    def tenfold(items):
        calls.append(len(items))
        if 13 in items:
            raise InputError("thirteen")
        if 17 in items:
            raise WorkerDiedError
        return [10 * item for item in items]

    async def answers(items):
        workers = Workers(limits)
        batches = BatchRunner(workers, tenfold, limits)
        return await asyncio.gather(*(batches.run(item) for item in items), return_exceptions=True)

    assert asyncio.run(answers(range(9))) == [10 * item for item in range(9)]
    assert calls == [4, 4, 1]
    made = asyncio.run(answers([0, 1, 2, 3, 13, 4, 5, 6, 7, 8]))
    assert made[:4] == [0, 10, 20, 30] and made[8:-1] == [70]
    assert [type(one) for one in made[4:8]] == [InputError] * 4 and type(made[-1]) is BusyError
    # Which of them ended the worker shows only one by one; the others lose nothing.
    *made, died, last = asyncio.run(answers([0, 1, 2, 17, 3]))
    assert [*made, last] == [0, 10, 20, 30] and isinstance(died, WorkerDiedError)


def test_sessions_are_bounded_in_number_bytes_and_age_and_cannot_be_guessed():
    now = [0.0]
    sessions = Sessions(Limits(sessions=3, session_bytes=100, session_seconds=10), clock=lambda: now[0])
    tokens = [sessions.add(name, 10) for name in "abc"]
    assert len(set(tokens)) == 3 and min(map(len, tokens)) >= 22
    assert sessions.get(tokens[0]) == "a"  # used: the second is now the oldest
    tokens.append(sessions.add("d", 10))
    assert [sessions.get(token) for token in tokens] == ["a", None, "c", "d"]
    tokens.append(sessions.add("large", 85))
    assert [sessions.get(token) for token in tokens] == [None, None, None, "d", "large"]
    now[0] = 9.0
    assert sessions.get(tokens[-1]) == "large"
    now[0] = 12.0
    assert [sessions.get(token) for token in tokens[-2:]] == [None, "large"]
    now[0] = 23.0
    assert sessions.get(tokens[-1]) is None


def test_uploads_are_neither_logged_nor_written(client, caplog):
    caplog.set_level(0)
    written, watched = [], True

    def watch(event, arguments):
        if watched and event == "open" and arguments[2] & (os.O_WRONLY | os.O_RDWR):
            written.append(str(arguments[0]))

    sys.addaudithook(watch)  # there is no way to take one off again
    data = photograph(800, 900)  # beyond what form parsers keep in memory
    path = opened(client, data)["path"]
    client.post(f"{path}/download", json=wish())
    client.post("/api/batch?expression=happy", content=a_zip(data))
    watched = False
    assert [name for name in written if "__pycache__" not in name] == []
    assert not any(record.name.startswith("efgan") for record in caplog.records)


def test_a_port_that_is_taken_is_told_before_a_model_is_loaded(efgan, tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(InputError, match="choose another port"):
            efgan("app", "--run", tmp_path / "nothing", "--port", taken.getsockname()[1])
    with pytest.raises(InputError, match="no trained generator"):
        efgan("app", "--run", tmp_path / "nothing", "--port", 0)


def test_a_zip_becomes_a_zip_of_numbered_files_with_a_report():
    names = ["../../etc/passwd", "C:\\x.png", "/root/bashrc", "__MACOSX/._x.png", "@eaDir/x.png/thumb.jpg", "y.png"]
    engine = FakeEngine()
    engine.deadly = photograph(20, 20)  # a photograph that ends a worker
    members = photograph(), b"no picture", photograph(30, 30), b"resource fork", photograph(), engine.deadly
    with client_of(engine) as client:
        files, rows, archive = batch(client, *members, names=names)
    assert files == ["0001.png", "0003.png", "report.csv"]
    assert decode_image(archive.read("0003.png"), "x").shape == (30, 30, 3)
    assert rows[0] == ["number", "file", "result"]
    assert [row[:2] for row in rows[1:]] == [["1", "0001.png"], ["2", ""], ["3", "0003.png"], ["4", ""]]
    said = ("edited", "the photograph: not a readable image", "edited", "the program broke off while it worked on this")
    assert all(row[2].startswith(words) for row, words in zip(rows[1:], said, strict=True))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (a_zip(b"a", b"b"), "No photograph of the zip could be edited; the first: .*not a readable image"),
        (b"no zip", "not a zip"),
        (a_zip(), "1 to 50"),
        (a_zip(*[b"x"] * 51), "1 to 50"),
        (a_zip(*[b""] * 1001), "too many entries"),
    ],
)
def test_bad_zips_are_one_sentence(data, words):
    with client_of(FakeEngine()) as client:
        answer = client.post("/api/batch?expression=happy", content=data)
        assert answer.status_code == 422 and re.search(words, answer.json()["error"])
        assert client.post("/api/batch?expression=purple", content=data).status_code == 422


def bomb():
    data = bytearray(a_zip(bytes(50_000_000), b"second"))
    assert len(data) < 60_000
    return data


def lying_bomb():
    """The directory says that its first member has five bytes."""
    data = bomb()
    struct.pack_into("<I", data, data.index(b"PK\x01\x02") + 24, 5)
    return data


def damaged():
    data = bytearray(a_zip(b"first" * 50, b"second", compression=zipfile.ZIP_STORED))
    data[data.index(b"firstfirst") + 3] ^= 0xFF
    return data


def encrypted():
    data = bytearray(a_zip(b"first", b"second"))
    for mark, flag in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + flag] |= 1
    return data


@pytest.mark.parametrize(
    ("make", "words"), [(bomb, "larger than"), (lying_bomb, ""), (damaged, "damaged"), (encrypted, "encrypted")]
)
def test_a_bad_member_does_not_stop_the_others_and_a_bomb_stops_at_the_limit(make, words):
    bad, good = read_members(bytes(make()), Limits(upload_bytes=10_000, batch_bytes=25_000))
    assert isinstance(bad, InputError) and words in str(bad) and good == b"second"


def test_a_zip_that_unpacks_to_too_much_is_refused():
    with pytest.raises(InputError, match="unpacks to more"):
        list(read_members(a_zip(*[bytes(9_000)] * 3), Limits(batch_bytes=25_000)))
