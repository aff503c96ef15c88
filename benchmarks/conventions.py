"""Which reading of the disputed settings learns: `python -m benchmarks.conventions [--steps N] [--only NAME ...]`.

Rendered faces at RaFD's size (67 people, 1,608 faces) are edited by small networks that were trained for equally many
generator steps, one candidate after the other, on one core. A candidate differs from the one that it is compared with
in what its line says and in nothing else. After each of them `docs/training.md` is written anew from those that are
finished. The work folder keeps them, and the checkpoint of the one under way: the command can be stopped at any time
and goes on when it is given again. A candidate whose settings changed is trained again.
"""

import argparse
import json
import os
import resource
import shlex
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.conventions_report import write_report
from benchmarks.million_photographs import copy_workflow
from cascade_efgan.config.resolve import resolve, settings_flags
from cascade_efgan.config.settings import Settings
from cascade_efgan.data import AUS
from cascade_efgan.data.face_crops.dataset import load_faces, part_rows
from cascade_efgan.devices import pick_device
from cascade_efgan.evaluation.similarity import psnr
from cascade_efgan.files import sha256_file, write_json
from cascade_efgan.generation.edit import edit_all, trained
from cascade_efgan.models.build import load_generator

DATA = Path("results/rendered")
#: Files of the data set and of what measures edits; no candidate changes them. By the flag that they are given for.
SHARED = {
    "crops": "crops.npy",
    "index": "crops.csv",
    "split": "split.csv",
    "centers": "patch_centers.json",
    "true-edits": "seed0/true_edit/edits_test.npy",
    "true-edits-index": "seed0/true_edit/edits_test.csv",
    "classifier": "seed0/real/classifier.safetensors",
    "regressor": "seed0/real/au_regressor.safetensors",
}


@dataclass(frozen=True)
class Candidate:
    """A training run of the experiment: what is changed, as the table prints it, the method, and its settings."""

    title: str
    losses: Mapping[str, Any] = field(default_factory=dict)
    train: Mapping[str, Any] = field(default_factory=dict)
    network: Mapping[str, Any] = field(default_factory=dict)
    method: str = "baseline"


#: What every candidate has unless its line says otherwise: networks and losses of the preset `evening`, and this.
TRAIN = {"learning_rate": 4e-4, "discriminator_rate": 2.5, "batch": 8, "n_critic": 1, "average": 0.99, "augment": 0}
LITERAL = {"reading": "literal"}
LETTER = {"learning_rate": 1e-4, "discriminator_rate": 1, "batch": 2, "n_critic": 5, "average": 0}
CANDIDATES = {
    "base": Candidate("–"),
    "critic2": Candidate("2 critic steps", train={"n_critic": 2}),
    "critic3": Candidate("3 critic steps", train={"n_critic": 3}),
    "critic3_augment": Candidate("3 critic steps, augmentation 0.3", train={"n_critic": 3, "augment": 0.3}),
    "critic3_au110": Candidate(
        "3 critic steps, augmentation 0.3, AU weight 110", {"cond": 110}, {"n_critic": 3, "augment": 0.3}
    ),
    "augment": Candidate("augmentation 0.5", train={"augment": 0.5}),
    "variation": Candidate("total variation of the image 5", {"image_tv": 5}),
    "self": Candidate("self-reconstruction 10", {"self_reconstruction": 10}),
    "au80": Candidate("AU weight 80", {"cond": 80}),
    "au40": Candidate("AU weight 40", {"cond": 40}),
    "attention": Candidate("mask weight 1", {"attn": 1}),
    "fine": Candidate("critic's map 4 x 4", network={"face_layers": 3}),
    "critic_width": Candidate("critic of twice the width", network={"discriminator_width": 32}),
    "penalty_sum": Candidate("gradient penalty of the map's sum", {"gradient_penalty_of": "sum"}),
    "critic5": Candidate("5 critic steps", train={"n_critic": 5}),
    "ef_gan": Candidate("–", method="ef_gan"),
    "ef_gan_repaint": Candidate("Refiner repaints", network={"refiner": "repaint"}, method="ef_gan"),
    "last": Candidate("no moving average", train={"average": 0}),
    "one_rate": Candidate("one rate for generator and critic", train={"discriminator_rate": 1}),
    "rate2": Candidate("rate 2e-4", train={"learning_rate": 2e-4}),
    "rate10": Candidate("rate 1e-3", train={"learning_rate": 1e-3}),
    "batch4": Candidate("batch 4", train={"batch": 4}),
    "transposed": Candidate("transposed convolutions", network={"upsampling": "transposed"}),
    "gain": Candidate("critics' gain 1", network={"discriminator_gain": 1}),
    "norm": Candidate("norm of the mask", {"mask": "norm"}),
    "au1500": Candidate("AU weight 1500", {"cond": 1500}),
    "au1500_norm": Candidate("AU weight 1500, norm of the mask", {"cond": 1500, "mask": "norm"}),
    "au3000": Candidate("AU weight 3000, norm of the mask", {"cond": 3000, "mask": "norm"}),
    "letter": Candidate(
        "the paper's letter: also batch 2, rate 1e-4, 5 critic steps, gain 1, transposed, no average",
        LITERAL,
        LETTER,
        {"upsampling": "transposed"},
    ),
    "ef_gan_literal": Candidate("the paper's numbers and norms, Refiner repaints", LITERAL, method="ef_gan"),
}


class Experiment:
    """The work folder: the data and what measures edits once, then a folder a candidate and seed.

    Attributes:
        steps: generator steps of every candidate, to the nearest whole epoch.
    """

    def __init__(self, work: Path, steps: int) -> None:
        self.work, self.steps = work.resolve(), steps
        self.flow = self.work / "workflow"
        self.shared = {flag: self.flow / DATA / file for flag, file in SHARED.items()}

    def prepare(self) -> None:
        """Render the faces and train what measures edits, by the workflow's own rules."""
        if not self.flow.exists():
            self.flow.mkdir(parents=True)
            copy_workflow(self.flow)
        words = ["--cores", "1", "--quiet", "rules", "--config", "preset=evening"]
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
        environment = {**os.environ, "PATH": path, "PYTHONPATH": str(self.flow / "src")}
        targets = [str(DATA / file) for file in SHARED.values()]
        subprocess.run(["snakemake", *words, "--", *targets], cwd=self.flow, env=environment, check=True)

    def folder(self, name: str, seed: int) -> Path:
        """Where a candidate's files are."""
        return self.work / f"{name}-{seed}"

    def result(self, name: str, seed: int) -> dict[str, Any] | None:
        """What was measured of a candidate; None: not finished with these settings."""
        return self._stored(name, seed, "result.json")

    def run(self, name: str, seed: int) -> None:
        """Train a candidate, edit the test faces to every expression and measure the edits."""
        folder, candidate = self.folder(name, seed), CANDIDATES[name]
        folder.mkdir(parents=True, exist_ok=True)
        settings = self.settings(candidate)
        data = self._shared("crops", "index", "split")
        who = ["--method", candidate.method, "--seed", str(seed)]
        network = _words(weights=folder / "weights.safetensors", model=folder / "model.json")
        outputs = _words(discriminators=folder / "discriminators.safetensors", curves=folder / "curves.csv")
        centers = self._shared("centers") if candidate.method == "ef_gan" else []
        sections = ("crop", "patches", "network", "losses", "train")
        done = self._stored(name, seed, "trained.json")
        if done is None:
            start, resumed = children_cpu(), (folder / "checkpoint.pt").exists()
            efgan("train", *who, *data, *centers, *network, *outputs, *shlex.split(settings_flags(settings, *sections)))
            done = {"key": self.key(name), "seconds": None if resumed else children_cpu() - start}
            write_json(folder / "trained.json", done)
        edits = {"edits": folder / "edits.npy", "edits-index": folder / "edits.csv"}
        efgan("generate", *who, "--part", "test", *data, *network, *_words(**edits))
        measured = {name: self._measure(name, who, edits, folder) for name in ("G", "au_error", "psnr_true")}
        curves = pd.read_csv(folder / "curves.csv")
        measured |= {"attention": curves["G/attention_mean"].iloc[-1], "same": self._reconstruction(network)}
        write_json(folder / "result.json", {**done, **measured})

    def _stored(self, name: str, seed: int, file: str) -> dict[str, Any] | None:
        """What a file of a candidate holds; None where there is none of these settings."""
        path = self.folder(name, seed) / file
        stored = json.loads(path.read_text(encoding="utf-8")) if path.exists() else None
        return stored if stored and stored["key"] == self.key(name) else None

    def settings(self, candidate: Candidate) -> Settings:
        """All settings of a candidate; its epochs are those that give the experiment's steps of the generator."""
        train = TRAIN | dict(candidate.train)
        images = int((pd.read_csv(self.shared["split"])["part"] == "train").sum())
        epochs = max(1, round(self.steps * train["n_critic"] / (images // train["batch"])))
        train |= {"epochs": epochs, "constant_epochs": epochs // 2}
        changed = {"losses": dict(candidate.losses), "network": dict(candidate.network), "train": train}
        return resolve({"preset": "evening", **changed})

    def key(self, name: str) -> dict[str, Any]:
        """What a stored result must have been made with."""
        settings = self.settings(CANDIDATES[name]).model_dump(mode="json")
        used = {section: settings[section] for section in ("crop", "patches", "network", "losses", "train")}
        return {"method": CANDIDATES[name].method, "crops": sha256_file(self.shared["crops"]), **used}

    def _shared(self, *names: str) -> list[str]:
        return [word for name in names for word in (f"--{name}", str(self.shared[name]))]

    def _measure(self, metric: str, who: Sequence[str], edits: Mapping[str, Path], folder: Path) -> float:
        path = folder / f"{metric}.json"
        words = [*who, "--dataset", "rendered", *_words(**edits), *_words(metric=path)]
        if metric == "psnr_true":
            names = {"values": folder / "psnr_true.csv", "partners": self.shared["true-edits"]}
            names["partners-index"] = self.shared["true-edits-index"]
            efgan("similarity", "--name", "psnr_true", *words, *_words(**names))
        else:
            weights = self.shared["classifier" if metric == "G" else "regressor"]
            network = _words(weights=weights, model=weights.with_suffix(".json"))
            efgan(*(["accuracy", "--name", "G"] if metric == "G" else ["au_error"]), *words, *network)
        return json.loads(path.read_text(encoding="utf-8"))["value"]

    def _reconstruction(self, network: Sequence[str]) -> float:
        """PSNR (dB) of test faces edited to the AUs that they show, to themselves: what an edit damages by itself."""
        faces = load_faces(self.shared["crops"], self.shared["index"])
        rows = part_rows(faces.index, self.shared["split"], "test")
        plan = faces.index.iloc[rows][list(AUS)].assign(source_id=faces.index["id"].iloc[rows])
        edit_batch = trained(load_generator(Path(network[1]), Path(network[3]))[0], faces, pick_device())
        edits = np.concatenate(list(edit_all(plan, faces, edit_batch, len(plan))))
        return float(np.mean([psnr(edit, faces.images[row]) for edit, row in zip(edits, rows, strict=True)]))


def children_cpu() -> float:
    """CPU seconds of the processes that this one has waited for: a busy machine does not lengthen them."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def efgan(*words: str) -> None:
    """Run a stage on one thread."""
    subprocess.run([str(Path(sys.executable).with_name("efgan")), "--threads", "1", *words], check=True)


def _words(**files: Path) -> list[str]:
    return [word for flag, path in files.items() for word in (f"--{flag}", str(path))]


def main() -> None:
    """Train what is missing, and write the report after each candidate."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, default=Path("build/conventions"), help="folder that keeps the candidates")
    parser.add_argument("--steps", type=int, default=720, help="generator steps of every candidate")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0], help="seeds, for the candidates of --only")
    parser.add_argument("--only", nargs="+", choices=CANDIDATES, default=list(CANDIDATES), metavar="NAME")
    flags = parser.parse_args()
    experiment = Experiment(flags.work, flags.steps)
    experiment.prepare()
    for seed in flags.seeds:
        for name in flags.only:
            if experiment.result(name, seed) is None:
                experiment.run(name, seed)
            write_report(experiment, CANDIDATES)


if __name__ == "__main__":
    main()
