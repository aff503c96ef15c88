"""A folder of one's own: with labels and without, ids, and what goes wrong."""

import re
import unicodedata

import pytest
from layouts import make_folder, pack, source
from programs import write_files

from cascade_efgan.config import settings_from_flags
from cascade_efgan.data import EXPRESSIONS
from cascade_efgan.data.photo_files.photos import Photo
from cascade_efgan.data.sources.folder import folder_photos, path_id
from cascade_efgan.data.sources.source import Request
from cascade_efgan.errors import InputError


@pytest.fixture
def plain(tmp_path):
    """Three files that stand for photographs."""
    return photographs(tmp_path, "a.jpg", "sub/a.jpg", "sub/b.PNG")


def photographs(tmp_path, *names):
    return write_files(tmp_path / "photos", {name: name for name in names})


def labelled(folder, text, **section):
    """What the folder holds by labels beside it."""
    write_files(folder.parent, {"labels.csv": text})
    return source("folder", folder, labels=folder.parent / "labels.csv", **section)


def seen(found):
    """File -> (person, expression)."""
    return {photo.file: (photo.person, photo.expression) for photo in found.photos}


def test_without_labels_each_photograph_is_a_person_and_its_folder_its_expression(tmp_path):
    folders = {
        "happy": "happy", "Happiness": "happy", "ANGER": "angry", "contempt": "contemptuous", "disgust": "disgusted",
        "fear": "fearful", "sadness": "sad", "surprise": "surprised", "neutral": "neutral", "Anna": "unknown",
        "happy people": "unknown",
    }  # fmt: skip
    expressions = {f"happy/{name}/1.jpg": expression for name, expression in folders.items()}
    found = source("folder", photographs(tmp_path, *expressions))
    told = found.completeness
    assert (told.expected, told.found, told.unexpected) == (None, 11, [])
    assert list(found.photos) == [
        Photo(path_id(file), file, path_id(file), expressions[file], "unknown", file.encode())
        for file in sorted(expressions, key=path_id)
    ]


def test_a_spreadsheets_labels_give_person_and_expression_and_are_no_unexpected_file(tmp_path):
    openface = make_folder(tmp_path / "mine", 2, labels=True)
    found = source("folder", tmp_path / "mine", labels=tmp_path / "mine" / "labels.csv")
    assert (found.completeness.expected, found.completeness.found, found.completeness.unexpected) == (16, 16, [])
    photos = list(found.photos)
    assert [photo.id for photo in photos] == sorted(openface)
    for photo in photos:
        person, number = re.fullmatch(r"Frau Müller (\d)/Bild (\d)\.\w+", photo.file).groups()
        assert (photo.person, photo.expression) == (f"Müller {person}", EXPRESSIONS[int(number)])
    assert source("folder", tmp_path / "mine").completeness.unexpected == ["labels.csv"]


def test_suffixes_may_be_in_any_case_and_other_files_are_unexpected(tmp_path, caplog):
    good = ["a.jpg", "b.JPG", "c.jpeg", "d.Png", "e.bmp", "f.tif", "g.TIFF", "h.webp"]
    bad = ["i.gif", "j.svg", "k.txt", "l", "m.heic"]
    left = ["._a.jpg", ".DS_Store", ".ipynb_checkpoints/a-checkpoint.jpg"]
    found = source("folder", photographs(tmp_path, *good, *bad, *left))
    assert found.completeness.side_files == {"._*": 1, ".DS_Store": 1, ".ipynb_checkpoints": 1}
    assert caplog.text.count("files that other programs left there, not used: 3: ") == 1
    assert found.completeness.unexpected == bad
    assert "5 files are no photographs: i.gif, j.svg" in caplog.text
    assert sorted(photo.file for photo in found.photos) == good


@pytest.mark.parametrize(
    "text",
    [
        "file,person,expression\na.jpg,Anna,fear\nsub/a.jpg,Anna,\nsub/b.PNG,,Happy\n",
        "file;person;expression\r\na.jpg;Anna;fear\r\nsub\\a.jpg;Anna;\r\nsub\\b.PNG;;Happy\r\n",
        "\ufefffile, person, expression\n./a.jpg, Anna, FEAR\n\nsub/a.jpg, Anna, unknown\nb.PNG,,happiness,,\n",
        '"expression","file","person"\n"fearful","a.jpg","Anna"\n"","sub/a.jpg","Anna"\n"happy","b.PNG",""\n',
    ],
)
def test_labels_may_come_in_any_form_that_spreadsheets_write(plain, text):
    found = labelled(plain, text)
    assert seen(found) == {
        "a.jpg": ("Anna", "fearful"), "sub/a.jpg": ("Anna", "unknown"), "sub/b.PNG": (path_id("sub/b.PNG"), "happy"),
    }  # fmt: skip
    assert (found.completeness.expected, found.completeness.found, found.completeness.unexpected) == (3, 3, [])


def test_columns_that_the_labels_lack_are_filled_as_without_labels(plain):
    (plain / "sub").rename(plain / "sad")
    found = seen(labelled(plain, "file,person\na.jpg,Anna\nsad/a.jpg,Anna\nb.PNG,Bob\n"))
    assert found == {"a.jpg": ("Anna", "unknown"), "sad/a.jpg": ("Anna", "sad"), "sad/b.PNG": ("Bob", "sad")}
    found = seen(labelled(plain, "file\na.jpg\nsad/a.jpg\nb.PNG\n"))
    assert found["sad/a.jpg"] == ("sad--a", "sad")


def test_names_and_people_are_the_same_however_a_system_composes_their_letters(tmp_path):
    composed, apart = (unicodedata.normalize(form, "Zoé") for form in ("NFC", "NFD"))
    folder = photographs(tmp_path, f"{apart}.jpg", "b.jpg")
    found = labelled(folder, f"file,person\n{composed}.jpg,{composed}\nb.jpg,{apart}\n")
    assert [photo.person for photo in found.photos] == [composed, composed]


def test_the_end_of_a_path_is_enough_in_a_zip_with_a_folder_of_its_own(plain, tmp_path):
    (tmp_path / "all").mkdir()
    plain.rename(tmp_path / "all" / "holiday")
    archive = pack(tmp_path / "all", tmp_path / "packed.zip")
    found = labelled(archive, "file,person\nsub/a.jpg,Anna\nb.PNG,Bob\nholiday/a.jpg,Cleo\n")
    assert {file: person for file, (person, _) in seen(found).items()} == {
        "holiday/sub/a.jpg": "Anna", "holiday/sub/b.PNG": "Bob", "holiday/a.jpg": "Cleo"}  # fmt: skip


def test_a_listed_file_of_another_suffix_is_named_as_such(plain, caplog):
    """A listed .heic that was there counted as missing, with the advice to complete the archive."""
    write_files(plain, {"b.heic": b"heic", "sub/b.HEIC": b"heic"})
    text = "file\na.jpg\nb.heic\nb.HEIC\n"
    words = r"2 listed files are there, but no photographs by their suffix \(b\.heic, b\.HEIC\); convert them to JPEG"
    for rows in (text, "file\nb.heic\nb.HEIC\n"):
        with pytest.raises(InputError, match=words + r", expected \.jpg[^\n]*, or set folder\.partial"):
            labelled(plain, rows)
    assert labelled(plain, text, partial=True).completeness.found == 1
    assert re.search(words, caplog.text)


def test_rows_without_a_photograph_stop_the_run_unless_a_partial_set_is_allowed(plain):
    text = "file,person\na.jpg,Anna\nsub/b.PNG,Bob\nsub/c.jpg,Cleo\n"
    with pytest.raises(InputError, match=r"1 of 3[^\n]*sub--c[^\n]*folder\.partial"):
        labelled(plain, text)
    found = labelled(plain, text, partial=True)
    told = found.completeness
    assert (told.expected, told.found, told.missing, told.unexpected) == (3, 2, ["sub--c"], ["sub/a.jpg"])
    assert seen(found).keys() == {"a.jpg", "sub/b.PNG"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("file,expression\na.jpg,grumpy\nsub/a.jpg,happy\nb.PNG,bored\n",
         r"'grumpy' \(line 2\), 'bored' \(line 4\): not an expression; expected angry, contemptuous, .*surprised, or"),
        ("file,person\na.jpg,Anna\nb.PNG,Bob,happy\n", r"line 3 has 3 cells, expected 2"),
        ("file,person\n,Anna\n", r"line 2 names no file"),
        ("file,name\na.jpg,Anna\n", r"unknown column 'name' in the first line; expected `file`"),
        ("person,expression\nAnna,happy\n", r"the first line is person, expression; expected `file`"),
        ("file,file\na.jpg,a.jpg\n", r"the first line is file, file; expected .*each once"),
        ("", r"the first line is empty; expected `file`"),
        ("file,person\n", r"no rows; expected one row per photograph"),
        ("file\na.jpg\n./a.jpg\n", r"lines 2 and 3 both name a\.jpg; expected one row per photograph"),
        (b"file\nZo\xeb.jpg\n", r"not a text file in UTF-8; save it as"),
        ("file\nc.jpg\n", r"its 1 rows name none of the 3 photographs in .*; expected names such as a\.jpg, found c"),
    ],
)  # fmt: skip
def test_labels_that_cannot_be_right_are_named(plain, text, message):
    with pytest.raises(InputError, match=rf"labels\.csv: {message}"):
        labelled(plain, text)


def test_a_bare_name_that_fits_two_photographs_is_refused(plain):
    write_files(plain, {"other/b.PNG": b"other"})
    with pytest.raises(InputError, match=r"line 2: b\.PNG fits several photographs \(other/b\.PNG, sub/b\.PNG\)"):
        labelled(plain, "file\nb.PNG\n")
    assert seen(labelled(plain, "file\nsub/b.PNG\n")).keys() == {"sub/b.PNG"}


def test_what_is_not_named_or_not_there_says_what_to_do(plain):
    with pytest.raises(InputError, match=r"absent\.csv: no such file; correct folder\.labels"):
        source("folder", plain, labels="absent.csv")
    with pytest.raises(InputError, match=r"absent: no such file or folder, though folder\.archive names it"):
        source("folder", plain / "absent")
    with pytest.raises(InputError, match=r"folder\.archive is not set: name a folder, zip or tar .* EFGAN_FOLDER"):
        folder_photos(Request(settings_from_flags([]), plain))


def test_ids_spell_plain_paths_and_are_safe_for_all_others():
    assert path_id("a.jpg") == "a"
    assert path_id("anna/happy/photo-1.jpg") == "anna--happy--photo-1"
    strange = [
        "a.JPG", "a.png", "a b.jpg", "a_b.JPG", "a--b.jpg", "a-/b.jpg", "a/-b.jpg", "写真.jpg", "映画.jpg",
        "-rf.jpg", ".a.jpg", "a..b.jpg", f"{'x' * 300}.jpg", f"{'x' * 301}.jpg", "a/.jpg", "ü/é ñ.webp",
    ]  # fmt: skip
    plain = ["a.jpg", "a/b.jpg", "a-b.jpg", "a_b.jpg", "a.b.jpg"]
    ids = [path_id(path) for path in strange + plain]
    assert len(set(ids)) == len(ids)
    for name in ids:
        assert set(name) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")
        assert name[0] not in ".-" and len(name) <= 114


def test_ids_stay_when_other_photographs_are_added(plain):
    before = {photo.file: photo.id for photo in source("folder", plain).photos}
    write_files(plain, dict.fromkeys(("a.JPG", "a.png", "sub/a b.jpg", "sub--a.jpg", "A.jpg"), b"other"))
    after = {photo.file: photo.id for photo in source("folder", plain).photos}
    assert before.items() < after.items()
    assert len(set(after.values())) == len(after) == 8
