"""Check the numbers of a run against all that made them."""

from pathlib import Path
from typing import Annotated

import typer
from typer import Argument, Option

from cascade_efgan.audit.checks import (
    check_code,
    check_files,
    check_metrics,
    check_photographs,
    check_record,
    check_tables,
)
from cascade_efgan.audit.provenance import Job
from cascade_efgan.audit.recompute import Recomputed, choose_cells, recompute
from cascade_efgan.audit.release import RECORD, RESULTS, Problem, Release
from cascade_efgan.audit.table_numbers import read_verdicts, table_cells, table_file
from cascade_efgan.audit.trail import claim_lines, commit_words, trail_lines
from cascade_efgan.claims.text import cell_row
from cascade_efgan.errors import InputError


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
    record = release.record
    # What is made again from its numbers: tables and verdicts.
    audited = [*record.jobs_of("table"), *record.jobs_of("claims")]
    jobs = _chosen(release, audited, tables) if tables else audited
    names, behind, scope = list(record.files), record.jobs, f"{len(record.files)} files of the run"
    if tables:
        targets = [path for job in jobs for path in job.outputs]
        names, behind, scope = record.files_behind(targets), record.chain(targets), "the files behind them"
    problems = check_record(release, expect)
    problems += _check_chain(release, jobs, names, behind, photographs=not tables)
    cells = 0
    for job in jobs:
        show = _print_claims if job.stage == "claims" else _print_table
        cells += show(release, job, problems, brief)
    if recompute_:
        chosen, fixed = choose_cells(release, (job for job in jobs if job.stage == "table"), recompute_, seed)
        for number in recompute(release, chosen):
            typer.echo(_recomputed_line(number))
            if not number.holds:
                problems.append(_not_derived(release, number))
        if fixed:
            typer.echo(f"not computed again, for no stage of this code derives them: {fixed} numbers")
    _print_result(release, problems, f"{cells} numbers and verdicts, {scope}")
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


def _chosen(release: Release, audited: list[Job], tables: list[Path]) -> list[Job]:
    """The jobs that made the named tables, in any of their formats."""
    makers = {release.path(name).resolve(): job for job in audited for name in job.outputs}
    for path in tables:
        if path.resolve() not in makers:
            known = [release.shown(table_file(job, ".md")) for job in audited]
            raise InputError(f"{path}: not a table of this run; its tables are {', '.join(known) or 'none'}")
    return list({makers[path.resolve()].id: makers[path.resolve()] for path in tables}.values())


def _check_chain(
    release: Release, jobs: list[Job], names: list[str], behind: list[Job], photographs: bool
) -> list[Problem]:
    """Problems of the files and jobs behind some tables, and of the tables."""
    problems = [*check_files(release, names), *check_code(release, behind), *check_metrics(release, names)]
    if photographs:
        problems += check_photographs(release)
    wrong = {problem.file for problem in problems}
    # A table whose metric files are not the recorded ones would only repeat that in other words.
    rendered = check_tables(release, (job for job in jobs if not wrong & set(job.inputs)))
    explained = {problem.file for problem in rendered}
    return [problem for problem in problems if problem.file not in explained] + rendered


def _print_table(release: Release, job: Job, problems: list[Problem], brief: bool) -> int:
    """Print the chain of every number of a table; gives back how many numbers it has."""
    wrong, name = {problem.file for problem in problems}, release.shown(table_file(job, ".md"))
    if wrong & set(job.inputs):
        # What a broken metric file says cannot be laid out; the problem itself is printed at the end.
        typer.echo(f"{name}: not laid out, for a metric file of it does not hold\n")
        return 0
    cells = table_cells(release, job)
    csv = table_file(job, ".csv")
    unknown = [release.problem(csv, f"no metric file is behind {cell.name}") for cell in cells if not cell.metrics]
    problems += unknown
    if not brief:
        same = not (wrong & set(job.outputs) or unknown)
        typer.echo(
            f"{name}: {'rendered again, byte for byte the same' if same else 'NOT what its metric files give'}\n"
        )
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
    if not number.holds:
        how = f"allowed is {number.allowed:g}" if number.allowed else "the same machine and packages must give the same"
    elif number.differing:
        how = f"within {number.allowed:g}, which another machine or other packages may change"
    else:
        how = "every file on the way is the same, bit for bit"
    shown = f"{number.value:.6f}, the table says {number.cell.value:.6f}"
    return f"{'ok  ' if number.holds else 'FAIL'} recomputed {number.cell.name} ({number.cell.dataset}): {shown}; {how}"


def _not_derived(release: Release, number: Recomputed) -> Problem:
    came = "none" if number.value is None else f"{number.value:.6f}"
    return release.problem(
        next(iter([*number.differing, *number.cell.metrics])),
        f"computing {number.cell.name} again from the stored weights gives {came}, the table says "
        f"{number.cell.value:.6f}{release.code_hint(number.jobs)}",
    )


def _print_result(release: Release, problems: list[Problem], scope: str) -> None:
    for problem in problems:
        typer.echo(f"FAIL {problem.sentence}")
    if away := [name for name in release.record.files if release.is_away(name)]:
        typer.echo(f"not checked, for it is not part of the release: {', '.join(away)}")
    typer.echo(
        f"{'did not hold' if problems else 'held'}: {scope}, code of {commit_words(release)}; {len(problems)} problems"
    )
    typer.echo(
        f"SHA-256 of {release.shown(RESULTS + RECORD)}: {release.fingerprint} (compare it with the published one)"
    )
