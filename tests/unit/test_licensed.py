"""Where the archives of licensed data sets are, and what shows that one of them changed."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from programs import write_files

from cascade_efgan import datasets
from cascade_efgan.config import resolve
from cascade_efgan.data.sources.licensed import MOST_BYTES, archive_fingerprint, archive_of, missing_archives
from cascade_efgan.errors import InputError

REQUESTS = {
    "rafd": "the Radboud .* is licensed by its owners; request the data set at https://rafd.socsci.ru.nl and name",
    "cfeed": "the Compound .*; request the data set at https://cbcsl.ece.ohio-state.edu/compound.html and name",
    "affectnet": "AffectNet .*; request the data set at http://mohammadmahoor.com/pages/databases/affectnet/ and name",
}


@pytest.fixture
def folder(tmp_path):
    """Photographs two folders deep, as CFEED's are, all of an old time."""
    names = ("list.xls", "set/01-04/Images1/1.jpg", "set/01-04/Images1/2.jpg", "set/05-08/Images2/3.jpg")
    write_files(tmp_path / "cfeed", dict.fromkeys(names, b"jpeg"))
    for path in (tmp_path / "cfeed", *(tmp_path / "cfeed").rglob("*")):
        os.utime(path, (10**9, 10**9))
    return tmp_path / "cfeed"


def fingerprint(path, dataset="cfeed", **section):
    return archive_fingerprint(resolve({dataset: {"archive": str(path), **section}}), dataset)


def test_the_setting_wins_over_the_variable_and_a_tilde_is_the_home_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    write_files(tmp_path, {"one.zip": b"zip", "two.zip": b"zip"})
    monkeypatch.setenv("EFGAN_RAFD", "~/two.zip")
    for settings, name in ((resolve({}), "two.zip"), (resolve({"rafd": {"archive": "~/one.zip"}}), "one.zip")):
        assert archive_of(settings, "rafd") == tmp_path / name
        assert archive_fingerprint(settings, "rafd")["archive"] == str(tmp_path / name)


@pytest.mark.parametrize("dataset", [name for name, about in datasets.DATASETS.items() if about.licence])
def test_the_sentence_says_where_to_request_a_data_set_and_what_runs_without(dataset, tmp_path):
    advice = (
        rf"the folder, zip or tar that you received as {dataset}\.archive in config\.yaml or in "
        rf"EFGAN_{dataset.upper()} \(the presets laptop, full and london run without it.*\)$"
    )
    with pytest.raises(InputError, match=rf"^{dataset}\.archive is not set: {REQUESTS[dataset]} {advice}"):
        archive_of(resolve({}), dataset)
    with pytest.raises(InputError, match=rf"absent: no such file or folder, though {dataset}\.archive .* {advice}"):
        archive_of(resolve({dataset: {"archive": str(tmp_path / "absent")}}), dataset)


def test_every_missing_archive_is_one_sentence_in_the_order_of_the_data_sets(tmp_path, monkeypatch):
    overrides = {"datasets": ["rendered", "cfeed", "london", "rafd"], "wild": {"dataset": "folder"}}
    sentences = missing_archives(resolve(overrides))
    assert [sentence.split(".archive is not set: ")[0] for sentence in sentences] == ["cfeed", "rafd", "folder"]
    assert not any("\n" in sentence for sentence in sentences)
    monkeypatch.setenv("EFGAN_CFEED", str(tmp_path))
    monkeypatch.setenv("EFGAN_RAFD", str(tmp_path / "absent"))
    (sentence,) = missing_archives(resolve({**overrides, "folder": {"archive": str(tmp_path)}}))
    assert sentence.startswith(f"{tmp_path / 'absent'}: no such file or folder, though EFGAN_RAFD names it")
    assert missing_archives(resolve({})) == []


def test_only_an_archive_that_is_there_has_a_fingerprint(tmp_path, monkeypatch):
    for dataset in datasets.DATASETS:
        none = {} if dataset in ("rendered", "london") else {"archive": "missing"}
        assert archive_fingerprint(resolve({}), dataset) == none
    assert archive_fingerprint(resolve({}), "combined") == {}
    assert fingerprint(tmp_path / "absent") == {"archive": "missing"}
    monkeypatch.setenv("EFGAN_CFEED", "~nobody-has-this-name/cfeed")
    assert archive_fingerprint(resolve({}), "cfeed") == {"archive": "missing"}


#: What the kernel counts of this process.
IO = Path("/proc/self/io")


def bytes_read(function):
    """What a function gives, and how many bytes were read meanwhile."""
    before = int(IO.read_text().split()[1])
    return function(), int(IO.read_text().split()[1]) - before


def a_minute_later(monkeypatch):
    """Files have been at rest: only then are their hashes remembered."""
    clock = time.time_ns
    monkeypatch.setattr("time.time_ns", lambda: clock() + 60 * 10**9)


def states(cache, path, *changes):
    """The state of an archive before any change and after each, all remembered by one cache."""
    settings, found = resolve({"cfeed": {"archive": str(path)}}), []
    for change in (lambda: None, *changes):
        time.sleep(0.02)  # more than a tick of the clock of files
        change()
        found.append(archive_fingerprint(settings, "cfeed", cache)["state"])
    return found


def replace_keeping_size_and_time(path):
    before = path.stat()
    path.write_bytes(bytes(byte ^ 1 for byte in path.read_bytes()))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


@pytest.mark.parametrize("cached", [False, True])
@pytest.mark.parametrize("at_rest", [False, True])
def test_the_bytes_decide_and_a_user_never_sees_nothing_to_be_done(folder, tmp_path, monkeypatch, cached, at_rest):
    """`cp` over a photograph ended in "Nothing to be done", with the crop of the old one."""
    if at_rest:
        a_minute_later(monkeypatch)
    for path, photo in ((folder, folder / "set/01-04/Images1/1.jpg"), (tmp_path / "one.zip", tmp_path / "one.zip")):
        photo.write_bytes(b"first")
        first, touched, other, longer, again, moved = states(
            tmp_path / "cache" if cached else None,
            path,
            lambda photo=photo: os.utime(photo, (10**9, 10**9 + 7)),
            lambda photo=photo: replace_keeping_size_and_time(photo),
            lambda photo=photo: photo.write_bytes(b"longer"),
            lambda photo=photo: photo.write_bytes(b"first"),
            lambda: (folder / "list.xls").replace(folder / "set/list.xls"),
        )
        assert first == touched == again and len({first, other, longer}) == 3
        assert (moved != again) == (path == folder)
        (folder / "set/list.xls").replace(folder / "list.xls")


@pytest.mark.skipif(not IO.exists(), reason="this system does not report how much a process reads")
def test_bytes_are_read_once_and_a_damaged_memory_is_no_error(folder, tmp_path, monkeypatch):
    a_minute_later(monkeypatch)
    (folder / "list.xls").write_bytes(os.urandom(2**22))
    (first,), read = bytes_read(lambda: states(tmp_path, folder))
    assert read > 2**22
    for damage in ("", "[]", '{"list.xls": 1}', "{}"):
        again, read = bytes_read(lambda: states(tmp_path, folder))
        assert again == [first] and read < 2**20
        next(tmp_path.glob("*.json")).write_text(damage, encoding="utf-8")
        again, read = bytes_read(lambda: states(tmp_path, folder))
        assert again == [first] and read > 2**22


@pytest.mark.skipif(not IO.exists(), reason="this system does not report how much a process reads")
def test_beyond_a_bound_a_time_alone_is_a_change(folder):
    with (folder / "set.tar").open("wb") as file:
        file.truncate(MOST_BYTES)  # a hole: it takes no place, but seconds to read
    found, read = bytes_read(lambda: states(None, folder, lambda: None, lambda: os.utime(folder / "list.xls", (1, 1))))
    first, again, touched = found
    assert first == again != touched and read < 2**24


@pytest.mark.parametrize("below", [".", "set", "set/01-04", "set/05-08/Images2"])
def test_a_file_that_comes_or_goes_changes_a_folders_fingerprint(folder, below):
    old = folder / below / "old.jpg"
    old.write_bytes(b"jpeg")
    assert len(set(states(None, folder, old.with_name("new.jpg").touch, old.unlink))) == 3


def test_neither_what_other_programs_leave_nor_a_link_changes_the_state(folder, tmp_path):
    """Looking at the photographs on a NAS started the whole workflow anew."""
    before = fingerprint(folder)
    write_files(folder, dict.fromkeys((".thumbnails/1.jpg", "set/@eaDir/1.jpg/thumb.jpg", "set/Thumbs.db"), b"jpeg"))
    assert fingerprint(folder) == before
    (tmp_path / "linked").symlink_to(folder)
    linked = fingerprint(tmp_path / "linked")
    assert linked["state"] == before["state"] and linked != before


def test_labels_are_told_by_their_bytes_alone(folder, tmp_path):
    labels = tmp_path / "labels.csv"
    labels.write_bytes(b"file\n1.jpg\n")
    before = fingerprint(folder, "folder", labels=str(labels))
    os.utime(labels, (10**9, 10**9))
    assert fingerprint(folder, "folder", labels=str(labels)) == before
    labels.write_bytes(b"file\n2.jpg\n")
    assert fingerprint(folder, "folder", labels=str(labels))["labels"] != before["labels"]
    labels.unlink()
    assert fingerprint(folder, "folder", labels=str(labels))["labels"] == "missing"
    assert "labels" not in fingerprint(folder, "folder")


def test_twenty_thousand_files_are_looked_at_in_well_under_a_second(tmp_path, monkeypatch):
    a_minute_later(monkeypatch)
    folder = write_files(tmp_path / "rafd", dict.fromkeys(map("{}.jpg".format, range(20_000)), b""))
    settings = resolve({"rafd": {"archive": str(folder)}})
    seconds = []
    for _ in range(4):
        start = time.process_time()
        state = archive_fingerprint(settings, "rafd", tmp_path / "cache")["state"]
        seconds.append(time.process_time() - start)
    assert state.startswith("20000 files, 0 bytes, ")
    # 0.15 s on the machine where this was written.
    assert min(seconds) < 0.6


def test_the_workflow_asks_without_loading_arrays_or_networks():
    code = (
        "import sys, cascade_efgan.data.sources.licensed; print({'torch', 'pandas', 'numpy', 'PIL'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
