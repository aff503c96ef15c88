"""CFEE in its real names: classes from its own spreadsheet, what is left out, what is missing, what is refused.

The spreadsheets of `tests/fixtures/cfeed` were written once with xlwt 1.3.0 (real BIFF .xls): a sheet `subjects`, then
`summary` with a header row, class id and name in its first two columns and other things after them. 22_classes: ids 1
to 22 below an empty row; extra_classes: 26 classes, nouns in mixed case and with spaces, id 7 as text; no_summary,
no_fearful: what the name says; two_names: class 2 again as Awed; two_sad: a class 23 called sad.
"""

import itertools
import logging
import shutil

import numpy as np
import pytest
from layouts_posed import (
    CFEED_CLASSES,
    CFEED_SHEET,
    CFEED_SHEETS,
    add_copy,
    add_leavings,
    cfeed_photo,
    jpeg_of,
    make_cfeed,
    pack,
    photo_path,
)

from cascade_efgan.config import settings_from_flags
from cascade_efgan.data.photos import Request
from cascade_efgan.data.sources.cfeed import SECOND, cfeed_photos, parse_cfeed_name
from cascade_efgan.errors import InputError

EXPRESSIONS = {"neutral", "happy", "sad", "fearful", "angry", "surprised", "disgusted"}


@pytest.fixture
def folder(tmp_path):
    """Two people, 22 classes, one of them compound."""
    make_cfeed(tmp_path / "cfeed", 2, size=48)
    return tmp_path / "cfeed"


def use_sheet(folder, name):
    shutil.copy(CFEED_SHEETS / f"{name}.xls", folder / CFEED_SHEET)


def read(path, partial=True):
    flags = [f"cfeed.archive={path}", f"cfeed.partial={str(partial).lower()}"]
    source = cfeed_photos(Request(settings_from_flags(flags), path.parent / ".download"))
    return list(source.photos), source.completeness


def test_a_name_says_everything():
    file = parse_cfeed_name("CFEE_Database_230/09-12/Images3/09_110_2555.JPG")
    assert (file.id, file.class_id, file.person, file.number) == ("09_110_2555", 9, "110", 2555)
    for name in ("09_110.jpg", "09_110_2555.png", "x09_110_2555.jpg", "09_110_2555_detectface.jpg"):
        assert parse_cfeed_name(name) is None


@pytest.mark.parametrize("sheet", ["22_classes", "extra_classes"])
def test_the_spreadsheet_says_which_class_is_which_expression(tmp_path, sheet):
    answers = make_cfeed(tmp_path / "cfeed", 1, sheet=sheet, size=48)
    photos, completeness = read(tmp_path / "cfeed")
    assert {photo.expression: int(photo.id[:2]) for photo in photos} == CFEED_CLASSES[sheet]
    assert completeness.left_out == {"Happily disgusted": 1}
    assert [photo.id for photo in photos] == sorted(answers)


def test_photographs_carry_person_and_expression(folder):
    photos, completeness = read(folder)
    assert completeness.found == len(photos) == 14
    assert {(photo.person, photo.expression) for photo in photos} == {
        (p, e) for p in ("110", "111") for e in EXPRESSIONS
    }
    assert {photo.gaze for photo in photos} == {"frontal"}
    assert photos[0].id == "01_110_2031"
    assert photos[0].file == "01_110_2031.jpg"
    assert all(photo.data == photo_path(folder, photo.id).read_bytes() for photo in photos)
    assert {path.suffix for path in folder.rglob("*_*_*.*") if path.name != CFEED_SHEET} == {".jpg", ".JPG", ".Jpg"}


def make_whole_set(folder, people, classes):
    """One tiny photograph, under the name of every person and class."""
    jpeg = jpeg_of(np.zeros((2, 2, 3), np.uint8))
    make_cfeed(folder, 0)
    for person, class_id in itertools.product(range(1, people + 1), range(1, classes + 1)):
        cfeed_photo(folder, class_id, person, jpeg)


def test_the_whole_set_is_230_people_and_1610_photographs(tmp_path):
    make_whole_set(tmp_path / "cfeed", people=230, classes=8)
    photos, completeness = read(tmp_path / "cfeed", partial=False)
    assert len(photos) == completeness.expected == completeness.found == 1610
    assert (completeness.missing, completeness.unexpected) == ([], [])
    assert completeness.left_out == {"Happily surprised": 230}
    photo_path(tmp_path / "cfeed", "03_112_2093").unlink()
    message = (
        r"cfeed: 1 of 1610 photographs of cfeed are missing; per person 112: 1; per expression sad: 1; "
        r"per gaze frontal: 1; the first are 03_112_\*; complete the archive, or set cfeed\.partial to true"
    )
    with pytest.raises(InputError, match=message):
        read(tmp_path / "cfeed", partial=False)


def test_missing_people_are_counted(folder, caplog):
    message = (
        r"cfeed: 1596 of 1610 photographs of cfeed are missing; all of 228 of 230 people; per person unknown001: 7"
    )
    with pytest.raises(InputError, match=message):
        read(folder, partial=False)
    _, completeness = read(folder)
    assert (completeness.expected, completeness.found, len(completeness.missing)) == (1610, 14, 1596)
    assert "all of 228 of 230 people" in caplog.text


def test_more_people_than_the_complete_set_has_are_warned_of(tmp_path, caplog):
    make_whole_set(tmp_path / "cfeed", people=231, classes=7)
    assert read(tmp_path / "cfeed", partial=False)[1].expected == 1617
    assert "photographs of 231 people, where the complete set has 230" in caplog.text


def test_images_of_a_class_that_the_sheet_lacks_are_unexpected(folder, caplog):
    odd = cfeed_photo(folder, 25, 1, b"class 25")
    (folder / "logo.png").write_bytes(b"logo")
    (folder / "readme.txt").write_text("not an image")
    add_leavings(folder)
    _, completeness = read(folder)
    assert completeness.unexpected == [odd.relative_to(folder).as_posix(), "logo.png"]
    assert "images that are none of cfeed's, not used: 2 (" in caplog.text
    use_sheet(folder, "extra_classes")
    _, completeness = read(folder)
    assert completeness.unexpected == ["logo.png"]
    assert completeness.left_out == {"Contempt": 1, "Happily disgusted": 2}


def test_of_several_photographs_the_lowest_number_is_kept(folder, caplog):
    caplog.set_level(logging.INFO)
    cfeed_photo(folder, 2, 1, b"later", number=20000)
    early = cfeed_photo(folder, 2, 2, b"earlier", number=99)
    photos, completeness = read(folder)
    happy = {photo.person: photo for photo in photos if photo.expression == "happy"}
    assert (happy["110"].id, happy["111"].id) == ("02_110_2032", early.stem)
    assert completeness.left_out == {"Happily disgusted": 2, SECOND: 2}
    assert f"{SECOND}, not used: 2 (02_111_2062, 02_110_20000)" in caplog.text


def test_copies_are_passed_over_and_different_ones_refused(folder, caplog):
    add_copy(folder, "02_110_2032")
    assert read(folder)[1].found == 14
    assert "identical copies, not used: 1 (" in caplog.text
    add_copy(folder, "02_110_2032", data=b"another")
    with pytest.raises(InputError, match=r"02_110_2032\.\w+ and .*02_110_2032\.\w+ are both 02_110_2032, and their"):
        read(folder)


def test_people_with_gaps_are_named_before_those_whom_nobody_knows(folder, caplog):
    caplog.set_level(logging.INFO)
    photo_path(folder, "03_111_2063").unlink()
    message = r"per person 111: 1, unknown001: 7, unknown002: 7, .*; the first are 03_111_\*, 01_unknown001_\*, "
    with pytest.raises(InputError, match=message):
        read(folder, partial=False)
    counts = next(record.message for record in caplog.records if record.message.startswith("missing per person (229)"))
    assert counts.split("\n  ")[1:3] == ["111: 1", "unknown001: 7"]
    missing = read(folder)[1].missing
    assert missing == sorted(missing)


def test_a_missing_spreadsheet_is_named(folder):
    (folder / CFEED_SHEET).unlink()
    message = (
        r"cfeed: the spreadsheet AU_annotation_all_subjects\.xls is missing, which says what the classes mean, in it "
        r"and beside it: copy it there from the release, or name the folder above"
    )
    with pytest.raises(InputError, match=message):
        read(folder)


@pytest.mark.parametrize("suffix", ["", ".zip"])
def test_the_inner_folder_alone_finds_the_spreadsheet_beside_it(folder, caplog, suffix):
    caplog.set_level(logging.INFO)
    whole = read(folder)[0]
    inner = folder / "CFEE_Database_230"
    archive = pack(inner, folder / f"CFEE_Database_230{suffix}") if suffix else inner
    assert read(archive)[0] == whole
    assert f"the classes are those of {folder / CFEED_SHEET}, which lies beside it" in caplog.text
    use_sheet(folder, "no_fearful")
    with pytest.raises(InputError, match="has no class for fearful"):
        read(archive)
    (folder / CFEED_SHEET).write_bytes(b"none")
    with pytest.raises(InputError, match=r"cfeed/AU_annotation_all_subjects\.xls is not a readable spreadsheet"):
        read(archive)
    (folder / CFEED_SHEET).unlink()
    with pytest.raises(InputError, match=r"is missing, .* or name the folder above"):
        read(archive)


def test_a_spreadsheet_in_the_archive_wins_over_one_beside_it(folder):
    shutil.copy(CFEED_SHEETS / "no_fearful.xls", folder.parent / CFEED_SHEET)
    assert read(folder)[1].found == 14


def test_the_spreadsheet_may_lie_anywhere_and_twice(folder):
    (folder / "docs").mkdir()
    shutil.copy(folder / CFEED_SHEET, folder / "docs" / CFEED_SHEET.upper())
    assert read(folder)[1].found == 14
    shutil.copy(CFEED_SHEETS / "extra_classes.xls", folder / "docs" / CFEED_SHEET.upper())
    with pytest.raises(InputError, match=r"subjects\.xls and docs/AU_\w+\.XLS are both .*and their bytes differ"):
        read(folder)


@pytest.mark.parametrize(("sheet", "message"), [
    ("no_summary", r"has no sheet 'summary', only subjects, overview: obtain the original spreadsheet"),
    ("no_fearful", r"AU_annotation_all_subjects\.xls has no class for fearful, expected one in the sheet 'summary'"),
    ("two_names", r"calls class 2 both 'Happy' and 'Awed', expected one name"),
    ("two_sad", r"has class 3 \('Sad'\) and class 23 \('sad'\) for sad, expected one"),
])  # fmt: skip
def test_a_spreadsheet_that_does_not_answer_is_refused(folder, sheet, message):
    use_sheet(folder, sheet)
    with pytest.raises(InputError, match=rf"cfeed: .*{message}"):
        read(folder)


@pytest.mark.parametrize("data", [b"", b"<html>please log in</html>", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 damaged"])
def test_a_spreadsheet_that_is_none_is_refused(folder, data):
    (folder / CFEED_SHEET).write_bytes(data)
    with pytest.raises(InputError, match=r"AU_annotation_all_subjects\.xls is not a readable spreadsheet"):
        read(folder)


@pytest.mark.parametrize("length", [300, 600, 1000, 2000, 3000, 4000, 5000])
def test_a_spreadsheet_that_breaks_off_is_refused(folder, length):
    sheet = folder / CFEED_SHEET
    sheet.write_bytes(sheet.read_bytes()[:length])
    with pytest.raises(InputError, match=r"cfeed: AU_annotation_all_subjects\.xls (is not a readable|has no)"):
        read(folder)
