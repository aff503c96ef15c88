"""Check the numbers of a run against all that made them."""

from pathlib import Path
from typing import Annotated

import typer
from typer import Argument, Option

from cascade_efgan.audit.checks import (
    Problem,
    check_code,
    check_files,
    check_metrics,
    check_photographs,
    check_record,
    check_tables,
    code_hint,
)
from cascade_efgan.audit.claims import claim_jobs, claim_lines, read_verdicts
from cascade_efgan.audit.provenance import Job
from cascade_efgan.audit.recompute import Recomputed, choose_cells, recompute
from cascade_efgan.audit.release import RECORD, RESULTS, Release
from cascade_efgan.audit.table_numbers import table_cells, table_file, table_jobs
from cascade_efgan.audit.trail import commit_words, trail_lines
from cascade_efgan.claims.text import cell_row
from cascade_efgan.errors import InputError
from cascade_efgan.orchestration.stage_names import DERIVED


def command(
    tables: Annotated[
        list[Path] | None, Argument(help="tables, or claims.md, to check; default: all, and every recorded file")
    ] = None,
    results: Annotated[Path, Option(help="folder of results, with its provenance.json")] = Path("results"),
    recompute_: Annotated[
        int, Option("--recompute", min=0, help="numbers to derive again from the stored weights, drawn at random")
    ] = 0,
    seed: Annotated[int, Option(min=0, help="seed of that draw")] = 0,
    brief: Annotated[bool, Option("--brief", help="print what did not hold and the result, not the chains")] = False,
    expect: Annotated[str | None, Option(help="published SHA-256 of provenance.json")] = None,
    weights: Annotated[
        Path | None, Option(help="folder of published weights to check instead, and --results if they are of that run")
    ] = None,
) -> None:
    """Check numbers against everything that made them: hashes from table to raw data, and the tables rendered again.

    The exit status is 0 where all held, 1 where something did not, 2 where it could not be checked.
    """
    if weights is not None:
        return _audit_weights(weights, results, brief, expect)
    release = Release(results)
    jobs = _chosen(release, tables) if tables else None
    problems = check_record(release, expect)
    problems += _check_chain(release, jobs)
    cells = 0
    for job in jobs or _audited(release):
        show = _print_claims if job.stage == "claims" else _print_table
        cells += show(release, job, problems, brief)
    tabled = None if jobs is None else [job for job in jobs if job.stage == "table"]
    recomputed = recompute(release, choose_cells(release, tabled, recompute_, seed)) if recompute_ else []
    for number in recomputed:
        typer.echo(_recomputed_line(number))
        if not number.holds:
            problems.append(Problem(*_not_derived(release, number)))
    _print_result(release, problems, cells, jobs)
    if problems:
        raise typer.Exit(1)


def _audit_weights(folder: Path, results: Path, brief: bool, expect: str | None) -> None:
    # Imported here: a table is audited without PyTorch.
    from cascade_efgan.publishing.check import Published

    published = Published(folder, results)
    problems = published.problems(expect)
    if not brief:
        typer.echo("\n".join(published.trail()))
    for sentence in problems:
        typer.echo(f"FAIL {sentence}")
    where = f"and rounded again from {results}" if published.run else f"their run is not in {results}, so not beyond"
    typer.echo(f"{'did not hold' if problems else 'held'}: {folder}, {where}; {len(problems)} problems")
    typer.echo(f"SHA-256 of {folder / RECORD}: {published.release.fingerprint} (compare it with the published one)")
    if problems:
        raise typer.Exit(1)


def _audited(release: Release) -> list[Job]:
    """What is made again from its numbers: tables and verdicts."""
    return [*table_jobs(release.record), *claim_jobs(release.record)]


def _chosen(release: Release, tables: list[Path]) -> list[Job]:
    """The jobs that rendered the named tables, in any of their formats."""
    found = []
    for path in tables:
        inside = path.resolve()
        jobs = [job for job in _audited(release) if any(release.path(name).resolve() == inside for name in job.outputs)]
        if not jobs:
            known = [release.shown(table_file(job, ".md")) for job in _audited(release)]
            raise InputError(f"{path}: not a table of this run; its tables are {', '.join(known) or 'none'}")
        found += jobs
    return list({job.id: job for job in found}.values())


def _check_chain(release: Release, jobs: list[Job] | None) -> list[Problem]:
    """Problems of the files behind some tables, or of every file of the run."""
    record = release.record
    if jobs is None:
        names, behind = list(record.files), record.jobs
    else:
        targets = [path for job in jobs for path in job.outputs]
        names, behind = record.files_behind(targets), record.chain(targets)
    problems = [*check_files(release, names), *check_code(release, behind), *check_metrics(release, names)]
    if jobs is None:
        problems += check_photographs(release)
    wrong = {problem.file for problem in problems}
    # A table whose metric files are not the recorded ones would only repeat that in other words.
    whole = [job for job in jobs or _audited(release) if not wrong & set(job.inputs)]
    rendered = check_tables(release, whole)
    explained = {problem.file for problem in rendered}
    return [problem for problem in problems if problem.file not in explained] + rendered


def _print_table(release: Release, job: Job, problems: list[Problem], brief: bool) -> int:
    """Print the chain of every number of a table; gives back how many numbers it has."""
    if {problem.file for problem in problems} & set(job.inputs):
        # What a broken metric file says cannot be laid out; the problem itself is printed at the end.
        typer.echo(f"{release.shown(table_file(job, '.md'))}: not laid out, for a metric file of it does not hold\n")
        return 0
    cells = table_cells(release, job)
    for cell in cells:
        if not cell.metrics:
            name = table_file(job, ".csv")
            problems.append(Problem(name, f"{release.shown(name)}: no metric file is behind {cell.name}"))
    if not brief:
        wrong = {problem.file for problem in problems} & set(job.outputs)
        state = "NOT what its metric files give" if wrong else "rendered again, byte for byte the same"
        typer.echo(f"{release.shown(table_file(job, '.md'))}: {state}\n")
        for cell in cells:
            typer.echo("\n".join(trail_lines(release, cell)) + "\n")
    return len(cells)


def _print_claims(release: Release, job: Job, problems: list[Problem], brief: bool) -> int:
    """Print every verdict with the numbers behind it; gives back how many verdicts there are."""
    name = release.shown(table_file(job, ".md"))
    if {problem.file for problem in problems} & {*job.outputs, *job.inputs}:
        typer.echo(f"{name}: NOT what its values give\n")
        return 0
    judged = read_verdicts(release, job)
    if not brief:
        typer.echo(f"{name}: judged again, byte for byte the same\n")
        for one in judged["claims"]:
            typer.echo("\n".join(claim_lines(release, one)) + "\n")
        for cell in judged["cells"]:
            typer.echo("{}, {}, {}, {}: paper {}, here {} ({}): {}".format(*cell_row(cell)))
    return len(judged["claims"]) + len(judged["cells"])


def _recomputed_line(number: Recomputed) -> str:
    if number.value is None:
        return f"FAIL recomputed {number.cell.name}: no number came out"
    if number.same_files and number.holds:
        how = "every file on the way is the same, bit for bit"
    elif number.holds:
        how = f"within {number.allowed:g}, which another machine or other packages may change"
    else:
        how = f"allowed is {number.allowed:g}" if number.allowed else "the same machine and packages must give the same"
    shown = f"{number.value:.6f}, the table says {number.cell.value:.6f}"
    return f"{'ok  ' if number.holds else 'FAIL'} recomputed {number.cell.name} ({number.cell.dataset}): {shown}; {how}"


def _not_derived(release: Release, number: Recomputed) -> tuple[str, str]:
    first = number.differing[0] if number.differing else next(iter(number.cell.metrics))
    came = "none" if number.value is None else f"{number.value:.6f}"
    jobs = [job for job in release.record.chain(number.cell.metrics) if job.stage in DERIVED]
    return first, (
        f"{release.shown(first)}: computing {number.cell.name} again from the stored weights gives {came}, "
        f"the table says {number.cell.value:.6f}{code_hint(release, jobs)}"
    )


def _print_result(release: Release, problems: list[Problem], cells: int, jobs: list[Job] | None) -> None:
    for problem in problems:
        typer.echo(f"FAIL {problem.sentence}")
    record = release.record
    away = release.outside(record.files)
    if away:
        typer.echo(f"not checked, for it is not part of the release: {', '.join(away)}")
    scope = f"{len(record.files)} files of the run" if jobs is None else "the files behind them"
    typer.echo(
        f"{'did not hold' if problems else 'held'}: {cells} numbers and verdicts, {scope}, "
        f"code of {commit_words(release)}; {len(problems)} problems"
    )
    name = release.shown(f"{RESULTS}provenance.json")
    typer.echo(f"SHA-256 of {name}: {release.fingerprint} (compare it with the published one)")
