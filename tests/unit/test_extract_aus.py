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


@pytest.fixture
def written(small_data):
    """A function that runs the stage and reads faces, excluded photographs and provenance."""

    def run(*flags):
        small_data.extract_aus(*flags)
        provenance = json.loads(small_data.path("openface.json").read_text())
        return pd.read_csv(small_data.path("faces.csv")), pd.read_csv(small_data.path("excluded.csv")), provenance

    return run


def test_the_video_form_is_taken_with_a_warning(small_data, caplog):
    for path in sorted(small_data.openface.glob("*.csv"))[:3]:
        path.write_text(openface_text([(0.9, AU_ROW, landmarks())], "video"))
    small_data.extract_aus()
    (warning,) = [record.message for record in caplog.records if record.levelno == logging.WARNING]
    assert "3 of 8 CSVs have the form of FeatureExtraction" in warning
    assert "calibrate to a person unless -au_static was given" in warning


def test_the_stage_lists_photographs_of_several_people(small_data, written, efgan, caplog):
    text = openface_text([(0.98, AU_ROW, landmarks()), (0.98, AU_ROW, landmarks(90, 30, 20))])
    (small_data.openface / "p01_happy.csv").write_text(text)
    assert written()[2]["several_people"] == {"photographs": 1, "files": ["p01_happy.png"]}
    small_data.crop()
    report, sentence = (small_data.path("au_report.md"), "Photographs in which OpenFace is sure of several people: 1")
    efgan("au_report", "--index", small_data.path("crops.csv"), "--report", report, "--table",
          small_data.path("au_report.csv"), "--openface", small_data.path("openface.json"))  # fmt: skip
    assert f"- {sentence}" in report.read_text() and f"warning: {sentence}" in caplog.text
    assert report.read_text().endswith("\n## Photographs of several people (1)\n\n- p01_happy.png\n")


def test_the_stage_writes_faces_in_the_manifests_order_and_the_hash_of_its_csvs(small_data, written):
    faces, excluded, provenance = written()
    assert list(faces["id"]) == list(pd.read_csv(small_data.manifest)["id"])
    assert list(faces.columns[:3]) == ["id", "confidence", "AU01"]
    assert list(faces.loc[faces["id"].str.endswith("neutral"), "AU45"]) == [1.0] * 4
    assert list(excluded.columns) == ["id", "file", "reason"]
    assert excluded.empty
    files = sorted(small_data.openface.iterdir())
    lines = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in files]
    assert provenance == {
        "dataset": "rendered", "source": "csv", "name": "openface", "csvs": 8,
        "sha256": hashlib.sha256("".join(lines).encode()).hexdigest(),
        "photographs": 8, "faces": 8, "excluded": {},
    }  # fmt: skip


def test_photographs_without_a_face_are_excluded_with_their_reasons_and_can_be_looked_up(small_data, written, caplog):
    header = (small_data.openface / "p00_happy.csv").read_text().splitlines()[0]
    (small_data.openface / "p00_happy.csv").write_text(header + "\n")
    (small_data.openface / "p01_happy.csv").unlink()
    listed = small_data.path("logs") / "excluded.csv"
    sentence = rf"2 of 8 .* more than excluded_share allows \(5%\).*p00.* and all of them in {re.escape(str(listed))}"
    with pytest.raises(InputError, match=sentence):
        written("--excluded-list", listed)
    assert not small_data.path("faces.csv").exists() and not small_data.path("excluded.csv").exists()
    assert "p01_happy.png (p01_happy): no CSV from OpenFace" in caplog.text
    stopped = listed.read_bytes()
    faces, excluded, provenance = written("--excluded-list", listed, "--set", "excluded_share=0.3")
    assert stopped == listed.read_bytes() == small_data.path("excluded.csv").read_bytes()
    reasons = {"p00_happy": "OpenFace found no face", "p01_happy": "no CSV from OpenFace"}
    assert dict(zip(excluded["id"], excluded["reason"], strict=True)) == reasons
    assert len(faces) == provenance["faces"] == 6
    assert provenance["excluded"] == dict.fromkeys(reasons.values(), 1)


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


def test_the_provenance_lists_values_without_a_photograph(small_data, written):
    (small_data.openface / "deep").mkdir()
    for name in ("stranger", "deep/other"):
        (small_data.openface / f"{name}.csv").write_text(FACE)
    provenance = written("--program-origin", "recorded values")[2]
    assert provenance["unmatched"] == ["deep/other", "stranger"]
    assert (provenance["program_origin"], provenance["csvs"]) == ("recorded values", 10)


def test_the_stage_applies_the_settings(small_data, written):
    (small_data.openface / "p00_happy.csv").write_text(openface_text([(0.6, AU_ROW, landmarks())]))
    (small_data.openface / "p01_happy.csv").write_text(openface_text([(0.9, AU_ROW, landmarks(0, 0))]))
    for confidence, padding, margin, ids in (
        (0.6, 0.3, 0.25, []),
        (0.61, 0.1, 0.25, ["p00_happy", "p01_happy"]),
        (0.61, 0.1, 0, ["p00_happy"]),
    ):
        values = [f"openface.min_confidence={confidence}", f"crop.max_padding={padding}", f"crop.margin={margin}"]
        excluded = written(*(word for value in [*values, "excluded_share=0.5"] for word in ("--set", value)))[1]
        assert list(excluded["id"]) == ids


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("p03_happy.png", "p03_gone.png", r"photos\.zip: photograph p03_gone\.png is missing"),
        (",rendered,", ",london,", r"manifest\.csv: lists data set london, expected rendered"),
    ],
)
def test_the_stage_refuses_a_manifest_of_other_photographs(small_data, old, new, message):
    small_data.manifest.write_text(small_data.manifest.read_text().replace(old, new))
    with pytest.raises(InputError, match=message):
        small_data.extract_aus()
