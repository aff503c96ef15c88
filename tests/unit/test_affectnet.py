"""AffectNet in both releases: labels, boxes, ids, what is left out, the seeded draw, and what goes wrong."""

import shutil
from dataclasses import replace
from pathlib import PurePosixPath

import numpy as np
import pandas as pd
import pytest
from layouts import AFFECTNET, LIST_HEADER, make_affectnet_csv, make_affectnet_npy, pack, source
from programs import write_files

from cascade_efgan.data.openface.csv_files import parse_faces
from cascade_efgan.data.sources.affectnet import draw
from cascade_efgan.errors import InputError

IMAGES = "Manually_Annotated/Manually_Annotated_Images"
LISTS = "Manually_Annotated_file_lists"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Both releases, made once: release -> (folder, id -> OpenFace CSV)."""
    root = tmp_path_factory.mktemp("affectnet data")
    return {
        "csv": (root / "full", make_affectnet_csv(root / "full", 10)),
        "npy": (root / "small", make_affectnet_npy(root / "small", 10)),
    }


@pytest.fixture
def full(made, tmp_path):
    """A copy of the full release that a test may spoil."""
    return shutil.copytree(made["csv"][0], tmp_path / "affect net")


@pytest.fixture
def small(made, tmp_path):
    """A copy of the small release that a test may spoil."""
    return shutil.copytree(made["npy"][0], tmp_path / "affect net 8")


def photos(folder, **section):
    return list(source("affectnet", folder, **section).photos)


def completeness(folder, **section):
    return source("affectnet", folder, **section).completeness


@pytest.mark.parametrize("release", ["csv", "npy"])
def test_every_listed_photograph_of_the_eight_expressions_comes_once_in_order(made, release):
    folder, openface = made[release]
    found = photos(folder)
    assert [photo.id for photo in found] == sorted(openface)
    assert [photo.person for photo in found] == [photo.id for photo in found]
    assert {photo.gaze for photo in found} == {"unknown"}
    counts = pd.Series([photo.expression for photo in found]).value_counts()
    assert counts.to_dict() == {name: 2 if name in ("neutral", "happy") else 1 for name in AFFECTNET}
    told = completeness(folder)
    assert (told.expected, told.found, told.missing, told.unexpected) == (10, 10, [], [])
    assert told.left_out == ({"none": 1, "uncertain": 1, "non-face": 1} if release == "csv" else {"none": 1})


def test_the_full_release_gives_label_box_and_bytes_of_each_photograph(made):
    folder, openface = made["csv"]
    found = {photo.id: photo for photo in photos(folder)}
    rows = pd.concat([pd.read_csv(path) for path in sorted((folder / LISTS).glob("[tv]*.csv"))])
    rows = rows[rows["expression"] < 8]
    assert len(rows) == 10
    for row in rows.to_dict("records"):
        photo = found[row["subDirectory_filePath"].rpartition(".")[0].replace("/", "-")]
        assert photo.file == row["subDirectory_filePath"]
        assert photo.expression == AFFECTNET[row["expression"]]
        assert photo.data == (folder / IMAGES / row["subDirectory_filePath"]).read_bytes()
        assert photo.face_box == tuple(float(row[name]) for name in LIST_HEADER[1:5])
        face = next(iter(parse_faces(openface[photo.id], "x.csv").values()))[0]
        left, top, width, height = photo.face_box
        np.testing.assert_allclose(face.landmarks.min(axis=0), (left, top), atol=1.1)
        np.testing.assert_allclose(np.ptp(face.landmarks, axis=0), (width, height), atol=1.1)


def test_the_small_release_tells_equal_names_of_both_parts_apart(made):
    folder, _ = made["npy"]
    found = {photo.id: photo for photo in photos(folder)}
    assert found["val-0"].file == "val_set/images/0.JPG"
    assert found["val-0"].data == (folder / "val_set/images/0.JPG").read_bytes()
    assert (found["train-0"].expression, found["val-0"].expression) == ("neutral", "surprised")
    assert {photo.face_box for photo in found.values()} == {None}


def test_missing_photographs_stop_the_run_unless_a_partial_set_is_allowed(full, small):
    for folder, image, name in ((full, next((full / IMAGES / "2").glob("*.JPG")), "2-"),
                                (small, small / "val_set/images/0.JPG", "val-0")):  # fmt: skip
        image.unlink()
        with pytest.raises(InputError, match=rf"1 of 10[^\n]*{name}[^\n]*affectnet\.partial"):
            source("affectnet", folder)
        told = completeness(folder, partial=True)
        assert (told.expected, told.found) == (10, 9)
        assert len(told.missing) == 1 and told.missing[0].startswith(name)
        assert len(photos(folder, partial=True)) == 9
    # One of class 8 to 10 is no loss.
    shutil.rmtree(small / "train_set/images")
    told = completeness(small, partial=True)
    lost = len(list((small / "train_set/annotations").glob("[0-9]*_exp.npy"))) - 1
    assert (told.left_out, len(told.missing)) == ({"none": 1}, lost + 1)


def test_photographs_that_no_list_names_are_unexpected_and_automatic_ones_counted(full, small):
    automatic = "Automatically_Annotated/Automatically_Annotated_Images/4/other.jpg"
    write_files(full, dict.fromkeys([f"{IMAGES}/1/stray.jpg", "4/other.PNG", "readme.txt", automatic], b"other"))
    found = source("affectnet", full)
    assert found.completeness.unexpected == ["4/other.PNG", f"{IMAGES}/1/stray.jpg"]
    assert found.completeness.left_out["automatically annotated"] == 1
    assert len(list(found.photos)) == found.completeness.found == 10
    write_files(small, {"train_set/images/999.jpg": b"other"})
    assert completeness(small).unexpected == ["train_set/images/999.jpg"]


def test_a_limit_draws_by_seed_and_a_larger_one_only_adds(made):
    folder, openface = made["csv"]
    three = source("affectnet", folder, limit=3)
    ids = {photo.id for photo in three.photos}
    assert (len(ids), three.completeness.found, three.completeness.expected) == (3, 3, 10)
    assert three.completeness.left_out["not drawn (affectnet.limit)"] == 7
    assert ids < {photo.id for photo in photos(folder, limit=6)} < set(openface)
    assert ids == {photo.id for photo in photos(folder, limit=3)}
    assert ids != {photo.id for photo in photos(folder, limit=3, seed=1)}
    everything = completeness(folder, limit=1000)
    assert everything.found == 10
    assert "not drawn (affectnet.limit)" not in everything.left_out


def test_the_draw_depends_on_the_ids_alone():
    ids = [f"{number % 40}-{number:05x}" for number in range(2000)]
    assert sorted(draw(ids, 100, 3)) == sorted(draw(ids[::-1], 100, 3))
    assert set(draw(ids, 100, 3)) & set(ids[:1500]) <= set(draw(ids[:1500], 100, 3))
    # 500 draws of each of four blocks on average, with a binomial's standard deviation of 19.
    drawn = [ids.index(name) // 500 for seed in range(20) for name in draw(ids, 100, seed)]
    np.testing.assert_allclose(np.bincount(drawn), 500, atol=90)


def test_an_archive_of_something_else_or_of_both_releases_is_refused(tmp_path, made, full):
    other = write_files(tmp_path / "other", {"a/1.jpg": b"1", "Automatically_annotated_file_list.csv": b""})
    with pytest.raises(InputError, match=r"other: not AffectNet; expected training\.csv and validation\.csv"):
        source("affectnet", other)
    shutil.copytree(made["npy"][0] / "train_set/annotations", full / "train_set/annotations")
    with pytest.raises(InputError, match="holds two releases of AffectNet"):
        source("affectnet", full)


@pytest.mark.parametrize("part", ["train", "val"])
@pytest.mark.parametrize("packing", ["", ".zip", ".tar.gz"])
def test_one_part_alone_gives_the_ids_that_it_has_beside_the_other(small, tmp_path, part, packing):
    whole = [photo for photo in photos(small) if photo.id.startswith(part)]
    named = small / f"{part}_set"
    archive = pack(named, tmp_path / f"{named.name.upper()}{packing}") if packing else named
    alone = photos(archive)
    assert len(alone) > 1
    assert alone == [replace(photo, file=photo.file.removeprefix(f"{part}_set/")) for photo in whole]


def test_a_bare_part_in_a_folder_of_any_name_is_the_training_part(small, tmp_path):
    files = [photo.file.removeprefix("train_set/") for photo in photos(small) if photo.id.startswith("train")]
    (small / "train_set").rename(tmp_path / "my faces")
    told = completeness(tmp_path / "my faces")
    assert (told.left_out, told.unexpected) == ({"none": 1}, [])
    assert [photo.file for photo in photos(tmp_path / "my faces")] == files
    (tmp_path / "wrapped").mkdir()
    (tmp_path / "my faces").rename(tmp_path / "wrapped" / "AffectNet 8")
    packed = photos(pack(tmp_path / "wrapped", tmp_path / "packed.zip"))
    assert [photo.file for photo in packed] == files
    assert all(photo.id == f"train-{PurePosixPath(photo.file).stem}" for photo in packed)


def test_parts_of_unknown_names_and_annotations_outside_their_folder_are_refused(small):
    for known, unknown in (("val_set/annotations", "val_set/labels"), ("val_set", "val"), ("train_set", "training")):
        (small / known).rename(small / unknown)
        with pytest.raises(InputError, match=rf"{unknown}.*/\d+_exp\.npy does not lie in train_set/annotations/ or"):
            source("affectnet", small)


def test_photographs_are_read_one_by_one_when_they_are_asked_for(small):
    found = source("affectnet", small).photos
    (small / "val_set/images/0.JPG").unlink()
    for _ in range(8):
        assert next(found).id.startswith("train-")
    with pytest.raises(InputError, match=r"val_set/images/0\.JPG"):
        next(found)
