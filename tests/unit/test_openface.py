"""OpenFace's CSVs: every form, the right face, exclusions, and one sentence for what cannot be right."""

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from made_faces import AU_ROW, FACE, LENIENT, landmarks, manifest_of, openface_text

from cascade_efgan.data import AUS
from cascade_efgan.data.openface.csv_files import parse_faces, read_openface
from cascade_efgan.data.openface.detected import choose_face, overlap
from cascade_efgan.data.openface.faces import FaceLimits, reason_counts, settle, several_people, why_stop
from cascade_efgan.errors import InputError


def settled(text, limits=LENIENT, **row):
    """Faces and the one reason of a photograph a.jpg with this CSV."""
    faces, excluded = settle((manifest_of("a.jpg", **row), {"a": parse_faces(text, "a.csv")["a"]}), limits)
    return faces, list(excluded["reason"])


@pytest.mark.parametrize("form", ["plain", "spaced", "video"])
def test_every_form_gives_the_same_face(form):
    (face,) = parse_faces(openface_text([(0.9, AU_ROW, landmarks())], form), "out/a.csv")["a"]
    assert face.confidence == 0.9
    np.testing.assert_array_equal(face.aus, AU_ROW)
    np.testing.assert_allclose(face.landmarks, landmarks(), atol=0.05)


def test_rows_without_success_are_no_faces():
    text = openface_text([(0.9, AU_ROW, landmarks()), (0.1, AU_ROW, landmarks())], "video")
    assert [face.confidence for face in parse_faces(text, "a.csv")["a"]] == [0.9]


@pytest.mark.parametrize("order", [[0, 1], [1, 0]])
def test_of_faces_that_are_no_phantoms_the_largest_is_taken(order):
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
def test_photographs_of_several_people_are_counted(second, confidence, box, several):
    text = openface_text([(0.98, AU_ROW, landmarks()), (confidence, AU_ROW, landmarks(*second))])
    batch = manifest_of("a.jpg", box=box), {"a": parse_faces(text, "a.csv")["a"]}
    assert several_people(batch, replace(LENIENT, min_confidence=0.5)) == ["a.jpg"] * several


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_missing_landmark_does_not_hand_the_photograph_to_the_face_behind(order):
    front, behind = landmarks(0, 0, 90), landmarks(200, 200, 20)
    front[7, 0] = np.nan
    rows = [(0.975, AU_ROW, front), (0.98, AU_ROW, behind)]
    text = openface_text([rows[place] for place in order])
    _, reasons = settled(text.replace("nan", "-nan(ind)"))
    assert reasons == ["OpenFace's values are no numbers (x_7)"]


def test_a_confidence_of_nan_never_wins():
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
def test_a_missing_column_is_named_with_its_likely_cause(leave_out, message):
    with pytest.raises(InputError, match=message):
        parse_faces(openface_text([(0.9, AU_ROW, landmarks())], leave_out=leave_out), "out/a.csv")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("id,part\n1,train\n", "a.csv: column confidence is missing; this is no CSV of OpenFace"),
        (FACE[: len(FACE) // 2 + 400], r"a.csv, line 2: \d+ cells where the header has \d+; run OpenFace again"),
        (openface_text([("high", AU_ROW, landmarks())]), "a.csv, line 2: confidence is 'high', expected a number"),
        (FACE.replace(",0.5,", ",5.2,"), "a.csv, line 2: AU04_r is 5.2, expected an intensity of 0 to 5"),
        (FACE.replace(",0.5,", ",5.0000001,"), "a.csv, line 2: AU04_r is 5.0000001, expected an intensity of 0 to 5"),
        (FACE.replace(",0.5,", ",-0.1,"), "a.csv, line 2: AU04_r is -0.1, expected an intensity of 0 to 5"),
    ],
)
def test_a_csv_that_cannot_be_right_is_named_with_its_line(text, message):
    with pytest.raises(InputError, match=message):
        settled(text)


@pytest.mark.parametrize(
    "value",
    [
        "nan",
        "-nan",
        "NaN",
        "-nan(ind)",
        "nan(0x8000)",
        "-1.#IND",
        "1.#QNAN",
        "1.#INF00",
        "-1.#IND00e+000",
        "-inf",
        "",
        "NA",
        "#NUM!",
        "#REF!",
        "#WERT!",
        "#NOMBRE!",
        "#N/A",
    ],
)
def test_a_value_that_is_no_number_excludes_its_photograph_only(value):
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
def test_decimal_commas_are_read_where_they_are_unambiguous(form, quote):
    text = openface_text([(0.98, [0.25] * 17, landmarks() + 0.5)], form)
    (face,), (expected,) = (parse_faces(cells, "a.csv")["a"] for cells in (decimal_commas(text, quote), text))
    assert (face.confidence, face.aus[3]) == (0.98, 0.25)
    np.testing.assert_array_equal(face.landmarks, expected.landmarks)


@pytest.mark.parametrize(
    "saved",
    [
        lambda text: text.replace("\n", "\r"),  # a Mac's Excel: a traceback
        lambda text: text.replace("\n", "\r\n"),
        lambda text: f"\n\n{text}",  # "OpenFace found no face"
        lambda text: text.replace("\n", ",\n").replace(",\n", "\n", 1),  # "as if numbers had decimal commas"
        lambda text: text.replace(",", ";").replace("\n", "\r"),
    ],
)
def test_line_ends_and_empty_lines_of_other_programs_change_nothing(saved):
    (face,), (expected,) = (parse_faces(text, "a.csv")["a"] for text in (saved(FACE), FACE))
    assert face.confidence == expected.confidence
    np.testing.assert_array_equal(face.landmarks, expected.landmarks)


@pytest.mark.parametrize("blank", ["  ", "\t", ", ,", " , "])
def test_lines_of_nothing_but_blanks_count_nowhere(blank):
    """Before the header they gave a sentence about missing columns, after it one about cells."""
    head, row = FACE.strip().split("\n")
    (face,) = parse_faces("\n".join(["  ", head, blank, row, blank, ""]), "a.csv")["a"]
    (expected,) = parse_faces(FACE, "a.csv")["a"]
    assert np.array_equal(face.aus, expected.aus) and np.array_equal(face.landmarks, expected.landmarks)


def test_frames_of_a_video_cannot_be_told_apart():
    lines = openface_text([(0.9, AU_ROW, landmarks()), (0.9, AU_ROW, landmarks())], "video").splitlines()
    text = "\n".join([*lines[:2], "2" + lines[2][1:]])
    with pytest.raises(InputError, match=r"a\.csv: holds 2 frames, but nothing that says which photograph"):
        parse_faces(text, "a.csv")


@pytest.mark.parametrize("order", [[0, 1, 2], [2, 1, 0], [1, 0, 2]])
def test_a_face_box_decides_by_overlap_and_then_by_confidence(order):
    place = landmarks(60, 30, 40)
    rows = [(0.98, [1] * 17, landmarks(0, 0, 40)), (0.6, [2] * 17, place), (0.7, [3] * 17, place)]
    text = openface_text([rows[place] for place in order])
    faces, reasons = settled(text, box=("55", "25", "50", "50"))
    assert (faces["AU12"].iloc[0], reasons) == (3, [])
    faces, _ = settled(text)
    assert faces["AU12"].iloc[0] == 1


def test_overlap_is_intersection_over_union():
    assert overlap(landmarks(10, 20, 40), (10, 20, 40, 40)) == 1
    assert overlap(landmarks(10, 20, 40), (30, 20, 40, 40)) == pytest.approx(1 / 3)
    assert overlap(landmarks(10, 20, 40), (50, 20, 40, 40)) == 0


def test_a_face_that_is_not_the_labelled_one_is_no_answer():
    text = openface_text([(0.98, AU_ROW, landmarks(0, 0, 40))])
    assert settled(text, box=("70", "50", "40", "40"))[1] == ["no face in the data set's face box"]


def test_a_face_box_of_words_is_named():
    with pytest.raises(InputError, match="face box of id a is left, 1, 2, 3, expected four numbers"):
        settled(openface_text([(0.98, AU_ROW, landmarks())]), box=("left", "1", "2", "3"))


def test_every_exclusion_has_its_reason():
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
    assert why_stop(excluded, 80, 0.05) is None
    sentence = why_stop(excluded, 79, 0.05)
    assert "4 of 79 photographs have no usable face, more than excluded_share allows (5%): 2 conf" in sentence
    assert "a.jpg: confidence below 0.5 (0.1), b.jpg: OpenFace found no face, c.jpg" in sentence


@pytest.mark.parametrize("named", [False, True])
def test_a_repeated_header_is_told_or_skipped(named):
    head, row = FACE.splitlines()
    if named:
        text = "\n".join([f"file,{head}", f"a.jpg,{row}", f"file,{head}", f"b.jpg,{row}"])
        assert {name: len(faces) for name, faces in parse_faces(text, "all.csv").items()} == {"a.jpg": 1, "b.jpg": 1}
        return
    with pytest.raises(InputError, match=r"all\.csv, line 3: the header again: this is several CSVs joined"):
        parse_faces("\n".join([head, row, head, row]), "all.csv")
    with pytest.raises(InputError, match="column AU12_r is there 2 times"):
        parse_faces(f"{head},AU12_r\n{row},1\n", "a.csv")


def test_missing_or_empty_input_is_an_error(tmp_path):
    with pytest.raises(InputError, match="absent: no such file or folder"):
        read_openface(tmp_path / "absent")
    with pytest.raises(InputError, match=r"holds no \.csv file"):
        read_openface(tmp_path)


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


def test_a_real_run_with_every_output_is_read(openface_cases):
    (face,) = read_openface(openface_cases / "opt_all_f")["single_face"]
    (plain,) = read_openface(openface_cases / "opt_2dfp")["single_face"]
    np.testing.assert_array_equal(face.landmarks, plain.landmarks)
