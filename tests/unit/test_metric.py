"""Metric files: what they hold, and what they refuse."""

import json
from pathlib import Path

import pytest

from cascade_efgan.errors import InputError
from cascade_efgan.evaluation.metric import Metric, hashed, read_metric, write_metric
from cascade_efgan.files import sha256_file


def test_a_metric_reads_back_with_unit_and_hashes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("results").mkdir()
    Path("results/edits.npy").write_bytes(b"edits")
    metric = Metric("psnr", 21.5, 12, "rendered", "ef_gan", 0, details={"left_out": {"identical": 1}})
    write_metric("m.json", metric, [Path("results/edits.npy")])
    back = read_metric("m.json")
    assert (back.value, back.n, back.unit, back.part) == (21.5, 12, "dB", "test")
    assert back.inputs == {"results/edits.npy": sha256_file("results/edits.npy")}
    assert back.details == metric.details


def test_absolute_inputs_do_not_tell_where_the_checkout_lies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inside, outside = tmp_path / "work" / "a" / "x.npy", tmp_path / "y.npy"
    inside.parent.mkdir(parents=True)
    inside.write_bytes(b"x")
    outside.write_bytes(b"y")
    monkeypatch.chdir(tmp_path / "work")
    assert list(hashed([inside, outside])) == ["a/x.npy", "y.npy"]


def test_a_copy_from_a_bucket_has_the_name_of_the_file_in_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    copy = Path(".snakemake/storage/s3/bucket/any/study/results/rendered/crops.npy")
    copy.parent.mkdir(parents=True)
    copy.write_bytes(b"1")
    assert hashed([copy]) == {"results/rendered/crops.npy": sha256_file(copy)}


def test_a_missing_number_needs_a_reason_and_a_number_none() -> None:
    assert Metric("R", None, 0, "rendered", "real", 0, reason="the test part has no images").value is None
    with pytest.raises(InputError, match="either a value or a reason"):
        Metric("R", None, 0, "rendered", "real", 0)
    with pytest.raises(InputError, match="either a value or a reason"):
        Metric("R", 1.0, 3, "rendered", "real", 0, reason="why")
    with pytest.raises(InputError, match="expected one of R, G, R\\+G"):
        Metric("accuracy", 1.0, 3, "rendered", "real", 0)


def test_infinity_is_never_written(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="JSON"):
        write_metric(tmp_path / "m.json", Metric("psnr", float("inf"), 1, "rendered", "ef_gan", 0))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("change", [{"value": "21"}, {"value": True}, {"name": "lpips"}, {"extra": 1}])
def test_a_foreign_file_is_refused_by_name(tmp_path: Path, change: dict[str, object]) -> None:
    path = tmp_path / "m.json"
    write_metric(path, Metric("psnr", 21.5, 12, "rendered", "ef_gan", 0))
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(InputError, match=r"m\.json"):
        read_metric(path)
