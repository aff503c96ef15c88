"""RaFD in its real names: what is used, what is left out, what is missing, and what is refused."""

import itertools
import logging

import pytest
from layouts import RAFD_MODELS, pack, source
from programs import write_files

from cascade_efgan.data import EXPRESSIONS
from cascade_efgan.data.rendered import GAZES
from cascade_efgan.data.sources.rafd import PEOPLE
from cascade_efgan.errors import InputError


def write(folder, people):
    """All photographs of some people under their names, which are their bytes too."""
    names = [
        f"Rafd090_{number}_{RAFD_MODELS.get(number, 'Caucasian_male')}_{expression}_{gaze}.jpg"
        for number, expression, gaze in itertools.product(people, EXPRESSIONS, GAZES)
    ]
    return write_files(folder, dict(zip(names, names, strict=True)))


@pytest.fixture
def whole(tmp_path):
    """All 1,608 photographs."""
    return write(tmp_path / "whole", PEOPLE)


@pytest.fixture
def folder(tmp_path):
    """Two people (the second a Kid), eight expressions, three gazes."""
    return write(tmp_path / "rafd", ("01", "02"))


def read(path, partial=True):
    found = source("rafd", path, partial=partial)
    return list(found.photos), found.completeness


def test_the_whole_set_is_67_people_and_1608_photographs(whole):
    photos, completeness = read(whole, partial=False)
    assert len(photos) == completeness.expected == completeness.found == 1608
    assert (completeness.missing, completeness.unexpected, completeness.left_out) == ([], [], {})
    assert [photo.id for photo in photos] == sorted(path.stem for path in whole.iterdir())
    shown = [(photo.person, photo.expression, photo.gaze) for photo in photos]
    assert sorted(shown) == sorted(itertools.product(PEOPLE, EXPRESSIONS, GAZES))
    assert len({photo.person for photo in photos}) == 67
    assert all(photo.data.decode() == photo.file == f"{photo.id}.jpg" for photo in photos)


def test_names_of_any_case_and_folder_are_read_and_other_images_listed(folder, caplog):
    (folder / "Rafd090_02_Kid_male_sad_left.jpg").unlink()
    write_files(folder, {"my photos/RaFD 2/RAFD090_02_KID_Male_SAD_left.JPEG": b"moved"})
    others = [
        "Rafd090_00_Caucasian_female_angry_frontal.jpg", "Rafd090_01_Asian_female_angry_frontal.jpg",
        "Rafd090_01_Caucasian_female_angry_frontal (1).jpg", "Rafd090_01_Caucasian_female_angry_frontal.png",
        "Rafd090_01_Caucasian_female_angry_up.jpg", "Rafd090_01_Caucasian_female_bored_frontal.jpg",
        "Rafd090_06_Caucasian_female_angry_frontal.jpg", "Rafd090_74_Caucasian_female_angry_frontal.jpg",
        "Rafd091_01_Caucasian_female_angry_frontal.jpg", "holiday.PNG",
    ]  # fmt: skip
    write_files(folder, dict.fromkeys([*others, "readme.txt"], b"none"))
    photos, completeness = read(folder)
    assert completeness.unexpected == others
    assert "images that are none of rafd's, not used: 10 (Rafd090_00" in caplog.text
    assert len(photos) == 48
    (moved,) = (photo for photo in photos if photo.data == b"moved")
    assert (moved.id, moved.file) == ("Rafd090_02_Kid_male_sad_left", "Rafd090_02_Kid_male_sad_left.jpg")


def test_a_missing_photograph_stops_the_run_and_is_named(whole):
    for path in (*whole.glob("Rafd090_04_*_happy_[lr]*"), *whole.glob("Rafd090_73_*")):
        path.unlink()
    message = (
        r"whole: 26 of 1608 photographs of rafd are missing; all of 1 of 67 people; per person 73: 24, 04: 2; "
        r"per expression happy: 5, angry: 3, contemptuous: 3, disgusted: 3, fearful: 3, \.\.\.; "
        r"per gaze left: 9, right: 9, frontal: 8; the first are Rafd090_04_\*_happy_left, Rafd090_04_\*_happy_right, "
        r".*, \.\.\.; complete the archive, or set rafd\.partial to true to go on without them; "
        r"the log lists them all$"
    )
    with pytest.raises(InputError, match=message):
        read(whole, partial=False)


def test_the_lists_outlive_a_run_that_stops_and_a_partial_set_goes_on(folder, caplog):
    caplog.set_level(logging.INFO)
    (folder / "Rafd090_02_Kid_male_sad_left.jpg").unlink()
    write_files(folder, {"cat.png": b"png", "dog.png": b"png"})
    with pytest.raises(InputError, match=r"1561 of 1608 .*; the log lists the first 1000$"):
        read(folder, partial=False)
    lists = {record.message.split(":")[0]: record.message.split("\n  ")[1:] for record in caplog.records}
    assert len(lists["missing per person (66)"]) == 66
    assert lists["missing per person (66)"][-1] == "02: 1"
    assert lists["missing per gaze (3)"] == ["left: 521", "frontal: 520", "right: 520"]
    assert len(lists["missing per expression (8)"]) == 8
    assert lists["missing per expression (8)"][0] == "sad: 196"
    missing = lists["missing (1561)"]
    assert (len(missing), missing[0], missing[-1]) == (1001, "Rafd090_02_*_sad_left", "... and 561 more")
    assert lists["unexpected (2)"] == ["cat.png", "dog.png"]
    caplog.clear()
    photos, completeness = read(folder)
    assert (completeness.expected, completeness.found, len(photos)) == (1608, 47, 47)
    assert len(completeness.missing) == 1561 and completeness.missing[0] == "Rafd090_02_*_sad_left"
    assert "1561 of 1608 photographs of rafd are missing; all of 65 of 67 people" in caplog.text


def test_other_cameras_are_counted_and_left_out(folder):
    for path in sorted(folder.glob("*_happy_*")):
        for camera in ("000", "045", "180"):
            (folder / path.name.replace("Rafd090", f"Rafd{camera}")).write_bytes(b"side view")
    write_files(folder, {"copy/Rafd045_01_Caucasian_female_happy_left.jpg": b"side view"})
    photos, completeness = read(folder)
    assert completeness.left_out == {"camera 000": 6, "camera 045": 6, "camera 180": 6}
    assert (len(photos), completeness.unexpected) == (48, [])


def test_a_model_with_two_ethnicities_is_refused(folder):
    write_files(folder, {"Rafd090_01_Moroccan_female_sad_left.jpg": b"another"})
    with pytest.raises(InputError, match=r"model 01 is Caucasian_female in Rafd090_01_.*jpg and Moroccan_female in "):
        read(folder)


def test_an_archive_without_rafd_is_refused_even_when_partial(tmp_path):
    write_files(tmp_path / "rafd", {"cat.jpg": b"cat"})
    with pytest.raises(InputError, match="rafd: holds no photograph of rafd among 1 images; name the folder, zip or"):
        read(tmp_path / "rafd")


def test_the_stage_leaves_nothing_when_photographs_are_missing(folder, tmp_path, efgan):
    out, archive = tmp_path / "out", pack(folder, tmp_path / "rafd.tar.gz")
    with pytest.raises(InputError, match="1560 of 1608 photographs of rafd are missing"):
        efgan("download", "--dataset", "rafd", "--photos", out / "p.zip", "--manifest", out / "m.csv",
              "--completeness", out / "c.json", "--set", f"rafd.archive={archive}")  # fmt: skip
    assert not out.exists() or [path for path in out.rglob("*") if path.is_file()] == []
