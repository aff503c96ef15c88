"""The record of a run: Snakemake's records, chains, seals, sources; and what a record must not be able to do."""

import hashlib
import json
import os
import zipfile
from base64 import urlsafe_b64encode
from pathlib import Path
from types import SimpleNamespace

import pytest
from programs import write_files

import cascade_efgan
from cascade_efgan.audit.environment import environment, from_log, log_line
from cascade_efgan.audit.page.graph import draw_graph
from cascade_efgan.audit.page.tables import table_view
from cascade_efgan.audit.page.trails import page_data
from cascade_efgan.audit.provenance import File, Job, Provenance, plain, read_provenance, write_provenance
from cascade_efgan.audit.record import FORMAT, read_job_records, record_run, write_sources
from cascade_efgan.audit.release import Release
from cascade_efgan.errors import InputError
from cascade_efgan.files import sha256_file


def write_record(folder: Path, output: str, rule: str, inputs: dict[str, str], **more: object) -> None:
    """A record as Snakemake 9.27.1 writes it, below `folder`."""
    text = urlsafe_b64encode(output.encode()).decode()
    longest = os.pathconf(folder, "PC_NAME_MAX") - 1
    *folders, name = [text[start : start + longest] for start in range(0, len(text), longest)]
    path = folder.joinpath(*(f"@{part}" for part in folders), name)
    path.parent.mkdir(parents=True, exist_ok=True)
    record = {
        "rule": rule, "input": list(inputs), "log": [f"logs/{rule}/rendered/seed0.log"], "params": ["1"],
        "shellcmd": f"\n  exec efgan --log x --threads 1 {rule} \\\n    --seed 0 --out {output}\n  ",
        "record_format_version": FORMAT, "starttime": 10.0, "endtime": 12.5, "incomplete": False,
        "input_checksums": {path: f"sha256:{digest}" for path, digest in inputs.items()},
    }  # fmt: skip
    path.write_text(json.dumps(record | more), encoding="utf-8")


@pytest.fixture
def small_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two jobs, made by hand: `a.csv` from code, `results/b_table.csv` from it."""
    monkeypatch.chdir(tmp_path)
    made = {"src/x.py": "1", "results/rendered/a.csv": "a", "results/b_table.csv": "b", "results/source.zip": ""}
    write_files(tmp_path, made)
    metadata = tmp_path / "metadata"
    metadata.mkdir()
    code = {"src/x.py": sha256_file("src/x.py")}
    write_record(metadata, "results/rendered/a.csv", "split", code)
    data = {"results/rendered/a.csv": sha256_file("results/rendered/a.csv")}
    write_record(metadata, "results/b_table.csv", "table", code | data)
    return metadata


def test_a_record_has_the_jobs_in_order_with_hashes_seed_time_and_code(small_run: Path) -> None:
    record = record_run(["results/b_table.csv"], read_job_records(small_run), "results/source.zip")
    assert [job.rule for job in record.jobs] == ["split", "table"]
    table = record.jobs[1]
    assert (table.seed, table.seconds, table.stage, table.wildcards) == (0, 2.5, "table", {"table": "b"})
    assert table.command == "exec efgan --log x --threads 1 table --seed 0 --out results/b_table.csv"
    assert record.code[table.code] == {"src/x.py": sha256_file("src/x.py")}
    assert record.files["results/rendered/a.csv"] == File(sha256_file("results/rendered/a.csv"), 1)
    assert record.run["started"] == "1970-01-01T00:00:10Z"
    assert record.files_behind(["results/b_table.csv"]) == ["src/x.py", "results/rendered/a.csv", "results/b_table.csv"]


def test_the_measured_time_and_the_machine_come_from_benchmark_and_log(small_run: Path) -> None:
    benchmark = {"logs/benchmarks/split/rendered/seed0.tsv": "s\th:m:s\tmax_rss\n4.5\t0:00:04\t123.4\n"}
    write_files(Path(), benchmark | {"logs/split/rendered/seed0.log": f"2026-01-01 efgan: {log_line()}\nmore\n"})
    split, table = record_run(["results/b_table.csv"], read_job_records(small_run), "results/source.zip").jobs
    assert (split.seconds, split.max_rss_mb) == (4.5, 123.4)
    assert split.environment is not None and table.environment is None
    assert from_log(Path("logs/split/rendered/seed0.log")) == environment()
    # Of the code that truly ran: another checkout's was recorded as this one's.
    package = Path(cascade_efgan.__file__).parent
    files = sorted(package.rglob("*.py"))
    code = b"".join(f"{path.relative_to(package)}\0".encode() + path.read_bytes() + b"\0" for path in files)
    assert environment()["code_sha256"] == hashlib.sha256(code).hexdigest()


def test_an_output_with_a_long_name_is_read_back(tmp_path: Path) -> None:
    name = "results/" + "x" * 400
    write_record(tmp_path, name, "split", {})
    assert list(read_job_records(tmp_path)) == [name]


def test_a_record_of_another_snakemake_is_refused(tmp_path: Path) -> None:
    write_record(tmp_path, "results/a", "split", {}, record_format_version=FORMAT + 1)
    with pytest.raises(InputError, match="Snakemake's record has format 7, expected 6"):
        read_job_records(tmp_path)


def test_a_file_that_is_gone_is_named_and_keeps_the_hash_that_a_job_read(
    small_run: Path, caplog: pytest.LogCaptureFixture
) -> None:
    before = sha256_file("results/rendered/a.csv")
    Path("results/rendered/a.csv").unlink()
    record = record_run(["results/b_table.csv"], read_job_records(small_run), "results/source.zip")
    assert record.files["results/rendered/a.csv"] == File(before, 0)
    assert "results/rendered/a.csv: a job of this run read or wrote it, but it is not here" in caplog.text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("s3://bucket/folder/results/a/results/b.csv", "results/a/results/b.csv"),
        (".snakemake/storage/s3/bucket/folder/results/a.csv", "results/a.csv"),
        ("efgan --edits a=.snakemake/storage/s3/b/results/x.npy --set london.base_url=https://host/x src/a.py",
         "efgan --edits a=results/x.npy --set london.base_url=https://host/x src/a.py"),
        ("results/rendered/a.csv", "results/rendered/a.csv"),
    ],
)  # fmt: skip
def test_files_of_a_bucket_go_by_their_plain_paths(text: str, expected: str) -> None:
    assert plain(text) == expected


def test_a_seal_fits_until_the_record_is_edited(small_run: Path, tmp_path: Path) -> None:
    record = record_run(["results/b_table.csv"], read_job_records(small_run), "results/source.zip")
    path = tmp_path / "provenance.json"
    write_provenance(path, record)
    assert read_provenance(path) == (record, True)
    path.write_text(path.read_text(encoding="utf-8").replace('"seed": 0', '"seed": 1', 1), encoding="utf-8")
    assert read_provenance(path)[1] is False
    path.write_text("{}", encoding="utf-8")
    with pytest.raises(InputError, match="not a record of a run"):
        read_provenance(path)


def test_the_same_sources_give_the_same_archive(tmp_path: Path) -> None:
    (tmp_path / "src" / "__pycache__").mkdir(parents=True)
    (tmp_path / "src" / "a.py").write_text("1")
    (tmp_path / "src" / "__pycache__" / "a.pyc").write_text("2")
    (tmp_path / "Snakefile").write_text("3")
    archives = [tmp_path / "one.zip", tmp_path / "two.zip"]
    write_sources(archives[0], tmp_path)
    os.utime(tmp_path / "src" / "a.py", (1e9, 1e9))
    write_sources(archives[1], tmp_path)
    assert archives[0].read_bytes() == archives[1].read_bytes()
    assert sorted(zipfile.ZipFile(archives[0]).namelist()) == ["Snakefile", "src/a.py"]


@pytest.mark.parametrize(
    ("command", "stage"),
    [
        ("efgan --log a --threads 1 table --name x", "table"),
        ("exec efgan --log=a prepare-openface-chunk", "prepare_openface_chunk"),
        ("rm -rf / # efgan table", None),
        ("efgan 'unclosed", None),
    ],
)
def test_the_stage_of_a_command(command: str, stage: str | None) -> None:
    assert Job("", "", {}, command, None, {}, "", []).stage == stage


def _job(rule: str, inputs: list[str]) -> Job:
    return Job(rule, rule, {}, "", None, dict.fromkeys(inputs), "", [rule])


def test_the_graph_has_rules_below_what_they_read_and_none_over_another() -> None:
    needs = {"a": "", "b": "a", "c": "ab", "d": "a", "e": "bcd", "f": "a", "g": "ae"}
    jobs = [_job(rule, list(inputs)) for rule, inputs in needs.items()]
    picture = draw_graph(Provenance({}, jobs, {}, {}, {}, []))
    at = {node.name: node for node in picture.nodes}
    assert all(at[start].y < at[end].y for _, start, end in picture.arrows)
    assert ("a", "c") not in {(start, end) for _, start, end in picture.arrows}, "a -> b -> c says it"
    for one in picture.nodes:
        assert one.width / 2 <= one.x <= picture.width - one.width / 2
        for other in picture.nodes:
            if one is not other and one.y == other.y:
                assert abs(one.x - other.x) >= (one.width + other.width) / 2


TABLE = """# T

head
more

| Data set | Method | PSNR | paper | FID |
| - | - | -: | -: | -: |
| Rendered | StarGAN | **88.00** (80.10 to 91.00) [1] | 89.38 | 19.5 |

[1] Why.

- **B**: meaning
"""
NUMBERS = """table,dataset,method,title,column,value,unit,seeds,paper,difference
quality,rendered,stargan,StarGAN,psnr,88,dB,0,89.380000,-1.380000
quality,rendered,stargan,StarGAN,fid,19.5,,0,,
"""


@pytest.mark.parametrize(("extractor", "paper"), [("inception", 62.51), ("efficientnet_lite0", None)])
def test_a_table_of_the_page_keeps_number_interval_and_the_papers_number_apart(
    small_run: Path, extractor: str, paper: float | None
) -> None:
    """Another network's distance must not be shown beside the paper's FID."""
    outputs = ["results/quality_table.md", "results/quality_table.csv"]
    for path, text in zip(outputs, (TABLE, NUMBERS), strict=True):
        Path(path).write_text(text, encoding="utf-8")
    job = Job("table/quality", "render_table", {"table": "quality"}, "", None, {}, "", outputs)
    write_provenance(Path("results/provenance.json"), Provenance({}, [job], {}, {}, {}, outputs))
    view, found = table_view(Release(Path("results")), job, extractor)
    assert (view.title, view.head, view.headings) == ("T", ["head", "more"], ["PSNR", "FID"])
    assert view.notes == ["[1] Why.", "**B**: meaning"]
    ((dataset, title, method, (psnr, fid)),) = view.rows
    assert (dataset, title, method) == ("Rendered", "StarGAN", "stargan")
    assert (psnr.text, psnr.around, psnr.bold) == ("88.00", "(80.10 to 91.00) [1]", True)
    assert (psnr.paper, psnr.paper_dataset, psnr.difference) == (89.38, None, "-1.38")
    assert (fid.text, fid.bold, fid.difference) == ("19.5", False, "")
    assert (fid.paper, fid.paper_dataset) == (paper, paper and "RaFD")
    assert {name: cell.value for name, cell in found.items()} == {psnr.id: 88.0, fid.id: 19.5}


def test_the_page_leaves_out_the_edits_that_have_no_value_behind_a_number(tmp_path: Path) -> None:
    """A list of measures in the script showed identity's edits to the own expression, and PSNR's without a partner."""
    files = {"values_psnr.csv": "id,value\na:happy,1\nz:sad,1\n", "values_fid.csv": "id,value\neverybody,1\n"}
    write_files(tmp_path, files)
    with zipfile.ZipFile(tmp_path / "source.zip", "w"):
        pass
    cells, maker = {}, {}
    for name in ("psnr", "fid"):
        metric = SimpleNamespace(name=name, value=1.0, n=2, seed=0)
        cells[name] = SimpleNamespace(dataset="rendered", title="", method="", column="", value=1.0, unit="",
                                      metrics={f"results/{name}.json": metric})  # fmt: skip
        maker[f"results/{name}.json"] = SimpleNamespace(outputs=[f"results/values_{name}.csv"])
    record = SimpleNamespace(jobs=[], files={}, code={}, environments={}, run={}, maker=maker)
    release = SimpleNamespace(record=record, folder=tmp_path, path=lambda name: tmp_path / Path(name).name)
    sheet = SimpleNamespace(sources=[{"id": "a"}], targets=["happy", "sad"], edits={"wild": ""})
    data = page_data(release, cells, {"rendered": sheet}, 0)  # type: ignore[arg-type]
    assert data["left_out"] == {"results/psnr.json": ["a:sad"]}
    assert data["sheets"]["rendered"]["methods"] == [["wild", "wild"]]
