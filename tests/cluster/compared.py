"""The run that is made here and elsewhere, and what both must have in common."""

from pathlib import Path

#: All numbers of the smallest run; not its pictures and its record, which are one job more and two on this machine.
TARGETS = (
    *(f"results/{table}_table.md" for table in ("accuracy", "quality", "ablation", "measures")),
    "results/curves.csv",
)
#: One single-step method, the cascade that starts from it, and both controls: every rule that makes a number, at half
#: the cost of all methods. The training is long enough to be interrupted.
SETTINGS = ("preset=smoke", "methods=[ef_gan, cascade_ef_gan]", "train={epochs: 200, constant_epochs: 100}")
#: Tables, numbers and weights. Logs, times and the description of a run's machine may differ.
PATTERNS = ("*_table.*", "**/metrics/*.json", "**/*.safetensors")


def results_of(folder: Path) -> dict[str, bytes]:
    """Path -> content of the compared files of a `results` folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for pattern in PATTERNS for path in folder.glob(pattern)}
