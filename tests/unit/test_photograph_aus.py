"""AU error of edited photographs: who reads, what is left out, and what happens without a reader."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from evaluation_helpers import write_edits, write_faces
from made_faces import landmarks, openface_text
from programs import write_program
from table_helpers import number

from cascade_efgan.data import AU_MAX, AUS
from cascade_efgan.errors import InputError
from cascade_efgan.evaluation.au_reader import SIDE, AuReader, find_reader, with_surroundings
from cascade_efgan.evaluation.metric import read_metric
from cascade_efgan.evaluation.packed_edits import load_edits
from cascade_efgan.evaluation.values import read_values
from cascade_efgan.face_finders.found import FoundFace
from cascade_efgan.stages import photograph_aus as stage
from cascade_efgan.tables.notes import reader_lines


def test_a_crop_keeps_its_middle_and_gets_a_border() -> None:
    image = np.zeros((32, 32, 3), np.uint8)
    image[:, 16:] = 200
    wide = with_surroundings(image)
    assert wide.shape == (SIDE, SIDE, 3)
    assert wide[0, 0].tolist() == [0, 0, 0]
    assert wide[-1, -1].tolist() == [200, 200, 200]
    assert abs(int(wide[SIDE // 2, SIDE // 2, 0]) - 100) < 60


def test_the_error_is_over_the_edits_with_a_face(tmp_path: Path, openface_answers: Callable[..., Path]) -> None:
    edits, index = write_edits(tmp_path, write_faces(tmp_path), "test")
    wanted = load_edits(edits, index).aus * AU_MAX
    off = np.where(wanted < 4, wanted + 0.5, wanted - 0.5)
    texts = [openface_text([(0.98, aus.round(4), landmarks())]) for aus in off]
    texts[5] = ""
    out = tmp_path / "m.json", tmp_path / "v.csv"
    program = openface_answers(*texts)
    stage.command("unchanged", "london", 0, edits, index, "auto", *out, openface=str(program))
    metric = read_metric(out[0])
    assert (metric.value, metric.n) == (pytest.approx(0.5), 17)
    assert metric.details["left_out"] == {"no_face": 1}
    values = read_values(out[1])
    assert values is not None
    assert len(values.table) == 17


def test_the_table_says_who_read_which_aus() -> None:
    details = {"reader": "a test", "aus": ["AU04", "AU12"], "own_expression_error": 0.5}
    metric = number("au_error", "unchanged", 0.5, dataset="london", details=details)
    line = reader_lines([metric])[0]
    assert line.startswith("AUs of London Set were read by a test, the AUs AU04, AU12 only; its error on real")


def test_only_the_aus_that_a_reader_tells_are_read() -> None:
    answers = iter([[FoundFace(np.zeros((68, 2)), np.arange(17.0), 1.0, "test")], []])
    read = AuReader("a test", ("AU04", "AU12"), lambda _image: next(answers)).read(np.zeros((2, 8, 8, 3), np.uint8))
    assert read[0].tolist() == [AUS.index("AU04"), AUS.index("AU12")]
    assert np.isnan(read[1]).all()


def test_no_reader_is_a_missing_number_and_no_stop(tmp_path: Path) -> None:
    edits, index = write_edits(tmp_path, write_faces(tmp_path), "test")
    stage.command("stargan", "london", 0, edits, index, "openface", tmp_path / "m.json", tmp_path / "v.csv")
    assert "OPENFACE_BIN" in str(read_metric(tmp_path / "m.json").reason)
    assert read_values(tmp_path / "v.csv") is None


def test_openface_is_taken_where_it_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = write_program(tmp_path / "FaceLandmarkImg", "#!/bin/sh\n")
    reader = find_reader("auto", str(program))
    assert (reader.name, reader.aus) == ("OpenFace", AUS)
    monkeypatch.setenv("EFGAN_MODELS_MIRROR", str(tmp_path))
    with pytest.raises(InputError, match="no file"):
        find_reader("auto")
