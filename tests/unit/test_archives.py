"""Folders, zips and tars that a user obtained: the same bytes from each, and everything unsafe refused."""

import gzip
import io
import os
import struct
import tarfile
import zipfile
import zlib
from pathlib import Path

import pytest
from layouts import pack
from programs import write_files

from cascade_efgan.data.sources import archives
from cascade_efgan.data.sources.archives import open_archive
from cascade_efgan.errors import InputError

PACKED = (".zip", ".tar", ".tar.gz", ".tar.bz2", ".tar.xz")
#: Among them names that only resemble those of other programs.
RESEMBLING = ("@anna/1.jpg", "#1.jpg", "a.git/1.jpg", "a/$5.jpg", "recycle/1.jpg", "thumbs/db.jpg", "xmp/1.jpg")
FILES = {"a b/Größe 1.JPG": b"one", "list.csv": b"x" * 3000, "z/deep/er/2.png": b"\x00\x01" * 900,
         **dict.fromkeys(RESEMBLING, b"1")}  # fmt: skip
PHOTO = b"the bytes of a photograph" * 9


@pytest.fixture
def folder(tmp_path):
    """A folder of `FILES`."""
    return write_files(tmp_path / "set", FILES)


def content(path):
    """Everything in an archive, name -> bytes, in the order of its names."""
    with open_archive(path, path.parent / "work") as archive:
        return {name: archive.read(name) for name in archive.names()}


def zip_of(path, *members):
    """A zip of (name or ZipInfo, bytes) pairs."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members:
            archive.writestr(name, data)
    return path


def tar_of(path, *members):
    """A tar of (TarInfo or name, bytes) pairs."""
    with tarfile.open(path, "w") as archive:
        for member, data in members:
            info = member if isinstance(member, tarfile.TarInfo) else tarfile.TarInfo(member)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return path


def packed_as(folder, suffix):
    """The folder itself, or a packing of it beside it."""
    return pack(folder, folder.with_name(f"set{suffix}")) if suffix else folder


@pytest.mark.parametrize("suffix", ["", *PACKED])
def test_all_packings_read_alike_and_leave_nothing_behind(folder, tmp_path, suffix):
    found = content(packed_as(folder, suffix))
    assert found == FILES
    assert list(found) == sorted(FILES)
    assert list(tmp_path.glob("work/*")) == []


@pytest.mark.parametrize("suffix", ["", *PACKED])
def test_what_other_programs_leave_is_counted_and_not_listed(folder, tmp_path, suffix):
    """A user saw thumbnails and deleted photographs train and test."""
    left = {
        "._*": ["a b/._Größe 1.JPG"], "__MACOSX": ["__MACOSX/list.csv", "z/__MACOSX/a/b.png"], ".git": [".git/x/1"],
        "Thumbs.db": ["z/Thumbs.db"], "Desktop.ini": ["Desktop.ini"], "@eaDir": ["z/@eaDir/2.png/SYNOPHOTO_THUMB.jpg"],
        "#recycle": ["#recycle/a b/1.jpg"], ".Trash-1000": [".Trash-1000/files/1.jpg"], ".DS_Store": [".DS_Store"],
        "$RECYCLE.BIN": ["$RECYCLE.BIN/S-1-5/1.jpg"], ".thumbnails": ["z/.thumbnails/1.jpg"], "*.aae": ["IMG_1.AAE"],
        ".ipynb_checkpoints": [".ipynb_checkpoints/1-checkpoint.jpg"], "lost+found": ["lost+found/1.jpg"],
        "System Volume Information": ["System Volume Information/1.jpg"], ".@__thumb": ["z/.@__thumb/2.png"],
        "*.lrdata": ["z/Previews.lrdata/1.jpg", "B Smart Previews.lrdata/A/2.jpg"], "*.xmp": ["a b/Größe 1.XMP"],
        "~$list.csv": ["~$list.csv"],
    }  # fmt: skip
    write_files(folder, {name: b"leaving" for names in left.values() for name in names})
    with open_archive(packed_as(folder, suffix), tmp_path) as archive:
        assert archive.names() == sorted(FILES)
        assert archive.skipped == {program: len(names) for program, names in left.items()}


def test_names_of_every_program_are_understood(tmp_path):
    path = zip_of(tmp_path / "set.zip", ("./a//1.jpg", b"1"), ("b\\2.jpg", b"2"), ("empty\\", b""), ("dir/", b""),
                  ("gro\u0308n.jpg", b"3"))  # fmt: skip
    assert content(path) == {"a/1.jpg": b"1", "b/2.jpg": b"2", "gr\u00f6n.jpg": b"3"}
    no_utf8 = os.fsdecode(b"gr\xfcn.jpg")
    for path in (tar_of(tmp_path / "set.tar", (no_utf8, b"1")), write_files(tmp_path / "set", {no_utf8: b"1"})):
        assert content(path) == {"gr\ufffdn.jpg": b"1"}


@pytest.mark.parametrize("stored", ["Größe.jpg".encode(), b"Gr\x94\xe1e.jpg"])
def test_zip_names_without_a_utf8_mark_are_utf8_or_cp437(tmp_path, stored):
    path = zip_of(tmp_path / "set.zip", ("n" * len(stored), b"1"))
    path.write_bytes(path.read_bytes().replace(b"n" * len(stored), stored))
    assert content(path) == {"Größe.jpg": b"1"}


@pytest.mark.parametrize("name", ["../out.jpg", "a/../../out.jpg", "/etc/out.jpg", "a\\..\\..\\out.jpg", "C:\\out.jpg",
                                  "../", "\\\\host\\out.jpg"])  # fmt: skip
@pytest.mark.parametrize("make", [zip_of, tar_of])
def test_a_name_outside_the_archive_is_refused(tmp_path, make, name):
    path = make(tmp_path / "set", ("1.jpg", b"1"), (name, b""))
    with pytest.raises(InputError, match=r"set: member '.*' points outside the archive") as error:
        content(path)
    assert repr(name.rstrip("/"))[1:-1] in str(error.value)
    assert sorted(found.name for found in tmp_path.rglob("*")) == ["set"]


@pytest.mark.parametrize(
    "kind", ["zip", tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE]
)
def test_a_link_or_device_is_refused_when_it_is_wanted(tmp_path, kind):
    if kind == "zip":
        link = zipfile.ZipInfo("1.jpg")
        link.create_system, link.external_attr = 3, 0o120777 << 16
        path = zip_of(tmp_path / "set", (link, b"/etc/hostname"), ("2.jpg", b"2"))
    else:
        link = tarfile.TarInfo("1.jpg")
        link.type, link.linkname = kind, "/etc/hostname"
        path = tar_of(tmp_path / "set", (link, b""), ("2.jpg", b"2"))
    with open_archive(path, tmp_path) as archive:
        assert archive.names() == ["1.jpg", "2.jpg"]
        assert archive.read("2.jpg") == b"2"
        with pytest.raises(InputError, match=r"set: 1\.jpg is a link, a device or a sparse file"):
            archive.read("1.jpg")


def test_links_of_a_folder_are_followed_inside_it_only(folder, tmp_path):
    write_files(tmp_path, {"secret.jpg": b"secret", "other/1.jpg": b"1"})
    for name, target in (("in.csv", "list.csv"), ("out.jpg", "../secret.jpg"), ("gone.jpg", "nowhere.jpg")):
        (folder / name).symlink_to(target)
    (folder / "again").symlink_to("z")
    os.mkfifo(folder / "pipe.jpg")
    linked = tmp_path / "linked"
    linked.symlink_to(folder)
    with open_archive(linked, tmp_path / "work") as archive:
        assert archive.names() == sorted([*FILES, "in.csv", "out.jpg", "gone.jpg", "pipe.jpg"])
        assert archive.read("in.csv") == FILES["list.csv"]
        for name in ("out.jpg", "gone.jpg", "pipe.jpg"):
            with pytest.raises(InputError, match=rf"linked: {name} is a link, a device or a sparse file"):
                archive.read(name)
    (folder / "z" / "more").symlink_to(tmp_path / "other")
    with pytest.raises(InputError, match="set: z/more is a link to a folder outside, which is not followed"):
        content(folder)


@pytest.mark.parametrize("suffix", PACKED)
@pytest.mark.parametrize("share", [0.3, 0.6, 0.85])
def test_an_archive_that_breaks_off_is_refused(folder, tmp_path, suffix, share):
    (folder / "noise.jpg").write_bytes(os.urandom(40_000))
    packed = packed_as(folder, suffix)
    packed.write_bytes(packed.read_bytes()[: int(share * packed.stat().st_size)])
    with pytest.raises(InputError, match=r"set\..*: damaged or not readable"):
        content(packed)
    assert list(tmp_path.glob("work/*")) == []


def test_a_tar_that_breaks_off_between_two_files_or_has_a_damaged_header_is_refused(tmp_path):
    path = tar_of(tmp_path / "set.tar", ("1.jpg", b"1"), ("2.jpg", b"2"), ("3.jpg", b"3"))
    data = path.read_bytes()
    path.write_bytes(data[:1024] + b"\xff" * 10 + data[1034:])  # which is not the end
    with pytest.raises(InputError, match=r"set\.tar: damaged or not readable"):
        content(path)
    path.write_bytes(data[:1024])
    with pytest.raises(InputError, match=r"set\.tar: damaged or not readable \(it breaks off\)"):
        content(path)


DAMAGED = r"damaged or not readable \(1\.jpg"
HEADER = b"PK\x01\x02\x14\x03\x14\x00"  # of the zip's list; flags follow


@pytest.mark.parametrize(("method", "old", "new", "message"), [
    (zipfile.ZIP_STORED, PHOTO, PHOTO[::-1], DAMAGED),
    (zipfile.ZIP_DEFLATED, zlib.compress(PHOTO, wbits=-15)[:9], b"\xff" * 9, DAMAGED),
    (zipfile.ZIP_DEFLATED, struct.pack("<I", len(PHOTO)), struct.pack("<I", 10), f"{DAMAGED}: Bad CRC-32"),  # a lie
    (zipfile.ZIP_BZIP2, b"", b"", f"{DAMAGED}: packed by method 12"),  # whose size Python does not bound
    (zipfile.ZIP_STORED, HEADER + b"\0", HEADER + b"\1", r"1\.jpg is encrypted; unpack the zip with its password"),
])  # fmt: skip
def test_a_damaged_or_encrypted_member_of_a_zip_is_named(tmp_path, method, old, new, message):
    path = tmp_path / "set.zip"
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.writestr("1.jpg", PHOTO)
    data = path.read_bytes()
    assert old in data
    path.write_bytes(data.replace(old, new))
    with pytest.raises(InputError, match=rf"set\.zip: {message}"):
        content(path)


@pytest.mark.parametrize("suffix", ["", ".zip", ".tar", ".tar.gz"])
def test_a_file_that_is_too_large_or_not_there_and_too_many_files_are_refused(folder, tmp_path, monkeypatch, suffix):
    monkeypatch.setattr(archives, "MAX_BYTES", 2000)
    monkeypatch.setattr(archives, "MAX_MEMBERS", len(FILES))
    packed = packed_as(folder, suffix)
    with open_archive(packed, tmp_path / "work") as archive:
        assert archive.read("z/deep/er/2.png") == FILES["z/deep/er/2.png"]
        with pytest.raises(InputError, match=r"list\.csv is larger than 0 MiB, expected a photograph or a list"):
            archive.read("list.csv")
        with pytest.raises(InputError, match=r"set.*: holds no file 9\.jpg"):
            archive.read("9.jpg")
    monkeypatch.setattr(archives, "MAX_MEMBERS", len(FILES) - 1)
    with pytest.raises(InputError, match=r"more than \d+ files; name the folder of the data set alone"):
        content(packed)


def test_a_compressed_tar_made_to_fill_the_disk_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "MAX_BYTES", 2**20)
    path = tmp_path / "set.tar.gz"
    path.write_bytes(gzip.compress(bytes(30 * 2**20)))
    with pytest.raises(InputError, match=r"set\.tar\.gz: grows more than 200 times"):
        content(path)
    assert list(tmp_path.glob("work/*")) == []


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("make", [zip_of, tar_of])
def test_a_name_twice_is_refused(tmp_path, make):
    path = make(tmp_path / "set", ("a/1.jpg", b"1"), ("a/1.jpg", b"2"))
    with pytest.raises(InputError, match=r"set: holds a/1\.jpg twice, expected every name once: pack it again"):
        content(path)


def test_a_tar_that_holds_a_zip_is_read_as_a_tar(tmp_path):
    inner = zip_of(tmp_path / "inner.zip", ("1.jpg", b"1"))
    path = tar_of(tmp_path / "set", ("inner.zip", inner.read_bytes()))
    assert list(content(path)) == ["inner.zip"]


@pytest.mark.parametrize(("name", "data", "message"), [
    ("absent.zip", None, r"cannot be read \(No such file or directory\)"),
    ("set.rar", b"Rar!\x1a\x07\x01\x00" + bytes(600), "neither a folder nor a zip nor a tar"),
    ("empty.zip", b"", "neither a folder nor a zip nor a tar"),
    ("notes.gz", gzip.compress(b"no tar", mtime=0), "damaged or not readable"),
])  # fmt: skip
def test_a_path_that_is_no_archive_is_named(tmp_path, name, data, message):
    if data is not None:
        (tmp_path / name).write_bytes(data)
    with pytest.raises(InputError, match=f"{name}: {message}"):
        content(tmp_path / name)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_is_named(folder, tmp_path):
    packed = pack(folder, tmp_path / "set.tar.gz")
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / f".unpacked.{os.getpid()}.partial.tar").symlink_to("/dev/full")
    with pytest.raises(InputError, match=r"set\.tar\.gz: no space left to unpack it in .*work"):
        content(packed)
