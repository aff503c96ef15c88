"""Put the record of a run together: from Snakemake's records, the files and the logs, backwards from the targets."""

import csv
import hashlib
import logging
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cascade_efgan import __version__
from cascade_efgan.audit.environment import commit, environment, from_log
from cascade_efgan.audit.provenance import CODE, File, Job, Provenance, seal
from cascade_efgan.audit.snakemake_records import JobRecord, plain
from cascade_efgan.files import sha256_file

log = logging.getLogger("efgan.record")

#: Sources that are no input of any job, and whose changes since the commit matter as well.
WORKFLOW = ("Snakefile", "config.yaml", "workflow")
#: What a path says about the job that made it.
_PATH = re.compile(r"results/(?:(?P<dataset>[^/]+)/)?(?:seed(?P<seed>\d+)/)?(?:(?P<method>[^/]+)/)?[^/]*")
_TABLE = re.compile(r"results/(?P<table>\w+)_table\.\w+")


def record_run(
    targets: Iterable[str], records: Mapping[str, JobRecord], archive: str, root: Path = Path()
) -> Provenance:
    """The record of what made the targets.

    Args:
        targets: paths of tables and pictures.
        records: output path -> finished job, by `read_job_records`.
        archive: path of the packed sources, which no job made.
        root: where results are, if not here: Snakemake keeps copies of a bucket's files in a folder of its own.
    """
    targets = sorted(map(plain, targets))
    jobs = _ordered(targets, records)
    for path in targets:
        if path not in records:
            log.warning("%s: Snakemake has no record of how it was made; an audit will say so", path)
    code: dict[str, dict[str, str | None]] = {}
    environments: dict[str, dict[str, Any]] = {}
    made = [_job(record, code, environments) for record in jobs]
    here = _keyed(environment(), environments)
    paths = {*targets, plain(archive)}.union(*([*job.inputs, *job.outputs] for job in made))
    moments = [moment for record in jobs for moment in (record.started, record.ended) if moment]
    return Provenance(
        files=_files(paths, made, root),
        jobs=made,
        code=code,
        environments=environments,
        run={
            "version": __version__,
            **commit(sorted({*WORKFLOW}.union(*code.values()))),
            "environment": here,
            "started": _moment(min(moments, default=0)),
            "ended": _moment(max(moments, default=0)),
            "job_seconds": round(sum(job.seconds for job in made), 2),
        },
        targets=targets,
    )


def _ordered(targets: Iterable[str], records: Mapping[str, JobRecord]) -> list[JobRecord]:
    """Jobs behind the targets, each after those it needs (depth first, without recursion)."""
    done: dict[tuple[str, ...], JobRecord] = {}
    waiting = [(path, False) for path in reversed(list(targets))]
    while waiting:
        path, inputs_done = waiting.pop()
        record = records.get(path)
        if record is None or record.outputs in done:
            continue
        if inputs_done:
            done[record.outputs] = record
            continue
        waiting.append((path, True))
        waiting.extend((name, False) for name in sorted(record.inputs, reverse=True))
    return list(done.values())


def _job(record: JobRecord, code: dict[str, dict[str, str | None]], environments: dict[str, dict[str, Any]]) -> Job:
    measured = _benchmark(record.log)
    where = from_log(Path(record.log)) if record.log else None
    seconds = measured.get("s", record.ended - record.started)
    words = Job("", record.rule, {}, record.command, None, {}, "", []).words
    return Job(
        id=_id(record),
        rule=record.rule,
        wildcards=_wildcards(record.outputs[0]),
        command=record.command,
        seed=_seed(words),
        inputs={path: sha256 for path, sha256 in record.inputs.items() if not path.startswith(CODE)},
        code=_keyed({path: sha256 for path, sha256 in record.inputs.items() if path.startswith(CODE)}, code),
        outputs=list(record.outputs),
        params=list(record.params),
        log=record.log,
        started=_moment(record.started),
        seconds=round(max(seconds, 0.0), 2),
        max_rss_mb=measured.get("max_rss"),
        environment=_keyed(where, environments) if where else None,
    )


def _keyed(value: Any, known: dict[str, Any]) -> str:
    """Store a value once, under a short key made from its content."""
    key = seal(value)[:12]
    known[key] = value
    return key


def _id(record: JobRecord) -> str:
    if record.log:
        return record.log.removeprefix("logs/").removesuffix(".log")
    return f"{record.rule}/{record.outputs[0].removeprefix('results/')}"


def _wildcards(path: str) -> dict[str, str]:
    table = _TABLE.fullmatch(path)
    if table:
        return dict(table.groupdict())
    match = _PATH.match(path)
    return {key: value for key, value in match.groupdict().items() if value is not None} if match else {}


def _seed(words: list[str]) -> int | None:
    text = words[words.index("--seed") + 1] if "--seed" in words[:-1] else ""
    return int(text) if text.isdecimal() else None


def _benchmark(log_path: str | None) -> dict[str, float]:
    """The line that Snakemake's `benchmark` wrote: it is where the log is, below `logs/benchmarks`."""
    if log_path is None:
        return {}
    path = Path("logs/benchmarks", log_path.removeprefix("logs/")).with_suffix(".tsv")
    if not path.is_file():
        return {}
    with path.open(encoding="utf-8", newline="") as lines:
        last = list(csv.DictReader(lines, delimiter="\t"))[-1:]
    found = {}
    for key in ("s", "max_rss"):
        try:
            found[key] = float(last[0][key])
        except (IndexError, KeyError, TypeError, ValueError):
            continue
    return found


def _files(paths: Iterable[str], jobs: Iterable[Job], root: Path) -> dict[str, File]:
    """Hashes of files; of one that is not here, the hash that it had when a job read it, if any did."""
    read = {path: sha256 for job in jobs for path, sha256 in job.inputs.items() if sha256 is not None}
    files = {}
    for name in sorted(paths):
        path = root / name if (root / name).exists() else Path(name)
        if path.is_dir():
            files[name] = File(_folder_hash(path), 0)
        elif path.is_file():
            files[name] = File(sha256_file(path), path.stat().st_size)
        else:
            log.warning("%s: a job of this run read or wrote it, but it is not here; an audit will say so", name)
            if name in read:
                files[name] = File(read[name], 0)
    return files


def _folder_hash(folder: Path) -> str:
    """A folder's content as one hash: names and hashes of the files below it."""
    lines = (
        f"{path.relative_to(folder)} {sha256_file(path)}\n" for path in sorted(folder.rglob("*")) if path.is_file()
    )
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
