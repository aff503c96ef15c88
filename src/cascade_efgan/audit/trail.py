"""The chain of a number in words, as `efgan audit` prints it: from the table back to raw data."""

from collections.abc import Iterator, Mapping
from typing import Any

from cascade_efgan.audit.provenance import Job
from cascade_efgan.audit.release import Release
from cascade_efgan.audit.table_numbers import TableCell
from cascade_efgan.claims.text import effect, why


def trail_lines(release: Release, cell: TableCell) -> Iterator[str]:
    """One number: its files, the newest first, each with the state of its hash, its job, seed and run time."""
    seeds = ", ".join(str(metric.seed) for metric in cell.metrics.values())
    yield f"{cell.name} = {cell.value:g} {cell.unit}".rstrip() + f"  (data set {cell.dataset}, seed {seeds})"
    record = release.record
    needed = set(record.files_behind(cell.metrics))
    jobs = record.chain(cell.metrics)
    for job in reversed(jobs):
        yield job_line(job)
        yield from (file_line(release, path) for path in job.outputs if path in needed)
    raw = sorted(path for job in jobs for path in job.inputs if path not in record.maker)
    if raw:
        yield "  not made by this workflow"
        yield from (file_line(release, path) for path in dict.fromkeys(raw))
    sources = [item for job in jobs for item in record.code[job.code].items()]
    fits = all(release.packed.get(path) == ran for path, ran in sources if ran)
    count = len({path for path, _ in sources})
    yield f"  {'ok  ' if fits else 'FAIL'} {count} source files, of {commit_words(release)}"


def claim_lines(release: Release, one: Mapping[str, Any]) -> Iterator[str]:
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


def commit_words(release: Release) -> str:
    """The commit that the run's code is of, and whether it was changed since."""
    run = release.record.run
    if run["commit"] is None:
        return "no git repository"
    changed = f" with {len(run['changed'])} changed files" if run["changed"] else ""
    return f"commit {run['commit'][:12]}{changed}"


def job_line(job: Job) -> str:
    """A job: its rule, name, seed and run time."""
    seed = "" if job.seed is None else f", seed {job.seed}"
    return f"  {job.rule}  [{job.id}{seed}, {job.seconds:.1f} s]"


def file_line(release: Release, path: str) -> str:
    """A file: whether it is the recorded one, or away; the start of its hash; where it is."""
    file = release.record.files.get(path)
    state = "away" if file and release.is_away(path) else "ok  " if release.holds(path) else "FAIL"
    digest = file.sha256[:16] if file else "not recorded"
    return f"    {state} {digest}  {release.shown(path)}"
