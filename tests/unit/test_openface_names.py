"""Which of OpenFace's CSVs, or of the rows of one, belongs to which photograph."""

import unicodedata
import zipfile

import numpy as np
import pytest
from made_faces import AU_ROW, FACE, LENIENT, landmarks, manifest_of, openface_text
from programs import write_files

from cascade_efgan.data.openface.csv_files import csv_provenance, read_openface
from cascade_efgan.data.openface.faces import csv_batch, settle
from cascade_efgan.errors import InputError


def one_csv(path, *files):
    """One CSV for all photographs, whose AUs give the row."""
    lines = openface_text([(0.9, [row] * 17, landmarks()) for row in range(len(files))]).splitlines()
    path.write_text("\n".join(f"{cell},{line}" for cell, line in zip(["file", *files], lines, strict=True)))
    return path


def csv_folder(folder, *names):
    """A CSV for each photograph, whose AUs give its place among `names`."""
    write_files(folder, {name: openface_text([(0.9, [n] * 17, landmarks())]) for n, name in enumerate(names)})
    return folder


def rows_of(source, *files, ids=None):
    """Row or place of the values that each photograph gets, or why it gets none; and the names of no photograph."""
    manifest = manifest_of(*files)
    (_, answers), unmatched = csv_batch(manifest.assign(id=ids or manifest["id"]), source)
    return [answer if isinstance(answer, str) else answer[0].aus[0] for answer in answers.values()], unmatched


@pytest.mark.parametrize("listed", ["NFC", "NFD"])
@pytest.mark.parametrize("photographed", ["NFC", "NFD"])
def test_names_match_in_either_unicode_form(listed, photographed, tmp_path):
    # A Mac writes e and an accent where others write one letter: nothing matched, or an accented photograph was lost.
    name = unicodedata.normalize(listed, "Zoé")
    folder = csv_folder(tmp_path / "folder", f"{name}.csv")
    packed, legacy = tmp_path / "packed.zip", tmp_path / "legacy.zip"
    for path, member in ((packed, name), (legacy, "Zoxx")):
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(f"{member}.csv", (folder / f"{name}.csv").read_text())
    legacy.write_bytes(legacy.read_bytes().replace(b"Zoxx", "Zoé".encode()))  # UTF-8 without the flag that says so
    for source in (folder, packed, legacy, one_csv(tmp_path / f"{name}.csv", f"{name}.jpg")):
        assert rows_of(source, unicodedata.normalize(photographed, "Zoé.jpg")) == ([0], []), source


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
    assert rows_of(one_csv(tmp_path / "all.csv", "other.jpg", listed), file) == ([1], ["other.jpg"])


def test_the_closer_name_wins(tmp_path):
    assert rows_of(one_csv(tmp_path / "all.csv", "a.png", "x/a.jpg", "a.jpg"), "a.jpg")[0] == [2]


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
    faces, excluded = settle(csv_batch(manifest_of("a.jpg", "b.jpg"), path)[0], LENIENT)
    assert faces[["id", "confidence", "AU01"]].to_numpy().tolist() == [["a", 0.9, 1], ["b", 0.9, 0]]
    assert excluded.empty
    np.testing.assert_allclose(faces[["x_7", "y_7"]], [landmarks()[7]] * 2, atol=0.05)


AFFECTNET = ("train_set/images/0.jpg", "train_set/images/1.jpg", "val_set/images/0.jpg")
IDS = ["train-0", "train-1", "val-0"]


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
    assert rows_of(csv_folder(tmp_path, *names), *AFFECTNET, ids=IDS) == ([2, 1, 0], [])


def test_a_name_of_another_folder_is_not_taken_for_a_photograph(tmp_path):
    # OpenFace found no face in val_set's 0; that 5.csv and 0.csv of other folders must not stand in for anything.
    names = ("train_set/images/0.csv", "train_set/images/5.csv", "other/1.csv")
    places, unmatched = rows_of(csv_folder(tmp_path, *names), *AFFECTNET, ids=IDS)
    assert places == [0, "no CSV from OpenFace", "no CSV from OpenFace"]
    assert unmatched == ["other/1", "train_set/images/5"]


@pytest.mark.parametrize(
    ("names", "files", "message"),
    [
        (["p00.csv"], ["zz.png"], "names match none of the 1 photographs; expected names such as zz, found p00$"),
        (["a.csv"], ["a.png", "a.jpg"], r"a matches both a\.png and a\.jpg"),
        (["x/a.csv", "y/a.csv"], ["a.jpg"], r"x/a and y/a both match a\.jpg; use .* or the id \(a\) as"),
        (["0.csv"], AFFECTNET, r"0 matches both train_set/images/0\.jpg and val_set/images/0\.jpg; use"),
        (["a/1.csv", "b/1.csv"], AFFECTNET, r"a/1 and b/1 both match train_set/images/1\.jpg; use the relative path"),
    ],
)
def test_names_of_nothing_or_of_two_are_an_error(names, files, message, tmp_path):
    with pytest.raises(InputError, match=message):
        rows_of(csv_folder(tmp_path, *names), *files)


def test_one_csv_without_a_column_of_names_is_told_to_need_one(tmp_path):
    path = tmp_path / "all.csv"
    path.write_text(openface_text([(0.9, AU_ROW, landmarks())] * 2))
    with pytest.raises(InputError, match="found all; one CSV for all photographs needs a column file"):
        rows_of(path, "a.jpg", "b.jpg")


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
