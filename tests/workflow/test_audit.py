"""`efgan audit` on a finished run: what holds is said to hold, and every kind of tampering is found and named."""

import json
import re
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from cascade_efgan.audit.provenance import seal
from cascade_efgan.audit.recompute import choose_cells, replay
from cascade_efgan.audit.release import Release
from cascade_efgan.audit.table_numbers import table_cells
from cascade_efgan.cli import app
from cascade_efgan.files import sha256_file, write_json
from cascade_efgan.orchestration.stage_names import DERIVED

METHOD = "rendered/seed0/baseline"
METRIC = f"{METHOD}/metrics/G.json"


@pytest.fixture
def audit(results: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str]]:
    """Exit status and printed text of `efgan audit --brief WORDS` on these results."""

    def run(*words: object, brief: bool = True) -> tuple[int, str]:
        flags = ["--results", str(results), *(["--brief"] if brief else [])]
        status = app(["audit", *flags, *map(str, words)], standalone_mode=False)
        return status or 0, capsys.readouterr().out

    return run


def put(path: Path, content: bytes) -> None:
    """Replace a file; the run that it is linked to keeps its own."""
    path.unlink()
    path.write_bytes(content)


def rewrite_zip(path: Path, change: Callable[[dict[str, bytes]], None]) -> None:
    """Change members of an archive; the run that it is linked to keeps its own."""
    with zipfile.ZipFile(path) as packed:
        content = {name: packed.read(name) for name in packed.namelist()}
    change(content)
    path.unlink()
    with zipfile.ZipFile(path, "w") as packed:
        for name, data in content.items():
            packed.writestr(name, data)


def edit_metric(results: Path) -> None:
    """Add ten to G of the Baseline."""
    values = json.loads((results / METRIC).read_text(encoding="utf-8"))
    values["value"] += 10
    write_json(results / METRIC, values)


def edit_record(results: Path, change: Callable[[dict], None], reseal: bool = True) -> None:
    """Change the record, and seal it again as a careful forger would."""
    path = results / "provenance.json"
    values = json.loads(path.read_text(encoding="utf-8"))
    change(values)
    if reseal:
        values["seal"] = seal({key: value for key, value in values.items() if key != "seal"})
    write_json(path, values)


def record_as_it_is(results: Path, *names: str) -> None:
    """Make the record say of some files what they are now, everywhere: as outputs, and as what jobs read."""

    def change(values: dict) -> None:
        for name in names:
            digest = sha256_file(results / name.removeprefix("results/"))
            values["files"][name] = {"sha256": digest, "size": 0}
            for job in values["jobs"]:
                if name in job["inputs"]:
                    job["inputs"][name] = digest

    edit_record(results, change)


def problems(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith("FAIL")]


def test_a_release_at_any_place_holds_from_table_to_raw_data(audit, results) -> None:
    status, text = audit("--expect", sha256_file(results / "provenance.json"))
    assert status == 0 and not problems(text)
    assert re.search(r"^held: \d{2,3} numbers and verdicts, \d{3,4} files of the run", text, re.MULTILINE), text
    assert sha256_file(results / "provenance.json") in text


def test_the_chain_of_every_number_is_printed(audit, results) -> None:
    status, text = audit(results / "ablation_table.md", brief=False)
    assert status == 0
    chains = [part for part in text.split("\n\n") if part.startswith("Cascade EF-GAN, G = ")]
    assert len(chains) == 1
    for name in ("cascade_ef_gan/metrics/G.json", "cascade_ef_gan/edits_test.npy", "cascade_ef_gan/weights.safetensors",
                 "ef_gan/weights.safetensors", "real/classifier.safetensors", "crops.npy", "photos.zip"):  # fmt: skip
        assert re.search(rf"ok   [0-9a-f]{{16}}  \S+/{re.escape(name)}$", chains[0], re.MULTILINE), name
    assert "FAIL" not in text and "StarGAN" not in text


def test_numbers_are_derived_again_from_the_stored_weights(audit, results) -> None:
    status, text = audit(results / "quality_table.md", "--recompute", 2, "--seed", 3)
    assert status == 0, text
    assert text.count("ok   recomputed") == 2 and text.count("bit for bit") == 2


def test_every_number_of_every_table_can_be_derived_again(results) -> None:
    release = Release(results)
    cells = [cell for job in release.record.jobs_of("table") for cell in table_cells(release, job) if cell.metrics]
    makers = {release.record.maker[path].stage for cell in cells for path in cell.metrics}
    assert {"accuracy", "similarity", "fid", "kid", "identity", "identity_of_pairs"} <= makers
    assert makers <= set(DERIVED)
    tables, jobs = release.record.jobs_of("table"), release.record.jobs
    chosen, fixed = choose_cells(release, tables, len(cells), 0)
    assert chosen and fixed == 0
    # A record of code whose stages had other names: what cannot be derived is counted, not passed over.
    jobs[:] = [replace(job, command=job.command.replace(" similarity ", " psnr ")) for job in jobs]
    left, fixed = choose_cells(release, tables, len(cells), 0)
    assert 0 < fixed == len(chosen) - len(left)


def test_the_numbers_behind_every_verdict_are_printed_and_a_changed_verdict_is_found(audit, results) -> None:
    path = results / "claims.md"
    status, text = audit(path, brief=False)
    assert status == 0 and "claims.md: judged again, byte for byte the same" in text
    (verdict,) = (part for part in text.split("\n\n") if part.startswith("The cascade helps: cannot be told"))
    for method in ("baseline", "baseline_cascade", "ef_gan", "cascade_ef_gan"):
        assert re.search(rf"ok   [0-9a-f]{{16}}  \S+/{method}/values_G.csv$", verdict, re.MULTILINE), method
    put(path, path.read_text(encoding="utf-8").replace("**cannot be told**", "**holds**", 1).encode())
    status, text = audit(path)
    (sentence,) = problems(text)
    assert status == 1 and "claims.md: line " in sentence and "**holds**" in sentence


def changed_digit(ending: str) -> Callable[[Path], list[str]]:
    """Another digit in StarGAN's first number in Table 2."""

    def change(results: Path) -> list[str]:
        path = results / f"quality_table.{ending}"
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        number = next(number for number, line in enumerate(lines) if "StarGAN" in line)
        digits = re.search(r"\d\d\.\d", lines[number])[0]
        changed = digits[:-1] + str((int(digits[-1]) + 1) % 10)
        put(path, "".join(lines).replace(digits, changed).encode())
        return [rf"quality_table\.{ending}: line {number + 1} .*{changed}.*{digits}"]

    return change


def swapped_weights(results: Path) -> list[str]:
    places = [results / f"rendered/seed0/{name}/weights.safetensors" for name in ("baseline", "ef_gan")]
    contents = [path.read_bytes() for path in places]
    for path, content in zip(places, contents[::-1], strict=True):
        put(path, content)
    return [f"{name}/weights.safetensors: it is not the file that was made by train/rendered/seed0/{name}"
            for name in ("baseline", "ef_gan")]  # fmt: skip


def edited_metric(results: Path) -> list[str]:
    edit_metric(results)
    return [f"{METRIC}: it is not the file that was made by measure_accuracy_edits"]


def edited_metric_and_record(results: Path) -> list[str]:
    """The tables still say the old number: they are rendered again, from numbers that contradict each other."""
    edit_metric(results)
    record_as_it_is(results, f"results/{METRIC}")
    return ["G of baseline is .* in its metric file"]


def edited_record(results: Path) -> list[str]:
    edit_record(results, lambda values: values["run"].update(commit="0" * 40), reseal=False)
    return ["provenance.json: it was edited after it was written"]


def sealed_again(results: Path) -> list[str]:
    def other_seed(values: dict) -> None:
        next(job for job in values["jobs"] if job["id"] == "train/rendered/seed0/baseline")["seed"] = 7

    edit_record(results, other_seed)
    return ["job train/rendered/seed0/baseline ran with seed 7 in the folder of seed 0"]


def repeated_photograph(results: Path) -> list[str]:
    path = results / "rendered/photos.zip"
    with zipfile.ZipFile(path) as photos:
        first, second, *_ = photos.namelist()
    rewrite_zip(path, lambda content: content.update({first: content[second]}))
    record_as_it_is(results, "results/rendered/photos.zip")
    return [f"photos.zip: its {first} is not the photograph"]


def other_code(results: Path) -> list[str]:
    losses = "src/cascade_efgan/training/losses.py"
    rewrite_zip(results / "source.zip", lambda content: content.update({losses: content[losses] + b"\n# edited\n"}))
    record_as_it_is(results, "results/source.zip")
    return [f"source.zip: its {losses} is not the code that ran"]


def lost_file(results: Path) -> list[str]:
    (results / METHOD / "edits_test.npy").unlink()
    return [rf"{METHOD}/edits_test.npy: it is missing; restore it \(dvc pull\)"]


BEHIND_THE_ABLATION = (
    edited_metric, edited_metric_and_record, edited_record, sealed_again, swapped_weights, other_code, lost_file,
)  # fmt: skip


@pytest.mark.parametrize(
    ("tamper", "tables"),
    [
        *((changed_digit(ending), [f"quality_table.{ending}"]) for ending in ("md", "csv", "tex")),
        *((tamper, ["ablation_table.md"]) for tamper in BEHIND_THE_ABLATION),
        (repeated_photograph, []),
    ],
)
def test_what_was_tampered_with_is_found_and_named(audit, results, tamper, tables: list[str]) -> None:
    expected = tamper(results)
    status, text = audit(*(results / name for name in tables))
    found = problems(text)
    assert status == 1 and len(found) == len(expected), text
    assert all(re.search(sentence, line) for sentence, line in zip(expected, found, strict=True)), text


def test_a_forgery_of_metric_tables_and_record_is_found_by_its_published_hash_or_by_recomputing(
    audit, results, tmp_path
) -> None:
    """No file can speak against a forger who changes all of them; what they were made from can, and the outside."""
    published = sha256_file(results / "provenance.json")
    edit_metric(results)
    record_as_it_is(results, f"results/{METRIC}")
    forge_values(results)
    record_as_it_is(results, f"results/{METHOD}/values_G.csv")
    forged = made_again(results, tmp_path / "again")
    for name, content in forged.items():
        put(results / Path(name).relative_to("results"), content)
    record_as_it_is(results, *forged)
    assert audit(results / "ablation_table.md")[0] == 0

    status, text = audit(results / "ablation_table.md", "--expect", published)
    assert status == 1 and "provenance.json: its SHA-256 is" in problems(text)[0]

    release = Release(results)
    jobs = [job for job in release.record.jobs_of("table") if "ablation" in job.id]
    draws = ((seed, choose_cells(release, jobs, 1, seed)[0][0].name) for seed in range(1000))
    seed = next(seed for seed, name in draws if name == "Baseline, G")
    status, text = audit(results / "ablation_table.md", "--recompute", 1, "--seed", seed)
    (sentence,) = (line for line in problems(text) if "recomputed" not in line)
    assert status == 1
    assert METRIC in sentence and "computing Baseline, G again from the stored weights gives" in sentence


def forge_values(results: Path) -> None:
    """Count so many wrong edits of the Baseline as right that G rises by ten."""
    path = results / METHOD / "values_G.csv"
    values = pd.read_csv(path)
    wrong = values.index[values["value"] == 0]
    values.loc[wrong[: len(values) // 10], "value"] = 100.0
    put(path, values.to_csv(index=False, lineterminator="\n").encode())


def made_again(results: Path, folder: Path) -> dict[str, bytes]:
    """Statistics and table of the ablation, computed again from the values and metric files as they are now."""
    release = Release(results)
    names = ("compare_methods/ablation", "render_table/ablation")
    jobs = [job for name in names for job in release.record.jobs if job.id == name]
    folder.mkdir()
    replay(release, jobs, folder)
    return {name: (folder / name).read_bytes() for job in jobs for name in job.outputs}


def test_a_record_cannot_make_the_audit_run_anything_else(audit, results, tmp_path) -> None:
    def other_command(values: dict) -> None:
        job = next(job for job in values["jobs"] if job["rule"] == "render_table" and "ablation" in job["id"])
        job["command"] = job["command"].replace("results/ablation_table.md", str(tmp_path / "taken.md"))

    edit_record(results, other_command)
    with pytest.raises(Exception, match=r"leaves the folder of results: \S+taken.md"):
        audit(results / "ablation_table.md")
    assert not (tmp_path / "taken.md").exists()


def test_a_path_that_is_no_table(audit, results) -> None:
    with pytest.raises(Exception, match="run.json: not a table of this run; its tables are "):
        audit(results / "run.json")


def test_no_page_is_built_of_results_that_are_not_the_recorded_ones(results, tmp_path) -> None:
    edit_metric(results)
    words = ["--record", results / "provenance.json", "--run", results / "run.json", "--page", tmp_path / "page.html"]
    with pytest.raises(Exception, match=f"{re.escape(METRIC)}: it is not the file that was made"):
        app(["page", *map(str, words)], standalone_mode=False)
    assert not (tmp_path / "page.html").exists()
