"""What holds for the archives of all data sets: further archives in them, copies, placeholders, other packings."""

import re

import pytest
from layouts import make_affectnet_csv, make_affectnet_npy, make_cfeed, make_folder, make_rafd, pack, source
from programs import write_files

from cascade_efgan.data.photo_files.manifest import read_manifest
from cascade_efgan.data.photo_files.photos import PhotoZip, sha256
from cascade_efgan.data.sources.archive_contents import placeholder
from cascade_efgan.errors import InputError
from cascade_efgan.files import read_json

DATASETS = ("rafd", "cfeed", "affectnet", "folder")
PACKED = ["1.zip", "2.TAR", "3.tar.gz", "4.rar", "5.7z", "a b/set.part01.rar", "a b/set.r00", "set.z01", "set.zip.001"]

#: Release -> its data set, and what writes it to a folder and gives OpenFace's answers by id.
RELEASES = {
    "RaFD": ("rafd", lambda folder: make_rafd(folder, 1, size=48)),
    "CFEE": ("cfeed", lambda folder: make_cfeed(folder, 2, size=48)),
    "AffectNet 2020": ("affectnet", lambda folder: make_affectnet_csv(folder, 10)),
    "AffectNet 8": ("affectnet", lambda folder: make_affectnet_npy(folder, 10)),
    "one's own": ("folder", lambda folder: make_folder(folder, 2, labels=False)),
}


@pytest.mark.parametrize("release", RELEASES)
def test_all_packings_give_the_same_zip_manifest_and_completeness(release, tmp_path, efgan, monkeypatch):
    dataset, make = RELEASES[release]
    folder = tmp_path / "release" / release
    openface = make(folder)
    # A list names AffectNet's photographs, whatever folder they are in.
    whole = folder.parent if dataset == "affectnet" else folder
    archives = [folder, *(pack(whole, tmp_path / f"packed{suffix}") for suffix in (".zip", ".tar", ".tar.gz")), None]
    written = []
    for number, archive in enumerate(archives):
        photos, manifest, completeness = files = [
            tmp_path / f"out{number}" / name for name in ("photos.zip", "manifest.csv", "completeness.json")
        ]
        if archive is None:
            monkeypatch.setenv(f"EFGAN_{dataset.upper()}", str(folder))
        named = [] if archive is None else ["--set", f"{dataset}.archive={archive}"]
        efgan("download", "--dataset", dataset, "--photos", photos, "--manifest", manifest, "--completeness",
              completeness, "--set", f"{dataset}.partial=true", *named)  # fmt: skip
        assert sorted(photos.parent.iterdir()) == sorted(files)
        written.append([path.read_bytes() for path in files])
    assert all(made == written[0] for made in written)
    rows = read_manifest(manifest)
    assert list(rows["id"]) == sorted(openface)
    assert ((rows["face_x"] != "") == (release == "AffectNet 2020")).all()
    assert read_json(completeness)["found"] == len(rows)
    with PhotoZip(photos) as archive:
        assert all(sha256(archive.read(row["file"])) == row["sha256"] for row in rows.to_dict("records"))


@pytest.mark.parametrize("release", list(RELEASES)[:-1])
def test_a_photograph_in_two_places_must_have_the_same_bytes(release, tmp_path, caplog):
    dataset, make = RELEASES[release]
    folder = tmp_path / "release"
    make(folder)
    before = list(source(dataset, folder, partial=True).photos)
    original = next(path for path in sorted(folder.rglob("*.*")) if path.read_bytes() == before[0].data)
    copy = f"copy of my photos/{original.relative_to(folder)}"
    write_files(folder, {copy: before[0].data})
    found = source(dataset, folder, partial=True)
    assert [photo.id for photo in found.photos] == [photo.id for photo in before]
    assert found.completeness.found == len(before)
    assert re.search(rf"identical copies, not used: 1 \(.*{original.name}\)", caplog.text)
    write_files(folder, {copy: b"another"})
    with pytest.raises(
        InputError, match=rf"{original.name} and .*{original.name} are both .*, and their bytes differ: "
    ):
        source(dataset, folder, partial=True)


@pytest.mark.parametrize("dataset", DATASETS)
def test_archives_in_an_archive_are_to_be_unpacked(tmp_path, dataset):
    others = ["readme.txt", "AU_annotation_all_subjects.xls", "training.csv"]
    for number, name in enumerate(PACKED):
        folder = write_files(tmp_path / str(number), dict.fromkeys([name, *others], b"packed"))
        with pytest.raises(InputError, match=rf"{number}: holds 1 archive and no photograph \({name}\): unpack them"):
            source(dataset, folder)
    folder = write_files(tmp_path / "set", dict.fromkeys(PACKED, b"packed"))
    for path in (folder, pack(folder, tmp_path / "zips.zip"), pack(folder, tmp_path / "tars.tar")):
        message = rf"{path.name}: holds 9 archives and no photograph \(1\.zip, .*, \.\.\.\): .* in {dataset}\.archive"
        with pytest.raises(InputError, match=message):
            source(dataset, path)


def test_an_archive_beside_photographs_does_no_harm_and_other_files_are_none(tmp_path):
    found = source("folder", write_files(tmp_path / "set", dict.fromkeys(["1.jpg", "backup.zip"], b"1")))
    assert [photo.id for photo in found.photos] == ["1"]
    assert found.completeness.unexpected == ["backup.zip"]
    with pytest.raises(InputError, match="other: no photograph in it; expected files that end in .jpg, .jpeg"):
        source("folder", write_files(tmp_path / "other", dict.fromkeys(["notes.txt", "a.zipped", "2024"], b"none")))


def test_only_numbered_unknown_people_are_named_last(tmp_path):
    """A person of one's own may be called `unknown soldier`."""
    people = ["unknown", "unknown soldier", "unknown1x", placeholder(1), placeholder(1234), "zoe"]
    labels = tmp_path / "labels.csv"
    labels.write_text("file,person\n1.jpg,Anna\n" + "".join(f"{name}.png,{name}\n" for name in people))
    folder = write_files(tmp_path / "set", {"1.jpg": b"1"})
    message = "per person unknown: 1, unknown soldier: 1, unknown1x: 1, zoe: 1, unknown001: 1, "
    with pytest.raises(InputError, match=message):
        source("folder", folder, labels=labels)
