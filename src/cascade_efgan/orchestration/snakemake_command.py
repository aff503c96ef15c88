"""The `snakemake` command of this environment: Snakemake's own, with targets put in front and runs that know of others.

`snakemake --cores 8 --resources gpu=1 all` is what people type, but Snakemake 9.27.1 reads `all` as a second
resource and dies with `ValueError: dictionary update sequence element #1 has length 1`: argparse hands an option
of NAME=VALUE words every word up to the next option. A word without `=` can be no such pair, so it is a target.

What it does about the locks of other runs is in `orchestration/run_lock.py`.
"""

import sys
import threading
from collections.abc import Sequence
from functools import cache
from pathlib import Path


@cache
def pair_options() -> frozenset[str]:
    """The options of the installed Snakemake that take one or more NAME=VALUE words and nothing else.

    Its help shows them with `=` in the word's name, but for those that have no such name.
    """
    from snakemake.cli import get_argument_parser

    unnamed = ("groups", "group_components", "default_resources")
    return frozenset(
        option
        for action in get_argument_parser()._actions
        if action.nargs in ("+", "*") and ("=" in str(action.metavar) or action.dest in unnamed)
        for option in action.option_strings
    )


def targets_first(words: Sequence[str]) -> list[str]:
    """Move each word without `=` that follows an option of NAME=VALUE words to the front.

    Everything else keeps its place: other options and their words, pairs (spaces in them included), the glued
    form `--resources=gpu=1` (argparse ends that option by itself) and all that follows a lone `--`.
    """
    targets: list[str] = []
    kept: list[str] = []
    among_pairs = False
    for position, word in enumerate(words):
        if word == "--":
            kept.extend(words[position:])
            break
        if word.startswith("-"):
            among_pairs = word in pair_options()
        if among_pairs and not word.startswith("-") and "=" not in word:
            targets.append(word)
        else:
            kept.append(word)
    return targets + kept


def working_directory(words: Sequence[str]) -> Path:
    """The folder that `--directory` or `-d` names, in any form that Snakemake takes; else the one here.

    `directory:` in a profile is not looked at. A line that Snakemake refuses ends here, with its own sentence.
    """
    from snakemake.cli import get_argument_parser

    told = get_argument_parser().parse_known_args(targets_first(words))[0].directory
    return Path(told or "").absolute()


def one_look_at_a_time() -> None:
    """Have Snakemake plan one next look for jobs to start, not one after each look.

    Its rate limit (100 jobs a second by default) lets every look for jobs plan another a second later, and every
    finished job begins such a series of its own: after a hundred jobs it looks a hundred times a second, which takes a
    third of a core from the jobs. Snakemake offers no way to switch it off; this replaces one method of 9.27.1.
    """
    from snakemake.scheduling.job_scheduler import JobScheduler

    planned: set[int] = set()

    def look(scheduler: JobScheduler) -> None:
        planned.discard(id(scheduler))  # before the look, which plans the next one
        scheduler._open_jobs.release()

    def plan(self: JobScheduler, delay: float) -> None:
        if id(self) not in planned:
            planned.add(id(self))
            threading.Timer(delay, look, [self]).start()

    JobScheduler._schedule_reevalutation = plan


def main() -> None:
    """Run Snakemake's own main with the reordered words, and the code of the checkout in which it works."""
    from cascade_efgan.errors import InputError
    from cascade_efgan.orchestration.checkout import use_own_code

    try:
        use_own_code(working_directory(sys.argv[1:]))
    except InputError as error:
        raise SystemExit(f"error: {error}") from None
    from snakemake.cli import main as snakemake_main

    from cascade_efgan.orchestration.run_lock import guard_runs

    guard_runs()
    one_look_at_a_time()
    snakemake_main(targets_first(sys.argv[1:]))
