"""The record of a run: Snakemake's records, chains, seals, sources; and what a record must not be able to do."""

import hashlib
import json
import os
import zipfile
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterable
from itertools import combinations
from pathlib import Path
from types import SimpleNamespace

import pytest
from programs import write_files

import cascade_efgan
from cascade_efgan.audit.environment import environment, from_log, log_line
from cascade_efgan.audit.page.build import page_data
from cascade_efgan.audit.page.graph import draw_graph
from cascade_efgan.audit.page.tables import table_view
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
def record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Provenance]:
    """A function that records two jobs, made by hand: `a.csv` from code, `results/b_table.csv` from it."""
    monkeypatch.chdir(tmp_path)
    made = {"src/x.py": "1", "results/rendered/a.csv": "a", "results/b_table.csv": "b", "results/source.zip": ""}
    write_files(tmp_path, made)
    metadata = tmp_path / "metadata"
    metadata.mkdir()
    inputs = {name: sha256_file(name) for name in ("src/x.py", "results/rendered/a.csv")}
    write_record(metadata, "results/rendered/a.csv", "split", {"src/x.py": inputs["src/x.py"]})
    write_record(metadata, "results/b_table.csv", "table", inputs)
    return lambda: record_run(["results/b_table.csv"], read_job_records(metadata), "results/source.zip")


def test_a_record_has_the_jobs_in_order_with_hashes_seed_time_and_code(record) -> None:
    found = record()
    assert [job.rule for job in found.jobs] == ["split", "table"]
    table = found.jobs[1]
    assert (table.seed, table.seconds, table.stage, table.wildcards) == (0, 2.5, "table", {"table": "b"})
    assert table.command == "exec efgan --log x --threads 1 table --seed 0 --out results/b_table.csv"
    assert found.code[table.code] == {"src/x.py": sha256_file("src/x.py")}
    assert found.files["results/rendered/a.csv"] == File(sha256_file("results/rendered/a.csv"), 1)
    assert found.run["started"] == "1970-01-01T00:00:10Z"
    assert found.files_behind(["results/b_table.csv"]) == ["src/x.py", "results/rendered/a.csv", "results/b_table.csv"]


def test_the_measured_time_and_the_machine_come_from_benchmark_and_log(record) -> None:
    benchmark = {"logs/benchmarks/split/rendered/seed0.tsv": "s\th:m:s\tmax_rss\n4.5\t0:00:04\t123.4\n"}
    write_files(Path(), benchmark | {"logs/split/rendered/seed0.log": f"2026-01-01 efgan: {log_line()}\nmore\n"})
    split, table = record().jobs
    assert (split.seconds, split.max_rss_mb) == (4.5, 123.4)
    assert split.environment is not None and table.environment is None
    assert from_log(Path("logs/split/rendered/seed0.log")) == environment()
    # Of the code that truly ran: another checkout's was recorded as this one's.
    package = Path(cascade_efgan.__file__).parent
    files = sorted(package.rglob("*.py"))
    code = b"".join(f"{path.relative_to(package)}\0".encode() + path.read_bytes() + b"\0" for path in files)
    assert environment()["code_sha256"] == hashlib.sha256(code).hexdigest()


def test_an_output_with_a_long_name_is_read_back_and_a_record_of_another_snakemake_refused(tmp_path: Path) -> None:
    name = "results/" + "x" * 400
    write_record(tmp_path, name, "split", {})
    assert list(read_job_records(tmp_path)) == [name]
    write_record(tmp_path, "results/a", "split", {}, record_format_version=FORMAT + 1)
    with pytest.raises(InputError, match="Snakemake's record has format 7, expected 6"):
        read_job_records(tmp_path)


def test_a_file_that_is_gone_is_named_and_keeps_the_hash_that_a_job_read(record, caplog) -> None:
    Path("results/rendered/a.csv").unlink()
    assert record().files["results/rendered/a.csv"] == File(record().jobs[1].inputs["results/rendered/a.csv"], 0)
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


def test_a_seal_fits_until_the_record_is_edited(record, tmp_path: Path) -> None:
    path = tmp_path / "provenance.json"
    write_provenance(path, record())
    assert read_provenance(path) == (record(), True)
    path.write_text(path.read_text(encoding="utf-8").replace('"seed": 0', '"seed": 1', 1), encoding="utf-8")
    assert read_provenance(path)[1] is False
    path.write_text("{}", encoding="utf-8")
    with pytest.raises(InputError, match="not a record of a run"):
        read_provenance(path)


def test_the_same_sources_give_the_same_archive(tmp_path: Path) -> None:
    write_files(tmp_path, {"src/a.py": "1", "src/__pycache__/a.pyc": "2", "Snakefile": "3"})
    archives = [tmp_path / "one.zip", tmp_path / "two.zip"]
    for archive in archives:
        write_sources(archive, tmp_path)
        os.utime(tmp_path / "src" / "a.py", (1e9, 1e9))
    assert archives[0].read_bytes() == archives[1].read_bytes()
    with zipfile.ZipFile(archives[0]) as packed:
        assert packed.namelist() == ["Snakefile", "src/a.py"]


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
    assert job_of(command=command).stage == stage


def job_of(rule: str = "", inputs: Iterable[str] = (), command: str = "") -> Job:
    return Job(rule, rule, {}, command, None, dict.fromkeys(inputs), "", [rule])


def test_the_graph_has_rules_below_what_they_read_and_none_over_another() -> None:
    needs = {"a": "", "b": "a", "c": "ab", "d": "a", "e": "bcd", "f": "a", "g": "ae"}
    picture = draw_graph(Provenance({}, [job_of(*need) for need in needs.items()], {}, {}, {}, []))
    at = {node.name: node for node in picture.nodes}
    assert all(at[start].y < at[end].y for _, start, end in picture.arrows)
    assert ("a", "c") not in {(start, end) for _, start, end in picture.arrows}, "a -> b -> c says it"
    assert all(one.width / 2 <= one.x <= picture.width - one.width / 2 for one in picture.nodes)
    for one, other in combinations(picture.nodes, 2):
        assert one.y != other.y or abs(one.x - other.x) >= (one.width + other.width) / 2


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
    tmp_path: Path, extractor: str, paper: float | None
) -> None:
    """Another network's distance must not be shown beside the paper's FID."""
    outputs = ["results/quality_table.md", "results/quality_table.csv"]
    write_files(tmp_path, dict(zip(outputs, (TABLE, NUMBERS), strict=True)))
    job = Job("table/quality", "render_table", {"table": "quality"}, "", None, {}, "", outputs)
    write_provenance(tmp_path / "results/provenance.json", Provenance({}, [job], {}, {}, {}, outputs))
    view, found = table_view(Release(tmp_path / "results"), job, extractor)
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
