"""The benchmark against the public codes: targets, tables, checkouts and resumption; no peer is needed."""

import csv
import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from evaluation_helpers import write_edits, write_faces
from PIL import Image

sys.path.insert(0, str(Path(__file__).parents[2]))  # `benchmarks` is no installed package

from benchmarks import __main__ as command
from benchmarks.cases import Case, Effort, calls_of, groups, list_cases, value_of
from benchmarks.compare import take_turns
from benchmarks.conventions import CANDIDATES, DATA, Experiment
from benchmarks.conventions_report import BEGIN, END, write_report
from benchmarks.fid_inputs import EDITS, REAL, png_files, write_pictures
from benchmarks.measure import Stopwatch, peak_memory_mib
from benchmarks.peers import PEERS, Peer
from benchmarks.peers.checkout import find_checkout
from benchmarks.process import workers
from benchmarks.ratios import RatioRow, rows_of, write_csv, write_markdown
from benchmarks.sides import N_CRITIC, Feed, Task, TrainingSide
from cascade_efgan.errors import InputError
from cascade_efgan.files import write_json

CASES = {case.id: case for case in list_cases("cpu", Effort())}
BASELINE = CASES["ganimation_batch2_float32"]


def row(ours: float | None, peer: float | None, target: float | None, unit: str) -> RatioRow:
    ratio = None if ours is None or peer is None else ours / peer
    return RatioRow("case", ours, peer, ratio, target, unit, "cpu", "float32", 2)


def result_of(case: Case, ours: float, peer: float) -> dict[str, Any]:
    """A result file's content, as `measure_group` makes it."""
    return {
        "name": case.name, "unit": case.unit, "batch": case.ours.batch, "precision": case.ours.precision,
        "ours": {"value": ours, "peak_memory_mib": 900.0},
        "peer": {"value": peer, "peak_memory_mib": 1000.0, "repository": "owner/peer", "commit": "a" * 40,
                 "pinned": False},
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
    made = replace(row(1.0, 1.0, target, unit), ours=ours, peer=peer, ratio=ours / peer if ours and peer else None)
    assert made.verdict == verdict


def test_cases_of_one_peer_task_are_measured_together() -> None:
    together = [[case.name for case in group] for group in groups(CASES.values())]
    assert together[0] == ["ganimation", "ganimation", "ef_gan", "ef_gan"]
    assert [len(group) for group in together] == [4, 2, 2, 2, 2, 1]


def test_rows_hold_time_and_memory_and_are_empty_where_nothing_was_measured() -> None:
    time, memory = rows_of(BASELINE, result_of(BASELINE, 1.5, 3.0))
    assert (time.ratio, time.target, time.verdict) == (0.5, 0.75, "pass")
    assert (memory.name, memory.ratio, memory.unit) == ("ganimation_memory", 0.9, "MiB")
    for missing in rows_of(BASELINE, None):
        assert missing.ours is missing.peer is missing.ratio is None and missing.verdict == "not measured"


def test_csv_has_the_columns_of_the_issue_and_no_zero_for_what_is_missing(tmp_path: Path) -> None:
    write_csv(tmp_path / "ratios.csv", [row(1.5, 3.0, 0.75, "s/iteration"), row(None, None, 5.0, "images/s")])
    with (tmp_path / "ratios.csv").open(encoding="utf-8") as file:
        table = list(csv.DictReader(file))
    assert list(table[0]) == ["name", "ours", "peer", "ratio", "target", "unit", "device", "precision", "batch"]
    assert [table[0][key] for key in ("ours", "peer", "ratio")] == ["1.5", "3", "0.5"]
    assert [table[1][key] for key in ("ours", "peer", "ratio")] == ["", "", ""]


def test_markdown_shows_verdicts_the_machine_and_a_peer_that_is_not_the_pinned_one(tmp_path: Path) -> None:
    result = result_of(BASELINE, 2.7, 3.0)
    rows = [*rows_of(BASELINE, result), *rows_of(CASES["generation_batch16_float32"], None)]
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
        "features": [{"seconds": 2.0, "images": 10}, {"seconds": 4.0, "images": 10}, {"seconds": 2.4, "images": 10}],
        "statistics": [{"seconds": 1.0}], "distance": [{"seconds": 3.0, "value": 7.0}],
        "value": [{"seconds": 9.0, "value": 5.0}],
    }  # fmt: skip
    ours, peer = (value_of(case, side, records) for side in ("ours", "peer"))
    assert ours["value"] == pytest.approx(0.24 * EDITS + 4) and peer["value"] == pytest.approx(
        0.24 * (REAL + EDITS) + 4
    )
    assert ours["composed"] and ours["fid"] == 5.0 and ours["fid_full_size"] == 7.0
    rows = rows_of(case, {**result_of(case, 1.0, 4.0), "ours": {**ours, "peak_memory_mib": 1.0},
                          "peer": {**peer, "peak_memory_mib": 2.0}})  # fmt: skip
    assert [row.verdict for row in rows] == ["**fail**", "pass", "pass", "pass"]


def test_rates_are_images_by_the_median_of_the_seconds() -> None:
    records = {"repeat": [{"seconds": 9.0}, {"seconds": 2.0}, {"seconds": 4.0}]}
    assert value_of(CASES["generation_batch16_float32"], "ours", records)["value"] == 4.0
    assert value_of(BASELINE, "ours", records)["value"] == 4.0


class Recorded:
    """A side that notes when it is called."""

    def __init__(self, name: str, notes: list[str]) -> None:
        self.name, self.notes = name, notes

    def call(self, name: str) -> dict[str, Any]:
        self.notes.append(f"{self.name} {name}")
        return {"seconds": float(len(self.notes))}


def test_sides_take_turns_and_the_warm_up_is_not_counted() -> None:
    notes: list[str] = []
    sides: Any = {name: Recorded(name, notes) for name in ("peer", "ours")}
    records = take_turns(sides, calls_of(BASELINE, Effort(repeats=2)))
    assert notes == ["peer repeat", "ours repeat"] * 3
    assert [record["seconds"] for record in records["ours"]["repeat"]] == [4.0, 6.0]


class FakeTraining(TrainingSide):
    """Steps of the discriminators take 1 s, of the generator 5 s, on a clock of its own."""

    def __init__(self, task: Task, generator_at: int) -> None:
        super().__init__(task)
        self.generator_at = generator_at

    def loop(self, iterations: int) -> None:
        now = 0.0
        self.stopwatch.tick = lambda: self.stopwatch.ticks.append((now, 2 * now, 2 * now))  # type: ignore[method-assign]
        for iteration in range(iterations):
            self.stopwatch.tick()
            now += 1
            self.after_discriminators()
            now += 5 if iteration == self.generator_at % iterations else 0
        self.stopwatch.tick()


@pytest.mark.parametrize("every", [1, N_CRITIC])
@pytest.mark.parametrize("generator_at", [0, -1])
def test_one_iteration_split_in_two_gives_the_mean_of_a_whole_cycle(every: int, generator_at: int) -> None:
    record = FakeTraining(Task("fake", "cpu", 2, every=every), generator_at).call("repeat")
    assert record["seconds"] == pytest.approx((5 * 1 + 5) / 5) and record["cpu_seconds"] == pytest.approx(4.0)
    assert (record["discriminators"], record["generator"]) == (1.0, 5.0)


def test_a_feed_hands_out_ready_batches_and_its_ticks_separate_the_laps() -> None:
    stopwatch = Stopwatch("cpu")
    assert list(Feed("ab", stopwatch, 5)) == list("ababa")
    stopwatch.tick()
    laps = stopwatch.laps()
    assert len(laps) == 5 and all(lap.seconds > 0 for lap in laps)


def test_peak_memory_is_this_process_own() -> None:
    block = bytearray(64 * 2**20)
    grown = subprocess.run(
        [sys.executable, "-c", "from benchmarks.measure import peak_memory_mib as p; print(p('cpu'))"],
        capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert len(block) / 2**20 < peak_memory_mib("cpu") and float(grown.stdout) < 60


def test_pictures_are_the_same_as_png_and_packed(tmp_path: Path) -> None:
    import numpy as np
    from PIL import Image

    write_pictures(tmp_path, 32, real=5, edits=4)
    packed = np.load(tmp_path / "edits.npy")
    files = png_files(tmp_path / "edits")
    assert packed.shape == (4, 32, 32, 3) and len(png_files(tmp_path / "real")) == 5
    assert all(np.array_equal(np.asarray(Image.open(f)), image) for f, image in zip(files, packed, strict=True))


def test_a_variable_that_names_no_checkout_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STARGAN_DIR", str(tmp_path))
    with pytest.raises(InputError, match=r"no checkout of yunjey/stargan .* set STARGAN_DIR to a checkout of it"):
        find_checkout(PEERS["stargan"])


def test_a_clone_that_fails_is_one_sentence_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STARGAN_DIR", raising=False)
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")  # no network in a test: the address leads to a missing folder
    monkeypatch.setenv("GIT_CONFIG_KEY_0", f"url.{tmp_path}/absent/.insteadOf")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "https://github.com/")
    cache = tmp_path / "cache"
    with pytest.raises(InputError, match=r"stargan could not be cloned .* check out 94dd002 and set STARGAN_DIR"):
        find_checkout(PEERS["stargan"], cache)
    assert list(cache.iterdir()) == []


def repository_at(folder: Path) -> str:
    """A repository with one commit of `solver.py`: its commit."""
    folder.mkdir(parents=True)
    (folder / "solver.py").write_text("")
    for words in (["init", "-q"], ["add", "."],
                  ["-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "-qm", "one"]):  # fmt: skip
        subprocess.run(["git", *words], cwd=folder, check=True)
    return subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=folder, check=True, capture_output=True, text=True
    ).stdout.strip()


def test_a_clone_is_made_at_the_pinned_commit_and_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commit = repository_at(tmp_path / "origin" / "owner" / "peer.git")
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", f"url.{tmp_path}/origin/.insteadOf")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "https://github.com/")
    peer = Peer("peer", "owner/peer", commit, "EFGAN_TEST_PEER_DIR", "solver.py")
    for _ in range(2):
        found = find_checkout(peer, tmp_path / "cache")
        assert found.pinned and found.commit == commit and found.folder == tmp_path / "cache" / "peer"


@pytest.mark.parametrize("case", ["another commit", "changed", "no git"])
def test_a_checkout_that_is_not_the_pinned_one_is_used_with_a_warning(
    case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "peer"
    commit = repository_at(folder)
    if case == "changed":
        (folder / "solver.py").write_text("print()")
    if case == "no git":
        (folder / ".git").rename(tmp_path / "elsewhere")
    pinned = "0" * 40 if case == "another commit" else commit
    monkeypatch.setenv("EFGAN_TEST_PEER_DIR", str(folder))
    found = find_checkout(Peer("peer", "owner/peer", pinned, "EFGAN_TEST_PEER_DIR", "solver.py"))
    said = {"another commit": commit, "changed": f"{commit}+changes", "no git": "unknown"}[case]
    assert not found.pinned and found.commit == said
    assert "not at the pinned" in caplog.text


def test_a_side_without_its_checkout_ends_in_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTORCH_FID_DIR", str(tmp_path))
    with (
        pytest.raises(InputError, match="no checkout of mseitzer/pytorch-fid"),
        workers({"peer": Task("pytorch_fid", "cpu", 2)}, threads=1),
    ):
        pass


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Ids of the cases that `run` measures; the measurement itself is pretended."""
    ids: list[str] = []

    def pretend(cases: Sequence[Case], effort: Effort, threads: int) -> dict[str, Any]:
        ids.extend(case.id for case in cases)
        if "stargan_batch16_float32" in ids:
            raise InputError("interrupted")
        return {case.id: result_of(case, 1.0, 2.0) for case in cases}

    monkeypatch.setattr(command, "measure_group", pretend)
    monkeypatch.setattr(command, "can_measure", lambda case: case.ours.precision == "float32")
    return ids


def test_an_interrupted_run_goes_on_where_it_stopped(tmp_path: Path, measured: list[str]) -> None:
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
    assert (
        "--only cyclegan: no such case; expected the beginning of one of ganimation, ef_gan" in capsys.readouterr().err
    )


def test_quick_and_full_results_do_not_pass_for_the_others() -> None:
    folders = {command.read_flags(words).results.name for words in ([], ["--quick"], ["--full"])}
    assert folders == {"results", "quick", "full"}


def test_candidates_take_equally_many_generator_steps_and_differ_in_what_they_say(tmp_path: Path) -> None:
    """Else the experiment on the disputed settings would compare lengths of training."""
    experiment = Experiment(tmp_path, steps=720)
    folder = experiment.flow / DATA
    folder.mkdir(parents=True)
    (folder / "split.csv").write_text("id,part\n" + "a,train\n" * 1447 + "b,test\n" * 161, encoding="utf-8")
    made = {name: experiment.settings(candidate) for name, candidate in CANDIDATES.items()}
    steps = {s.train.epochs * (1447 // s.train.batch) // s.train.n_critic for s in made.values()}
    assert max(steps) - min(steps) <= 4
    dumped = {name: settings.model_dump_json() + CANDIDATES[name].method for name, settings in made.items()}
    assert len(set(dumped.values())) == len(CANDIDATES)
    losses = {name: (s.losses.cond, s.losses.mask, s.network.refiner, s.train.average) for name, s in made.items()}
    assert losses["letter"] == (3000, "norm", "repaint", 0)
    assert losses["base"] == (160, "mean", "mask", 0.99)
    assert losses["ef_gan_repaint"] == (160, "mean", "repaint", 0.99)


def test_the_report_of_the_conventions_shows_what_is_finished_and_keeps_the_text_around_it(tmp_path: Path) -> None:
    experiment = Experiment(tmp_path / "work", steps=720)
    data = experiment.flow / DATA
    data.mkdir(parents=True)
    faces = write_faces(data)
    edits = write_edits(data, faces, "test")
    (data / "seed0" / "true_edit").mkdir(parents=True)
    for path, kind in zip(edits, ("npy", "csv"), strict=True):
        shutil.copy(path, data / "seed0" / "true_edit" / f"edits_test.{kind}")
    for name, seed, rate in (("base", 0, 41.25), ("base", 1, 43.0), ("ef_gan", 0, 50.0)):
        folder = experiment.folder(name, seed)
        folder.mkdir(parents=True)
        for path, kind in zip(edits, ("npy", "csv"), strict=True):
            shutil.copy(path, folder / f"edits.{kind}")
        curves = "epoch,G/L_cond,G/attention_mean\n1,0.1,0.5\n2,0.05,0.25\n"
        (folder / "curves.csv").write_text(curves, encoding="utf-8")
        numbers = {"G": rate, "au_error": 0.5, "psnr_true": 24.5, "same": 30.0, "attention": 0.25, "seconds": 120}
        write_json(folder / "result.json", {"key": experiment.key(name), **numbers})
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "training.md").write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n", encoding="utf-8")
    write_report(experiment, CANDIDATES, docs)
    page = (docs / "training.md").read_text(encoding="utf-8")
    assert page.startswith("before\n") and page.endswith("after\n") and "old" not in page
    rows = [line for line in page.splitlines() if line.startswith(("| Baseline", "| EF-GAN"))]
    assert [row.split(" | ")[2:4] for row in rows] == [["0", "41.2"], ["1", "43.0"], ["0", "50.0"]]
    sizes = [Image.open(docs / f"training_{name}.png").size for name in ("curves", "pictures")]
    assert min(min(size) for size in sizes) > 150
    # Settings that changed since make a result another candidate's.
    write_json(experiment.folder("base", 1) / "result.json", {"key": {}, **numbers})
    write_report(experiment, CANDIDATES, docs)
    assert "43.0" not in (docs / "training.md").read_text(encoding="utf-8")
