"""Zips of photographs: what comes back, and what they may not do."""

import re
import struct
import zipfile

import pytest
from app_client import batch, client_of
from fake_engine import FakeEngine, a_zip, photograph

from cascade_efgan.app.limits import Limits
from cascade_efgan.app.zip_edits import read_members
from cascade_efgan.data.images import decode_image
from cascade_efgan.errors import InputError


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
