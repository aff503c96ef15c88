"""The verdicts of a run and the numbers behind each, as `efgan audit` prints them."""

from collections.abc import Iterator
from typing import Any

from cascade_efgan.audit.provenance import Job, Provenance
from cascade_efgan.audit.release import Release
from cascade_efgan.audit.table_numbers import table_file
from cascade_efgan.audit.trail import file_line, job_line
from cascade_efgan.claims.text import effect, why
from cascade_efgan.errors import InputError
from cascade_efgan.files import read_json


def claim_jobs(record: Provenance) -> list[Job]:
    """The jobs that judged the paper's claims."""
    return [job for job in record.jobs if job.stage == "claims"]


def read_verdicts(release: Release, job: Job) -> dict[str, Any]:
    """What a job wrote: the verdicts (`claims`), and the paper's numbers beside this run's (`cells`).

    Raises:
        InputError: their file is malformed.
    """
    path = release.path(table_file(job, ".json"))
    found = read_json(path)
    if not isinstance(found, dict) or not all(isinstance(found.get(key), list) for key in ("claims", "cells")):
        raise InputError(f"{path}: expected the verdicts of the claims; restore it, or run snakemake")
    return found


def claim_lines(release: Release, one: dict[str, Any]) -> Iterator[str]:
    """One verdict: its parts, each with its effect, the values it is made of, their state and the job behind each."""
    yield f"{one['claim']}: {one['verdict']}  (data set {one['dataset']})"
    if one["verdict"] != "holds":
        yield f"  {why(one)}"
    for line in one["parts"]:
        p = "no test" if line["p_holm"] is None else f"p (Holm) {line['p_holm']:.4g}"
        yield f"  {line['words']}: {effect(line)}, {p}: {line['verdict']}"
        for path in line["files"]:
            yield file_line(release, path)
            if job := release.record.maker.get(path):
                yield f"      by {job_line(job).strip()}"
