"""Which of OpenFace's CSVs, or of the rows of one, belongs to which photograph."""

import unicodedata
import zipfile

import numpy as np
import pytest
from made_faces import AU_ROW, FACE, LENIENT, landmarks, manifest_of, openface_text
from programs import write_files

from cascade_efgan.data.openface.csv_files import csv_provenance, read_openface
from cascade_efgan.data.openface.faces import csv_batch, settle
from cascade_efgan.data.records import landmarks_of
from cascade_efgan.errors import InputError


def test_one_csv_for_all_is_matched_by_its_file_column(tmp_path):
    lines = openface_text([(0.9, AU_ROW, landmarks()), (0.8, AU_ROW, landmarks())]).splitlines()
    path = tmp_path / "all.csv"
    path.write_text(f"file,{lines[0]}\nb.jpg,{lines[1]}\na.jpg,{lines[2]}\n")
    faces, excluded = settle(csv_batch(manifest_of("a.jpg", "b.jpg"), path)[0], LENIENT)
    assert list(zip(faces["id"], faces["confidence"], strict=True)) == [("a", 0.8), ("b", 0.9)]
    assert excluded.empty
    assert landmarks_of(faces).shape == (2, 68, 2)


def test_names_match_in_either_unicode_form(tmp_path):
    # A Mac writes e and an accent where others write one letter: nothing matched, or an accented photograph was lost.
    forms = {form: unicodedata.normalize(form, "Zoé") for form in ("NFC", "NFD")}
    sources = []
    for form, name in forms.items():
        sources += [tmp_path / form, tmp_path / f"{form}.zip", tmp_path / f"{form}.csv"]
        sources[-3].mkdir()
        (sources[-3] / f"{name}.csv").write_text(FACE)
        with zipfile.ZipFile(sources[-2], "w") as archive:
            archive.writestr(f"{name}.csv", FACE)
        one = [f"{cell},{line}" for cell, line in zip(("file", f"{name}.jpg"), FACE.splitlines(), strict=True)]
        sources[-1].write_text("\n".join(one))
    legacy = tmp_path / "legacy.zip"  # UTF-8 without the flag that says so
    with zipfile.ZipFile(legacy, "w") as archive:
        archive.writestr("Zoxx.csv", FACE)
    legacy.write_bytes(legacy.read_bytes().replace(b"Zoxx", "Zoé".encode()))
    for source in [*sources, legacy]:
        for name in forms.values():
            (_, answers), unmatched = csv_batch(manifest_of(f"{name}.jpg"), source)
            assert (len(next(iter(answers.values()))), unmatched) == (1, []), source


def test_nothing_that_matches_is_an_error(small_data):
    with pytest.raises(InputError, match="names match none of the 1 photographs; expected names such as zz, found p00"):
        csv_batch(manifest_of("zz.png"), small_data.openface)


def test_two_photographs_of_one_stem_are_an_error(small_data):
    with pytest.raises(InputError, match=r"p00_happy matches both p00_happy.png and p00_happy.jpg"):
        csv_batch(manifest_of("p00_happy.png", "p00_happy.jpg"), small_data.openface)


def one_csv(path, *files):
    """One CSV for all photographs, whose AUs give the row."""
    lines = openface_text([(0.9, [row] * 17, landmarks()) for row in range(len(files))]).splitlines()
    path.write_text("\n".join(f"{cell},{line}" for cell, line in zip(["file", *files], lines, strict=True)))
    return path


@pytest.mark.parametrize(
    ("listed", "file"),
    [
        ("a.jpg", "a.jpg"),
        ("/data/rafd/a.jpg", "a.jpg"),
        ("C:\\photos\\a.jpg", "deep/a.jpg"),
        ("a", "a.jpg"),
        ("a.png", "a.jpg"),
        ("a.JFIF", "a.jpg"),  # a photograph that was converted after OpenFace had seen it
        ("a.heic", "a.jpg"),
        ("a.b", "a.b.jpg"),
    ],
)
def test_names_match_by_file_and_then_by_stem(listed, file, tmp_path):
    path = one_csv(tmp_path / "all.csv", "other.jpg", listed)
    _, answers = csv_batch(manifest_of(file), path)[0]
    ((face,),) = answers.values()
    assert face.aus[0] == 1


def test_the_closer_name_wins_and_two_as_close_are_an_error(tmp_path):
    path = one_csv(tmp_path / "all.csv", "a.png", "x/a.jpg", "a.jpg")
    assert csv_batch(manifest_of("a.jpg"), path)[0][1]["a"][0].aus[0] == 2
    one_csv(path, "x/a.jpg", "y/a.jpg")
    with pytest.raises(InputError, match=r"x/a\.jpg and y/a\.jpg both match a\.jpg; use .* or the id \(a\) as"):
        csv_batch(manifest_of("a.jpg"), path)


def test_names_without_partner_are_told_on_both_sides(tmp_path, caplog):
    path = one_csv(tmp_path / "all.csv", "a.jpg", "x.jpg", "y.jpg")
    _, excluded = settle(csv_batch(manifest_of("a.jpg", "b.jpg"), path)[0], LENIENT)
    assert list(zip(excluded["file"], excluded["reason"], strict=True)) == [("b.jpg", "no CSV from OpenFace")]
    names, photographs = [record.message for record in caplog.records]
    assert "2 names match no photograph; the first are x.jpg, y.jpg" in names
    assert "1 photographs have no CSV from OpenFace; the first are b.jpg" in photographs


@pytest.mark.parametrize("column", ["file", "File", "FILENAME", "image", "Name"])
@pytest.mark.parametrize("separator", [",", ";"])
def test_the_column_of_names_may_have_other_names_and_semicolons(column, separator, tmp_path):
    path = one_csv(tmp_path / "all.csv", "b.jpg", "a.jpg")
    text = path.read_text().replace("file,", f"{column},", 1)
    if separator == ";":
        # As a German spreadsheet saves it: with a byte order mark and decimal commas.
        cells = [line.split(",") for line in text.splitlines()]
        rows = [";".join([line[0], *(cell.replace(".", ",") for cell in line[1:])]) for line in cells]
        text = "\ufeff" + "\n".join(rows)
    path.write_text(text, encoding="utf-8")
    _, answers = csv_batch(manifest_of("a.jpg", "b.jpg"), path)[0]
    assert (answers["a"][0].aus[0], answers["b"][0].aus[0]) == (1, 0)
    np.testing.assert_allclose(answers["a"][0].landmarks, landmarks(), atol=0.05)
    assert answers["a"][0].confidence == 0.9


def test_one_csv_without_a_column_of_names_is_told_to_need_one(tmp_path):
    path = tmp_path / "all.csv"
    path.write_text(openface_text([(0.9, AU_ROW, landmarks())] * 2))
    with pytest.raises(InputError, match="found all; one CSV for all photographs needs a column file"):
        csv_batch(manifest_of("a.jpg", "b.jpg"), path)


AFFECTNET = ("train_set/images/0.jpg", "train_set/images/1.jpg", "val_set/images/0.jpg")


def affectnet(folder, *names):
    """Which of the CSVs, by its place among `names`, each photograph of a small AffectNet gets."""
    texts = {name: openface_text([(0.9, [number] * 17, landmarks())]) for number, name in enumerate(names)}
    write_files(folder, texts)
    manifest = manifest_of(*AFFECTNET).assign(id=["train-0", "train-1", "val-0"])
    (_, answers), unmatched = csv_batch(manifest, folder)
    places = [answer if isinstance(answer, str) else answer[0].aus[0] for answer in answers.values()]
    return places, unmatched


@pytest.mark.parametrize(
    "names",
    [
        ("val_set/images/0.csv", "train_set/images/1.csv", "train_set/images/0.CSV"),
        ("out/val_set/images/0.csv", "out/train_set/images/1.csv", "out/train_set/images/0.csv"),
        ("val-0.csv", "train-1.csv", "train-0.csv"),
        ("x/val-0.csv", "1.csv", "y/train-0.Csv"),
        ("val_set/images/0.csv", "train-1.csv", "train_set/images/0.csv"),
    ],
)
def test_equal_names_in_two_folders_match_by_path_or_id(names, tmp_path):
    assert affectnet(tmp_path, *names) == ([2, 1, 0], [])


def test_a_name_of_another_folder_is_not_taken_for_a_photograph(tmp_path):
    # OpenFace found no face in val_set's 0; that 5.csv and 0.csv of other folders must not stand in for anything.
    names = ("train_set/images/0.csv", "train_set/images/5.csv", "other/1.csv")
    places, unmatched = affectnet(tmp_path, *names)
    assert places == [0, "no CSV from OpenFace", "no CSV from OpenFace"]
    assert unmatched == ["other/1", "train_set/images/5"]


def test_an_ambiguous_stem_asks_for_the_path_or_the_id(tmp_path):
    with pytest.raises(InputError, match=r"0 matches both train_set/images/0\.jpg and val_set/images/0\.jpg; use"):
        affectnet(tmp_path / "flat", "0.csv")
    with pytest.raises(InputError, match=r"a/1 and b/1 both match train_set/images/1\.jpg; use the relative path"):
        affectnet(tmp_path / "deep", "a/1.csv", "b/1.csv")


def test_a_zip_is_read_with_its_folders_and_any_case(tmp_path, caplog):
    with zipfile.ZipFile(tmp_path / "aus.zip", "w") as file:
        for name in ("train_set/images/0.CSV", "val_set/images/0.csv", "__MACOSX/._0.csv",
                     "a/.ipynb_checkpoints/0.csv"):  # fmt: skip
            file.writestr(name, FACE)
        file.extractall(tmp_path / "aus")
    for given in (tmp_path / "aus.zip", tmp_path / "aus"):
        caplog.clear()
        assert list(read_openface(given)) == ["train_set/images/0", "val_set/images/0"]
        assert caplog.text.count("not used: 2: __MACOSX (1), .ipynb_checkpoints (1)") == 1
    assert csv_provenance(tmp_path / "aus")["csvs"] == 2
