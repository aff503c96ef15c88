"""A folder of one's own: with labels and without, ids, and what goes wrong."""

import re
import shutil
import unicodedata
import zipfile

import pytest
from layouts_wild import make_folder

from cascade_efgan.config import settings_from_flags
from cascade_efgan.data import EXPRESSIONS
from cascade_efgan.data.manifest import read_manifest
from cascade_efgan.data.photos import Request
from cascade_efgan.data.sources.folder import folder_photos, path_id
from cascade_efgan.errors import InputError


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Two people, without and with labels: labels -> (folder, id -> OpenFace CSV)."""
    root = tmp_path_factory.mktemp("my photographs")
    return {labels: (root / str(labels), make_folder(root / str(labels), 2, labels)) for labels in (False, True)}


@pytest.fixture
def plain(tmp_path):
    """Three files that stand for photographs: a.jpg, sub/a.jpg and sub/b.PNG."""
    folder = tmp_path / "photos"
    (folder / "sub").mkdir(parents=True)
    for name in ("a.jpg", "sub/a.jpg", "sub/b.PNG"):
        (folder / name).write_bytes(name.encode())
    return folder


def source(folder, labels=None, **folder_settings):
    flags = [f"folder.archive={folder}", *(f"folder.{key}={value}" for key, value in folder_settings.items())]
    if labels is not None:
        path = folder.parent / "labels.csv"
        if isinstance(labels, bytes):
            path.write_bytes(labels)
        else:
            path.write_text(labels, encoding="utf-8", newline="")
        flags.append(f"folder.labels={path}")
    return folder_photos(Request(settings_from_flags(flags), folder.parent / ".download"))


def seen(found):
    """File -> (person, expression)."""
    return {photo.file: (photo.person, photo.expression) for photo in found.photos}


def test_without_labels_each_photograph_is_a_person_and_its_folder_its_expression(made):
    folder, openface = made[False]
    found = source(folder)
    assert (found.completeness.expected, found.completeness.found) == (None, 16)
    photos = list(found.photos)
    assert [photo.id for photo in photos] == sorted(openface)
    assert [photo.person for photo in photos] == [photo.id for photo in photos]
    assert sorted(photo.expression for photo in photos) == sorted(EXPRESSIONS * 2)
    for photo in photos:
        assert photo.file.split("/")[:2] == ["my photos", photo.expression]
        assert photo.data == (folder / photo.file).read_bytes()
        assert (photo.gaze, photo.face_box) == ("unknown", None)
    assert found.completeness.unexpected == []


def test_a_spreadsheets_labels_give_person_and_expression(made):
    folder, openface = made[True]
    found = source(folder, labels=(folder / "labels.csv").read_bytes())
    assert (found.completeness.expected, found.completeness.found) == (16, 16)
    photos = list(found.photos)
    assert [photo.id for photo in photos] == sorted(openface)
    for photo in photos:
        person, number = photo.file.split("/")[0][-1], int(photo.file.split("/")[1].split()[1].split(".")[0])
        assert (photo.person, photo.expression) == (f"Müller {person}", EXPRESSIONS[number])


def test_labels_inside_the_folder_are_no_unexpected_file(made):
    folder, _ = made[True]
    settings = settings_from_flags([f"folder.archive={folder}", f"folder.labels={folder / 'labels.csv'}"])
    assert folder_photos(Request(settings, folder.parent)).completeness.unexpected == []
    assert source(folder).completeness.unexpected == ["labels.csv"]


@pytest.mark.parametrize(
    ("name", "expression"),
    [
        ("happy", "happy"), ("Happiness", "happy"), ("ANGER", "angry"), ("contempt", "contemptuous"),
        ("disgust", "disgusted"), ("fear", "fearful"), ("sadness", "sad"), ("surprise", "surprised"),
        ("neutral", "neutral"), ("Anna", "unknown"), ("happy people", "unknown"),
    ],
)  # fmt: skip
def test_a_folders_name_is_an_expression_where_it_is_one(tmp_path, name, expression):
    folder = tmp_path / "photos"
    (folder / "happy" / name).mkdir(parents=True)
    (folder / "happy" / name / "1.jpg").write_bytes(b"1")
    assert seen(source(folder)) == {f"happy/{name}/1.jpg": (f"{path_id(f'happy/{name}/1.jpg')}", expression)}


def test_suffixes_may_be_in_any_case_and_other_files_are_unexpected(tmp_path, caplog):
    folder = tmp_path / "photos"
    folder.mkdir()
    good = ["a.jpg", "b.JPG", "c.jpeg", "d.Png", "e.bmp", "f.tif", "g.TIFF", "h.webp"]
    bad = ["i.gif", "j.svg", "k.txt", "l", "m.heic"]
    (folder / ".ipynb_checkpoints").mkdir()
    for name in (*good, *bad, "._a.jpg", ".DS_Store", ".ipynb_checkpoints/a-checkpoint.jpg"):
        (folder / name).write_bytes(name.encode())
    found = source(folder)
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
    found = source(plain, text)
    assert seen(found) == {
        "a.jpg": ("Anna", "fearful"), "sub/a.jpg": ("Anna", "unknown"), "sub/b.PNG": (path_id("sub/b.PNG"), "happy"),
    }  # fmt: skip
    assert (found.completeness.expected, found.completeness.found, found.completeness.unexpected) == (3, 3, [])


def test_columns_that_the_labels_lack_are_filled_as_without_labels(plain):
    (plain / "sub").rename(plain / "sad")
    found = seen(source(plain, "file,person\na.jpg,Anna\nsad/a.jpg,Anna\nb.PNG,Bob\n"))
    assert found == {"a.jpg": ("Anna", "unknown"), "sad/a.jpg": ("Anna", "sad"), "sad/b.PNG": ("Bob", "sad")}
    found = seen(source(plain, "file\na.jpg\nsad/a.jpg\nb.PNG\n"))
    assert found["sad/a.jpg"] == ("sad--a", "sad")


def test_names_are_matched_however_a_system_composes_their_letters(tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    (folder / "Zoe\u0308.jpg").write_bytes(b"1")
    found = source(folder, "file,person\nZo\u00eb.jpg,Zo\u00eb\n")
    assert [photo.person for photo in found.photos] == ["Zo\u00eb"]


def test_the_end_of_a_path_is_enough_in_a_zip_with_a_folder_of_its_own(plain, tmp_path):
    archive = tmp_path / "packed.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        for path in plain.rglob("*.*"):
            packed.write(path, f"holiday/{path.relative_to(plain)}")
    found = source(archive, "file,person\nsub/a.jpg,Anna\nb.PNG,Bob\nholiday/a.jpg,Cleo\n")
    assert {file: person for file, (person, _) in seen(found).items()} == {
        "holiday/sub/a.jpg": "Anna", "holiday/sub/b.PNG": "Bob", "holiday/a.jpg": "Cleo"}  # fmt: skip


def test_a_listed_file_of_another_suffix_is_named_as_such(plain, caplog):
    """A listed .heic that was there counted as missing, with the advice to complete the archive."""
    for listed in ("b.heic", "sub/b.HEIC"):
        (plain / listed).write_bytes(b"heic")
    text = "file\na.jpg\nb.heic\nb.HEIC\n"
    words = r"2 listed files are there, but no photographs by their suffix \(b\.heic, b\.HEIC\); convert them to JPEG"
    for rows in (text, "file\nb.heic\nb.HEIC\n"):
        with pytest.raises(InputError, match=words + r", expected \.jpg[^\n]*, or set folder\.partial"):
            source(plain, rows)
    assert source(plain, text, partial=True).completeness.found == 1
    assert re.search(words, caplog.text)


def test_rows_without_a_photograph_stop_the_run_unless_a_partial_set_is_allowed(plain):
    text = "file,person\na.jpg,Anna\nsub/a.jpg,Anna\nsub/b.PNG,Bob\nsub/c.jpg,Cleo\n"
    with pytest.raises(InputError, match=r"1 of 4[^\n]*sub--c[^\n]*folder\.partial"):
        source(plain, text)
    found = source(plain, text, partial=True)
    assert found.completeness.missing == ["sub--c"]
    assert (found.completeness.expected, found.completeness.found) == (4, 3)
    assert len(list(found.photos)) == 3


def test_photographs_that_the_labels_do_not_list_are_unexpected_and_not_used(plain):
    found = source(plain, "file\nsub/a.jpg\n")
    assert found.completeness.unexpected == ["a.jpg", "sub/b.PNG"]
    assert [photo.id for photo in found.photos] == ["sub--a"]


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
    ],
)  # fmt: skip
def test_labels_that_cannot_be_right_are_named(plain, text, message):
    with pytest.raises(InputError, match=rf"labels\.csv: {message}"):
        source(plain, text)


def test_a_bare_name_that_fits_two_photographs_is_refused(plain):
    (plain / "other").mkdir()
    shutil.copy(plain / "sub/b.PNG", plain / "other/b.PNG")
    with pytest.raises(InputError, match=r"line 2: b\.PNG fits several photographs \(other/b\.PNG, sub/b\.PNG\)"):
        source(plain, "file\nb.PNG\n")
    assert seen(source(plain, "file\nsub/b.PNG\n")).keys() == {"sub/b.PNG"}


def test_absent_labels_are_named(plain):
    with pytest.raises(InputError, match=r"absent\.csv: no such file; correct folder\.labels"):
        folder_photos(Request(settings_from_flags([f"folder.archive={plain}", "folder.labels=absent.csv"]), plain))


def test_an_empty_folder_is_an_error(tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    (folder / "notes.txt").write_text("none")
    with pytest.raises(InputError, match=r"photos: no photograph in it; expected files that end in \.jpg, \.jpeg"):
        source(folder)


def test_a_folder_that_is_not_named_or_absent_says_what_to_do(tmp_path):
    with pytest.raises(InputError, match=r"folder\.archive is not set: name a folder, zip or tar .* EFGAN_FOLDER"):
        folder_photos(Request(settings_from_flags([]), tmp_path))
    with pytest.raises(InputError, match=r"absent: no such file or folder, though folder\.archive names it"):
        source(tmp_path / "absent")


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
    before = {photo.file: photo.id for photo in source(plain).photos}
    for name in ("a.JPG", "a.png", "sub/a b.jpg", "sub--a.jpg", "A.jpg"):
        (plain / name).write_bytes(name.encode())
    after = {photo.file: photo.id for photo in source(plain).photos}
    assert before.items() < after.items()
    assert len(set(after.values())) == len(after) == 8


def test_the_stage_takes_labels_and_leaves_nothing_when_they_are_wrong(made, tmp_path, efgan):
    folder, openface = made[True]
    out = tmp_path / "out"
    flags = ("--dataset", "folder", "--photos", out / "photos.zip", "--manifest", out / "manifest.csv",
             "--completeness", out / "completeness.json", "--set", f"folder.archive={folder}")  # fmt: skip
    wrong = tmp_path / "labels.csv"
    wrong.write_text("file\nabsent.jpg\n")
    with pytest.raises(InputError, match="absent"):
        efgan("download", *flags, "--set", f"folder.labels={wrong}")
    assert not out.exists() or not list(out.iterdir())
    efgan("download", *flags, "--set", f"folder.labels={folder / 'labels.csv'}")
    manifest = read_manifest(out / "manifest.csv")
    assert list(manifest["id"]) == sorted(openface)
    assert set(manifest["person"]) == {"Müller 0", "Müller 1"}


def test_one_person_in_two_unicode_forms_is_one(plain):
    labels = f"file,person\na.jpg,{unicodedata.normalize('NFC', 'Zoé')}\nb.PNG,{unicodedata.normalize('NFD', 'Zoé')}\n"
    assert {photo.person for photo in source(plain, labels.replace("\na.jpg", "\nsub/a.jpg")).photos} == {"Zoé"}
