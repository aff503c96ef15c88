"""`python -m benchmarks`: measure against the public codes, then write `ratios.csv` and `ratios.md`.

Finished cases are kept: an interrupted run goes on where it stopped. See `--help`.
"""

import argparse
import logging
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.cases import FULL, QUICK, Case, Effort, groups, list_cases
from benchmarks.compare import measure_group
from benchmarks.machine import REPOSITORY, cores
from benchmarks.profiling import write_profiles
from benchmarks.ratios import RatioRow, rows_of, write_csv, write_markdown
from cascade_efgan.devices import wants_bfloat16
from cascade_efgan.errors import InputError
from cascade_efgan.files import read_json, write_json

log = logging.getLogger("benchmarks")

#: Devices whose cases the tables list, measured or not.
DEVICES = ("cpu", "cuda")


def main(words: Sequence[str] | None = None) -> int:
    """Measure what is missing and write the tables; 2 with one sentence where a peer is not available."""
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    flags = read_flags(words)
    try:
        if flags.profile:
            write_profiles(flags.results / flags.device, flags.device, flags.threads)
        else:
            run(flags)
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


def read_flags(words: Sequence[str] | None) -> argparse.Namespace:
    """The flags; quick and full results have folders of their own, so that they never pass for the others."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure against the public codes.")
    parser.add_argument("--only", metavar="NAME", default="", help="cases whose id begins so, e.g. stargan_batch8")
    parser.add_argument("--again", action="store_true", help="measure finished cases again")
    parser.add_argument("--device", choices=DEVICES, default="cpu")
    parser.add_argument("--threads", type=int, default=cores(), help="CPU threads of every side; default: all cores")
    parser.add_argument("--repeats", type=int, help="of everything but the whole FID; default: 5")
    parser.add_argument("--results", type=Path, help="folder of results; default: benchmarks/results")
    parser.add_argument("--profile", action="store_true", help="show where the time of our iteration goes instead")
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--quick", action="store_true", help="one repeat and few pictures, into results/quick")
    size.add_argument("--full", action="store_true", help="whole cycles and FID run whole (hours), into results/full")
    flags = parser.parse_args(words)
    effort = FULL if flags.full else QUICK if flags.quick else Effort()
    flags.effort = replace(effort, repeats=flags.repeats) if flags.repeats else effort
    own = "full" if flags.full else "quick" if flags.quick else ""
    flags.results = flags.results or REPOSITORY / "benchmarks" / "results" / own
    return flags


def run(flags: argparse.Namespace) -> None:
    """Measure the chosen cases that have no result yet; the tables are written again after every group.

    Raises:
        InputError: no such case or device, or a peer is not available.
    """
    cases = list_cases(flags.device, flags.effort)
    chosen = [case for case in cases if case.id.startswith(flags.only) and (flags.only or flags.full or case.target)]
    if not chosen:
        names = ", ".join(dict.fromkeys(case.name for case in cases))
        raise InputError(f"--only {flags.only}: no such case; expected the beginning of one of {names}")
    check_device(flags.device)
    write_tables(flags.results, flags.effort)
    for group in groups(case for case in chosen if flags.again or not result_path(flags.results, case).exists()):
        measurable = [case for case in group if can_measure(case)]
        if not measurable:
            continue
        begin = time.monotonic()
        log.info("%s against %s", ", ".join(case.id for case in measurable), group[0].peer.side)
        results = measure_group(measurable, flags.effort, flags.threads)
        for case in measurable:
            write_json(result_path(flags.results, case), results[case.id])
        write_tables(flags.results, flags.effort)
        log.info("  measured in %.0f s", time.monotonic() - begin)
    log.info("%s", flags.results / "ratios.md")


def check_device(device: str) -> None:
    """Refuse a GPU that is not there."""
    import torch

    if device == "cuda" and not torch.cuda.is_available():
        raise InputError("--device cuda: PyTorch finds no GPU here; leave the flag out to measure on the CPU")


def can_measure(case: Case) -> bool:
    """False where bfloat16 would only be emulated: such a time says nothing."""
    import torch

    if case.ours.precision != "bfloat16" or wants_bfloat16("auto", torch.device(case.ours.device)):
        return True
    log.info("%s is left out: this processor computes no bfloat16", case.id)
    return False


def result_path(folder: Path, case: Case) -> Path:
    """Where a case's result is."""
    return folder / case.ours.device / f"{case.id}.json"


def write_tables(folder: Path, effort: Effort) -> None:
    """Write `ratios.csv` and `ratios.md` of every case of every device, measured or not."""
    rows: list[RatioRow] = []
    results: list[dict[str, Any]] = []
    for device in DEVICES:
        for case in list_cases(device, effort):
            path = result_path(folder, case)
            result = read_json(path) if path.exists() else None
            rows += rows_of(case, result)
            results += [result] if result else []
    write_csv(folder / "ratios.csv", rows)
    write_markdown(folder / "ratios.md", rows, results)


if __name__ == "__main__":
    sys.exit(main())
