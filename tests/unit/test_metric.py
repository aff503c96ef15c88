"""Metric files: what they hold, and what they refuse."""

import json
from pathlib import Path

import pytest

from cascade_efgan.errors import InputError
from cascade_efgan.evaluation.metric import Metric, hashed, read_metric, write_metric
from cascade_efgan.files import sha256_file


def test_a_metric_reads_back_with_unit_and_hashes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("edits.npy").write_bytes(b"edits")
    metric = Metric("psnr", 21.5, 12, "rendered", "ef_gan", 0, details={"left_out": {"identical": 1}})
    write_metric("m.json", metric, [Path("edits.npy")])
    back = read_metric("m.json")
    assert (back.value, back.n, back.unit, back.part) == (21.5, 12, "dB", "test")
    assert (back.inputs, back.details) == ({"edits.npy": sha256_file("edits.npy")}, metric.details)


@pytest.mark.parametrize(("path", "shown"), [
    ("/work/a/x.npy", "a/x.npy"),
    ("/x.npy", "x.npy"),
    (".snakemake/storage/s3/bucket/any/study/results/rendered/crops.npy", "results/rendered/crops.npy"),
])  # fmt: skip
def test_names_of_inputs_tell_neither_checkout_nor_bucket(tmp_path, monkeypatch, path: str, shown: str) -> None:
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    file = Path(f"{tmp_path}{path}" if path.startswith("/") else path)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b"x")
    assert hashed([file]) == {shown: sha256_file(file)}


@pytest.mark.parametrize(("name", "value", "reason", "message"), [
    ("R", None, None, "either a value or a reason"),
    ("R", 1.0, "why", "either a value or a reason"),
    ("accuracy", 1.0, None, "expected one of R, G, R\\+G"),
])  # fmt: skip
def test_a_missing_number_needs_a_reason_and_a_number_none(name, value, reason, message: str) -> None:
    assert Metric("R", None, 0, "rendered", "real", 0, reason="the test part has no images").value is None
    with pytest.raises(InputError, match=message):
        Metric(name, value, 0, "rendered", "real", 0, reason=reason)


def test_infinity_is_never_written(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="JSON"):
        write_metric(tmp_path / "m.json", Metric("psnr", float("inf"), 1, "rendered", "ef_gan", 0))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("change", [{"value": "21"}, {"value": True}, {"name": "unheard_of"}, {"extra": 1}])
def test_a_foreign_file_is_refused_by_name(tmp_path: Path, change: dict[str, object]) -> None:
    path = tmp_path / "m.json"
    write_metric(path, Metric("psnr", 21.5, 12, "rendered", "ef_gan", 0))
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(InputError, match=r"m\.json"):
        read_metric(path)
