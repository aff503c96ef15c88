"""The London Set from a local server and from a mirror: hashes, resuming, and what goes wrong."""

import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from cascade_efgan.config import settings_from_flags
from cascade_efgan.data.manifest import read_manifest
from cascade_efgan.data.photos import PhotoZip, Request, encode_png, sha256
from cascade_efgan.data.sources import london
from cascade_efgan.data.sources.london import CHECKSUMS, london_files, london_photos, read_checksums
from cascade_efgan.errors import InputError

FILES = [f"{folder}_front/{person}_{pose}.jpg" for person in ("001", "007") for folder, pose in
         (("neutral", "03"), ("smiling", "08"))]  # fmt: skip


@pytest.fixture
def mirror(tmp_path, monkeypatch):
    """A folder of four small photographs, with their hash list beside it."""
    monkeypatch.delenv(london.MIRROR_VARIABLE, raising=False)
    monkeypatch.setattr(london, "RETRIES", 0)
    folder = tmp_path / "mirror"
    lines = []
    for number, name in enumerate(FILES):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(encode_png(np.full((8, 9, 3), number, dtype=np.uint8)))
        lines.append(f"{sha256(path.read_bytes())}  {name}\n")
    (tmp_path / "sums.txt").write_text("".join(lines))
    return folder


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


def request(place, **london_settings):
    flags = [f"london.{key}={value}" for key, value in london_settings.items()]
    folder = place.parent
    return Request(settings_from_flags(flags), folder / ".download", folder / "sums.txt")


def photos(wanted):
    return list(london_photos(wanted).photos)


def test_photographs_come_in_order_with_person_and_expression(server, mirror):
    found = photos(request(mirror, base_url=server[0]))
    assert [photo.id for photo in found] == ["001_03", "001_08", "007_03", "007_08"]
    assert [photo.person for photo in found] == ["001", "001", "007", "007"]
    assert [photo.expression for photo in found] == ["neutral", "happy", "neutral", "happy"]
    assert {photo.gaze for photo in found} == {"frontal"}
    assert found[3].data == (mirror / FILES[3]).read_bytes()
    assert found[3].file == "007_08.jpg"


def test_an_interrupted_download_resumes(server, mirror):
    address, asked = server
    lost = mirror / FILES[2]
    content = lost.read_bytes()
    lost.unlink()
    with pytest.raises(InputError, match=r"007_03\.jpg: the server answered 404 instead of the photograph"):
        photos(request(mirror, base_url=address))
    assert asked == [f"/{name}" for name in FILES[:3]]
    lost.write_bytes(content)
    asked.clear()
    assert len(photos(request(mirror, base_url=address))) == 4
    assert asked == [f"/{name}" for name in FILES[2:]]
    asked.clear()
    photos(request(mirror, base_url=address))
    assert asked == []


def test_a_damaged_leftover_is_fetched_again(server, mirror):
    address, asked = server
    photos(request(mirror, base_url=address))
    (mirror.parent / ".download" / FILES[1]).write_bytes(b"half")
    asked.clear()
    assert photos(request(mirror, base_url=address))[1].data == (mirror / FILES[1]).read_bytes()
    assert asked == [f"/{FILES[1]}"]


def test_other_bytes_from_the_server_are_refused(server, mirror):
    (mirror / FILES[0]).write_bytes(b"<html>404</html>")
    expected = next(iter(read_checksums(mirror.parent / "sums.txt").values()))
    message = rf"001_03\.jpg: the server sent a file whose SHA-256 is not the expected {expected}"
    with pytest.raises(InputError, match=message):
        photos(request(mirror, base_url=server[0]))
    assert not (mirror.parent / ".download" / FILES[0]).exists()


def test_an_unreachable_server_is_named(mirror):
    with pytest.raises(InputError, match=r"http://127\.0\.0\.1:9/.*001_03\.jpg: the server cannot be reached"):
        photos(request(mirror, base_url="http://127.0.0.1:9"))


def test_a_failed_attempt_is_repeated(server, mirror, monkeypatch):
    monkeypatch.setattr(london, "RETRIES", 1)
    address, asked = server
    (mirror / FILES[0]).unlink()
    with pytest.raises(InputError, match="answered 404"):
        photos(request(mirror, base_url=address))
    assert asked == [f"/{FILES[0]}"] * 2


def test_a_mirror_is_read_without_a_server(mirror):
    found = photos(request(mirror, mirror=mirror, base_url="http://127.0.0.1:9"))
    assert [photo.data for photo in found] == [(mirror / name).read_bytes() for name in FILES]
    assert not (mirror.parent / ".download").exists()


def test_the_mirror_may_come_from_the_environment(mirror, monkeypatch):
    monkeypatch.setenv(london.MIRROR_VARIABLE, str(mirror))
    assert len(photos(request(mirror, base_url="http://127.0.0.1:9"))) == 4


def test_a_bad_mirror_is_named(mirror):
    with pytest.raises(InputError, match="absent: no such folder; expected one with neutral_front/"):
        photos(request(mirror, mirror=mirror / "absent"))
    (mirror / FILES[1]).write_bytes(b"other")
    with pytest.raises(InputError, match=r"001_08\.jpg: its SHA-256 is [0-9a-f]{64}, expected [0-9a-f]{64}: replace"):
        photos(request(mirror, mirror=mirror))
    (mirror / FILES[1]).unlink()
    with pytest.raises(InputError, match=r"001_08\.jpg: missing in the mirror; expected a file with SHA-256"):
        photos(request(mirror, mirror=mirror))


def test_limit_takes_the_first_people(mirror):
    found = london_photos(request(mirror, mirror=mirror, limit=1))
    assert found.completeness.expected == found.completeness.found == 2
    assert [photo.person for photo in found.photos] == ["001", "001"]


def test_a_bad_hash_list_is_named(tmp_path):
    path = tmp_path / "sums.txt"
    with pytest.raises(InputError, match=r"sums\.txt: no such file"):
        read_checksums(path)
    path.write_text("")
    with pytest.raises(InputError, match=r"sums\.txt: no lines"):
        read_checksums(path)
    path.write_text(f"{'0' * 64}  neutral_front/001_03.jpg\nabc  x.jpg\n")
    with pytest.raises(InputError, match=r"sums\.txt: line 2 is not"):
        read_checksums(path)
    path.write_text(f"{'0' * 64}  neutral_front/cat.jpg\n")
    with pytest.raises(InputError, match=r"sums\.txt: neutral_front/cat\.jpg is no photograph of the London Set"):
        london_files(path, None)


def test_the_repositorys_list_is_the_whole_set(repository):
    files = london_files(CHECKSUMS, None)
    people = (repository / "resources" / "london" / "people.csv").read_text().splitlines()[1:]
    assert len(files) == 204
    assert sorted({file.person for file in files}) == sorted(line.split(",")[0] for line in people)
    assert len(london_files(CHECKSUMS, 10)) == 20


def test_the_stage_writes_zip_and_manifest_and_tidies_up(server, mirror, tmp_path, efgan):
    out = tmp_path / "out"
    flags = ("--dataset", "london", "--manifest", out / "manifest.csv", "--completeness", out / "completeness.json",
             "--checksums", tmp_path / "sums.txt", "--set", f"london.base_url={server[0]}")  # fmt: skip
    efgan("download", "--photos", out / "photos.zip", *flags)
    assert sorted(path.name for path in out.iterdir()) == ["completeness.json", "manifest.csv", "photos.zip"]
    manifest = read_manifest(out / "manifest.csv")
    assert list(manifest["id"]) == ["001_03", "001_08", "007_03", "007_08"]
    assert set(manifest["width"]) == {9}
    with PhotoZip(out / "photos.zip") as archive:
        for row in manifest.to_dict("records"):
            assert sha256(archive.read(row["file"])) == row["sha256"]
    efgan("download", "--photos", out / "again.zip", *flags)
    assert (out / "again.zip").read_bytes() == (out / "photos.zip").read_bytes()


def test_the_stage_keeps_what_it_fetched_when_it_stops(server, mirror, tmp_path, efgan):
    (mirror / FILES[3]).unlink()
    out = tmp_path / "out"
    flags = ("--dataset", "london", "--photos", out / "photos.zip", "--manifest", out / "manifest.csv",
             "--completeness", out / "completeness.json", "--checksums", tmp_path / "sums.txt",
             "--set", f"london.base_url={server[0]}")  # fmt: skip
    with pytest.raises(InputError, match="answered 404"):
        efgan("download", *flags)
    assert [path.name for path in out.iterdir()] == [".download"]


def test_the_stage_refuses_openface_values_that_it_does_not_have(mirror, tmp_path, efgan):
    with pytest.raises(InputError, match=r"--openface .*: data set london brings no OpenFace values"):
        efgan("download", "--dataset", "london", "--photos", tmp_path / "p.zip", "--manifest", tmp_path / "m.csv",
              "--completeness", tmp_path / "c.json", "--openface", tmp_path / "o.zip",
              "--checksums", tmp_path / "sums.txt",
              "--set", f"london.mirror={mirror}")  # fmt: skip
    assert not (tmp_path / "p.zip").exists()


def test_an_unknown_data_set_is_named(tmp_path, efgan):
    with pytest.raises(InputError, match="data set 'lfw' has no source: expected one of rendered, london"):
        efgan("download", "--dataset", "lfw", "--photos", tmp_path / "p.zip", "--manifest", tmp_path / "m.csv",
              "--completeness", tmp_path / "c.json")  # fmt: skip


def test_the_real_mirror_holds_what_the_list_says(london_mirror, monkeypatch, tmp_path):
    monkeypatch.setenv(london.MIRROR_VARIABLE, str(london_mirror))
    found = london_photos(Request(settings_from_flags(["london.limit=3"]), tmp_path / ".download"))
    assert [photo.id for photo in found.photos] == ["001_03", "001_08", "002_03", "002_08", "003_03", "003_08"]
