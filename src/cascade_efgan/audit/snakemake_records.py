"""Snakemake's own records of finished jobs, read from `.snakemake/metadata`.

The format is internal to Snakemake, whose version is pinned for this reason: one JSON file per output, named by the
output's path in base64, split into folders where the name would be too long (`persistence/file.py` of 9.27.1).
"""

import json
import re
from base64 import urlsafe_b64decode
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cascade_efgan.errors import InputError

#: How Snakemake names files of a bucket: by their address, and where its copies of them are.
_STORED = re.compile(
    r"(?:\.snakemake/storage/[^/\s]+/|\b[a-z0-9]+://)[^\s=]*?(?=\b(?:results|logs|resources|src|workflow)/)"
)

#: The version of the format that this module was written against.
FORMAT = 6


@dataclass(frozen=True)
class JobRecord:
    """One finished job.

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
    inputs: dict[str, str | None] = field(default_factory=dict)
    params: tuple[str, ...] = ()
    log: str | None = None
    started: float = 0.0
    ended: float = 0.0


def plain(text: str) -> str:
    """Paths as they are without a bucket: `results/...` for `s3://bucket/folder/results/...` and for its local copy."""
    return _STORED.sub("", text)


def read_job_records(folder: Path) -> dict[str, JobRecord]:
    """Output path -> the job that wrote it last; outputs of one job share one record.

    Raises:
        InputError: a record of another format than the pinned Snakemake's, or a broken one.
    """
    groups: dict[tuple[str, str], dict[str, dict[str, Any]]] = {}
    for path in sorted(folder.rglob("*")):
        if not path.is_file():
            continue
        record = _read(path)
        if record.get("incomplete"):
            continue
        key = (record["rule"], record["shellcmd"] or "")
        groups.setdefault(key, {})[plain(_output(path.relative_to(folder)))] = record
    found: dict[str, JobRecord] = {}
    for (rule, command), by_output in groups.items():
        job = _job(rule, command, by_output)
        found.update(dict.fromkeys(by_output, job))
    return found


def _job(rule: str, command: str, by_output: dict[str, dict[str, Any]]) -> JobRecord:
    newest = max(by_output.values(), key=lambda record: record["endtime"] or 0)
    hashes = newest.get("input_checksums") or {}
    return JobRecord(
        rule=rule,
        command=plain(re.sub(r"\s*\\\n\s*", " ", command).strip()),
        outputs=tuple(sorted(by_output)),
        inputs={plain(path): _sha256(hashes.get(path)) for path in newest["input"] or []},
        params=tuple(map(str, newest["params"] or [])),
        log=plain(newest["log"][0]) if newest["log"] else None,
        started=min(record["starttime"] or 0.0 for record in by_output.values()),
        ended=newest["endtime"] or 0.0,
    )


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


def _output(path: Path) -> str:
    """The output's path from the record's: folders carry a leading @, which is no base64."""
    text = "".join(part.removeprefix("@") for part in path.parts)
    return urlsafe_b64decode(text).decode("utf-8")


def _sha256(checksum: str | None) -> str | None:
    return checksum.removeprefix("sha256:") if checksum else None
