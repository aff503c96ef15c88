"""Put the record of a run together: from Snakemake's records, the files and the logs, backwards from the targets.

Snakemake's records of finished jobs, `.snakemake/metadata`, are internal to it, which is pinned for this reason: one
JSON file per output, named by the output's path in base64, split into folders where the name would be too long
(`persistence/file.py` of 9.27.1).
"""

import csv
import hashlib
import json
import logging
import re
import zipfile
from base64 import urlsafe_b64decode
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cascade_efgan import __version__
from cascade_efgan.audit.environment import commit, environment, from_log
from cascade_efgan.audit.provenance import CODE, File, Job, Provenance, command_words, plain, seal
from cascade_efgan.errors import InputError
from cascade_efgan.files import atomic_path, sha256_file

log = logging.getLogger("efgan.record")

#: The version of Snakemake's format that this module was written against.
FORMAT = 6
#: Sources that are no input of any job, and whose changes since the commit matter as well.
WORKFLOW = ("Snakefile", "config.yaml", "workflow")
#: What it takes to run the workflow: files, and folders with all that is in them; and parts of paths that no one wrote.
PACKED = (
    *("Snakefile", "config.yaml", "workflow", "profiles", "resources", "src"),
    *("pyproject.toml", "requirements.lock", "requirements-uv.lock", "Makefile", "LICENSE"),
)
NOT_PACKED = ("__pycache__", ".egg-info")
#: The earliest time a zip can hold: the same sources give the same bytes.
EPOCH = (1980, 1, 1, 0, 0, 0)
#: What a path says about the job that made it.
_PATH = re.compile(
    r"results/(?P<table>\w+)_table\.\w+$|"
    r"results/(?:(?P<dataset>[^/]+)/)?(?:seed(?P<seed>\d+)/)?(?:(?P<method>[^/]+)/)?[^/]*"
)


@dataclass(frozen=True)
class JobRecord:
    """One finished job, as Snakemake recorded it.

    Attributes:
        outputs: paths it wrote, sorted.
        inputs: path -> SHA-256 that the file had when the job ended; None where Snakemake did not hash it.
        params: values of the rule's `params`.
        log: path of its log, or None.
        started: seconds since 1970 (UTC).
        ended: seconds since 1970 (UTC), by the time stamp of the output.
    """

    rule: str
    command: str
    outputs: tuple[str, ...]
    inputs: dict[str, str | None]
    params: list[str]
    log: str | None
    started: float
    ended: float


def read_job_records(folder: Path) -> dict[str, JobRecord]:
    """Output path -> the job that wrote it last; outputs of one job share one record.

    Raises:
        InputError: a record of another format than the pinned Snakemake's, or a broken one.
    """
    groups: dict[tuple[str, str], dict[str, dict[str, Any]]] = defaultdict(dict)
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not (record := _read(path)).get("incomplete"):
            # Folders carry a leading @, which is no base64.
            name = "".join(part.removeprefix("@") for part in path.relative_to(folder).parts)
            output = plain(urlsafe_b64decode(name).decode("utf-8"))
            groups[record["rule"], record["shellcmd"] or ""][output] = record
    found: dict[str, JobRecord] = {}
    for (rule, command), by_output in groups.items():
        newest = max(by_output.values(), key=lambda record: record["endtime"] or 0)
        hashes = newest.get("input_checksums") or {}
        job = JobRecord(
            rule=rule,
            command=plain(re.sub(r"\s*\\\n\s*", " ", command).strip()),
            outputs=tuple(sorted(by_output)),
            inputs={
                plain(path): (hashes.get(path) or "").removeprefix("sha256:") or None for path in newest["input"] or []
            },
            params=list(map(str, newest["params"] or [])),
            log=plain(newest["log"][0]) if newest["log"] else None,
            started=min(record["starttime"] or 0.0 for record in by_output.values()),
            ended=newest["endtime"] or 0.0,
        )
        found.update(dict.fromkeys(by_output, job))
    return found


def _read(path: Path) -> dict[str, Any]:
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError):
        raise InputError(f"{path}: a broken record of Snakemake; delete it and run snakemake again") from None
    if record.get("record_format_version") != FORMAT:
        raise InputError(
            f"{path}: Snakemake's record has format {record.get('record_format_version')}, expected {FORMAT}; "
            "use the Snakemake that requirements.lock pins"
        )
    return record


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
    """Jobs behind the targets, each after those it needs."""
    done: dict[tuple[str, ...], JobRecord] = {}

    def visit(path: str) -> None:
        record = records.get(path)
        if record is not None and record.outputs not in done:
            for name in sorted(record.inputs):
                visit(name)
            done[record.outputs] = record

    for path in targets:
        visit(path)
    return list(done.values())


def _job(record: JobRecord, code: dict[str, dict[str, str | None]], environments: dict[str, dict[str, Any]]) -> Job:
    about = record.log.removeprefix("logs/").removesuffix(".log") if record.log else ""
    measured = _benchmark(Path("logs/benchmarks", f"{about}.tsv")) if about else {}
    where = from_log(Path(record.log)) if record.log else None
    path = _PATH.match(record.outputs[0])
    words = command_words(record.command)
    seed = words[words.index("--seed") + 1] if "--seed" in words[:-1] else ""
    return Job(
        id=about or f"{record.rule}/{record.outputs[0].removeprefix('results/')}",
        rule=record.rule,
        wildcards={key: value for key, value in path.groupdict().items() if value is not None} if path else {},
        command=record.command,
        seed=int(seed) if seed.isdecimal() else None,
        inputs={path: sha256 for path, sha256 in record.inputs.items() if not path.startswith(CODE)},
        code=_keyed({path: sha256 for path, sha256 in record.inputs.items() if path.startswith(CODE)}, code),
        outputs=list(record.outputs),
        params=record.params,
        log=record.log,
        started=_moment(record.started),
        seconds=round(max(measured.get("s", record.ended - record.started), 0.0), 2),
        max_rss_mb=measured.get("max_rss"),
        environment=_keyed(where, environments) if where else None,
    )


def _keyed(value: Any, known: dict[str, Any]) -> str:
    """Store a value once, under a short key made from its content."""
    key = seal(value)[:12]
    known[key] = value
    return key


def _benchmark(path: Path) -> dict[str, float]:
    """Seconds and MB of the last line that Snakemake's `benchmark` wrote; what is no number is left out."""
    if not path.is_file():
        return {}
    found = {}
    with path.open(encoding="utf-8", newline="") as lines:
        for line in csv.DictReader(lines, delimiter="\t"):
            for key in ("s", "max_rss"):
                try:
                    found[key] = float(line[key])
                except (KeyError, TypeError, ValueError):
                    found.pop(key, None)
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
    paths = (path for path in sorted(folder.rglob("*")) if path.is_file())
    lines = (f"{path.relative_to(folder)} {sha256_file(path)}\n" for path in paths)
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def write_sources(archive: Path, root: Path = Path()) -> None:
    """Pack workflow and package as they are now; the bytes depend on the files' content and names alone."""
    with atomic_path(archive) as partial, zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED) as packed:
        for path in _source_files(root):
            entry = zipfile.ZipInfo(path.as_posix(), EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o100644 << 16
            packed.writestr(entry, (root / path).read_bytes())


def _source_files(root: Path) -> Iterator[Path]:
    """Paths of `PACKED` relative to `root`, sorted; what does not exist is left out."""
    for name in sorted(PACKED):
        start = root / name
        for path in sorted(start.rglob("*")) if start.is_dir() else [start]:
            shown = path.relative_to(root)
            if path.is_file() and not any(mark in part for mark in NOT_PACKED for part in shown.parts):
                yield shown
