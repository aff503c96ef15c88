"""The benchmark against the public codes: targets, tables, turns and resumption; no peer is needed."""

import csv
import json
import subprocess
import sys
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from benchmarks import __main__ as command
from benchmarks.cases import Case, Effort, calls_of, groups, list_cases, value_of
from benchmarks.compare import take_turns
from benchmarks.fid_inputs import EDITS, REAL, png_files, write_pictures
from benchmarks.measure import Stopwatch, peak_memory_mib
from benchmarks.ratios import RatioRow, rows_of, write_csv, write_markdown
from benchmarks.sides import N_CRITIC, Feed, Task, TrainingSide
from cascade_efgan.errors import InputError

CASES = {case.id: case for case in list_cases("cpu", Effort())}
BASELINE, GENERATION = CASES["ganimation_batch2_float32"], CASES["generation_batch16_float32"]


def result_of(case: Case, ours: float, peer: float, **more: object) -> dict[str, Any]:
    """A result file's content, as `measure_group` makes it; `more` is measured on both sides."""
    return {
        "name": case.name, "unit": case.unit, "batch": case.ours.batch, "precision": case.ours.precision,
        "ours": {"value": ours, "peak_memory_mib": 900.0, **more},
        "peer": {"value": peer, "peak_memory_mib": 1000.0, "repository": "owner/peer", "commit": "a" * 40,
                 "pinned": False, **more},
        "machine": {"cpu": "Some CPU", "cores": 2, "flags": ["avx2"], "memory_gib": 24.0},
        "software": {"torch": "2.0", "commit": "b" * 40 + "+changes"},
        "threads": 2, "effort": {"repeats": 5},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("ours", "peer", "target", "unit", "verdict"),
    [
        (0.75, 1.0, 0.75, "s/iteration", "pass"),
        (0.76, 1.0, 0.75, "s/iteration", "**fail**"),
        (1.1, 1.0, 1.1, "images/s", "pass"),
        (1.0, 1.0, 1.1, "images/s", "**fail**"),
        (1000.0, 999.0, 1.0, "MiB", "**fail**"),
        (400.0, 403.9, 1.0, "FID", "pass"),
        (400.0, 405.0, 1.0, "FID", "**fail**"),
        (0.505, 0.5, 1.0, "FID", "pass"),
        (1.0, 2.0, None, "s/iteration", "for information"),
        (None, None, 0.75, "s/iteration", "not measured"),
    ],
)
def test_times_must_not_exceed_their_target_and_rates_must_reach_it(
    ours: float | None, peer: float | None, target: float | None, unit: str, verdict: str
) -> None:
    ratio = ours / peer if ours and peer else None
    assert RatioRow("case", ours, peer, ratio, target, unit, "cpu", "float32", 2).verdict == verdict


def test_cases_of_one_peer_task_are_measured_together() -> None:
    together = [[case.name for case in group] for group in groups(CASES.values())]
    assert together[0] == ["ganimation", "ganimation", "ef_gan", "ef_gan"]
    assert [len(group) for group in together] == [4, 2, 2, 2, 2, 1]


def test_tables_hold_time_and_memory_the_machine_and_nothing_for_what_was_not_measured(tmp_path: Path) -> None:
    result = result_of(BASELINE, 2.7, 3.0)
    rows = [*rows_of(BASELINE, result), *rows_of(GENERATION, None)]
    write_csv(tmp_path / "ratios.csv", rows)
    with (tmp_path / "ratios.csv").open(encoding="utf-8") as file:
        time, memory, missing, _ = csv.DictReader(file)
    assert list(time) == ["name", "ours", "peer", "ratio", "target", "unit", "device", "precision", "batch"]
    assert [time[key] for key in ("ours", "peer", "ratio", "batch")] == ["2.7", "3", "0.9", "2"]
    assert [memory[key] for key in ("name", "ours", "ratio", "unit")] == ["ganimation_memory", "900", "0.9", "MiB"]
    assert [missing[key] for key in ("ours", "peer", "ratio", "target")] == ["", "", "", "1.1"]
    write_markdown(tmp_path / "ratios.md", rows, [result])
    text = (tmp_path / "ratios.md").read_text()
    assert "| ganimation | 2 | float32 | cpu | 2.7 | 3 | s/iteration | 0.9 | ≤ 0.75 | **fail** |" in text
    assert "| generation | 16 | float32 | cpu | – | – | images/s | – | ≥ 1.1 | not measured |" in text
    assert "Some CPU, 2 cores (avx2)" in text and "ours at bbbbbbb with changes" in text
    assert "owner/peer at aaaaaaa (**not the pinned commit**)" in text
    assert "H200" in text


def test_fid_is_composed_of_the_edits_features_for_us_and_of_both_sets_for_the_peer() -> None:
    case = CASES["fid_second_method_batch12_float32"]
    records = {
        "features": [{"seconds": seconds, "images": 10} for seconds in (2.0, 4.0, 2.4)],
        "statistics": [{"seconds": 1.0}], "distance": [{"seconds": 3.0, "value": 7.0}],
        "value": [{"seconds": 9.0, "value": 5.0}],
    }  # fmt: skip
    ours, peer = (value_of(case, side, records) for side in ("ours", "peer"))
    assert ours["value"] == pytest.approx(0.24 * EDITS + 4)
    assert peer["value"] == pytest.approx(0.24 * (REAL + EDITS) + 4)
    assert ours["composed"] and ours["fid"] == 5.0 and ours["fid_full_size"] == 7.0
    rows = rows_of(case, result_of(case, ours["value"], peer["value"], fid=5.0, fid_full_size=7.0))
    assert [row.verdict for row in rows] == ["**fail**", "pass", "pass", "pass"]


def test_rates_are_images_by_the_median_of_the_seconds() -> None:
    records = {"repeat": [{"seconds": 9.0}, {"seconds": 2.0}, {"seconds": 4.0}]}
    assert value_of(GENERATION, "ours", records)["value"] == value_of(BASELINE, "ours", records)["value"] == 4.0


def test_sides_take_turns_and_the_warm_up_is_not_counted() -> None:
    notes: list[str] = []

    def call(side: str, name: str) -> dict[str, Any]:
        notes.append(f"{side} {name}")
        return {"seconds": float(len(notes))}

    sides: Any = {name: SimpleNamespace(call=partial(call, name)) for name in ("peer", "ours")}
    records = take_turns(sides, calls_of(BASELINE, Effort(repeats=2)))
    assert notes == ["peer repeat", "ours repeat"] * 3
    assert [record["seconds"] for record in records["ours"]["repeat"]] == [4.0, 6.0]


class SteppedClock(Stopwatch):
    """Ticks at the time that it is set to."""

    now = 0.0

    def tick(self) -> None:
        self.ticks.append((self.now, 2 * self.now, 2 * self.now))


class FakeTraining(TrainingSide):
    """Steps of the discriminators take 1 s, of the generator 5 s."""

    def loop(self, iterations: int) -> None:
        clock = self.stopwatch = SteppedClock("cpu")
        for iteration, _ in enumerate(Feed("ab", clock, iterations)):
            clock.now += 1
            self.after_discriminators()
            clock.now += 5 if iteration == self.generator_at % iterations else 0
        clock.tick()


@pytest.mark.parametrize("every", [1, N_CRITIC])
@pytest.mark.parametrize("generator_at", [0, -1])
def test_one_iteration_split_in_two_gives_the_mean_of_a_whole_cycle(every: int, generator_at: int) -> None:
    side = FakeTraining(Task("fake", "cpu", 2, every=every))
    side.generator_at = generator_at
    record = side.call("repeat")
    assert record["seconds"] == pytest.approx((5 * 1 + 5) / 5) and record["cpu_seconds"] == pytest.approx(4.0)
    assert (record["discriminators"], record["generator"]) == (1.0, 5.0)


def test_peak_memory_is_this_process_own() -> None:
    block = bytearray(64 * 2**20)
    grown = subprocess.run(
        [sys.executable, "-c", "from benchmarks.measure import peak_memory_mib as p; print(p('cpu'))"],
        capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert len(block) / 2**20 < peak_memory_mib("cpu") and float(grown.stdout) < 60


def test_pictures_are_the_same_as_png_and_packed(tmp_path: Path) -> None:
    write_pictures(tmp_path, 32, real=5, edits=4)
    packed, files = np.load(tmp_path / "edits.npy"), png_files(tmp_path / "edits")
    assert packed.shape == (4, 32, 32, 3) and len(png_files(tmp_path / "real")) == 5
    assert all(np.array_equal(np.asarray(Image.open(f)), image) for f, image in zip(files, packed, strict=True))


def test_an_interrupted_run_goes_on_where_it_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The measurement itself is pretended."""
    measured: list[str] = []

    def pretend(cases: list[Case], effort: Effort, threads: int) -> dict[str, Any]:
        measured.extend(case.id for case in cases)
        if "stargan_batch16_float32" in measured:
            raise InputError("interrupted")
        return {case.id: result_of(case, 1.0, 2.0) for case in cases}

    monkeypatch.setattr(command, "measure_group", pretend)
    monkeypatch.setattr(command, "can_measure", lambda case: case.ours.precision == "float32")
    assert command.main(["--results", str(tmp_path)]) == 2
    done = {path.stem for path in (tmp_path / "cpu").glob("*.json")}
    assert done == {"ganimation_batch2_float32", "ganimation_batch8_float32", "stargan_batch8_float32"}
    measured.clear()
    command.main(["--results", str(tmp_path)])
    assert measured == ["stargan_batch16_float32"]
    measured.clear()
    command.main(["--results", str(tmp_path), "--again", "--only", "ganimation_batch8"])
    assert measured == ["ganimation_batch8_float32"]
    assert json.loads((tmp_path / "cpu" / "ganimation_batch8_float32.json").read_text())["ours"]["value"] == 1.0
    assert "| ganimation | 8 | bfloat16 | cpu | – |" in (tmp_path / "ratios.md").read_text()


def test_an_unknown_case_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["--results", str(tmp_path), "--only", "cyclegan"]) == 2
    expected = "--only cyclegan: no such case; expected the beginning of one of ganimation, ef_gan"
    assert expected in capsys.readouterr().err


def test_quick_and_full_results_do_not_pass_for_the_others() -> None:
    folders = {command.read_flags(words).results.name for words in ([], ["--quick"], ["--full"])}
    assert folders == {"results", "quick", "full"}
