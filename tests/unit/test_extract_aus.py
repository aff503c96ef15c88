"""The stage that takes OpenFace's values: what it writes, what it leaves out, when it stops."""

import contextlib
import hashlib
import json
import logging
import re
import zipfile

import pandas as pd
import pytest
from made_faces import AU_ROW, FACE, landmarks, openface_text

from cascade_efgan.errors import InputError


def extracted(data):
    data.extract_aus()
    return pd.read_csv(data.path("faces.csv")), pd.read_csv(data.path("excluded.csv"))


def test_the_video_form_is_taken_with_a_warning(small_data, caplog):
    for path in sorted(small_data.openface.glob("*.csv"))[:3]:
        path.write_text(openface_text([(0.9, AU_ROW, landmarks())], "video"))
    small_data.extract_aus()
    (warning,) = [record.message for record in caplog.records if record.levelno == logging.WARNING]
    assert "3 of 8 CSVs have the form of FeatureExtraction" in warning
    assert "calibrate to a person unless -au_static was given" in warning


def test_the_stage_lists_photographs_of_several_people(small_data, efgan, caplog):
    text = openface_text([(0.98, AU_ROW, landmarks()), (0.98, AU_ROW, landmarks(90, 30, 20))])
    (small_data.openface / "p01_happy.csv").write_text(text)
    extracted(small_data)
    small_data.crop()
    listed = {"photographs": 1, "files": ["p01_happy.png"]}
    assert json.loads(small_data.path("openface.json").read_text())["several_people"] == listed
    report, sentence = (small_data.path("au_report.md"), "Photographs in which OpenFace is sure of several people: 1")
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
    with pytest.raises(InputError, match=r"2 of 8 .* no usable face, more than excluded_share allows \(5%\).*p00"):
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


def test_the_provenance_lists_values_without_a_photograph(small_data):
    (small_data.openface / "deep").mkdir()
    for name in ("stranger", "deep/other"):
        (small_data.openface / f"{name}.csv").write_text(FACE)
    small_data.extract_aus("--provenance", small_data.path("aus.json"), "--program-origin", "recorded values")
    written = json.loads(small_data.path("aus.json").read_text())
    assert written["unmatched"] == ["deep/other", "stranger"]
    assert (written["program_origin"], written["csvs"]) == ("recorded values", 10)


def test_the_stage_applies_the_settings(small_data):
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
