"""The experiment on the settings that the paper's letter and its reading dispute: fair candidates, and its report."""

import shutil
from pathlib import Path

from evaluation_helpers import write_edits, write_faces
from PIL import Image

from benchmarks.conventions import CANDIDATES, DATA, Experiment
from benchmarks.conventions_report import BEGIN, END, write_report
from cascade_efgan.files import write_json


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
