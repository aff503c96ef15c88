"""Measure a group of cases: every side in its own process, in turn, repeat by repeat."""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.cases import Case, Effort, Records, calls_of, value_of
from benchmarks.fid_inputs import inception_weights, write_pictures
from benchmarks.machine import describe_machine, describe_software
from benchmarks.peers import PEER_OF
from benchmarks.peers.checkout import CACHE, find_checkout
from benchmarks.sides import SIZE, Task
from benchmarks.worker import Worker, workers


def measure_group(cases: Sequence[Case], effort: Effort, threads: int) -> dict[str, dict[str, Any]]:
    """Results of cases that share their peer's task, by case id.

    Raises:
        InputError: the peer's checkout is missing and cannot be cloned, or a side died.
    """
    checkout = find_checkout(PEER_OF[cases[0].peer.side])
    about_peer = {"repository": checkout.peer.repository, "commit": checkout.commit, "pinned": checkout.pinned}
    with _inputs(cases, effort) as tasks, workers(tasks, threads) as sides:
        built = {name: float(side.answer()["ready"]) for name, side in sides.items()}
        records = take_turns(sides, calls_of(cases[0], effort))
        memory = {name: {**side.call("memory"), "memory_when_built_mib": built[name]} for name, side in sides.items()}
    common = {
        "device": cases[0].ours.device,
        "threads": threads,
        "effort": asdict(effort),
        "machine": describe_machine(cases[0].ours.device),
        "software": describe_software(),
        "measured": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    results = {}
    for case in cases:
        ours, theirs = (
            {**value_of(case, side, records[key]), **memory[key], "records": records[key]}
            for side, key in (("ours", case.id), ("peer", "peer"))
        )
        results[case.id] = {
            "name": case.name,
            "batch": case.ours.batch,
            "precision": case.ours.precision,
            "unit": case.unit,
            "target": case.target,
            "ours": ours,
            "peer": {**about_peer, **theirs},
            **common,
        }
    return results


def take_turns(sides: Mapping[str, Worker], calls: Sequence[tuple[str, int, int]]) -> dict[str, Records]:
    """Every call, repeat by repeat, by every side in turn: a busy moment of the machine meets all of them alike."""
    records: dict[str, Records] = {name: {} for name in sides}
    for call, repeats, warmup in calls:
        for repeat in range(repeats):
            for name, side in sides.items():
                record = side.call(call)
                if repeat >= warmup:
                    records[name].setdefault(call, []).append(record)
    return records


@contextmanager
def _inputs(cases: Sequence[Case], effort: Effort) -> Iterator[dict[str, Task]]:
    """The group's tasks by side: `peer` and the case ids; with FID, pictures are there as long as the block runs."""
    tasks = {"peer": cases[0].peer} | {case.id: case.ours for case in cases}
    if cases[0].peer.side != "pytorch_fid":
        yield tasks
        return
    with tempfile.TemporaryDirectory() as folder:
        write_pictures(Path(folder), SIZE, effort.real, effort.edits)
        weights = str(inception_weights(CACHE).resolve())
        yield {name: replace(task, pictures=folder, weights=weights) for name, task in tasks.items()}
