"""Where the archives of licensed data sets are, and what tells that one of them changed."""

import hashlib
import os
import re
import subprocess
import sys
import time

import pytest

from cascade_efgan.config import resolve
from cascade_efgan.data import licensed
from cascade_efgan.data.licensed import LICENSED, archive_fingerprint, archive_of, missing_archives
from cascade_efgan.errors import InputError

DATASETS = ("rafd", "cfeed", "affectnet", "folder")
ADDRESSES = {
    "rafd": "https://rafd.socsci.ru.nl",
    "cfeed": "https://cbcsl.ece.ohio-state.edu/compound.html",
    "affectnet": "http://mohammadmahoor.com/pages/databases/affectnet/",
}


@pytest.fixture(autouse=True)
def no_variables(monkeypatch):
    """The machine's own archives must not answer."""
    for dataset in DATASETS:
        monkeypatch.delenv(f"EFGAN_{dataset.upper()}", raising=False)


@pytest.fixture
def folder(tmp_path):
    """Photographs two folders deep, as CFEED's are, all of an old time."""
    for name in ("list.xls", "set/01-04/Images1/1.jpg", "set/01-04/Images1/2.jpg", "set/05-08/Images2/3.jpg"):
        path = tmp_path / "cfeed" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"jpeg")
    for path in (tmp_path / "cfeed", *(tmp_path / "cfeed").rglob("*")):
        os.utime(path, (10**9, 10**9))
    return tmp_path / "cfeed"


def fingerprint(path, dataset="cfeed", **section):
    return archive_fingerprint(resolve({dataset: {"archive": str(path), **section}}), dataset)


def test_the_setting_wins_over_the_variable_and_a_tilde_is_the_home_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("one.zip", "two.zip"):
        (tmp_path / name).write_bytes(b"zip")
    monkeypatch.setenv("EFGAN_RAFD", "~/two.zip")
    for settings, name in ((resolve({}), "two.zip"), (resolve({"rafd": {"archive": "~/one.zip"}}), "one.zip")):
        assert archive_of(settings, "rafd") == tmp_path / name
        assert archive_fingerprint(settings, "rafd")["archive"] == str(tmp_path / name)


@pytest.mark.parametrize("dataset", LICENSED)
def test_the_sentence_says_where_to_request_a_data_set_by_one_address(dataset, tmp_path):
    assert LICENSED[dataset].request_at == ADDRESSES[dataset]
    for overrides in ({}, {dataset: {"archive": str(tmp_path / "absent")}}):
        with pytest.raises(InputError, match=rf"request the data set at {re.escape(ADDRESSES[dataset])} and name"):
            archive_of(resolve(overrides), dataset)


def test_every_missing_archive_is_one_sentence_in_the_order_of_the_data_sets(tmp_path, monkeypatch):
    overrides = {"datasets": ["rendered", "cfeed", "london", "rafd"], "wild": {"dataset": "folder"}}
    sentences = missing_archives(resolve(overrides))
    assert [sentence.split(".archive is not set: ")[0] for sentence in sentences] == ["cfeed", "rafd", "folder"]
    assert not any("\n" in sentence for sentence in sentences)
    monkeypatch.setenv("EFGAN_CFEED", str(tmp_path))
    monkeypatch.setenv("EFGAN_RAFD", str(tmp_path / "absent"))
    sentences = missing_archives(resolve({**overrides, "folder": {"archive": str(tmp_path)}}))
    assert len(sentences) == 1
    assert sentences[0].startswith(f"{tmp_path / 'absent'}: no such file or folder, though EFGAN_RAFD names it")
    assert missing_archives(resolve({})) == []


def test_an_archive_that_is_not_there_is_missing_and_no_error(tmp_path, monkeypatch):
    for dataset in DATASETS:
        assert archive_fingerprint(resolve({}), dataset) == {"archive": "missing"}
    assert fingerprint(tmp_path / "absent") == {"archive": "missing"}
    monkeypatch.setenv("EFGAN_CFEED", "~nobody-has-this-name/cfeed")
    assert archive_fingerprint(resolve({}), "cfeed") == {"archive": "missing"}


@pytest.mark.parametrize("dataset", ["rendered", "london", "combined"])
def test_data_sets_without_an_archive_have_no_fingerprint(dataset):
    assert archive_fingerprint(resolve({}), dataset) == {}


def test_a_file_is_told_by_its_size_and_time(tmp_path):
    path = tmp_path / "cfeed.zip"
    path.write_bytes(b"one")
    os.utime(path, (10**9, 10**9))
    before = fingerprint(path)
    assert before == {"archive": str(path), "state": "3 bytes, changed 1000000000000000000"}
    assert fingerprint(path) == before
    os.utime(path, (10**9, 10**9 + 1))
    later = fingerprint(path)
    path.write_bytes(b"three")
    os.utime(path, (10**9, 10**9))
    assert len({str(state) for state in (before, later, fingerprint(path))}) == 3


@pytest.mark.parametrize("below", [".", "set", "set/01-04", "set/05-08/Images2"])
@pytest.mark.parametrize("change", ["add", "remove"])
def test_a_file_that_comes_or_goes_changes_a_folders_fingerprint(folder, below, change):
    (folder / below / "old.jpg").write_bytes(b"jpeg")
    before = fingerprint(folder)
    assert fingerprint(folder) == before
    if change == "add":
        (folder / below / "new.jpg").write_bytes(b"jpeg")
    else:
        (folder / below / "old.jpg").unlink()
    assert fingerprint(folder) != before


def test_times_that_are_kept_while_files_come_are_seen_by_their_number(folder):
    before = fingerprint(folder)
    assert before == {"archive": str(folder), "state": "9 entries, changed 1000000000000000000"}
    (folder / "set/01-04/Images1/4.jpg").write_bytes(b"jpeg")
    os.utime(folder / "set/01-04/Images1", (10**9, 10**9))
    assert fingerprint(folder)["state"] == "10 entries, changed 1000000000000000000"


def test_another_archive_has_another_fingerprint(folder, tmp_path):
    linked = tmp_path / "linked"
    linked.symlink_to(folder)
    assert fingerprint(linked)["state"] == fingerprint(folder)["state"]
    assert fingerprint(linked) != fingerprint(folder)


def test_labels_are_told_by_their_bytes_alone(folder, tmp_path):
    labels = tmp_path / "labels.csv"
    labels.write_bytes(b"file\n1.jpg\n")
    before = fingerprint(folder, "folder", labels=str(labels))
    assert before["labels"] == hashlib.sha256(b"file\n1.jpg\n").hexdigest()
    os.utime(labels, (10**9, 10**9))
    assert fingerprint(folder, "folder", labels=str(labels)) == before
    labels.write_bytes(b"file\n2.jpg\n")
    assert fingerprint(folder, "folder", labels=str(labels))["labels"] != before["labels"]
    labels.unlink()
    assert fingerprint(folder, "folder", labels=str(labels))["labels"] == "missing"
    assert "labels" not in fingerprint(folder, "folder")


def test_a_folder_of_photographs_is_looked_at_in_milliseconds(tmp_path):
    folder = tmp_path / "rafd"
    folder.mkdir()
    for number in range(8040):
        (folder / f"{number}.jpg").touch()
    settings = resolve({"rafd": {"archive": str(folder)}})
    seconds = []
    for _ in range(5):
        start = time.process_time()
        state = archive_fingerprint(settings, "rafd")["state"]
        seconds.append(time.process_time() - start)
    assert state.startswith("8040 entries, ")
    # 4 ms on the machine where this was written.
    assert min(seconds) < 0.05


def test_entries_are_counted_up_to_a_bound_beyond_which_the_time_tells(folder, monkeypatch):
    monkeypatch.setattr(licensed, "_ENTRIES", 5)
    before = fingerprint(folder)
    assert before["state"].startswith("5 entries, ")
    (folder / "set/05-08/new.jpg").write_bytes(b"jpeg")
    after = fingerprint(folder)
    assert after["state"].startswith("5 entries, ") and after != before


def test_the_workflow_asks_without_loading_arrays_or_networks():
    code = "import sys, cascade_efgan.data.licensed; print({'torch', 'pandas', 'numpy', 'PIL'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
