"""Zips of photographs: what comes back, and what they may not do."""

import csv
import io
import struct
import zipfile

import pytest
from app_client import FakeEngine, a_zip, client_of, photograph

from cascade_efgan.app.limits import Limits
from cascade_efgan.app.zip_edits import read_members
from cascade_efgan.data.images import decode_image
from cascade_efgan.errors import InputError


@pytest.fixture
def client():
    with client_of(FakeEngine(), Limits()) as made:
        yield made


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


def test_a_photograph_of_a_zip_that_ends_a_worker_is_named_and_the_others_are_edited():
    engine = FakeEngine()
    engine.deadly = photograph(30, 30)
    with client_of(engine, Limits()) as client:
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
