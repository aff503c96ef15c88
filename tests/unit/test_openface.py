"""OpenFace's CSVs: every form, the right face, exclusions, and one sentence for what cannot be right."""

import contextlib
import hashlib
import json
import logging
import re
import unicodedata
import zipfile
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from cascade_efgan.data import AUS
from cascade_efgan.data.manifest import BOX_COLUMNS
from cascade_efgan.data.openface.csv_files import csv_provenance, parse_faces, read_openface
from cascade_efgan.data.openface.detected import choose_face, overlap
from cascade_efgan.data.openface.faces import (
    FaceLimits,
    check_excluded,
    csv_batch,
    reason_counts,
    settle,
    several_people,
)
from cascade_efgan.data.records import landmarks_of
from cascade_efgan.errors import InputError

AU_ROW = [round(0.25 * place, 2) for place in range(17)]


#: Nothing is too uncertain and nothing too far outside.
LENIENT = FaceLimits(min_confidence=0, margin=0.15, max_padding=0.9)


def manifest_of(*files, box=("", "", "", ""), size=(120, 100)):
    rows = {"id": [file.split(".")[0] for file in files], "file": list(files)}
    rows |= {"width": [size[0]] * len(files), "height": [size[1]] * len(files)}
    return pd.DataFrame(rows | {name: [cell] * len(files) for name, cell in zip(BOX_COLUMNS, box, strict=True)})


def settled(text, limits=LENIENT, **row):
    """Faces and the one reason of a photograph a.jpg with this CSV."""
    faces, excluded = settle((manifest_of("a.jpg", **row), {"a": parse_faces(text, "a.csv")["a"]}), limits)
    return faces, list(excluded["reason"])


def extracted(data):
    data.extract_aus()
    return pd.read_csv(data.path("faces.csv")), pd.read_csv(data.path("excluded.csv"))


@pytest.mark.parametrize("form", ["plain", "spaced", "video"])
def test_every_form_gives_the_same_face(form, openface_text, landmarks):
    (face,) = parse_faces(openface_text([(0.9, AU_ROW, landmarks())], form), "out/a.csv")["a"]
    assert face.confidence == 0.9
    np.testing.assert_array_equal(face.aus, AU_ROW)
    np.testing.assert_allclose(face.landmarks, landmarks(), atol=0.05)


def test_rows_without_success_are_no_faces(openface_text, landmarks):
    text = openface_text([(0.9, AU_ROW, landmarks()), (0.1, AU_ROW, landmarks())], "video")
    assert [face.confidence for face in parse_faces(text, "a.csv")["a"]] == [0.9]


@pytest.mark.parametrize("order", [[0, 1], [1, 0]])
def test_of_faces_that_are_no_phantoms_the_largest_is_taken(order, openface_text, landmarks):
    # A face in the background won by 0.005 of confidence, without a word.
    rows = [(0.975, [5] * 17, landmarks(0, 0, 90)), (0.98, [1] * 17, landmarks(0, 0, 20))]
    faces = parse_faces(openface_text([rows[place] for place in order]), "a.csv")["a"]
    assert [choose_face(faces, limit).confidence for limit in (0.5, 0.975, 0.978, 0.99)] == [0.975, 0.975, 0.98, 0.98]
    # The data set's own box decides, whatever the size.
    assert choose_face(faces, 0.5, (0, 0, 20, 20)).confidence == 0.98


@pytest.mark.parametrize(
    ("second", "confidence", "box", "several"),
    [
        ((70, 30, 40), 0.98, ("",) * 4, True),  # as sure: one was used without a word
        ((70, 30, 40), 0.6, ("",) * 4, True),
        ((70, 30, 40), 0.4, ("",) * 4, False),  # a phantom
        ((22, 31, 55), 0.98, ("",) * 4, False),  # one face, found twice
        ((70, 30, 40), 0.98, ("0", "0", "60", "60"), False),  # the data set says which
    ],
)
def test_photographs_of_several_people_are_counted(second, confidence, box, several, openface_text, landmarks):
    text = openface_text([(0.98, AU_ROW, landmarks()), (confidence, AU_ROW, landmarks(*second))])
    batch = manifest_of("a.jpg", box=box), {"a": parse_faces(text, "a.csv")["a"]}
    assert several_people(batch, replace(LENIENT, min_confidence=0.5)) == ["a.jpg"] * several


def test_a_confidence_of_nan_never_wins(openface_text, landmarks):
    rows = [(float("nan"), [5] * 17, landmarks()), (0.2, [1] * 17, landmarks())]
    assert choose_face(parse_faces(openface_text(rows), "a.csv")["a"], 0.5).confidence == 0.2


@pytest.mark.parametrize(
    ("leave_out", "message"),
    [
        (
            ["AU12_r"],
            r"a.csv: column AU12_r is missing; OpenFace probably lacks AU_predictors/svr_combined/"
            r"AU_12_static_intensity_comb\.dat \(listed in AU_predictors/AU_all_static\.txt\)",
        ),
        (["AU01_r"], r"AU_predictors/svr_combined/AU_1_static_intensity_comb\.dat"),
        ([f"{au}_r" for au in AUS], "a.csv: column AU01_r is missing; run OpenFace with -aus"),
        (["x_5"], "a.csv: column x_5 is missing; run OpenFace with -2Dfp"),
        (["confidence"], "a.csv: column confidence is missing"),
    ],
)
def test_a_missing_column_is_named_with_its_likely_cause(leave_out, message, openface_text, landmarks):
    with pytest.raises(InputError, match=message):
        parse_faces(openface_text([(0.9, AU_ROW, landmarks())], leave_out=leave_out), "out/a.csv")


def test_another_csv_is_recognised():
    with pytest.raises(InputError, match="a.csv: column confidence is missing; this is no CSV of OpenFace"):
        parse_faces("id,part\n1,train\n", "a.csv")


def test_a_row_cut_off_is_named(openface_text, landmarks):
    text = openface_text([(0.9, AU_ROW, landmarks())])
    with pytest.raises(InputError, match=r"a.csv, line 2: \d+ cells where the header has \d+; run OpenFace again"):
        parse_faces(text[: len(text) // 2 + 400], "a.csv")


def test_a_cell_that_is_no_number_is_named(openface_text, landmarks):
    text = openface_text([("high", AU_ROW, landmarks())])
    with pytest.raises(InputError, match="a.csv, line 2: confidence is 'high', expected a number"):
        parse_faces(text, "a.csv")


@pytest.mark.parametrize("value", [5.2, -0.1])
def test_an_intensity_on_another_scale_is_an_error(value, openface_text, landmarks):
    aus = [*AU_ROW]
    aus[2] = value
    with pytest.raises(InputError, match=f"a.csv, line 2: AU04_r is {value}, expected an intensity of 0 to 5"):
        settled(openface_text([(0.9, aus, landmarks())]))


@pytest.mark.parametrize(
    "value",
    ["nan", "-nan", "NaN", "-nan(ind)", "nan(0x8000)", "-1.#IND", "1.#QNAN", "1.#INF00", "-inf", "", "NA", "#NUM!"],
)
def test_a_value_that_is_no_number_excludes_its_photograph_only(value, openface_text, landmarks):
    # OpenFace's Windows build writes -nan(ind): it stopped the whole run.
    aus = [*AU_ROW]
    aus[2] = value
    text = openface_text([(0.9, AU_ROW, landmarks()), (0.02, aus, landmarks(0, 0, 90))])
    assert settled(text, FaceLimits(0.5, 0.15, 0.9))[1] == []
    _, reasons = settled(openface_text([(0.9, aus, landmarks())]))
    assert reasons == ["OpenFace's values are no numbers (AU04_r)"]


def decimal_commas(text, quote=""):
    return re.sub(r"(-?\d+)\.(\d+)", rf"{quote}\1,\2{quote}", text)


@pytest.mark.parametrize("form", ["plain", "spaced", "video"])
@pytest.mark.parametrize("quote", ["", '"'])
def test_decimal_commas_are_read_where_they_are_unambiguous(form, quote, openface_text, landmarks):
    text = openface_text([(0.98, [0.25] * 17, landmarks() + 0.5)], form)
    (face,), (expected,) = (parse_faces(cells, "a.csv")["a"] for cells in (decimal_commas(text, quote), text))
    assert (face.confidence, face.aus[3]) == (0.98, 0.25)
    np.testing.assert_array_equal(face.landmarks, expected.landmarks)


def test_frames_of_a_video_cannot_be_told_apart(openface_text, landmarks):
    lines = openface_text([(0.9, AU_ROW, landmarks()), (0.9, AU_ROW, landmarks())], "video").splitlines()
    text = "\n".join([*lines[:2], "2" + lines[2][1:]])
    with pytest.raises(InputError, match=r"a\.csv: holds 2 frames, but nothing that says which photograph"):
        parse_faces(text, "a.csv")


def test_the_video_form_is_taken_with_a_warning(small_data, openface_text, landmarks, caplog):
    for path in sorted(small_data.openface.glob("*.csv"))[:3]:
        path.write_text(openface_text([(0.9, AU_ROW, landmarks())], "video"))
    small_data.extract_aus()
    (warning,) = [record.message for record in caplog.records if record.levelno == logging.WARNING]
    assert "3 of 8 CSVs have the form of FeatureExtraction" in warning
    assert "calibrate to a person unless -au_static was given" in warning


@pytest.mark.parametrize("order", [[0, 1, 2], [2, 1, 0], [1, 0, 2]])
def test_a_face_box_decides_by_overlap_and_then_by_confidence(order, openface_text, landmarks):
    place = landmarks(60, 30, 40)
    rows = [(0.98, [1] * 17, landmarks(0, 0, 40)), (0.6, [2] * 17, place), (0.7, [3] * 17, place)]
    text = openface_text([rows[place] for place in order])
    faces, reasons = settled(text, box=("55", "25", "50", "50"))
    assert (faces["AU12"].iloc[0], reasons) == (3, [])
    faces, _ = settled(text)
    assert faces["AU12"].iloc[0] == 1


def test_overlap_is_intersection_over_union(landmarks):
    assert overlap(landmarks(10, 20, 40), (10, 20, 40, 40)) == 1
    assert overlap(landmarks(10, 20, 40), (30, 20, 40, 40)) == pytest.approx(1 / 3)
    assert overlap(landmarks(10, 20, 40), (50, 20, 40, 40)) == 0


def test_a_face_that_is_not_the_labelled_one_is_no_answer(openface_text, landmarks):
    text = openface_text([(0.98, AU_ROW, landmarks(0, 0, 40))])
    assert settled(text, box=("70", "50", "40", "40"))[1] == ["no face in the data set's face box"]


def test_a_face_box_of_words_is_named(openface_text, landmarks):
    with pytest.raises(InputError, match="face box of id a is left, 1, 2, 3, expected four numbers"):
        settled(openface_text([(0.98, AU_ROW, landmarks())]), box=("left", "1", "2", "3"))


def test_every_exclusion_has_its_reason(openface_text, landmarks):
    limits = FaceLimits(min_confidence=0.5, margin=0.25, max_padding=0.25)
    good = openface_text([(0.5, AU_ROW, landmarks())])
    assert settled(good, limits)[1] == []
    assert settled("", limits)[1] == ["OpenFace found no face"]
    uncertain = openface_text([(0.49, AU_ROW, landmarks())])
    assert settled(uncertain, limits)[1] == ["confidence below 0.5 (0.49)"]
    # A square of 90 pixels, 14.5 of which lie outside on the left and above: the first pixel covers -0.5 to 0.5.
    corner = openface_text([(0.9, AU_ROW, landmarks(0, 0, 60))])
    assert settled(corner, limits)[1] == ["more than 25% of the crop outside the photograph (30%)"]
    assert settled(corner, FaceLimits(0.5, 0.25, 0.32))[1] == []
    assert settled(openface_text([(0.9, AU_ROW, landmarks() * 0)]), limits)[1] == ["all landmarks lie on one point"]
    assert settled(good, limits, size=(0, 0))[1] == ["not a readable image"]


def test_too_many_exclusions_stop_with_counts_and_the_first_photographs():
    low = "confidence below 0.5"
    reasons = [f"{low} (0.1)", "OpenFace found no face", f"{low} (0.2)", "not a readable image"]
    excluded = pd.DataFrame({"id": list("abcd"), "file": [f"{name}.jpg" for name in "abcd"], "reason": reasons})
    assert reason_counts(excluded) == {low: 2, "OpenFace found no face": 1, "not a readable image": 1}
    check_excluded(excluded, 80, 0.05)
    with pytest.raises(InputError) as error:
        check_excluded(excluded, 79, 0.05)
    assert "4 of 79 photographs have no usable face, more than excluded_share allows (5%): 2 conf" in str(error.value)
    assert "a.jpg: confidence below 0.5 (0.1), b.jpg: OpenFace found no face, c.jpg" in str(error.value)


def test_one_csv_for_all_is_matched_by_its_file_column(openface_text, landmarks, tmp_path):
    lines = openface_text([(0.9, AU_ROW, landmarks()), (0.8, AU_ROW, landmarks())]).splitlines()
    path = tmp_path / "all.csv"
    path.write_text(f"file,{lines[0]}\nb.jpg,{lines[1]}\na.jpg,{lines[2]}\n")
    faces, excluded = settle(csv_batch(manifest_of("a.jpg", "b.jpg"), path)[0], LENIENT)
    assert list(zip(faces["id"], faces["confidence"], strict=True)) == [("a", 0.8), ("b", 0.9)]
    assert excluded.empty
    assert landmarks_of(faces).shape == (2, 68, 2)


def test_names_match_in_either_unicode_form(openface_text, landmarks, tmp_path):
    # A Mac writes e and an accent where others write one letter: nothing matched, or an accented photograph was lost.
    text = openface_text([(0.9, AU_ROW, landmarks())])
    forms = {form: unicodedata.normalize(form, "Zoé") for form in ("NFC", "NFD")}
    sources = []
    for form, name in forms.items():
        sources += [tmp_path / form, tmp_path / f"{form}.zip", tmp_path / f"{form}.csv"]
        sources[-3].mkdir()
        (sources[-3] / f"{name}.csv").write_text(text)
        with zipfile.ZipFile(sources[-2], "w") as archive:
            archive.writestr(f"{name}.csv", text)
        one = [f"{cell},{line}" for cell, line in zip(("file", f"{name}.jpg"), text.splitlines(), strict=True)]
        sources[-1].write_text("\n".join(one))
    legacy = tmp_path / "legacy.zip"  # UTF-8 without the flag that says so
    with zipfile.ZipFile(legacy, "w") as archive:
        archive.writestr("Zoxx.csv", text)
    legacy.write_bytes(legacy.read_bytes().replace(b"Zoxx", "Zoé".encode()))
    for source in [*sources, legacy]:
        for name in forms.values():
            (_, answers), unmatched = csv_batch(manifest_of(f"{name}.jpg"), source)
            assert (len(next(iter(answers.values()))), unmatched) == (1, []), source


@pytest.mark.parametrize("named", [False, True])
def test_a_repeated_header_is_told_or_skipped(named, openface_text, landmarks):
    head, row = openface_text([(0.9, AU_ROW, landmarks())]).splitlines()
    if named:
        text = "\n".join([f"file,{head}", f"a.jpg,{row}", f"file,{head}", f"b.jpg,{row}"])
        assert {name: len(faces) for name, faces in parse_faces(text, "all.csv").items()} == {"a.jpg": 1, "b.jpg": 1}
        return
    with pytest.raises(InputError, match=r"all\.csv, line 3: the header again: this is several CSVs joined"):
        parse_faces("\n".join([head, row, head, row]), "all.csv")
    with pytest.raises(InputError, match="column AU12_r is there 2 times"):
        parse_faces(f"{head},AU12_r\n{row},1\n", "a.csv")


def test_nothing_that_matches_is_an_error(small_data):
    with pytest.raises(InputError, match="names match none of the 1 photographs; expected names such as zz, found p00"):
        csv_batch(manifest_of("zz.png"), small_data.openface)


def test_two_photographs_of_one_stem_are_an_error(small_data):
    with pytest.raises(InputError, match=r"p00_happy matches both p00_happy.png and p00_happy.jpg"):
        csv_batch(manifest_of("p00_happy.png", "p00_happy.jpg"), small_data.openface)


def one_csv(path, openface_text, landmarks, *files):
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
def test_names_match_by_file_and_then_by_stem(listed, file, openface_text, landmarks, tmp_path):
    path = one_csv(tmp_path / "all.csv", openface_text, landmarks, "other.jpg", listed)
    _, answers = csv_batch(manifest_of(file), path)[0]
    ((face,),) = answers.values()
    assert face.aus[0] == 1


def test_the_closer_name_wins_and_two_as_close_are_an_error(openface_text, landmarks, tmp_path):
    path = one_csv(tmp_path / "all.csv", openface_text, landmarks, "a.png", "x/a.jpg", "a.jpg")
    assert csv_batch(manifest_of("a.jpg"), path)[0][1]["a"][0].aus[0] == 2
    one_csv(path, openface_text, landmarks, "x/a.jpg", "y/a.jpg")
    with pytest.raises(
        InputError, match=r"x/a\.jpg and y/a\.jpg both match a\.jpg; use the relative path or the id \(a\) as"
    ):
        csv_batch(manifest_of("a.jpg"), path)


def test_names_without_partner_are_told_on_both_sides(openface_text, landmarks, tmp_path, caplog):
    path = one_csv(tmp_path / "all.csv", openface_text, landmarks, "a.jpg", "x.jpg", "y.jpg")
    _, excluded = settle(csv_batch(manifest_of("a.jpg", "b.jpg"), path)[0], LENIENT)
    assert list(zip(excluded["file"], excluded["reason"], strict=True)) == [("b.jpg", "no CSV from OpenFace")]
    names, photographs = [record.message for record in caplog.records]
    assert "2 names match no photograph; the first are x.jpg, y.jpg" in names
    assert "1 photographs have no CSV from OpenFace; the first are b.jpg" in photographs


@pytest.mark.parametrize("column", ["file", "File", "FILENAME", "image", "Name"])
@pytest.mark.parametrize("separator", [",", ";"])
def test_the_column_of_names_may_have_other_names_and_semicolons(column, separator, openface_text, landmarks, tmp_path):
    path = one_csv(tmp_path / "all.csv", openface_text, landmarks, "b.jpg", "a.jpg")
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


def test_one_csv_without_a_column_of_names_is_told_to_need_one(openface_text, landmarks, tmp_path):
    path = tmp_path / "all.csv"
    path.write_text(openface_text([(0.9, AU_ROW, landmarks())] * 2))
    with pytest.raises(InputError, match="found all; one CSV for all photographs needs a column file"):
        csv_batch(manifest_of("a.jpg", "b.jpg"), path)


AFFECTNET = ("train_set/images/0.jpg", "train_set/images/1.jpg", "val_set/images/0.jpg")


def affectnet(openface_text, landmarks, folder, *names):
    """Which of the CSVs, by its place among `names`, each photograph of a small AffectNet gets."""
    for number, name in enumerate(names):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(openface_text([(0.9, [number] * 17, landmarks())]))
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
def test_equal_names_in_two_folders_match_by_path_or_id(names, openface_text, landmarks, tmp_path):
    assert affectnet(openface_text, landmarks, tmp_path, *names) == ([2, 1, 0], [])


def test_a_name_of_another_folder_is_not_taken_for_a_photograph(openface_text, landmarks, tmp_path):
    # OpenFace found no face in val_set's 0; that 5.csv and 0.csv of other folders must not stand in for anything.
    names = ("train_set/images/0.csv", "train_set/images/5.csv", "other/1.csv")
    places, unmatched = affectnet(openface_text, landmarks, tmp_path, *names)
    assert places == [0, "no CSV from OpenFace", "no CSV from OpenFace"]
    assert unmatched == ["other/1", "train_set/images/5"]


def test_an_ambiguous_stem_asks_for_the_path_or_the_id(openface_text, landmarks, tmp_path):
    with pytest.raises(
        InputError, match=r"0 matches both train_set/images/0\.jpg and val_set/images/0\.jpg; use the rel"
    ):
        affectnet(openface_text, landmarks, tmp_path / "flat", "0.csv")
    with pytest.raises(
        InputError, match=r"a/1 and b/1 both match train_set/images/1\.jpg; use the relative path or the id"
    ):
        affectnet(openface_text, landmarks, tmp_path / "deep", "a/1.csv", "b/1.csv")


def test_a_zip_is_read_with_its_folders_and_any_case(openface_text, landmarks, tmp_path, caplog):
    text = openface_text([(0.9, AU_ROW, landmarks())])
    with zipfile.ZipFile(tmp_path / "aus.zip", "w") as file:
        for name in ("train_set/images/0.CSV", "val_set/images/0.csv", "__MACOSX/._0.csv",
                     "a/.ipynb_checkpoints/0.csv"):  # fmt: skip
            file.writestr(name, text)
        file.extractall(tmp_path / "aus")
    for given in (tmp_path / "aus.zip", tmp_path / "aus"):
        caplog.clear()
        assert list(read_openface(given)) == ["train_set/images/0", "val_set/images/0"]
        assert caplog.text.count("not used: 2: __MACOSX (1), .ipynb_checkpoints (1)") == 1
    assert csv_provenance(tmp_path / "aus")["csvs"] == 2


def test_missing_or_empty_input_is_an_error(tmp_path):
    with pytest.raises(InputError, match="absent: no such file or folder"):
        read_openface(tmp_path / "absent")
    with pytest.raises(InputError, match=r"holds no \.csv file"):
        read_openface(tmp_path)


def test_the_stage_lists_photographs_of_several_people(small_data, openface_text, landmarks, efgan, caplog):
    text = openface_text([(0.98, AU_ROW, landmarks()), (0.98, AU_ROW, landmarks(90, 30, 20))])
    (small_data.openface / "p01_happy.csv").write_text(text)
    extracted(small_data)
    small_data.crop()
    listed = {"photographs": 1, "files": ["p01_happy.png"]}
    assert json.loads(small_data.path("openface.json").read_text())["several_people"] == listed
    report, sentence = (
        small_data.path("au_report.md"),
        "Photographs in which OpenFace is sure of several people: 1",
    )
    efgan("au_report", "--index", small_data.path("crops.csv"), "--report", report, "--table",
          small_data.path("au_report.csv"), "--openface", small_data.path("openface.json"))  # fmt: skip
    assert f"- {sentence}" in report.read_text() and f"warning: {sentence}" in caplog.text
    assert report.read_text().endswith("\n## Photographs of several people (1)\n\n- p01_happy.png\n")


def test_the_stage_writes_faces_in_the_manifests_order(small_data):
    faces, excluded = extracted(small_data)
    assert list(faces["id"]) == list(pd.read_csv(small_data.manifest)["id"])
    assert list(faces.columns[:3]) == ["id", "confidence", "AU01"]
    assert list(faces.loc[faces["id"].str.endswith("neutral"), "AU45"]) == [1.0] * 4
    assert list(excluded.columns) == ["id", "file", "reason"]
    assert excluded.empty


def test_a_photograph_without_a_face_is_excluded_with_its_reason(small_data):
    header = (small_data.openface / "p00_happy.csv").read_text().splitlines()[0]
    (small_data.openface / "p00_happy.csv").write_text(header + "\n")
    (small_data.openface / "p01_happy.csv").unlink()
    with pytest.raises(
        InputError, match=r"2 of 8 photographs have no usable face, more than excluded_share allows \(5%\).*p00"
    ):
        extracted(small_data)
    assert not small_data.path("faces.csv").exists()
    small_data.extract_aus("--set", "excluded_share=0.3")
    excluded = pd.read_csv(small_data.path("excluded.csv"))
    assert list(zip(excluded["id"], excluded["reason"], strict=True)) == [
        ("p00_happy", "OpenFace found no face"),
        ("p01_happy", "no CSV from OpenFace"),
    ]
    assert len(pd.read_csv(small_data.path("faces.csv"))) == 6


def test_every_excluded_photograph_can_be_looked_up_when_the_run_stops(small_data, caplog):
    for path in small_data.openface.glob("*happy.csv"):
        path.write_text("")
    listed = small_data.path("logs") / "excluded.csv"
    with pytest.raises(InputError, match=rf"4 of 8 photographs .* and all of them in {re.escape(str(listed))}"):
        small_data.extract_aus("--excluded-list", listed)
    assert not small_data.path("excluded.csv").exists()
    assert list(pd.read_csv(listed)["id"]) == [f"p0{person}_happy" for person in range(4)]
    assert "p03_happy.png (p03_happy): OpenFace found no face" in caplog.text
    small_data.extract_aus("--excluded-list", listed, "--set", "excluded_share=0.5")
    assert listed.read_bytes() == small_data.path("excluded.csv").read_bytes()


def test_a_stop_names_up_to_a_thousand_photographs_in_the_log(small_data, caplog):
    header, first, *_ = small_data.manifest.read_text().splitlines()
    name = first.partition(",")[0]
    strangers = [f"i{number}" for number in range(1005)]
    rows = [first, *(first.replace(name, stranger) for stranger in strangers)]
    small_data.manifest.write_text("\n".join([header, *rows]) + "\n")
    with zipfile.ZipFile(small_data.photos, "a") as archive:
        for stranger in strangers:
            archive.writestr(f"{stranger}.png", b"")
    for share, named in (("0.05", 1001), ("0.9999", 21)):
        caplog.clear()
        with contextlib.nullcontext() if named == 21 else pytest.raises(InputError, match="1005 of 1006 photographs"):
            small_data.extract_aus("--set", f"excluded_share={share}")
        lines = [message for message in caplog.messages if message.endswith((": no CSV from OpenFace", "usable face"))]
        assert len(lines) == named
        assert lines[-1] == f"... and {1006 - named} more photographs without a usable face"


def test_the_provenance_lists_values_without_a_photograph(small_data, openface_text, landmarks):
    text = openface_text([(0.9, AU_ROW, landmarks())])
    (small_data.openface / "deep").mkdir()
    for name in ("stranger", "deep/other"):
        (small_data.openface / f"{name}.csv").write_text(text)
    small_data.extract_aus("--provenance", small_data.path("aus.json"), "--program-origin", "recorded values")
    written = json.loads(small_data.path("aus.json").read_text())
    assert written["unmatched"] == ["deep/other", "stranger"]
    assert (written["program_origin"], written["csvs"]) == ("recorded values", 10)


def test_the_stage_applies_the_settings(small_data, openface_text, landmarks):
    (small_data.openface / "p00_happy.csv").write_text(openface_text([(0.6, AU_ROW, landmarks())]))
    (small_data.openface / "p01_happy.csv").write_text(openface_text([(0.9, AU_ROW, landmarks(0, 0))]))
    small_data.extract_aus("--set", "openface.min_confidence=0.6", "--set", "crop.max_padding=0.3")
    assert pd.read_csv(small_data.path("excluded.csv")).empty
    strict = ("--set", "openface.min_confidence=0.61", "--set", "crop.max_padding=0.1", "--set", "excluded_share=0.5")
    small_data.extract_aus(*strict)
    assert list(pd.read_csv(small_data.path("excluded.csv"))["id"]) == ["p00_happy", "p01_happy"]
    small_data.extract_aus(*strict, "--set", "crop.margin=0")
    assert list(pd.read_csv(small_data.path("excluded.csv"))["id"]) == ["p00_happy"]


def test_the_provenance_of_csvs_is_their_hash(small_data):
    (small_data.openface / "p00_happy.csv").unlink()
    small_data.extract_aus("--provenance", small_data.path("aus.json"), "--set", "excluded_share=0.2")
    files = sorted(small_data.openface.iterdir())
    lines = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in files]
    assert json.loads(small_data.path("aus.json").read_text()) == {
        "dataset": "rendered", "source": "csv", "name": "openface", "csvs": 7,
        "sha256": hashlib.sha256("".join(lines).encode()).hexdigest(),
        "photographs": 8, "faces": 7, "excluded": {"no CSV from OpenFace": 1},
    }  # fmt: skip


def test_the_stage_names_a_missing_photograph(small_data):
    rows = small_data.manifest.read_text().replace("p03_happy.png", "p03_gone.png")
    small_data.manifest.write_text(rows)
    with pytest.raises(InputError, match=r"photos\.zip: photograph p03_gone\.png is missing"):
        extracted(small_data)


def test_the_stage_refuses_another_data_sets_manifest(small_data):
    small_data.manifest.write_text(small_data.manifest.read_text().replace(",rendered,", ",london,"))
    with pytest.raises(InputError, match=r"manifest\.csv: lists data set london, expected rendered"):
        extracted(small_data)


def test_recorded_values_equal_the_real_openface_output(repository, openface_london):
    recorded = read_openface(repository / "resources" / "london" / "openface.csv")
    original = read_openface(openface_london)
    assert len(recorded) == len(original) == 204
    for stem, faces in original.items():
        for ours, theirs in zip(recorded[f"{stem}.jpg"], faces, strict=True):
            assert ours.confidence == theirs.confidence
            np.testing.assert_array_equal(ours.aus, theirs.aus)
            np.testing.assert_array_equal(ours.landmarks, theirs.landmarks)


def test_real_phantom_faces_are_left_aside(openface_london):
    detections = read_openface(openface_london)
    phantoms = {stem: faces for stem, faces in detections.items() if len(faces) > 1}
    assert sorted(phantoms) == ["005_08", "139_03", "141_03"]
    for faces in phantoms.values():
        assert choose_face(faces[::-1], 0.5).confidence > 0.9


def test_a_real_run_without_an_au_model_is_refused(openface_cases):
    with pytest.raises(InputError, match=r"single_face\.csv: column AU12_r is missing; .*AU_12_static_intensity_comb"):
        read_openface(openface_cases / "missing_noSVR")


def test_a_real_run_without_landmarks_is_refused(openface_cases):
    with pytest.raises(InputError, match=r"single_face\.csv: column x_0 is missing; run OpenFace with -2Dfp"):
        read_openface(openface_cases / "aus_single")


def test_a_real_run_with_every_output_is_read(openface_cases):
    (face,) = read_openface(openface_cases / "opt_all_f")["single_face"]
    (plain,) = read_openface(openface_cases / "opt_2dfp")["single_face"]
    np.testing.assert_array_equal(face.landmarks, plain.landmarks)
