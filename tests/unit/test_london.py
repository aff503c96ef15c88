"""The London Set from a local server and from a mirror: hashes, resuming, and what goes wrong."""

import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
from programs import write_files

from cascade_efgan.config import settings_from_flags
from cascade_efgan.data.photo_files.manifest import read_manifest
from cascade_efgan.data.photo_files.photos import PhotoZip, encode_png, sha256
from cascade_efgan.data.sources import london
from cascade_efgan.data.sources.london import CHECKSUMS, london_files, london_photos
from cascade_efgan.data.sources.source import Request
from cascade_efgan.errors import InputError

FILES = [f"{folder}_front/{person}_{pose}.jpg" for person in ("001", "007") for folder, pose in
         (("neutral", "03"), ("smiling", "08"))]  # fmt: skip


@pytest.fixture
def mirror(tmp_path, monkeypatch):
    """A folder of four small photographs, with their hash list beside it."""
    monkeypatch.delenv(london.MIRROR_VARIABLE, raising=False)
    monkeypatch.setattr(london, "RETRIES", 0)
    images = {name: encode_png(np.full((8, 9, 3), number, dtype=np.uint8)) for number, name in enumerate(FILES)}
    write_files(tmp_path, {"sums.txt": "".join(f"{sha256(data)}  {name}\n" for name, data in images.items())})
    return write_files(tmp_path / "mirror", images)


@pytest.fixture
def server(mirror):
    """(address, list of the paths that were asked for) of a web server of the mirror."""
    asked = []

    class Handler(SimpleHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            super().do_GET()

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(mirror))) as http:
        thread = threading.Thread(target=http.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{http.server_port}", asked
        http.shutdown()
        thread.join()


def read(place, **section):
    """What the data set holds by the hash list beside a mirror; section: its settings."""
    flags = [f"london.{key}={value}" for key, value in section.items()]
    folder = place.parent
    return london_photos(Request(settings_from_flags(flags), folder / ".download", folder / "sums.txt"))


def photos(place, **section):
    return list(read(place, **section).photos)


def test_an_interrupted_download_resumes_and_a_damaged_leftover_is_fetched_again(server, mirror):
    address, asked = server
    lost = mirror / FILES[2]
    content = lost.read_bytes()
    lost.unlink()
    with pytest.raises(InputError, match=r"007_03\.jpg: the server answered 404 instead of the photograph"):
        photos(mirror, base_url=address)
    assert asked == [f"/{name}" for name in FILES[:3]]
    lost.write_bytes(content)
    asked.clear()
    assert len(photos(mirror, base_url=address)) == 4
    assert asked == [f"/{name}" for name in FILES[2:]]
    (mirror.parent / ".download" / FILES[1]).write_bytes(b"half")
    asked.clear()
    found = photos(mirror, base_url=address)
    assert [photo.data for photo in found] == [(mirror / name).read_bytes() for name in FILES]
    assert asked == [f"/{FILES[1]}"]


def test_other_bytes_from_the_server_are_refused(server, mirror):
    (mirror / FILES[0]).write_bytes(b"<html>404</html>")
    expected = london_files(mirror.parent / "sums.txt", None)[0].sha256
    message = rf"001_03\.jpg: the server sent a file whose SHA-256 is not the expected {expected}"
    with pytest.raises(InputError, match=message):
        photos(mirror, base_url=server[0])
    assert not (mirror.parent / ".download" / FILES[0]).exists()


def test_an_unreachable_server_is_named(mirror):
    with pytest.raises(InputError, match=r"http://127\.0\.0\.1:9/.*001_03\.jpg: the server cannot be reached"):
        photos(mirror, base_url="http://127.0.0.1:9")


def test_a_failed_attempt_is_repeated(server, mirror, monkeypatch):
    monkeypatch.setattr(london, "RETRIES", 1)
    address, asked = server
    (mirror / FILES[0]).unlink()
    with pytest.raises(InputError, match="answered 404"):
        photos(mirror, base_url=address)
    assert asked == [f"/{FILES[0]}"] * 2


@pytest.mark.parametrize("named", [True, False])
def test_a_mirror_by_setting_or_variable_is_read_in_order_without_a_server(mirror, monkeypatch, named):
    settings = {"mirror": mirror} if named else {}
    if not named:
        monkeypatch.setenv(london.MIRROR_VARIABLE, str(mirror))
    found = photos(mirror, base_url="http://127.0.0.1:9", **settings)
    assert [(photo.id, photo.person, photo.expression) for photo in found] == [
        ("001_03", "001", "neutral"), ("001_08", "001", "happy"),
        ("007_03", "007", "neutral"), ("007_08", "007", "happy"),
    ]  # fmt: skip
    assert [photo.data for photo in found] == [(mirror / name).read_bytes() for name in FILES]
    assert {(photo.gaze, photo.file == f"{photo.id}.jpg") for photo in found} == {("frontal", True)}
    assert not (mirror.parent / ".download").exists()
    limited = read(mirror, limit=1, **settings)
    assert limited.completeness.expected == limited.completeness.found == 2
    assert list(limited.photos) == found[:2]


def test_a_bad_mirror_is_named(mirror):
    with pytest.raises(InputError, match="absent: no such folder; expected one with neutral_front/"):
        photos(mirror, mirror=mirror / "absent")
    (mirror / FILES[1]).write_bytes(b"other")
    with pytest.raises(InputError, match=r"001_08\.jpg: its SHA-256 is [0-9a-f]{64}, expected [0-9a-f]{64}: replace"):
        photos(mirror, mirror=mirror)
    (mirror / FILES[1]).unlink()
    with pytest.raises(InputError, match=r"001_08\.jpg: missing in the mirror; expected a file with SHA-256"):
        photos(mirror, mirror=mirror)


@pytest.mark.parametrize(("text", "message"), [
    (None, "no such file"),
    ("", "no lines"),
    (f"{'0' * 64}  neutral_front/001_03.jpg\nabc  x.jpg\n", "line 2 is not"),
    (f"{'0' * 64}  neutral_front/cat.jpg\n", r"neutral_front/cat\.jpg is no photograph of the London Set"),
])  # fmt: skip
def test_a_bad_hash_list_is_named(tmp_path, text, message):
    if text is not None:
        (tmp_path / "sums.txt").write_text(text)
    with pytest.raises(InputError, match=rf"sums\.txt: {message}"):
        london_files(tmp_path / "sums.txt", None)


def test_the_repositorys_list_is_the_whole_set(repository):
    files = london_files(CHECKSUMS, None)
    people = (repository / "resources" / "london" / "people.csv").read_text().splitlines()[1:]
    assert len(files) == 204
    assert sorted({file.person for file in files}) == sorted(line.split(",")[0] for line in people)
    assert len(london_files(CHECKSUMS, 10)) == 20


@pytest.fixture
def download(tmp_path, efgan):
    """Runs the stage into the folder `out` of the test."""
    out = tmp_path / "out"
    files = ("--photos", out / "photos.zip", "--manifest", out / "manifest.csv", "--completeness", out / "c.json")
    return lambda dataset, *flags: efgan("download", "--dataset", dataset, *files, *flags)


def test_the_stage_keeps_what_it_fetched_until_all_is_written(server, mirror, tmp_path, download):
    flags = ("--checksums", tmp_path / "sums.txt", "--set", f"london.base_url={server[0]}")
    last = mirror / FILES[3]
    last.rename(tmp_path / "away")
    with pytest.raises(InputError, match="answered 404"):
        download("london", *flags)
    out = tmp_path / "out"
    assert [path.name for path in out.iterdir()] == [".download"]
    (tmp_path / "away").rename(last)
    download("london", *flags)
    assert sorted(path.name for path in out.iterdir()) == ["c.json", "manifest.csv", "photos.zip"]
    manifest = read_manifest(out / "manifest.csv")
    assert list(manifest["id"]) == ["001_03", "001_08", "007_03", "007_08"]
    assert set(manifest["width"]) == {9}
    with PhotoZip(out / "photos.zip") as archive:
        assert all(sha256(archive.read(row["file"])) == row["sha256"] for row in manifest.to_dict("records"))
    first = (out / "photos.zip").read_bytes()
    download("london", *flags)
    assert (out / "photos.zip").read_bytes() == first


def test_the_stage_refuses_openface_values_that_it_does_not_have_and_unknown_data_sets(mirror, tmp_path, download):
    with pytest.raises(InputError, match=r"--openface .*: data set london brings no OpenFace values"):
        download("london", "--openface", tmp_path / "o.zip", "--checksums", tmp_path / "sums.txt",
                 "--set", f"london.mirror={mirror}")  # fmt: skip
    assert not (tmp_path / "out" / "photos.zip").exists()
    with pytest.raises(InputError, match="data set 'lfw' has no source: expected one of rendered, london"):
        download("lfw")


def test_the_real_mirror_holds_what_the_list_says(london_mirror, monkeypatch, tmp_path):
    monkeypatch.setenv(london.MIRROR_VARIABLE, str(london_mirror))
    found = london_photos(Request(settings_from_flags(["london.limit=3"]), tmp_path / ".download"))
    assert [photo.id for photo in found.photos] == ["001_03", "001_08", "002_03", "002_08", "003_03", "003_08"]
