"""The service of `efgan app` as tests call it, without a network."""

import base64
import csv
import io
import zipfile

import pytest
from fake_engine import a_zip, photograph

from cascade_efgan.app.limits import Limits
from cascade_efgan.app.service import make_app
from cascade_efgan.data.photo_files.images import decode_image

testclient = pytest.importorskip("fastapi.testclient", reason="httpx, which the client needs, is not installed")


def client_of(engine, limits=None):
    return testclient.TestClient(make_app(engine, limits or Limits()), base_url="http://127.0.0.1:8000")


def opened(client, data=None):
    """The answer to an upload; `path`: where its edits are asked for."""
    answer = client.post("/api/photos", content=data or photograph())
    assert answer.status_code == 200, answer.text
    return answer.json() | {"path": f"/api/photos/{answer.json()['token']}"}


def pixels(text):
    return decode_image(base64.b64decode(text), "answer").astype(int)


def wish(value=3.0, **more):
    return {"edits": [{"face": 0, "aus": {"AU12": value}, **more}]}


def batch(client, *members, **options):
    """The answer to a zip whose faces are to be made happy: its names, its report's rows, and the zip itself."""
    answer = client.post("/api/batch?expression=happy", content=a_zip(*members, **options))
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/zip"
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    return archive.namelist(), list(csv.reader(io.TextIOWrapper(archive.open("report.csv")))), archive
