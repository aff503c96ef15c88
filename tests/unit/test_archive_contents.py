"""An archive that holds nothing but archives: all data sets say so, and say what to do."""

import tarfile
import zipfile

import pytest
from programs import write_files

from cascade_efgan.config import settings_from_flags
from cascade_efgan.data.photos import Request, source_photos
from cascade_efgan.data.sources.archive_contents import _is_placeholder as is_placeholder, placeholder
from cascade_efgan.errors import InputError

DATASETS = ("rafd", "cfeed", "affectnet", "folder")
PACKED = ["1.zip", "2.TAR", "3.tar.gz", "4.rar", "5.7z", "a b/set.part01.rar", "a b/set.r00", "set.z01", "set.zip.001"]


def write(folder, names):
    return write_files(folder, dict.fromkeys(names, b"packed"))


def read(dataset, path):
    return source_photos(dataset, Request(settings_from_flags([f"{dataset}.archive={path}"]), path.parent / "work"))


@pytest.mark.parametrize("dataset", DATASETS)
@pytest.mark.parametrize("name", PACKED)
def test_a_folder_of_one_archive_is_to_be_unpacked(tmp_path, dataset, name):
    folder = write(tmp_path / "set", [name, "readme.txt", "AU_annotation_all_subjects.xls", "training.csv"])
    with pytest.raises(InputError, match=rf"set: holds 1 archive and no photograph \({name}\): unpack them into one"):
        read(dataset, folder)


@pytest.mark.parametrize("dataset", DATASETS)
def test_several_archives_are_counted_whatever_holds_them(tmp_path, dataset):
    folder = write(tmp_path / "set", PACKED)
    with zipfile.ZipFile(tmp_path / "zips.zip", "w") as zips, tarfile.open(tmp_path / "zips.tar", "w") as tars:
        for name in PACKED:
            zips.write(folder / name, name)
            tars.add(folder / name, name)
    for path in (folder, tmp_path / "zips.zip", tmp_path / "zips.tar"):
        message = (
            rf"{path.name}: holds 9 archives and no photograph \(1\.zip, .*, \.\.\.\): unpack them into one folder"
        )
        with pytest.raises(InputError, match=message) as error:
            read(dataset, path)
        assert f"{dataset}.archive" in str(error.value)


def test_an_archive_beside_photographs_does_no_harm(tmp_path):
    source = read("folder", write(tmp_path / "set", ["1.jpg", "backup.zip"]))
    assert [photo.id for photo in source.photos] == ["1"]
    assert source.completeness.unexpected == ["backup.zip"]


def test_a_folder_without_photograph_or_archive_is_not_said_to_hold_archives(tmp_path):
    folder = write(tmp_path / "set", ["notes.txt", "a.zipped", "2024"])
    with pytest.raises(InputError, match="set: no photograph in it"):
        read("folder", folder)


def test_only_numbered_unknown_people_are_placeholders():
    assert is_placeholder(placeholder(1)) and is_placeholder(placeholder(1234))
    for person in ("unknown", "110", "unknown soldier", "unknown1x"):
        assert not is_placeholder(person)
