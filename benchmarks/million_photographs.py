"""Time and memory of `snakemake -n` on a data set of a million photographs.

`python benchmarks/million_photographs.py [--photographs N] [--json OUT.json]`

A manifest of that many rows is written into a copy of the workflow, as `download` would leave it for AffectNet; then
Snakemake plans from there to `faces.csv`, two jobs for every 500 photographs, and the whole of the paper's run.
"""

import argparse
import json
import os
import platform
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from cascade_efgan.data.photo_files.manifest import COLUMNS
from cascade_efgan.files import write_json

REPOSITORY = Path(__file__).parents[1]
PARTS = ("Snakefile", "config.yaml", "profiles", "resources", "src", "workflow")
#: What is planned: the AUs of the data set, and the whole of the paper's run with it.
TARGETS = {"aus": "results/affectnet/faces.csv", "everything": "all"}
WORDS = ("--config", "preset=paper", "affectnet={archive: affectnet.tar}")


def copy_workflow(folder: Path) -> None:
    """Copy what a dry run needs."""
    for part in PARTS:
        source = REPOSITORY / part
        (shutil.copytree if source.is_dir() else shutil.copy)(source, folder / part)


def write_data_set(folder: Path, photographs: int) -> None:
    """The three files of the download rule: the manifest is real in form, the photographs are not there."""
    folder.mkdir(parents=True)
    (folder / "photos.zip").write_bytes(b"")
    (folder / "completeness.json").write_text('{"missing": []}\n', encoding="utf-8")
    with (folder / "manifest.csv").open("w", encoding="utf-8") as manifest:
        manifest.write(",".join(COLUMNS) + "\n")
        for number in range(photographs):
            name = f"{number:07d}"
            cells = (name, f"{name}.jpg", f"{number:064x}", name, "happy", "unknown", "affectnet", 425, 425, *[""] * 4)
            manifest.write(",".join(map(str, cells)) + "\n")


def plan(folder: Path, *words: str) -> str:
    """What `snakemake --dry-run` prints in a copy of the workflow."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    environment = {**os.environ, "PATH": path, "PYTHONPATH": str(folder / "src")}
    command = ["snakemake", "--dry-run", *words]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stdout + done.stderr)
    return done.stdout + done.stderr


def dry_run(folder: Path, target: str, settings: Sequence[str] = WORDS) -> dict[str, object]:
    """Plan the jobs; seconds, peak memory of the process, and how many jobs of each rule."""
    start = time.perf_counter()
    printed = plan(folder, "--quiet", "rules", *settings, "--", target)
    seconds = time.perf_counter() - start
    counts = re.findall(r"^(\w+) +(\d+)$", printed, re.MULTILINE)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**20
    return {
        "seconds": round(seconds, 1),
        "peak_gib": round(peak, 2),
        "jobs": {name: int(count) for name, count in counts},
    }


def main() -> None:
    """Measure, print JSON and write it where asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photographs", type=int, default=1_000_000)
    parser.add_argument("--json", type=Path, help="file for the result")
    flags = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        copy_workflow(folder)
        write_data_set(folder / "results/affectnet", flags.photographs)
        plans = {name: dry_run(folder, target) for name, target in TARGETS.items()}
        result = {"photographs": flags.photographs, **plans, "machine": platform.machine()}
    print(json.dumps(result, indent=2))
    if flags.json:
        write_json(flags.json, result)


if __name__ == "__main__":
    main()
