"""Published weights: from a run to the package and back, what is refused, and the package's own against their cards."""

import contextlib
import json
import os
import re
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file
from small_models import save_random, small_spec

from cascade_efgan import Editor
from cascade_efgan.audit.provenance import File, Job, Provenance, seal, write_provenance
from cascade_efgan.audit.release import RECORD
from cascade_efgan.data import AUS
from cascade_efgan.data.records import write_records
from cascade_efgan.editing import runs
from cascade_efgan.errors import InputError
from cascade_efgan.evaluation.packed_edits import load_edits
from cascade_efgan.evaluation.similarity import psnr
from cascade_efgan.evaluation.values import edit_values
from cascade_efgan.files import sha256_file, write_json
from cascade_efgan.models.build import Discriminators, load_generator, load_weights, save_weights
from cascade_efgan.publishing import publish as publishing
from cascade_efgan.publishing.check import Published

DATA, METHOD = "results/rendered", "results/rendered/seed0/cascade_ef_gan"
OUT = Path("pretrained/tiny")
SPLIT = {"index": f"{DATA}/crops.csv", "split": f"{DATA}/split.csv"}
EDITS = {"edits": f"{METHOD}/edits_test.npy", "edits-index": f"{METHOD}/edits_test.csv"}
RECORDED = Path("results/provenance.json")


def record_everything(method=METHOD):
    """A record as a run leaves it, but that one job made the weights and another all the rest."""
    RECORDED.unlink(missing_ok=True)
    paths = [path.as_posix() for path in sorted(Path("results").rglob("*")) if path.is_file()]
    files = {path: File(sha256_file(path), os.path.getsize(path)) for path in paths}
    data = [path for path in paths if Path(path).parent == Path(DATA)]
    networks = ("discriminators.safetensors", "model.json", "weights.safetensors")
    trained = [f"{method}/{name}" for name in networks if Path(method, name).is_file()]
    rest = [path for path in paths if path not in (*data, *trained)]

    def job(rule, inputs, outputs):
        return Job(rule, rule, {}, "", 0, {path: files[path].sha256 for path in inputs}, "c", outputs, environment="e")

    jobs = [job("finetune_cascade", data, trained), job("others", [*data, *trained], rest)]
    run = {"commit": "c0ffee" * 7, "changed": [], "environment": "e", "version": "0", "started": "", "ended": ""}
    write_provenance(RECORDED, Provenance(files, jobs, {"c": {"src/x.py": None}}, {"e": {}}, run, rest))


@pytest.fixture(scope="module")
def made(efgan, make_data, tmp_path_factory):
    """A whole small run: real stages, an untrained cascade, a record."""
    folder = tmp_path_factory.mktemp("run")
    with contextlib.chdir(folder):
        fill(efgan, make_data)
    return folder


@pytest.fixture
def run(made, tmp_path, monkeypatch):
    """A copy of that run in the working folder."""
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)


def fill(efgan, make_data):
    def stage(command, /, **flags):
        efgan(command, *[word for flag, value in flags.items() for word in (f"--{flag}", value)])

    data = make_data(Path(DATA))
    data.extract_aus()
    data.crop()
    weights = save_random(Path(METHOD))
    save_weights(Path(METHOD, "discriminators.safetensors"), Discriminators(small_spec("cascade_ef_gan")))
    stage("split", **SPLIT, set="split.test_share=0.5")
    trained = {"crops": f"{DATA}/crops.npy", "weights": weights, "model": weights.with_name("model.json")}
    stage("generate", method="cascade_ef_gan", seed=0, part="test", **SPLIT, **EDITS, **trained)
    values, about = f"{METHOD}/values_psnr.csv", {"method": "cascade_ef_gan", "seed": 0, "dataset": "rendered"}
    number = {"metric": f"{METHOD}/metrics/psnr.json", "values": values}
    partners = {"partners": f"{DATA}/crops.npy", "partners-index": SPLIT["index"]}
    stage("similarity", name="psnr", **about, **partners, **EDITS, **number)
    Path(f"{DATA}/completeness.json").write_text('{"missing": []}')
    files = {"index": "crops.csv", "split": "split.csv", "excluded": "excluded.csv"}
    tables = {flag: f"rendered={DATA}/{file}" for flag, file in files.items()}
    stage("describe_run", out="results/run.json", **tables, completeness=f"rendered={DATA}/completeness.json")
    table = "results/quality_statistics"
    written = {"comparisons": f"{table}.json", "markdown": f"{table}.md", "csv": f"{table}.csv"}
    stage("compare", name="quality", context="results/run.json", values=values, **written)
    record_everything()


def publish(efgan):
    efgan("publish_weights", "--dataset", "rendered", "--out", OUT)


def reached(folder: Path) -> None:
    """The weights of a folder give the edits of its samples again, and the numbers of its card."""
    editor = Editor.from_file(folder / "weights.safetensors", device="cpu")
    table, picture = pd.read_csv(folder / "samples.csv"), np.asarray(Image.open(folder / "samples.png"))
    inputs, edits, real = (np.stack(np.hsplit(row, len(table))) for row in np.vsplit(picture, 3))
    present, target = (table[[f"{kind}{au}" for au in AUS]].to_numpy(float) for kind in ("present_", ""))
    made = np.stack([edit.images[-1] for edit in editor.crops.edit(inputs, present, target)])
    assert np.abs(made.astype(int) - edits).mean() < 0.1  # grey levels: another processor may round otherwise
    values = [psnr(*pair) for pair in zip(made, real, strict=True)]
    assert values == pytest.approx(table["psnr"].tolist(), abs=0.05)
    nothing = [psnr(*pair) for pair in zip(inputs, real, strict=True)]
    assert nothing == pytest.approx(table["unchanged"].tolist(), abs=1e-6)
    card = " ".join((folder / "README.md").read_text(encoding="utf-8").split())
    on_card = re.search(r"to the last row: edits ([\d.]+) dB, inputs ([\d.]+) dB", card)
    assert on_card is not None
    assert [float(text) for text in on_card.groups()] == pytest.approx([np.mean(values), np.mean(nothing)], abs=0.06)


def test_a_run_is_published_small_and_reaches_its_numbers_again(run, efgan, monkeypatch, capsys) -> None:
    publish(efgan)
    stored, original = (load_weights(folder / "weights.safetensors") for folder in (OUT, Path(METHOD)))
    assert {value.dtype for value in stored.values() if value.ndim > 1} == {torch.bfloat16}
    assert all(torch.equal(value.float(), original[key].to(value.dtype).float()) for key, value in stored.items())
    monkeypatch.setattr(runs, "PRETRAINED", OUT.parent)
    editor = Editor.pretrained("tiny", device="cpu")
    generator, _ = load_generator(OUT / "weights.safetensors", OUT / "model.json")
    assert {value.dtype for value in generator.parameters()} == {torch.float32}
    assert editor.margin == pytest.approx(0.25, abs=0.005)
    assert list(editor.expressions()) == ["happy", "neutral"]
    reached(OUT)
    value, low, high = (json.loads(Path("results/quality_statistics.json").read_text())["intervals"][0][key]
                        for key in ("value", "low", "high"))  # fmt: skip
    card = (OUT / "README.md").read_text(encoding="utf-8")
    interval = "none" if low is None else f"{low:.2f} to {high:.2f}"
    assert re.search(rf"PSNR . \(dB\) +\| These weights \| {value:.2f} +\| {interval}", card)
    for words in ("## Data and licence", "commit c0ffeec0ffee", sha256_file(RECORDED), "## Misuse"):
        assert words in card
    efgan("audit", "--weights", OUT)
    shown = capsys.readouterr().out
    assert "finetune_cascade" in shown and "others" not in shown
    assert f"held: {OUT}, and rounded again from results; 0 problems" in shown
    publish(efgan)  # replaces what it wrote
    RECORDED.unlink()
    efgan("audit", "--weights", OUT, "--brief")
    assert "their run is not in results" in capsys.readouterr().out


def test_weights_fine_tuned_on_wild_photographs_are_published_with_what_the_claim_measured(run, efgan) -> None:
    Path(METHOD).rename(f"{DATA}/seed0/wild")
    for path in Path("results").glob("*_statistics.*"):
        path.unlink()
    about = json.loads(Path("results/run.json").read_text(encoding="utf-8"))
    about["settings"]["wild"] |= {"dataset": "rendered", "pretrain": ["rafd"]}
    about |= {"wild": about["datasets"], "datasets": {"rafd": about["datasets"]["rendered"]}}
    write_json(Path("results/run.json"), about)
    wild = Path(DATA, "seed0", "wild")
    edits = load_edits(wild / "edits_test.npy", wild / "edits_test.csv")
    outside = np.linspace(1, 2, len(edits))
    write_records(wild / "values_claims.csv", edit_values(edits, {"change_outside": outside}, "rendered", "wild", 0))
    # Edits go to the pre-training's expressions: those of the wild images are others, or none.
    posed = pd.read_csv(f"{DATA}/crops.csv", dtype={"person": str})
    posed["expression"] = posed["expression"].replace("happy", "angry")
    Path("results/rafd").mkdir()
    posed.assign(AU04=2.5).to_csv("results/rafd/crops.csv", index=False)
    shutil.copy(f"{DATA}/split.csv", "results/rafd")
    record_everything(f"{DATA}/seed0/wild")
    publish(efgan)
    reached(OUT)
    card = " ".join((OUT / "README.md").read_text(encoding="utf-8").split())
    assert "pre-trained on rafd, then fine-tuned on rendered" in card
    assert "split by person" in card
    assert re.search(r"all --config preset=\S+ .*'wild=\{[^}]*dataset: rendered[^}]*pretrain: \[rafd\]", card)
    assert re.search(rf"\| change outside the face \| These weights \| 1.5 grey levels .* \| {len(edits)} \|", card)
    expressions = Editor.from_file(OUT / "weights.safetensors", device="cpu").expressions()
    assert sorted(expressions) == ["angry", "neutral"]
    assert expressions["angry"][AUS.index("AU04")] == pytest.approx(2.5)
    assert runs.find_weights(Path("results")).parent.name == "wild"
    assert "results/rendered/seed0/wild/weights.safetensors" in card


def test_an_audit_names_what_was_exchanged(run, efgan) -> None:
    publish(efgan)
    samples = OUT / "samples.csv"
    kept = samples.read_bytes()
    samples.write_bytes(kept.replace(b"happy", b"angry"))
    (OUT / "more.txt").touch()
    found = Published(OUT, Path("results")).problems(expected="0" * 64)
    assert [text.partition(": ")[0] for text in found] == [f"{OUT}/{n}" for n in (RECORD, "more.txt", "samples.csv")]
    samples.write_bytes(kept)
    (OUT / "more.txt").unlink()
    assert Published(OUT, Path("results")).problems() == []
    published = OUT / "weights.safetensors"
    state = load_weights(published)
    first = next(iter(state))
    save_file(state | {first: state[first] * 2}, published)
    record = json.loads((OUT / RECORD).read_text())
    record["run"]["published"][published.name] = sha256_file(published)
    write_json(OUT / RECORD, record | {"seal": seal({key: record[key] for key in record if key != "seal"})})
    (found,) = Published(OUT, Path("results")).problems()  # a careful forger sealed the record again
    assert "rounded to bfloat16" in found
    publish(efgan)
    with Path(METHOD, "weights.safetensors").open("ab") as file:
        file.write(b"x")
    found = Published(OUT, Path("results")).problems()
    assert found == [f"{METHOD}/weights.safetensors: it is not the recorded file; restore it (dvc checkout)"]
    with pytest.raises(InputError, match="not of published weights"):
        Published(Path("results"), Path("results"))


def test_what_cannot_be_published_is_one_sentence_and_leaves_nothing(run, efgan, monkeypatch) -> None:
    with pytest.raises(InputError, match="--dataset rafd: its licence"):
        efgan("publish_weights", "--dataset", "rafd", "--out", OUT)
    with pytest.raises(InputError, match="holds something else"):
        efgan("publish_weights", "--dataset", "rendered", "--out", METHOD)
    with monkeypatch.context() as patched:
        patched.setattr(publishing, "LARGEST", 1000)
        with pytest.raises(InputError, match="MiB in bfloat16"):
            publish(efgan)
    edits = Path(METHOD, "edits_test.npy")
    np.save(edits, 255 - np.load(edits))
    with pytest.raises(InputError, match=r"edits_test\.npy: missing, or not the file that provenance\.json lists"):
        publish(efgan)
    record_everything()
    with pytest.raises(InputError, match="do not bear the rounding"):
        publish(efgan)
    assert list(OUT.parent.iterdir()) == []


@pytest.mark.parametrize(
    "folder",
    [path.parent for path in sorted(runs.PRETRAINED.glob("*/weights.safetensors"))],
    ids=lambda path: path.name,
)
def test_the_packages_weights_are_whole_and_reach_the_numbers_of_their_card(folder: Path, tmp_path: Path) -> None:
    assert (folder / "weights.safetensors").stat().st_size <= publishing.LARGEST
    assert Published(folder, tmp_path).problems() == []
    reached(folder)
