"""CFEE in its real names: classes from its own spreadsheet, what is left out, what is missing, what is refused.

The spreadsheets of `tests/fixtures/cfeed` were written once with xlwt 1.3.0 (real BIFF .xls): a sheet `subjects`, then
`summary` with a header row, class id and name in its first two columns and other things after them. 22_classes: ids 1
to 22 below an empty row; extra_classes: 26 classes, nouns in mixed case and with spaces, id 7 as text; no_summary,
no_fearful: what the name says; two_names: class 2 again as Awed; two_sad: a class 23 called sad.
"""

import logging
import shutil
from pathlib import PurePosixPath

import pytest
from layouts import CFEED_CLASSES, CFEED_SHEET, CFEED_SHEETS, cfeed_name, pack, source
from programs import write_files

from cascade_efgan.data.sources.cfeed import SECOND
from cascade_efgan.errors import InputError


def write(folder, people, classes, sheet="22_classes"):
    """Photographs under their names, which are their bytes too, and a spreadsheet."""
    names = [cfeed_name(class_id, person) for person in range(1, people + 1) for class_id in classes]
    return use_sheet(write_files(folder, dict(zip(names, names, strict=True))), sheet)


def use_sheet(folder, name):
    shutil.copy(CFEED_SHEETS / f"{name}.xls", folder / CFEED_SHEET)
    return folder


@pytest.fixture
def folder(tmp_path):
    """Two people, 22 classes, one of them compound."""
    return write(tmp_path / "cfeed", 2, (*range(1, 8), 9))


def read(path, partial=True):
    found = source("cfeed", path, partial=partial)
    return list(found.photos), found.completeness


@pytest.mark.parametrize("sheet", ["22_classes", "extra_classes"])
def test_the_spreadsheet_says_which_class_is_which_expression(folder, sheet):
    photos, completeness = read(use_sheet(folder, sheet))
    classes = CFEED_CLASSES[sheet]
    assert sorted((photo.id[:6], photo.expression) for photo in photos) == sorted(
        (f"{number:02d}_{person}", name) for person in (110, 111) for name, number in classes.items()
    )
    assert completeness.left_out == {"Happily disgusted": 2}


def test_the_whole_set_is_230_people_and_1610_photographs(tmp_path):
    folder = write(tmp_path / "cfeed", 230, range(1, 9))
    photos, completeness = read(folder, partial=False)
    assert len(photos) == completeness.expected == completeness.found == 1610
    assert (completeness.missing, completeness.unexpected) == ([], [])
    assert completeness.left_out == {"Happily surprised": 230}
    assert [photo.id for photo in photos] == sorted(photo.id for photo in photos)
    assert {photo.person for photo in photos} == {str(number) for number in range(110, 340)}
    assert {photo.gaze for photo in photos} == {"frontal"}
    for photo in photos:
        assert photo.file == f"{photo.id}.jpg" == f"{PurePosixPath(photo.data.decode()).stem}.jpg"
    (folder / cfeed_name(3, 3)).unlink()
    message = (
        r"cfeed: 1 of 1610 photographs of cfeed are missing; per person 112: 1; per expression sad: 1; "
        r"per gaze frontal: 1; the first are 03_112_\*; complete the archive, or set cfeed\.partial to true"
    )
    with pytest.raises(InputError, match=message):
        read(folder, partial=False)


def test_more_people_than_the_complete_set_has_are_warned_of(tmp_path, caplog):
    folder = write(tmp_path / "cfeed", 231, range(1, 8))
    assert read(folder, partial=False)[1].expected == 1617
    assert "photographs of 231 people, where the complete set has 230" in caplog.text


def test_people_with_gaps_are_named_before_those_whom_nobody_knows(folder, caplog):
    caplog.set_level(logging.INFO)
    (folder / cfeed_name(3, 2)).unlink()
    message = (
        r"cfeed: 1597 of 1610 photographs of cfeed are missing; all of 228 of 230 people; per person 111: 1, "
        r"unknown001: 7, unknown002: 7, .*; the first are 03_111_\*, 01_unknown001_\*, "
    )
    with pytest.raises(InputError, match=message):
        read(folder, partial=False)
    counts = next(record.message for record in caplog.records if record.message.startswith("missing per person (229)"))
    assert counts.split("\n  ")[1:3] == ["111: 1", "unknown001: 7"]
    completeness = read(folder)[1]
    assert (completeness.expected, completeness.found, len(completeness.missing)) == (1610, 13, 1597)
    assert completeness.missing == sorted(completeness.missing)


def test_images_of_a_class_that_the_sheet_lacks_or_of_other_names_are_unexpected(folder, caplog):
    odd = cfeed_name(25, 1)
    others = [odd, "09_110.jpg", "09_110_2555.png", "09_110_2555_detectface.jpg", "logo.png", "x09_110_2555.jpg"]
    write_files(folder, dict.fromkeys([*others, "readme.txt"], b"other"))
    _, completeness = read(folder)
    assert completeness.unexpected == sorted(others)
    assert "images that are none of cfeed's, not used: 6 (" in caplog.text
    use_sheet(folder, "extra_classes")
    _, completeness = read(folder)
    assert completeness.unexpected == sorted(others[1:])
    assert completeness.left_out == {"Contempt": 1, "Happily disgusted": 2}


def test_of_several_photographs_the_lowest_number_is_kept(folder, caplog):
    caplog.set_level(logging.INFO)
    write_files(folder, {cfeed_name(2, 1, number=20000): b"later", cfeed_name(2, 2, number=99): b"earlier"})
    photos, completeness = read(folder)
    happy = {photo.person: photo for photo in photos if photo.expression == "happy"}
    assert (happy["110"].id, happy["111"].id) == ("02_110_2032", "02_111_99")
    assert completeness.left_out == {"Happily disgusted": 2, SECOND: 2}
    assert f"{SECOND}, not used: 2 (02_111_2062, 02_110_20000)" in caplog.text


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
    (folder / CFEED_SHEET).unlink()
    message = (
        r"CFEE_Database_230.*: the spreadsheet AU_annotation_all_subjects\.xls is missing, which says what the classes "
        r"mean, in it and beside it: copy it there from the release, or name the folder above"
    )
    with pytest.raises(InputError, match=message):
        read(archive)


def test_a_spreadsheet_may_lie_anywhere_in_the_archive_and_wins_over_one_beside_it(folder):
    shutil.copy(CFEED_SHEETS / "no_fearful.xls", folder.parent / CFEED_SHEET)
    (folder / "docs").mkdir()
    shutil.copy(folder / CFEED_SHEET, folder / "docs" / CFEED_SHEET.upper())
    assert read(folder)[1].found == 14
    shutil.copy(CFEED_SHEETS / "extra_classes.xls", folder / "docs" / CFEED_SHEET.upper())
    with pytest.raises(InputError, match=r"subjects\.xls and docs/AU_\w+\.XLS are both .*and their bytes differ"):
        read(folder)


@pytest.mark.parametrize(("sheet", "message"), [
    ("no_summary", r"has no sheet 'summary', only subjects, overview: obtain the original spreadsheet"),
    ("no_fearful", r"has no class for fearful, expected one in the sheet 'summary'"),
    ("two_names", r"calls class 2 both 'Happy' and 'Awed', expected one name"),
    ("two_sad", r"has class 3 \('Sad'\) and class 23 \('sad'\) for sad, expected one"),
    (b"", "is not a readable spreadsheet"),
    (b"<html>please log in</html>", "is not a readable spreadsheet"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 damaged", "is not a readable spreadsheet"),
    *((length, "(is not a readable|has no)") for length in (300, 600, 1000, 2000, 3000, 4000, 5000)),
])  # fmt: skip
def test_a_spreadsheet_that_does_not_answer_is_refused(folder, sheet, message):
    """By the name of a fixture, by its bytes, or broken off at a length."""
    path = folder / CFEED_SHEET
    if isinstance(sheet, str):
        use_sheet(folder, sheet)
    else:
        path.write_bytes(sheet if isinstance(sheet, bytes) else path.read_bytes()[:sheet])
    with pytest.raises(InputError, match=rf"cfeed: AU_annotation_all_subjects\.xls {message}"):
        read(folder)
