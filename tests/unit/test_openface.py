"""OpenFace's CSVs: every form, the right face, exclusions, and one sentence for what cannot be right."""

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from made_faces import AU_ROW, FACE, LENIENT, landmarks, manifest_of, openface_text

from cascade_efgan.data.openface.csv_files import parse_faces
from cascade_efgan.data.openface.detected import choose_face, overlap
from cascade_efgan.data.openface.faces import FaceLimits, reason_counts, settle, several_people, why_stop
from cascade_efgan.errors import InputError

HEAD, ROW = FACE.splitlines()
VIDEO = openface_text([(0.9, AU_ROW, landmarks())], "video")
SPACED = openface_text([(0.9, AU_ROW, landmarks())], "spaced")


def faces_of(*rows):
    """What a CSV of (confidence, AUs, landmarks) says."""
    return parse_faces(openface_text(rows).replace("nan", "-nan(ind)"), "out/a.csv")["a"]


def settled(text, limits=LENIENT, **row):
    """Faces and the one reason of a photograph a.jpg with this CSV."""
    faces, excluded = settle((manifest_of("a.jpg", **row), {"a": parse_faces(text, "a.csv")["a"]}), limits)
    return faces, list(excluded["reason"])


def decimal_commas(text, quote=""):
    return re.sub(r"(-?\d+)\.(\d+)", rf"{quote}\1,\2{quote}", text)


@pytest.mark.parametrize(
    "text",
    [
        FACE,
        *(decimal_commas(text, quote) for text in (FACE, SPACED, VIDEO) for quote in ("", '"')),
        SPACED,
        VIDEO,
        VIDEO + VIDEO.splitlines()[1].replace(",0.9,1,", ",0.1,0,"),  # success 0: no face
        FACE.replace("\n", "\r"),  # a Mac's Excel: a traceback
        FACE.replace("\n", "\r\n"),
        f"\n\n{FACE}",  # "OpenFace found no face"
        f"{HEAD}\n{ROW},\n",  # "as if numbers had decimal commas"
        "\n" + FACE.replace(",", " ;").replace("\n", "\r"),
        # Lines of nothing but blanks gave a sentence about missing columns, or about cells.
        *("\n".join(["  ", HEAD, blank, ROW, blank, ""]) for blank in ("  ", "\t", ", ,", " , ")),
    ],
)
def test_every_form_gives_the_same_face(text):
    (face,) = parse_faces(text, "out/a.csv")["a"]
    assert face.confidence == 0.9
    np.testing.assert_array_equal(face.aus, AU_ROW)
    np.testing.assert_allclose(face.landmarks, landmarks(), atol=0.05)


@pytest.mark.parametrize(
    "value",
    ["nan", "-nan", "NaN", "-nan(ind)", "nan(0x8000)", "-1.#IND", "1.#QNAN", "1.#INF00", "-1.#IND00e+000", "-inf",
     "", "NA", "#NUM!", "#REF!", "#WERT!", "#NOMBRE!", "#N/A"],
)  # fmt: skip
def test_a_value_that_is_no_number_excludes_its_photograph_only(value):
    # OpenFace's Windows build writes -nan(ind): it stopped the whole run.
    aus = [*AU_ROW]
    aus[2] = value
    text = openface_text([(0.9, AU_ROW, landmarks()), (0.02, aus, landmarks(0, 0, 90))])
    assert settled(text, FaceLimits(0.5, 0.15, 0.9))[1] == []
    _, reasons = settled(openface_text([(0.9, aus, landmarks())]))
    assert reasons == ["OpenFace's values are no numbers (AU04_r)"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (FACE.replace("AU12_r", "AU12_x"), r"a.csv: column AU12_r is missing; OpenFace probably lacks AU_predictors/"
         r"svr_combined/AU_12_static_intensity_comb\.dat \(listed in AU_predictors/AU_all_static\.txt\)"),
        (FACE.replace("AU01_r", "AU01_x"), r"AU_predictors/svr_combined/AU_1_static_intensity_comb\.dat"),
        (FACE.replace("_r", "_x"), "a.csv: column AU01_r is missing; run OpenFace with -aus"),
        (FACE.replace("x_5,", "z_5,"), "a.csv: column x_5 is missing; run OpenFace with -2Dfp"),
        (FACE.replace("confidence", "x"), "a.csv: column confidence is missing; run OpenFace again"),
        ("id,part\n1,train\n", "a.csv: column confidence is missing; this is no CSV of OpenFace"),
        (f"{HEAD},AU12_r\n{ROW},1\n", "column AU12_r is there 2 times"),
        (f"{FACE}{FACE}", r"a\.csv, line 3: the header again: this is several CSVs joined"),
        (f"{VIDEO}2{VIDEO.splitlines()[1][1:]}\n", r"a\.csv: holds 2 frames, but nothing that says which photograph"),
        (FACE[: len(FACE) // 2 + 400], r"a.csv, line 2: \d+ cells where the header has \d+; run OpenFace again"),
        (FACE.replace(",0.9,", ",high,"), "a.csv, line 2: confidence is 'high', expected a number"),
        (FACE.replace(",0.5,", ",5.2,"), "a.csv, line 2: AU04_r is 5.2, expected an intensity of 0 to 5"),
        (FACE.replace(",0.5,", ",5.0000001,"), "a.csv, line 2: AU04_r is 5.0000001, expected an intensity of 0 to 5"),
        (FACE.replace(",0.5,", ",-0.1,"), "a.csv, line 2: AU04_r is -0.1, expected an intensity of 0 to 5"),
    ],
)  # fmt: skip
def test_a_csv_that_cannot_be_right_is_named_with_its_line_or_its_likely_cause(text, message):
    with pytest.raises(InputError, match=message):
        settled(text)


def test_a_repeated_header_is_skipped_where_rows_name_their_photograph():
    text = f"file,{HEAD}\na.jpg,{ROW}\nfile,{HEAD}\nb.jpg,{ROW}"
    assert {name: len(faces) for name, faces in parse_faces(text, "all.csv").items()} == {"a.jpg": 1, "b.jpg": 1}


LARGE, SMALL = (0.975, AU_ROW, landmarks(0, 0, 90)), (0.98, AU_ROW, landmarks(0, 0, 20))
GAP = (0.975, AU_ROW, np.where(np.arange(68)[:, None] == 7, np.nan, landmarks(0, 0, 90)))
ELSEWHERE = (0.98, AU_ROW, landmarks(0, 0, 40))
TWICE = [(0.6, AU_ROW, landmarks(60, 30, 40)), (0.7, AU_ROW, landmarks(60, 30, 40))]


@pytest.mark.parametrize(
    ("rows", "limit", "box", "confidence"),
    [
        # Of faces that are no phantoms the largest: one in the background won by 0.005 of confidence, without a word.
        ([LARGE, SMALL], 0.5, None, 0.975),
        ([LARGE, SMALL], 0.975, None, 0.975),
        ([LARGE, SMALL], 0.978, None, 0.98),
        ([LARGE, SMALL], 0.99, None, 0.98),
        ([GAP, SMALL], 0.5, None, 0.975),  # a missing landmark does not hand the photograph to the face behind
        ([(float("nan"), AU_ROW, landmarks()), (0.2, AU_ROW, landmarks())], 0.5, None, 0.2),
        ([LARGE, SMALL], 0.5, (0, 0, 20, 20), 0.98),  # the data set's own box decides, whatever the size
        ([ELSEWHERE, *TWICE], 0, (55, 25, 50, 50), 0.7),  # by overlap, and then by confidence
    ],
)
def test_which_face_a_photograph_is_of_does_not_depend_on_the_order(rows, limit, box, confidence):
    for order in (rows, rows[::-1], [*rows[1:], rows[0]]):
        assert choose_face(faces_of(*order), limit, box).confidence == confidence


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
    faces = faces_of((0.98, AU_ROW, landmarks()), (confidence, AU_ROW, landmarks(*second)))
    batch = manifest_of("a.jpg", box=box), {"a": faces}
    assert several_people(batch, replace(LENIENT, min_confidence=0.5)) == ["a.jpg"] * several


def test_overlap_is_intersection_over_union():
    for left, share in ((10, 1), (30, 1 / 3), (50, 0)):
        assert overlap(landmarks(10, 20, 40), (left, 20, 40, 40)) == pytest.approx(share)


def test_a_face_box_of_words_is_named():
    with pytest.raises(InputError, match="face box of id a is left, 1, 2, 3, expected four numbers"):
        settled(FACE, box=("left", "1", "2", "3"))


CORNER = openface_text([(0.9, AU_ROW, landmarks(0, 0, 60))])
STRICT = FaceLimits(min_confidence=0.5, margin=0.25, max_padding=0.25)


@pytest.mark.parametrize(
    ("text", "row", "limits", "reasons"),
    [
        (openface_text([(0.5, AU_ROW, landmarks())]), {}, STRICT, []),
        (openface_text([(0.49, AU_ROW, landmarks())]), {}, STRICT, ["confidence below 0.5 (0.49)"]),
        ("", {}, STRICT, ["OpenFace found no face"]),
        # A square of 90 pixels, 14.5 of which lie outside on the left and above: the first pixel covers -0.5 to 0.5.
        (CORNER, {}, STRICT, ["more than 25% of the crop outside the photograph (30%)"]),
        (CORNER, {}, replace(STRICT, max_padding=0.32), []),
        (openface_text([(0.9, AU_ROW, landmarks() * 0)]), {}, STRICT, ["all landmarks lie on one point"]),
        (openface_text([GAP]), {}, STRICT, ["OpenFace's values are no numbers (x_7)"]),
        (FACE, {"size": (0, 0)}, STRICT, ["not a readable image"]),
        (CORNER, {"box": ("70", "70", "40", "40")}, LENIENT, ["no face in the data set's face box"]),
    ],
)
def test_every_exclusion_has_its_reason(text, row, limits, reasons):
    assert settled(text, limits, **row)[1] == reasons


def test_too_many_exclusions_stop_with_counts_and_the_first_photographs():
    low = "confidence below 0.5"
    reasons = [f"{low} (0.1)", "OpenFace found no face", f"{low} (0.2)", "not a readable image"]
    excluded = pd.DataFrame({"id": list("abcd"), "file": [f"{name}.jpg" for name in "abcd"], "reason": reasons})
    assert reason_counts(excluded) == {low: 2, "OpenFace found no face": 1, "not a readable image": 1}
    assert why_stop(excluded, 80, 0.05) is None
    sentence = why_stop(excluded, 79, 0.05)
    assert "4 of 79 photographs have no usable face, more than excluded_share allows (5%): 2 conf" in sentence
    assert "a.jpg: confidence below 0.5 (0.1), b.jpg: OpenFace found no face, c.jpg" in sentence
