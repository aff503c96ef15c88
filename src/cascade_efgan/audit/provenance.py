"""The record of a run, `results/provenance.json`: every file with its hash, every job that made one."""

import hashlib
import json
import re
import shlex
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, fields
from functools import cached_property
from pathlib import Path
from typing import Any

from cascade_efgan.errors import InputError
from cascade_efgan.files import read_json, write_json

#: Version of the file's format.
FORMAT = 1
#: Inputs below these folders are code, the rest is data.
CODE = ("src/", "workflow/")
#: How Snakemake names files of a bucket: by their address, and where its copies of them are.
_STORED = re.compile(
    r"(?:\.snakemake/storage/[^/\s]+/|\b[a-z0-9]+://)[^\s=]*?(?=\b(?:results|logs|resources|src|workflow)/)"
)


@dataclass(frozen=True)
class File:
    """A file as it was when the record was written: SHA-256 (64 hexadecimal digits) and size in bytes."""

    sha256: str
    size: int


@dataclass(frozen=True)
class Job:
    """One job of the workflow.

    Attributes:
        id: a stable name, the rule and what it worked on.
        wildcards: data set, seed, method or table that it worked on, as its paths say.
        seed: the seed on that command, or None.
        inputs: path -> SHA-256 when the job read it; None where Snakemake did not hash it.
        code: key of `Provenance.code`: the source files that the stage may execute.
        params: values of the rule's `params`.
        log: path of its log, or None.
        started: when it started, ISO 8601 in UTC.
        max_rss_mb: largest memory of the process, MB; None where it was not measured.
        environment: key of `Provenance.environments`; None where the job's log is gone.
    """

    id: str
    rule: str
    wildcards: dict[str, str]
    command: str
    seed: int | None
    inputs: dict[str, str | None]
    code: str
    outputs: list[str]
    params: list[str] = field(default_factory=list)
    log: str | None = None
    started: str = ""
    seconds: float = 0.0
    max_rss_mb: float | None = None
    environment: str | None = None

    @cached_property
    def words(self) -> list[str]:
        """The command's words (`command_words`)."""
        return command_words(self.command)

    @property
    def stage(self) -> str | None:
        """The sub-command of `efgan` that it ran: the first word that is no option of `efgan` itself."""
        words = self.words[1:]
        while words and words[0].startswith("--"):
            words = words[1 if "=" in words[0] else 2 :]
        return words[0].replace("-", "_") if words else None


def command_words(command: str) -> list[str]:
    """Words of a command, `exec` left out; none where they are no plain `efgan` command."""
    try:
        words = shlex.split(command.removeprefix("exec "))
    except ValueError:
        return []
    return words if words[:1] == ["efgan"] else []


@dataclass(frozen=True)
class Provenance:
    """A run.

    Attributes:
        files: path -> file: everything that the tables and pictures depend on, and they themselves.
        jobs: the jobs that made them, in an order in which they can run.
        code: a job's `code` -> source path -> SHA-256 when the job ran.
        environments: a job's `environment` -> package versions and machine, see `environment`.
        run: commit, changed sources, versions and machine of this record, first start, last end.
    """

    files: dict[str, File]
    jobs: list[Job]
    code: dict[str, dict[str, str | None]]
    environments: dict[str, dict[str, Any]]
    run: dict[str, Any]
    targets: list[str]

    @cached_property
    def maker(self) -> dict[str, Job]:
        """Output path -> the job that made it."""
        return {path: job for job in self.jobs for path in job.outputs}

    def jobs_of(self, *stages: str) -> list[Job]:
        """The jobs that ran a stage."""
        return [job for job in self.jobs if job.stage in stages]

    def chain(self, paths: Iterable[str]) -> list[Job]:
        """The jobs behind some files, those that ran first coming first."""
        wanted: set[str] = set()
        waiting = list(paths)
        while waiting:
            job = self.maker.get(waiting.pop())
            if job is not None and job.id not in wanted:
                wanted.add(job.id)
                waiting.extend(job.inputs)
        return [job for job in self.jobs if job.id in wanted]

    def files_behind(self, paths: Iterable[str]) -> list[str]:
        """Some files and every file that they depend on, sources of code included; raw data first."""
        paths = list(paths)
        found: dict[str, None] = {}
        for job in self.chain(paths):
            found.update(dict.fromkeys(self.code[job.code]))
            found.update(dict.fromkeys(job.inputs))
        found.update(dict.fromkeys(paths))
        return list(found)


def plain(text: str) -> str:
    """Paths as they are without a bucket: `results/...` for `s3://bucket/folder/results/...` and for its local copy."""
    return _STORED.sub("", text)


def write_provenance(path: Path, record: Provenance) -> None:
    """Write the record with its seal, the SHA-256 of all the rest of it."""
    values = {"format": FORMAT, **{item.name: getattr(record, item.name) for item in fields(record)}}
    values["files"] = {name: asdict(file) for name, file in sorted(record.files.items())}
    values["jobs"] = [asdict(job) for job in record.jobs]
    write_json(path, {**values, "seal": seal(values)})


def read_provenance(path: Path) -> tuple[Provenance, bool]:
    """Read a record, and say whether its seal fits.

    The seal finds a careless edit. Who edits and seals again is found by the hashes of the files and by recomputing,
    or by comparing the record's own hash with the published one.

    Raises:
        InputError: no such file, no JSON, or no such record.
    """
    values = read_json(path)
    keys = {"format", "seal", *(item.name for item in fields(Provenance))}
    if not isinstance(values, dict) or set(values) != keys or values["format"] != FORMAT:
        raise InputError(
            f"{path}: not a record of a run of format {FORMAT}; make it again: snakemake --forcerun record_provenance"
        )
    try:
        record = Provenance(
            files={name: File(**file) for name, file in values["files"].items()},
            jobs=[Job(**job) for job in values["jobs"]],
            **{key: values[key] for key in ("code", "environments", "run", "targets")},
        )
    except (TypeError, AttributeError):
        raise InputError(
            f"{path}: part of the record is malformed; restore the published file, or make it again: "
            "snakemake --forcerun record_provenance"
        ) from None
    return record, values["seal"] == seal({key: values[key] for key in values if key != "seal"})


def seal(values: dict[str, Any]) -> str:
    """SHA-256 of values as JSON in one canonical spelling."""
    text = json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode("ascii")).hexdigest()
