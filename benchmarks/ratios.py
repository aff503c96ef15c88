"""From result files to `ratios.csv` and `ratios.md`: ours / peer against the target, and what was not measured."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.cases import RATES, Case
from cascade_efgan.files import atomic_path, write_text

#: Unit of the distance itself, whose two values must agree.
DISTANCE = "FID"

#: Greatest difference of the two distances; of their size where that is above 1.
AGREEMENT = 0.01

#: What the benchmark does not run itself.
ELSEWHERE = (
    "one H200, `preset=full`, Cascade EF-GAN, 100 + 20 epochs, in under 60 minutes: `benchmarks/gpu.sh`",
    "`make results` (laptop preset) on 2 CPU cores in under 10 minutes: `time make results`",
)


@dataclass(frozen=True)
class RatioRow:
    """One line of `ratios.csv`.

    Attributes:
        ours, peer, ratio: None where not measured; ratio is ours / peer, for rates too.
        target: least ratio of a rate (images/s), greatest of everything else; None: for information.
    """

    name: str
    ours: float | None
    peer: float | None
    ratio: float | None
    target: float | None
    unit: str
    device: str
    precision: str
    batch: int

    @property
    def verdict(self) -> str:
        """Pass, fail, for information, or not measured."""
        if self.ours is None or self.peer is None or self.ratio is None:
            return "not measured"
        if self.target is None:
            return "for information"
        if self.unit == DISTANCE:
            reached = abs(self.ours - self.peer) <= AGREEMENT * max(1.0, abs(self.peer))
        elif self.unit in RATES:
            reached = self.ratio >= self.target
        else:
            reached = self.ratio <= self.target
        return "pass" if reached else "**fail**"


def rows_of(case: Case, result: Mapping[str, Any] | None) -> list[RatioRow]:
    """A case's time or rate, its peak memory (never more than the peer's), and with FID the two distances.

    Targets are the case's of today, whatever they were when it was measured.
    """
    rest = (case.ours.device, case.ours.precision, case.ours.batch)

    def row(name: str, key: str, target: float | None, unit: str) -> RatioRow:
        if result is None or key not in result["ours"]:
            return RatioRow(name, None, None, None, target, unit, *rest)
        ours, peer = float(result["ours"][key]), float(result["peer"][key])
        return RatioRow(name, ours, peer, ours / peer if peer else None, target, unit, *rest)

    # Without a time to reach there is no memory to reach either.
    memory = None if case.target is None else 1.0
    rows = [
        row(case.name, "value", case.target, case.unit),
        row(f"{case.name}_memory", "peak_memory_mib", memory, "MiB"),
    ]
    if case.peer.side == "pytorch_fid":
        rows.append(row(f"{case.name}_value", "fid", 1.0, DISTANCE))
        if result is None or "fid_full_size" in result["ours"]:
            rows.append(row(f"{case.name}_value_full_size", "fid_full_size", 1.0, DISTANCE))
    return rows


def write_csv(path: Path, rows: Iterable[RatioRow]) -> None:
    """Write `ratios.csv`: five significant digits, empty where not measured."""
    with atomic_path(path) as partial:
        table = pd.DataFrame(list(rows))
        table.to_csv(partial, index=False, float_format="%.5g", lineterminator="\n")


def write_markdown(path: Path, rows: Sequence[RatioRow], results: Sequence[Mapping[str, Any]]) -> None:
    """Write `ratios.md`: the table, what it was measured on, and what was not measured."""
    lines = [
        "# Measured against the public codes", "",
        "Ratio: ours / peer. The target is the greatest ratio, for images/s and only there the least.", "",
        "| what | batch | precision | device | ours | peer | unit | ratio | target | verdict |",
        "|---|--:|---|---|--:|--:|---|--:|--:|---|",
        *(_markdown_row(row) for row in rows),
        "", *_footnotes(results),
        "Rows that say *not measured* were not run on this machine: `cuda` needs a GPU (`python -m benchmarks --device "
        "cuda`), bfloat16 on a CPU avx512_bf16 or AMX. Measured elsewhere:", "", *(f"- {text}" for text in ELSEWHERE),
    ]  # fmt: skip
    write_text(path, "\n".join(lines) + "\n")


def _markdown_row(row: RatioRow) -> str:
    sign = "=" if row.unit == DISTANCE else "≥" if row.unit in RATES else "≤"
    target = "–" if row.target is None else f"{sign} {row.target:g}"
    numbers = (_number(row.ours), _number(row.peer), row.unit, _number(row.ratio, 3), target)
    return "| " + " | ".join([row.name, str(row.batch), row.precision, row.device, *numbers, row.verdict]) + " |"


def _number(value: float | None, digits: int = 4) -> str:
    return "–" if value is None else f"{value:.{digits}g}" if abs(value) < 10**digits else f"{value:.0f}"


def _footnotes(results: Sequence[Mapping[str, Any]]) -> list[str]:
    lines = [f"- {text}" for text in sorted({_setting(result) for result in results})]
    lines += sorted({f"- Peer: {r['peer']['repository']} at {r['peer']['commit'][:7]}"
                     + ("" if r["peer"]["pinned"] else " (**not the pinned commit**)") for r in results})  # fmt: skip
    for result in results:
        if result["ours"].get("composed"):
            lines.append(f"- {result['name']} is composed from measured parts: {_parts(result)}")
    return [*lines, ""] if lines else []


def _setting(result: Mapping[str, Any]) -> str:
    machine, software = result["machine"], result["software"]
    gpu = f", {machine['gpu']}" if "gpu" in machine else ""
    commit, _, changes = software["commit"].partition("+")
    return (
        f"{machine['cpu']}{gpu}, {machine['cores']} cores ({', '.join(machine['flags']) or 'no AVX'}), "
        f"{machine['memory_gib']} GiB; {result['threads']} threads; torch {software['torch']}; "
        f"medians of {result['effort']['repeats']}; ours at {commit[:7]}{' with changes' if changes else ''}"
    )


def _parts(result: Mapping[str, Any]) -> str:
    return "; ".join(
        f"{side} {parts['images']} images × {parts['features_seconds_an_image']:.4f} s + statistics "
        f"{parts['statistics_seconds']:.2f} s + distance {parts['distance_seconds']:.2f} s"
        for side, parts in ((side, result[side]["parts"]) for side in ("ours", "peer"))
    )
