"""Targets go in front, everything else stays; and commands run the code of the checkout that they are run in."""

import os
import shutil
import subprocess
import sys
import threading
from functools import partial
from pathlib import Path

import pytest
from snakemake.cli import get_argument_parser
from snakemake.scheduling.job_scheduler import JobScheduler

from cascade_efgan.orchestration.snakemake_command import (
    PAIR_OPTIONS,
    one_look_at_a_time,
    targets_first,
    working_directory,
)

PROGRAMS = Path(sys.executable).parent


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("--cores 8 --resources gpu=1 all", "all --cores 8 --resources gpu=1"),
        ("--resources gpu=1 mem_mb=100 all -n", "all --resources gpu=1 mem_mb=100 -n"),
        ("--config preset=smoke all", "all --config preset=smoke"),
        ("-C preset=smoke a.md b.md", "a.md b.md -C preset=smoke"),
        ("--default-resources all", "all --default-resources"),
        ("--resources=gpu=1 all", "--resources=gpu=1 all"),
        ("-n --cores 8 all", "-n --cores 8 all"),
        ("results/ablation_table.md", "results/ablation_table.md"),
        ("--config preset=smoke -- all", "--config preset=smoke -- all"),
        ("--forcerun train --config a=b x", "x --forcerun train --config a=b"),
        ("--configfile x.yaml y.yaml", "--configfile x.yaml y.yaml"),
        ("", ""),
    ],
)
def test_bare_words_among_pairs_become_targets(line: str, expected: str) -> None:
    assert targets_first(line.split()) == expected.split()


def test_values_with_spaces_stay_pairs() -> None:
    assert targets_first(["--config", "train={epochs: 3}", "all"]) == ["all", "--config", "train={epochs: 3}"]


@pytest.mark.parametrize(
    "line", ["-dtwo", "-d two", "-nd two", "-ndtwo", "--directory=two", "--direct two", "--resources gpu=1 all -d two"]
)
def test_the_folder_to_work_in_is_found_in_every_form(line: str, monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    monkeypatch.chdir(tmp_path)
    assert working_directory(line.split()) == tmp_path / "two"
    assert working_directory(["-n", "--", "-d", "two"]) == tmp_path


def test_the_parser_of_the_pinned_snakemake_gets_target_and_resource_back() -> None:
    args = get_argument_parser().parse_args(targets_first(["--cores", "8", "--resources", "gpu=1", "all"]))
    assert list(args.targets) == ["all"]
    assert set(args.resources) == {"gpu"}


def test_the_list_of_pair_options_is_the_pinned_snakemakes() -> None:
    """Its help shows such options with `=` in the word's name, but for the two about groups, which have no name."""
    found = set()
    for action in get_argument_parser()._actions:
        pairs = "=" in str(action.metavar) or action.dest in ("groups", "group_components")
        if action.nargs in ("+", "*") and (pairs or action.dest.endswith("default_resources")):
            found.update(action.option_strings)
    assert found == PAIR_OPTIONS


def test_the_code_of_the_checkout_runs_in_which_a_command_stands(tmp_path, repository):
    """A worktree's edit had no effect: the installed checkout's code ran, and the record named the worktree's files."""
    shutil.copytree(repository / "src", tmp_path / "two/src")
    (tmp_path / "two/Snakefile").touch()
    (tmp_path / "two/deep/er").mkdir(parents=True)
    with (tmp_path / "two/src/cascade_efgan/stages/config.py").open("a") as file:
        file.write("\nraise SystemExit('the edited code runs')\n")
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    ours = {**environment, "PYTHONPATH": str(repository / "src")}
    run = partial(subprocess.run, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    efgan = [str(PROGRAMS / "efgan"), "config", "--format", "schema"]
    for folder in (tmp_path / "two", tmp_path / "two/deep/er"):
        done = run(efgan, cwd=folder, env=environment)
        assert done.returncode == 1 and done.stderr.endswith("the edited code runs\n"), done.stderr
    (tmp_path / "linked").symlink_to(tmp_path / "two")
    for folder in (tmp_path / "linked", tmp_path / "two"):
        done = run(efgan, cwd=folder, env=ours)
        assert "the edited code runs" in done.stderr
    assert run(efgan, cwd=tmp_path, env=environment).returncode == 0
    # Its own code by another name is not started twice.
    done = run(efgan, cwd=tmp_path / "two", env={**environment, "PYTHONPATH": str(tmp_path / "linked/src")})
    assert done.stderr == "the edited code runs\n"
    (tmp_path / "two/Snakefile").write_text("import cascade_efgan\nprint('from', cascade_efgan.__file__)\nrule one:\n")
    snakemake = [str(PROGRAMS / "snakemake"), "--dry-run", "--cores", "1"]
    there = ["--snakefile", str(tmp_path / "two/Snakefile")]
    for words, folder in (([], tmp_path / "two"), (["-dtwo", *there], tmp_path)):
        assert f"from {tmp_path / 'two/src'}" in run([*snakemake, *words], cwd=folder, env=ours).stdout
    shutil.copytree(repository / "benchmarks", tmp_path / "two/benchmarks")
    (tmp_path / "two/benchmarks/here.py").write_text("import cascade_efgan\nprint('from', cascade_efgan.__file__)\n")
    benchmark = [str(PROGRAMS / "python"), "-m", "benchmarks.here"]
    assert f"from {tmp_path / 'two/src'}" in run(benchmark, cwd=tmp_path / "two", env=ours).stdout
    # A program that imports benchmarks, as tests do, is not started again in its middle.
    imports = [str(PROGRAMS / "python"), "-c", "import benchmarks, cascade_efgan\nprint(cascade_efgan.__file__)"]
    assert run(imports, cwd=tmp_path / "two", env=ours).stdout.startswith(str(repository / "src"))
    # An interpreter that takes no notice of PYTHONPATH cannot be sent there.
    for words in (efgan, snakemake):
        isolated = [str(PROGRAMS / "python"), "-E", *words]
        refused = run(isolated, cwd=tmp_path / "two", env=environment)
        assert refused.returncode != 0 and "this is another checkout than the one of" in refused.stderr
        assert "Traceback" not in refused.stderr


def test_looks_for_jobs_do_not_multiply(monkeypatch: pytest.MonkeyPatch) -> None:
    """A user saw `snakemake` itself take a third of a core: each finished job added one more look a second."""
    monkeypatch.setattr(JobScheduler, "_schedule_reevalutation", JobScheduler._schedule_reevalutation)
    one_look_at_a_time()
    scheduler = JobScheduler.__new__(JobScheduler)
    scheduler._open_jobs = threading.Semaphore(0)
    for _ in range(2):  # a second series starts only when the first look was taken
        for _ in range(5):
            scheduler._schedule_reevalutation(0.2)
        assert scheduler._open_jobs.acquire(timeout=60)
        assert not scheduler._open_jobs.acquire(timeout=0.5)
