"""What is compared with what, and what is to be reached."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
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
class Call:
    """Work that every side of a case does in turn.

    Attributes:
        name: what `Side.call` is asked for.
        repeats: how often; the first `warmup` of them are not counted.
    """

    name: str
    repeats: int
    warmup: int = 1


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


def list_cases(device: str, effort: Effort) -> list[Case]:
    """The cases of a device, in the order in which they are measured; those of one peer task are neighbours."""
    if device == "cuda":
        return [_training("ganimation", device, batch, "bfloat16", effort, target, "images/s")
                for batch, target in ((2, 5.0), (16, 4.0))]  # fmt: skip
    small = [_training("ganimation", device, 2, *of, effort, target) for of, target in _PRECISIONS]
    small += [
        _training("ef_gan", device, 2, "bfloat16", effort, 1.5),
        _training("ef_gan", device, 2, "float32", effort),
    ]
    large = [_training("ganimation", device, 8, *of, effort, target) for of, target in _PRECISIONS]
    stargan = [
        _training("stargan", device, batch, *of, effort, target) for batch in (8, 16) for of, target in _PRECISIONS
    ]
    generation = [
        Case("generation", Task("our_generation", device, 16, precision, "baseline"),
             Task("replicate_generation", device, 16), "images/s", target)
        for precision, target in (("float32", 1.1), ("bfloat16", 2.0))
    ]  # fmt: skip
    fid = Case(
        "fid_second_method",
        Task("our_fid", device, effort.fid_batch, full=effort.full),
        Task("pytorch_fid", device, effort.fid_batch, full=effort.full),
        "s",
        0.4,
    )
    return [*small, *large, *stargan, *generation, fid]


_PRECISIONS = ((("float32",), 0.75), (("bfloat16",), 0.5))
_METHODS = {
    "ganimation": ("baseline", "replicate_training"),
    "ef_gan": ("ef_gan", "replicate_training"),
    "stargan": ("stargan", "stargan_training"),
}


def _training(
    name: str,
    device: str,
    batch: int,
    precision: str,
    effort: Effort,
    target: float | None = None,
    unit: str = "s/iteration",
) -> Case:
    method, peer = _METHODS[name]
    ours = Task("our_training", device, batch, precision, method, effort.every)
    return Case(name, ours, Task(peer, device, batch, every=effort.every), unit, target)


def groups(cases: Iterable[Case]) -> list[list[Case]]:
    """Cases that share their peer's task: they are measured together, the peer once."""
    by_peer: dict[Task, list[Case]] = {}
    for case in cases:
        by_peer.setdefault(case.peer, []).append(case)
    return list(by_peer.values())


def calls_of(case: Case, effort: Effort) -> list[Call]:
    """What every side of a case is asked for, in order."""
    if case.peer.side != "pytorch_fid":
        return [Call("repeat", effort.repeats + 1)]
    if effort.full:
        return [Call("whole", 1, warmup=0)]
    batches = ceil((effort.real + effort.edits) / effort.fid_batch)
    # The distance of the pictures' own features comes first: it warms the timed ones up.
    return [
        Call("features", batches), Call("value", 1, warmup=0),
        Call("statistics", effort.repeats + 1), Call("distance", effort.repeats, warmup=0),
    ]  # fmt: skip


def value_of(case: Case, side: str, records: Records) -> dict[str, Any]:
    """A side's number in the case's unit, from the medians of its records.

    Args:
        case: what was measured.
        side: ours or peer.
        records: as measured, warm-up left out.

    Returns:
        `value`, and with FID the distance itself and what the value was composed of.
    """
    if "whole" in records:
        return {"value": median_seconds(records["whole"]), "fid": records["whole"][0]["value"], "composed": False}
    if "features" in records:
        return _composed(side, records)
    seconds = median_seconds(records["repeat"])
    return {"value": case.ours.batch / seconds if case.unit in RATES else seconds}


def median_seconds(records: Iterable[dict[str, Any]]) -> float:
    """Median of wall seconds."""
    return median(record["seconds"] for record in records)


def _composed(side: str, records: Records) -> dict[str, Any]:
    """FID at full size from its parts: our real images' features are there already, the peer makes both again."""
    per_image = median(record["seconds"] / record["images"] for record in records["features"])
    images = EDITS if side == "ours" else REAL + EDITS
    parts = {
        "features_seconds_an_image": per_image,
        "images": images,
        "statistics_seconds": median_seconds(records["statistics"]),
        "distance_seconds": median_seconds(records["distance"]),
    }
    value = per_image * images + parts["statistics_seconds"] + parts["distance_seconds"]
    values = {"fid": records["value"][0]["value"], "fid_full_size": records["distance"][0]["value"]}
    return {"value": value, "composed": True, "parts": parts, **values}


def with_inputs(task: Task, pictures: str, weights: str) -> Task:
    """The task with the FID comparison's inputs."""
    return replace(task, pictures=pictures, weights=weights)
