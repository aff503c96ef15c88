"""Time and memory of `snakemake -n` on a study of many seeds, and the longest command that it gives to a shell.

`python -m benchmarks.large_study [--seeds N] [--json OUT.json]`

Six methods on three data sets: rendered faces, RaFD and CFEED, the last two as `download` would leave them, so that
OpenFace's chunks are planned too. A shell takes 131,072 bytes as one command on Linux (`MAX_ARG_STRLEN`).
"""

import argparse
import json
import platform
import re
import tempfile
from pathlib import Path

from benchmarks.million_photographs import copy_workflow, dry_run, plan, write_data_set
from cascade_efgan.files import write_json

#: Photographs of the paper's data sets.
PHOTOGRAPHS = {"rafd": 1608, "cfeed": 1610}
SHELL_LIMIT = 131_072


def settings(seeds: int) -> list[str]:
    """Words for Snakemake: the paper's settings, and rendered faces beside its data sets."""
    archives = [f"{name}={{archive: {name}.tar}}" for name in PHOTOGRAPHS]
    datasets = f"datasets=[rendered, {', '.join(PHOTOGRAPHS)}]"
    return ["--config", "preset=paper", datasets, f"seeds={list(range(seeds))}", "wild={dataset: null}", *archives]


def longest_command(folder: Path, words: list[str]) -> tuple[int, str]:
    """Bytes of the longest shell command of a dry run, and its stage."""
    printed = plan(folder, "--nocolor", *words)
    commands = re.findall(r"^ +(?:exec )?efgan (?:.*\\\n)*.*$", printed, re.MULTILINE)
    longest = max(commands, key=len)
    stage = re.search(r"--threads \d+ (\w+)", longest)
    return len(longest.encode()), stage[1] if stage else "unknown"


def main() -> None:
    """Measure, print JSON and write it where asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--json", type=Path, help="file for the result")
    flags = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        copy_workflow(folder)
        for name, photographs in PHOTOGRAPHS.items():
            write_data_set(folder / "results" / name, photographs)
        words = settings(flags.seeds)
        planned = dry_run(folder, "all", words)
        length, stage = longest_command(folder, words)
    result = {
        "seeds": flags.seeds,
        "methods": 6,
        "datasets": ["rendered", *PHOTOGRAPHS],
        **planned,
        "longest_command": {"bytes": length, "stage": stage, "limit": SHELL_LIMIT},
        "machine": platform.machine(),
    }
    print(json.dumps(result, indent=2))
    if flags.json:
        write_json(flags.json, result)


if __name__ == "__main__":
    main()
