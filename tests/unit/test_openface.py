"""OpenFace's CSVs: every form, the right face, and one sentence for what cannot be right."""

import zipfile

import numpy as np
import pandas as pd
import pytest

from cascade_efgan.data import AUS
from cascade_efgan.data.openface import choose_face, match_faces, parse_faces, read_openface
from cascade_efgan.data.records import landmarks_of
from cascade_efgan.errors import InputError

AU_ROW = [round(0.25 * place, 2) for place in range(17)]


def manifest_of(*files):
    return pd.DataFrame({"id": [file.split(".")[0] for file in files], "file": list(files)})


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
def test_of_two_faces_the_more_confident_one_is_taken(order, openface_text, landmarks):
    rows = [(0.35, [5] * 17, landmarks(0, 0, 90)), (0.98, [1] * 17, landmarks())]
    faces = parse_faces(openface_text([rows[place] for place in order]), "a.csv")["a"]
    assert choose_face(faces).confidence == 0.98


@pytest.mark.parametrize("order", [[0, 1], [1, 0]])
def test_equal_confidence_is_decided_by_area(order, openface_text, landmarks):
    rows = [(0.98, [5] * 17, landmarks(0, 0, 20)), (0.98, [1] * 17, landmarks(0, 0, 80))]
    faces = parse_faces(openface_text([rows[place] for place in order]), "a.csv")["a"]
    assert choose_face(faces).aus[0] == 1


def test_a_confidence_of_nan_never_wins(openface_text, landmarks):
    rows = [(float("nan"), [5] * 17, landmarks()), (0.2, [1] * 17, landmarks())]
    assert choose_face(parse_faces(openface_text(rows), "a.csv")["a"]).confidence == 0.2


@pytest.mark.parametrize(
    ("leave_out", "message"),
    [
        (["AU12_r"], "a.csv: column AU12_r is missing; an AU model file is probably missing"),
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


@pytest.mark.parametrize(("value", "message"), [(5.2, "AU04_r is 5.2, expected"), ("nan", "AU04_r is nan, expected")])
def test_an_impossible_intensity_is_named(value, message, openface_text, landmarks, tmp_path):
    aus = [*AU_ROW]
    aus[2] = value
    faces = parse_faces(openface_text([(0.9, aus, landmarks())]), "a.csv")
    with pytest.raises(InputError, match=f"a.csv, line 2: {message}"):
        match_faces(manifest_of("a.png"), faces, tmp_path)


def test_one_csv_for_all_is_matched_by_its_file_column(openface_text, landmarks, tmp_path):
    lines = openface_text([(0.9, AU_ROW, landmarks()), (0.8, AU_ROW, landmarks())]).splitlines()
    path = tmp_path / "all.csv"
    path.write_text(f"file,{lines[0]}\nb.jpg,{lines[1]}\na.jpg,{lines[2]}\n")
    faces, excluded = match_faces(manifest_of("a.jpg", "b.jpg"), read_openface(path), path)
    assert list(zip(faces["id"], faces["confidence"], strict=True)) == [("a", 0.8), ("b", 0.9)]
    assert excluded.empty
    assert landmarks_of(faces).shape == (2, 68, 2)


def test_a_zip_is_read_like_a_folder(small_data, tmp_path):
    archive = tmp_path / "openface.zip"
    with zipfile.ZipFile(archive, "w") as file:
        for path in small_data.openface.glob("*.csv"):
            file.write(path, path.name)
        file.writestr("._p00_happy.csv", b"\x00\x05\x16\x07")
    from_zip, from_folder = read_openface(archive), read_openface(small_data.openface)
    assert from_zip.keys() == from_folder.keys()
    np.testing.assert_array_equal(from_zip["p00_happy"][0].landmarks, from_folder["p00_happy"][0].landmarks)


def test_nothing_that_matches_is_an_error(small_data):
    with pytest.raises(InputError, match="names match none of the 1 photographs; expected names such as zz, found p00"):
        match_faces(manifest_of("zz.png"), read_openface(small_data.openface), small_data.openface)


def test_two_photographs_of_one_stem_are_an_error(small_data):
    detections = read_openface(small_data.openface)
    with pytest.raises(InputError, match=r"p00_happy matches both p00_happy.png and p00_happy.jpg"):
        match_faces(manifest_of("p00_happy.png", "p00_happy.jpg"), detections, small_data.openface)


def test_missing_or_empty_input_is_an_error(tmp_path):
    with pytest.raises(InputError, match="absent: no such file or folder"):
        read_openface(tmp_path / "absent")
    with pytest.raises(InputError, match=r"holds no \.csv file"):
        read_openface(tmp_path)


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
        InputError, match=r"2 of 8 photographs have no face, more than excluded_share allows \(5%\).*p00"
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
        assert choose_face(faces[::-1]).confidence > 0.9


def test_a_real_run_without_an_au_model_is_refused(openface_cases):
    with pytest.raises(InputError, match=r"single_face\.csv: column AU12_r is missing; an AU model file"):
        read_openface(openface_cases / "missing_noSVR")


def test_a_real_run_without_landmarks_is_refused(openface_cases):
    with pytest.raises(InputError, match=r"single_face\.csv: column x_0 is missing; run OpenFace with -2Dfp"):
        read_openface(openface_cases / "aus_single")


def test_a_real_run_with_every_output_is_read(openface_cases):
    (face,) = read_openface(openface_cases / "opt_all_f")["single_face"]
    (plain,) = read_openface(openface_cases / "opt_2dfp")["single_face"]
    np.testing.assert_array_equal(face.landmarks, plain.landmarks)
