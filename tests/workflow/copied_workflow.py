"""A copy of the workflow in a temporary folder, and Snakemake's command line run in it."""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from cascade_efgan.config.template import template

REPOSITORY = Path(__file__).parents[2]
PARTS = ("Snakefile", "profiles", "resources", "src", "workflow")
PROGRAMS = Path(sys.executable).parent
#: The edges between the rules of the default run.
EDGES = Path(__file__).with_name("rule_edges.txt")

#: Stands in for `efgan` where a test is about the DAG and not about what stages compute: every path below
#: `results/` that is on its command line and does not exist yet is an output, and gets the command line as content.
#: The settings, which DVC reads, are written by the real one; while there is a file `hold`, it waits.
STAND_IN = f"""#!/bin/sh
case " $* " in *" config "*) exec {PROGRAMS / "efgan"} "$@" ;; esac
while [ -e hold ]; do echo "$EFGAN_WORKFLOW" > ended_by; sleep 0.1; done
for word in "$@"; do
    case "$word" in
        results/*) [ -e "$word" ] || {{ mkdir -p "$(dirname "$word")"; echo "$@" > "$word"; }} ;;
    esac
done
"""


@dataclass(frozen=True)
class Workflow:
    """A copy of the workflow, its code included.

    Attributes:
        folder: root of the copy.
        programs: folder that comes first on the PATH.
    """

    folder: Path
    programs: Path = PROGRAMS

    def environment(self) -> dict[str, str]:
        """Variables for a process that works on the copy."""
        path = os.pathsep.join([str(self.programs), str(PROGRAMS), os.environ.get("PATH", "")])
        return {**os.environ, "PATH": path, "PYTHONPATH": str(self.folder / "src")}

    def run(self, *words: str, status: int = 0) -> str:
        """Standard output and error of a command."""
        done = subprocess.run(
            words, cwd=self.folder, env=self.environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, timeout=2400,
        )  # fmt: skip
        assert done.returncode == status, done.stdout
        return done.stdout

    def snakemake(self, *words: str, status: int = 0) -> str:
        """The same of `snakemake WORDS...`, run by the command as it is installed.

        The copy's `src` comes first on the module path, so that the copy is run and not the checkout.
        """
        return self.run("snakemake", *words, status=status)

    def start(self, *words: str, variables: dict[str, str] | None = None) -> subprocess.Popen[bytes]:
        """`snakemake WORDS...` in the background, leader of its own process group: a signal to it reaches its jobs."""
        with (self.folder / "background.log").open("ab") as log:
            return subprocess.Popen(
                ["snakemake", *words], cwd=self.folder, env=variables or self.environment(), stdin=subprocess.DEVNULL,
                stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip

    @contextlib.contextmanager
    def background(self, *words: str, variables: dict[str, str] | None = None) -> Iterator[subprocess.Popen[bytes]]:
        """The same for the length of a block, after which nothing of it is left."""
        run = self.start(*words, variables=variables)
        try:
            yield run
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(run.pid, signal.SIGKILL)
            run.wait(timeout=60)

    def said(self) -> str:
        """What the runs in the background said so far."""
        return (self.folder / "background.log").read_text(encoding="utf-8")

    def wait_for(self, true: Callable[[], bool], what: str, run: subprocess.Popen[bytes], every: float = 0.05) -> None:
        """Wait up to ten minutes for something that a run in the background is to bring about."""

        def there() -> bool:
            ended = run.poll() is not None  # before the look: what it brought about with its end counts
            found = true()
            assert found or not ended, f"the run ended before {what}:\n{self.said()}"
            return found

        wait_until(there, what, seconds=600, every=every)

    def would_run(self, *words: str) -> set[str]:
        """Names of the rules that a dry run would run."""
        text = self.snakemake("--dry-run", "--nocolor", *words)
        return set(re.findall(r"^ *(?:rule|checkpoint) (\w+):$", text, re.MULTILINE))


def wait_until(true: Callable[[], bool], what: str, seconds: float = 60, every: float = 0.05) -> None:
    """Wait for a condition; the assertion names what did not come."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"no {what} within {seconds:.0f} s"
        time.sleep(every)


def copy_workflow(folder: Path, programs: Path = PROGRAMS, config: str = "") -> Workflow:
    """Copy the workflow and its code to `folder`, without results.

    `config.yaml` is the generated one, if no other is given: what a user wrote into theirs must not matter here.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for part in PARTS:
        source = REPOSITORY / part
        if source.is_dir():
            shutil.copytree(source, folder / part, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
        else:
            shutil.copy(source, folder / part)
    (folder / "config.yaml").write_text(config or template(), encoding="utf-8")
    return Workflow(folder, programs)


def edges_from_file() -> list[str]:
    """The recorded edges between rules, each `RULE -> RULE`."""
    return EDGES.read_text(encoding="utf-8").splitlines()


def with_followers(rules: set[str]) -> set[str]:
    """The rules and all that depend on them, by the recorded edges."""
    pairs = [edge.split(" -> ") for edge in edges_from_file()]
    found = set(rules)
    while more := {end for start, end in pairs if start in found} - found:
        found |= more
    return found
