"""Targets go in front, everything else stays; and commands run the code of the checkout that they are run in."""

import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from programs import write_files
from snakemake.cli import get_argument_parser
from snakemake.scheduling.job_scheduler import JobScheduler

from cascade_efgan.orchestration.snakemake_command import one_look_at_a_time, targets_first, working_directory

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
        ("--config preset=smoke -- all", "--config preset=smoke -- all"),
        ("--forcerun train --config a=b x", "x --forcerun train --config a=b"),
        ("--configfile x.yaml y.yaml", "--configfile x.yaml y.yaml"),
        ("", ""),
    ],
)  # fmt: skip
def test_bare_words_among_pairs_become_targets(line: str, expected: str) -> None:
    assert targets_first(line.split()) == expected.split()


@pytest.mark.parametrize(
    "option",
    [
        *("--config", "-C", "--consider-ancient", "--default-res", "--default-resources", "--group-components"),
        *("--groups", "--res", "--resources", "--set-resource-scopes", "--set-resources", "--set-scatter"),
        "--set-threads",
    ],
)
def test_every_option_of_pairs_is_known(option: str) -> None:
    assert targets_first([option, "a=b", "x"]) == ["x", option, "a=b"]


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


MARKED = "import cascade_efgan\nprint('from', cascade_efgan.__file__)\n"


@pytest.fixture
def two(tmp_path: Path, repository: Path) -> Path:
    """Another checkout, whose code can be told apart."""
    for name in ("src", "benchmarks"):
        shutil.copytree(repository / name, tmp_path / "two" / name, ignore=shutil.ignore_patterns("results", ".peers"))
    stage = repository / "src/cascade_efgan/stages/config.py"
    edited = stage.read_text(encoding="utf-8") + "\nraise SystemExit('the edited code runs')\n"
    files = {"Snakefile": f"{MARKED}rule one:\n", "deep/er/empty": "", "benchmarks/here.py": MARKED}
    return write_files(tmp_path / "two", {**files, "src/cascade_efgan/stages/config.py": edited})


def run(folder: Path, words: str, path: Path | None = None) -> subprocess.CompletedProcess[str]:
    """A command of the environment in a folder, `path` first on its module path."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run(
        [PROGRAMS / words.split()[0], *words.split()[1:]], cwd=folder, capture_output=True, text=True, check=False,
        env=environment | ({"PYTHONPATH": str(path)} if path else {}), stdin=subprocess.DEVNULL,
    )  # fmt: skip


def test_the_code_of_the_checkout_runs_in_which_a_command_stands(two: Path, repository: Path) -> None:
    """A worktree's edit had no effect: the installed checkout's code ran, and the record named the worktree's files."""
    ours, efgan, snakemake = repository / "src", "efgan config --format schema", "snakemake --dry-run --cores 1"
    (linked := two.with_name("linked")).symlink_to(two)
    for folder, path in ((two / "deep/er", None), (linked, ours)):
        done = run(folder, efgan, path)
        assert done.returncode == 1 and done.stderr.endswith("the edited code runs\n"), done.stderr
    assert run(two.parent, efgan).returncode == 0
    # Its own code by another name is not started twice.
    assert run(two, efgan, linked / "src").stderr == "the edited code runs\n"
    for words, folder in (
        (snakemake, two),
        (f"{snakemake} -dtwo --snakefile {two}/Snakefile", two.parent),
        ("python -m benchmarks.here", two),
    ):
        assert f"from {two / 'src'}" in run(folder, words, ours).stdout
    # A program that imports benchmarks, as tests do, is not started again in its middle.
    (two / "import.py").write_text(f"import benchmarks\n{MARKED}", encoding="utf-8")
    assert run(two, "python import.py", ours).stdout.startswith(f"from {ours}")
    # An interpreter that takes no notice of PYTHONPATH cannot be sent there.
    for words in (efgan, snakemake):
        refused = run(two, f"python -E {PROGRAMS}/{words}")
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
