"""RaFD in its real names: what is used, what is left out, what is missing, and what is refused."""

import logging

import numpy as np
import pytest
from layouts_posed import RAFD_MODELS, add_copy, add_leavings, face, jpeg_of, make_rafd, pack, photo_path

from cascade_efgan.config import settings_from_flags
from cascade_efgan.data import EXPRESSIONS
from cascade_efgan.data.images import image_size
from cascade_efgan.data.photos import Request
from cascade_efgan.data.sources.rafd import PEOPLE, parse_rafd_name, rafd_photos
from cascade_efgan.errors import InputError


@pytest.fixture
def folder(tmp_path):
    """Two people (the second a Kid), eight expressions, three gazes."""
    make_rafd(tmp_path / "rafd", 2, size=48)
    return tmp_path / "rafd"


@pytest.fixture
def whole(tmp_path):
    """All 1,608 names, each with the same small picture."""
    jpeg = jpeg_of(np.zeros((2, 2, 3), np.uint8))
    for number in PEOPLE:
        for expression in EXPRESSIONS:
            for gaze in ("left", "frontal", "right"):
                looks = RAFD_MODELS.get(int(number), "Caucasian_male")
                path = tmp_path / "whole" / f"Rafd090_{number}_{looks}_{expression}_{gaze}.jpg"
                path.parent.mkdir(exist_ok=True)
                path.write_bytes(jpeg)
    return tmp_path / "whole"


def read(path, partial=True):
    flags = [f"rafd.archive={path}", f"rafd.partial={str(partial).lower()}"]
    source = rafd_photos(Request(settings_from_flags(flags), path.parent / ".download"))
    return list(source.photos), source.completeness


def test_a_name_says_everything():
    file = parse_rafd_name("any folder/Rafd090_01_Caucasian_female_angry_frontal.jpg")
    assert (file.camera, file.number, file.looks) == ("090", "01", "Caucasian_female")
    assert (file.expression, file.gaze) == ("angry", "frontal")
    assert file.id == "Rafd090_01_Caucasian_female_angry_frontal"
    assert parse_rafd_name("RAFD045_02_kid_MALE_Sad_LEFT.JPEG").id == "Rafd045_02_Kid_male_sad_left"


@pytest.mark.parametrize("name", [
    "Rafd091_01_Caucasian_female_angry_frontal.jpg", "Rafd090_06_Caucasian_female_angry_frontal.jpg",
    "Rafd090_74_Caucasian_female_angry_frontal.jpg", "Rafd090_00_Caucasian_female_angry_frontal.jpg",
    "Rafd090_01_Asian_female_angry_frontal.jpg", "Rafd090_01_Caucasian_female_bored_frontal.jpg",
    "Rafd090_01_Caucasian_female_angry_up.jpg", "Rafd090_01_Caucasian_female_angry_frontal.png",
    "Rafd090_01_Caucasian_female_angry_frontal (1).jpg",
])  # fmt: skip
def test_other_names_are_none_of_rafds(name):
    assert parse_rafd_name(name) is None


def test_the_whole_set_is_67_people_and_1608_photographs(whole):
    photos, completeness = read(whole, partial=False)
    assert len(photos) == completeness.expected == completeness.found == 1608
    assert len({photo.person for photo in photos}) == 67
    assert (completeness.missing, completeness.unexpected, completeness.left_out) == ([], [], {})
    assert [photo.id for photo in photos] == sorted(photo.id for photo in photos)


def test_photographs_carry_person_expression_and_gaze(folder):
    photos, completeness = read(folder)
    assert completeness.found == len(photos) == 2 * 8 * 3
    assert photos[0].id == "Rafd090_01_Caucasian_female_angry_frontal"
    assert photos[0].file == "Rafd090_01_Caucasian_female_angry_frontal.jpg"
    assert {(photo.person, photo.expression, photo.gaze) for photo in photos} == {
        (person, expression, gaze)
        for person in ("01", "02") for expression in EXPRESSIONS for gaze in ("left", "frontal", "right")
    }  # fmt: skip
    assert all(photo.data == photo_path(folder, photo.id).read_bytes() for photo in photos)
    assert photos[-1].id == "Rafd090_02_Kid_male_surprised_right"


def test_the_builder_knows_openfaces_answer_of_every_photograph(folder):
    answers = make_rafd(folder, 2, size=48)
    photos, _ = read(folder)
    assert [photo.id for photo in photos] == sorted(answers)
    assert image_size(photos[0].data, photos[0].id) == (48, 48)
    header, values = answers[photos[0].id].splitlines()
    points = [float(value) for name, value in zip(header.split(","), values.split(","), strict=True)
              if name.startswith(("x_", "y_"))]  # fmt: skip
    assert len(points) == 136
    assert 0 < min(points) < max(points) < 48


def test_a_missing_photograph_stops_the_run_and_is_named(whole):
    for gaze in ("left", "right"):
        photo_path(whole, f"Rafd090_04_Caucasian_male_happy_{gaze}").unlink()
    for path in sorted(whole.glob("Rafd090_73_*")):
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


def test_the_lists_outlive_a_run_that_stops(folder, caplog):
    caplog.set_level(logging.INFO)
    photo_path(folder, "Rafd090_02_Kid_male_sad_left").unlink()
    for name in ("cat.png", "dog.png"):
        (folder / name).write_bytes(b"png")
    with pytest.raises(InputError, match=r"1561 of 1608 .*; the log lists the first 1000$"):
        read(folder, partial=False)
    lists = {record.message.split(":")[0]: record.message.split("\n  ")[1:] for record in caplog.records}
    assert len(lists["missing per person (66)"]) == 66
    assert lists["missing per person (66)"][-1] == "02: 1"
    assert lists["missing per gaze (3)"] == ["left: 521", "frontal: 520", "right: 520"]
    assert len(lists["missing per expression (8)"]) == 8
    assert lists["missing per expression (8)"][0] == "sad: 196"
    missing = lists["missing (1561)"]
    assert missing[0] == "Rafd090_02_*_sad_left"
    assert (len(missing), missing[-1]) == (1001, "... and 561 more")
    assert lists["unexpected (2)"] == ["cat.png", "dog.png"]


def test_a_partial_set_goes_on_with_a_warning(folder, caplog):
    photo_path(folder, "Rafd090_01_Caucasian_female_angry_left").unlink()
    photos, completeness = read(folder)
    assert (completeness.expected, completeness.found, len(photos)) == (1608, 47, 47)
    assert len(completeness.missing) == 1608 - 47
    assert completeness.missing[0] == "Rafd090_01_*_angry_left"
    assert "1561 of 1608 photographs of rafd are missing; all of 65 of 67 people" in caplog.text


def test_other_cameras_are_counted_and_left_out(folder):
    for path in sorted(folder.glob("*_happy_*")):
        for camera in ("000", "045", "180"):
            (folder / path.name.replace("Rafd090", f"Rafd{camera}")).write_bytes(b"side view")
    add_copy(folder, "Rafd045_01_Caucasian_female_happy_left")
    photos, completeness = read(folder)
    assert completeness.left_out == {"camera 000": 6, "camera 045": 6, "camera 180": 6}
    assert (len(photos), completeness.unexpected) == (48, [])


def test_any_case_and_any_folder_give_the_canonical_id(folder):
    photo = photo_path(folder, "Rafd090_02_Kid_male_sad_left")
    moved = folder / "my photos" / "RaFD 2"
    moved.mkdir(parents=True)
    photo.rename(moved / "RAFD090_02_KID_Male_SAD_left.JPG")
    photos, _ = read(folder)
    found = {photo.id: photo for photo in photos}
    assert len(found) == 48
    assert found["Rafd090_02_Kid_male_sad_left"].file == "Rafd090_02_Kid_male_sad_left.jpg"


def test_leavings_are_passed_over_and_unexpected_images_are_listed(folder, caplog):
    add_leavings(folder)
    (folder / "readme.txt").write_text("not an image")
    (folder / "holiday.PNG").write_bytes(b"png")
    (folder / "Rafd090_06_Caucasian_male_sad_left.jpg").write_bytes(b"6 was never given")
    _, completeness = read(folder)
    assert completeness.unexpected == ["Rafd090_06_Caucasian_male_sad_left.jpg", "holiday.PNG"]
    assert "images that are none of rafd's, not used: 2 (Rafd090_06" in caplog.text


def test_an_identical_copy_is_passed_over_with_a_warning(folder, caplog):
    add_copy(folder, "Rafd090_01_Caucasian_female_sad_left")
    photos, completeness = read(folder)
    assert (len(photos), completeness.found) == (48, 48)
    assert "identical copies, not used: 1 (" in caplog.text
    assert "Rafd090_01_Caucasian_female_sad_left.jpg" in caplog.text


def test_two_different_photographs_of_one_name_are_refused(folder):
    add_copy(folder, "Rafd090_01_Caucasian_female_sad_left", data=b"another")
    message = (
        r"rafd: Rafd090_01_Caucasian_female_sad_left\.jpg and copy of my photos/Rafd090_01_Caucasian_female_sad_left"
        r"\.jpg are both Rafd090_01_Caucasian_female_sad_left, and their bytes differ: remove the one"
    )
    with pytest.raises(InputError, match=message):
        read(folder)


def test_a_model_with_two_ethnicities_is_refused(folder):
    photo = photo_path(folder, "Rafd090_01_Caucasian_female_sad_left")
    photo.rename(photo.with_name("Rafd090_01_Moroccan_female_sad_left.jpg"))
    with pytest.raises(InputError, match=r"model 01 is Caucasian_female in Rafd090_01_.*jpg and Moroccan_female in "):
        read(folder)


def test_an_archive_without_rafd_is_refused_even_when_partial(tmp_path):
    (tmp_path / "rafd").mkdir()
    (tmp_path / "rafd" / "cat.jpg").write_bytes(b"cat")
    with pytest.raises(InputError, match="rafd: holds no photograph of rafd among 1 images; name the folder, zip or"):
        read(tmp_path / "rafd")


def test_without_an_archive_the_sentence_says_what_to_do(tmp_path, monkeypatch):
    wanted = Request(settings_from_flags([]), tmp_path)
    advice = (
        r"request the data set at https://rafd\.socsci\.ru\.nl and name the folder, zip or tar that you received as "
        r"rafd\.archive in config\.yaml or in EFGAN_RAFD \(the presets laptop, full and london run without it\)"
    )
    with pytest.raises(InputError, match=rf"rafd\.archive is not set: the Radboud .* is licensed .*; {advice}"):
        rafd_photos(wanted)
    monkeypatch.setenv("EFGAN_RAFD", str(tmp_path / "absent.zip"))
    with pytest.raises(InputError, match=rf"absent\.zip: no such file or folder, though EFGAN_RAFD names .* {advice}"):
        rafd_photos(wanted)


def test_the_setting_wins_over_the_environment(folder, tmp_path, monkeypatch):
    make_rafd(tmp_path / "other", 1, gazes=["left"], size=48)
    monkeypatch.setenv("EFGAN_RAFD", str(tmp_path / "other"))
    assert len(read(folder)[0]) == 48
    source = rafd_photos(Request(settings_from_flags(["rafd.partial=true"]), tmp_path / "work"))
    assert source.completeness.found == 8
    source.photos.close()


def test_the_stage_leaves_nothing_when_photographs_are_missing(folder, tmp_path, efgan):
    out, archive = tmp_path / "out", pack(folder, tmp_path / "rafd.tar.gz")
    with pytest.raises(InputError, match="1560 of 1608 photographs of rafd are missing"):
        efgan("download", "--dataset", "rafd", "--photos", out / "p.zip", "--manifest", out / "m.csv",
              "--completeness", out / "c.json", "--set", f"rafd.archive={archive}")  # fmt: skip
    assert not out.exists() or [path for path in out.rglob("*") if path.is_file()] == []


def test_rendering_a_face_again_gives_the_same_bytes():
    first = face(1, "happy", "left", 48)
    face.cache_clear()
    assert face(1, "happy", "left", 48) == first
