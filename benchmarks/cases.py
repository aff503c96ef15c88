"""What is compared with what, and what is to be reached."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil
from statistics import median
from typing import Any

from benchmarks.fid_inputs import EDITS, REAL
from benchmarks.sides import N_CRITIC, Task

#: Units of which more is better; of all others less is.
RATES = ("images/s",)

#: Records of a side: name of a call -> one record a repeat, warm-up left out.
Records = dict[str, list[dict[str, Any]]]


@dataclass(frozen=True)
class Case:
    """One comparison.

    Attributes:
        name: what is compared; with batch and precision it makes the `id`.
        ours, peer: the two sides.
        unit: of the value; the target of a rate is a least ratio ours / peer, of all others a greatest.
        target: ratio to reach; None: for information, measured with `--full` or where `--only` names it.
    """

    name: str
    ours: Task
    peer: Task
    unit: str
    target: float | None

    @property
    def id(self) -> str:
        """Name of its result file."""
        return f"{self.name}_batch{self.ours.batch}_{self.ours.precision}"


@dataclass(frozen=True)
class Effort:
    """How much is measured.

    Attributes:
        repeats: of every call, besides the warm-up.
        every: iterations per training repeat, one with a generator step too.
        real, edits, fid_batch: pictures of the FID comparison.
        full: FID runs whole instead of composed.
    """

    repeats: int = 5
    every: int = 1
    real: int = 60
    edits: int = 48
    fid_batch: int = 12
    full: bool = False


QUICK = Effort(repeats=1, real=16, edits=16, fid_batch=8)
FULL = Effort(every=N_CRITIC, real=REAL, edits=EDITS, full=True)

#: Name -> our side with its method, and the peer's.
SIDES = {
    "ganimation": ("our_training", "baseline", "replicate_training"),
    "ef_gan": ("our_training", "ef_gan", "replicate_training"),
    "stargan": ("our_training", "stargan", "stargan_training"),
    "generation": ("our_generation", "baseline", "replicate_generation"),
}
#: Name, batch, precision, unit and target of a device's cases, in the order in which they are measured; those of one
#: peer task are neighbours.
CASES: dict[str, list[tuple[str, int, str, str, float | None]]] = {
    "cuda": [
        ("ganimation", 2, "bfloat16", "images/s", 5.0),
        ("ganimation", 16, "bfloat16", "images/s", 4.0),
    ],
    "cpu": [
        ("ganimation", 2, "float32", "s/iteration", 0.75),
        ("ganimation", 2, "bfloat16", "s/iteration", 0.5),
        ("ef_gan", 2, "bfloat16", "s/iteration", 1.5),
        ("ef_gan", 2, "float32", "s/iteration", None),
        ("ganimation", 8, "float32", "s/iteration", 0.75),
        ("ganimation", 8, "bfloat16", "s/iteration", 0.5),
        ("stargan", 8, "float32", "s/iteration", 0.75),
        ("stargan", 8, "bfloat16", "s/iteration", 0.5),
        ("stargan", 16, "float32", "s/iteration", 0.75),
        ("stargan", 16, "bfloat16", "s/iteration", 0.5),
        ("generation", 16, "float32", "images/s", 1.1),
        ("generation", 16, "bfloat16", "images/s", 2.0),
    ],
}  # fmt: skip


def list_cases(device: str, effort: Effort) -> list[Case]:
    """The cases of a device, in the order in which they are measured."""
    cases = []
    for name, batch, precision, unit, target in CASES[device]:
        side, method, peer = SIDES[name]
        ours = Task(side, device, batch, precision, method, effort.every)
        cases.append(Case(name, ours, Task(peer, device, batch, every=effort.every), unit, target))
    if device == "cpu":
        ours, peer = (Task(side, device, effort.fid_batch, full=effort.full) for side in ("our_fid", "pytorch_fid"))
        cases.append(Case("fid_second_method", ours, peer, "s", 0.4))
    return cases


def groups(cases: Iterable[Case]) -> list[list[Case]]:
    """Cases that share their peer's task: they are measured together, the peer once."""
    by_peer: dict[Task, list[Case]] = {}
    for case in cases:
        by_peer.setdefault(case.peer, []).append(case)
    return list(by_peer.values())


def calls_of(case: Case, effort: Effort) -> list[tuple[str, int, int]]:
    """What every side of a case is asked for, in order: the call, how often, and the first that are not counted."""
    if case.peer.side != "pytorch_fid":
        return [("repeat", effort.repeats + 1, 1)]
    if effort.full:
        return [("whole", 1, 0)]
    batches = ceil((effort.real + effort.edits) / effort.fid_batch)
    # The distance of the pictures' own features comes first: it warms the timed ones up.
    return [("features", batches, 1), ("value", 1, 0), ("statistics", effort.repeats + 1, 1),
            ("distance", effort.repeats, 0)]  # fmt: skip


def value_of(case: Case, side: str, records: Records) -> dict[str, Any]:
    """A side's number in the case's unit, from the medians of its records.

    Args:
        case: what was measured.
        side: ours or peer.
        records: as measured, warm-up left out.

    Returns:
        `value`, and with FID the distance itself and what the value was composed of.
    """
    seconds = {name: median(record["seconds"] for record in each) for name, each in records.items()}
    if "whole" in records:
        return {"value": seconds["whole"], "fid": records["whole"][0]["value"], "composed": False}
    if "repeat" in records:
        return {"value": case.ours.batch / seconds["repeat"] if case.unit in RATES else seconds["repeat"]}
    # FID at full size from its parts: our real images' features are there already, the peer makes both again.
    parts = {
        "features_seconds_an_image": median(record["seconds"] / record["images"] for record in records["features"]),
        "images": EDITS if side == "ours" else REAL + EDITS,
        "statistics_seconds": seconds["statistics"],
        "distance_seconds": seconds["distance"],
    }
    value = parts["features_seconds_an_image"] * parts["images"] + seconds["statistics"] + seconds["distance"]
    values = {"fid": records["value"][0]["value"], "fid_full_size": records["distance"][0]["value"]}
    return {"value": value, "composed": True, "parts": parts, **values}
