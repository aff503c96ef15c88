"""How much a table moves when an assumption of the evaluation is another (docs/assumptions.md). Beyond the paper.

Only what needs no generator to be trained again. Each function yields a `Moved` for every method and variation.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import nn

from cascade_efgan.config.settings import Settings
from cascade_efgan.data import AU_MAX, AUS
from cascade_efgan.data.face_crops.dataset import Faces
from cascade_efgan.evaluation.au_regressor import au_errors, load_au_regressor, read_aus, train_au_regressor
from cascade_efgan.evaluation.classifier import class_numbers, classify, load_classifier, train_classifier
from cascade_efgan.evaluation.fid import distance
from cascade_efgan.evaluation.packed_edits import Edits, load_edits
from cascade_efgan.evaluation.significance import bootstrap_interval
from cascade_efgan.evaluation.similarity import PEAK, compare_edits, counterparts
from cascade_efgan.evaluation.statistics import load_vectors, statistics
from cascade_efgan.evaluation.trainer import Examples
from cascade_efgan.evaluation.values import read_values
from cascade_efgan.generation.edit import edit_all, trained
from cascade_efgan.generation.edit_plan import expression_means
from cascade_efgan.models.build import load_generator

#: Share of the crop's side that the classifier's smaller crop leaves out on each side.
INNER = 1 / 16


@dataclass(frozen=True)
class Moved:
    """One number under another assumption.

    Attributes:
        assumption: what is assumed, in words.
        setting: the setting that changes it.
        variation: what it is here; `base` is what the run has.
        base: the run's own, in words.
        column: the number that it moves.
    """

    assumption: str
    setting: str
    base: str
    variation: str
    column: str
    method: str
    value: float


@dataclass(frozen=True)
class FinishedRun:
    """What a finished run offers: its faces, parts, edits of each method, and settings."""

    faces: Faces
    train: np.ndarray
    test: np.ndarray
    folder: Path
    edits: Mapping[str, Edits]
    settings: Settings
    seed: int
    device: torch.device

    def accuracy(self, network: nn.Module, images: np.ndarray, rows: np.ndarray, true: Sequence[str]) -> float:
        """Share of `images[rows]` whose expression a classifier names right, percent."""
        predicted = classify(network, self.faces.expressions, images, rows, self.device)
        return 100 * float(np.mean([one == other for one, other in zip(predicted, true, strict=True)]))

    def accuracy_of_edits(self, network: nn.Module, images: np.ndarray, index: pd.DataFrame) -> float:
        """G of some edits."""
        return self.accuracy(network, images, np.arange(len(images)), index["target_expression"].tolist())

    def classifier(self, seed: int, border: int = 0, added: Edits | None = None) -> nn.Module:
        """Train the classifier of R again, or with edits that of R+G; `border` pixels are left out on each side."""
        faces = self.faces
        names = faces.index["expression"].iloc[self.train].tolist()
        parts = [(_inner(faces.images, border), self.train, class_numbers(names, faces.expressions, "crops.csv"))]
        if added is not None:
            wanted = class_numbers(added.index["target_expression"].tolist(), faces.expressions, "edits_train.csv")
            parts.append((added.images, np.arange(len(added)), wanted))
        size, settings = faces.size - 2 * border, self.settings.classifier
        data = Examples(*parts)
        return train_classifier(data, len(self.train), faces.expressions, size, settings, seed, self.device)[0]

    def values(self, metric: str) -> Iterator[tuple[str, pd.DataFrame]]:
        """The methods that have a number, each with the values behind it."""
        for method in self.edits:
            if (values := read_values(self.folder / method / f"values_{metric}.csv")) is not None:
                yield method, values.table


def vary_all(run: FinishedRun) -> Iterator[Moved]:
    """Every variation that the files of the run allow."""
    for vary in (
        vary_own_expression,
        vary_classifier,
        vary_target_aus,
        vary_augmentation,
        vary_psnr_mean,
        vary_real_images,
        vary_unit,
        vary_regressor,
    ):
        yield from vary(run)


def vary_own_expression(run: FinishedRun) -> Iterator[Moved]:
    """G counts edits to the source's own expression, or does not."""
    about = ("edits to the input's own expression count in G", "–", "they count", "left out", "G")
    for method, table in run.values("G"):
        yield Moved(*about, method, float(table["value"].to_numpy()[run.edits[method].changes].mean()))


def vary_classifier(run: FinishedRun) -> Iterator[Moved]:
    """Another seed of the classifier, and a smaller crop of its images."""
    border = round(INNER * run.faces.size)
    first = ("initial weights of the classifier", "–", f"seed {run.seed}")
    for about, seed, cut in (
        ((*first, "seed + 1"), run.seed + 1, 0),
        ((*first, "seed + 2"), run.seed + 2, 0),
        (("what the classifier sees", "–", "the whole crop", f"{border} pixels less on each side"), run.seed, border),
    ):
        network = run.classifier(seed, cut)
        for method, made in run.edits.items():
            value = run.accuracy_of_edits(network, _inner(made.images, cut), made.index)
            yield Moved(*about, "G", method, value)


def vary_target_aus(run: FinishedRun) -> Iterator[Moved]:
    """Edits towards the mean AUs of each expression instead of those of the person's own photograph."""
    about = ("target AUs of an edit", "–", "those of the person's real image", "the expression's mean")
    means = expression_means(run.faces.index, run.train)
    classifier = load_classifier(run.folder / "real/classifier.safetensors", run.folder / "real/classifier.json")[0]
    for method, made in run.edits.items():
        if not (run.folder / method / "model.json").is_file():
            continue
        plan = made.index.copy()
        plan[list(AUS)] = means.loc[plan["target_expression"]].to_numpy()
        generator = load_generator(run.folder / method / "weights.safetensors", run.folder / method / "model.json")[0]
        edit_batch = trained(generator, run.faces, run.device)
        images = np.concatenate(list(edit_all(plan, run.faces, edit_batch, run.settings.generation_batch)))
        yield Moved(*about, "G", method, run.accuracy_of_edits(classifier, images, plan))
        found = compare_edits(Edits(images, plan), counterparts(made, run.faces), "no_counterpart").mean
        if found is not None:
            yield Moved(*about, "psnr", method, found)


def vary_augmentation(run: FinishedRun) -> Iterator[Moved]:
    """R+G with the first of the edits of each training image only."""
    before = run.settings.classifier.edits_per_image or len(run.faces.expressions)
    if before == 1:
        return
    about = ("edits of each training image in R+G", "classifier.edits_per_image", str(before), "1")
    for method in run.edits:
        images, index = (run.folder / method / f"edits_train.{suffix}" for suffix in ("npy", "csv"))
        if not (images.is_file() and index.is_file()):
            continue
        made = load_edits(images, index)
        rows = np.flatnonzero(~made.index["source_id"].duplicated())
        fewer = Edits(made.images[rows], made.index.iloc[rows].reset_index(drop=True))
        network = run.classifier(run.seed, added=fewer)
        true = run.faces.index["expression"].iloc[run.test].tolist()
        value = run.accuracy(network, run.faces.images, run.test, true)
        yield Moved(*about, "R+G", method, value)


def vary_psnr_mean(run: FinishedRun) -> Iterator[Moved]:
    """PSNR of the mean squared error instead of the mean of PSNRs."""
    about = ("PSNR is averaged in dB", "–", "mean of dB", "dB of the mean squared error", "psnr")
    for method, table in run.values("psnr"):
        errors = PEAK**2 / 10 ** (table["value"].to_numpy() / 10)
        yield Moved(*about, method, float(10 * np.log10(PEAK**2 / errors.mean())))


def vary_real_images(run: FinishedRun) -> Iterator[Moved]:
    """Which real images the distance compares with."""
    before, extractor = run.settings.fid.real_images, run.settings.fid.extractor
    real = load_vectors(run.folder.parent / "features_real.npy")
    rows = {"all": np.arange(len(real)), "train": run.train, "test": run.test}
    others = {part: statistics([real[chosen]], extractor) for part, chosen in rows.items()
              if part != before and len(chosen) > 1}  # fmt: skip
    for method in run.edits:
        edits = statistics([load_vectors(run.folder / method / "features_test.npy")], extractor)
        for part, images in others.items():
            about = ("real images of the distance", "fid.real_images", before, part, "fid")
            yield Moved(*about, method, distance(images, edits))


def vary_unit(run: FinishedRun) -> Iterator[Moved]:
    """Width of the interval of G when images are resampled instead of people."""
    chosen = run.settings.statistics
    for method, table in run.values("G"):
        for unit, values in (("person", table), ("image", table.assign(person=table["id"]))):
            found = bootstrap_interval(values, chosen.resamples, chosen.seed, chosen.level)
            if found.low is not None and found.high is not None:
                about = ("what intervals resample", "statistics.unit", "person", unit, "width of the interval of G")
                yield Moved(*about, method, found.high - found.low)


def vary_regressor(run: FinishedRun) -> Iterator[Moved]:
    """Another seed of the AU regressor, where the run has one; what its own reads is beside it as the base."""
    weights, model = (run.folder / "real" / f"au_regressor.{suffix}" for suffix in ("safetensors", "json"))
    if not model.is_file():
        return
    about = ("initial weights of the AU regressor", "–", f"seed {run.seed}")
    data = Examples((run.faces.images, run.train, run.faces.aus[run.train]))
    other = train_au_regressor(data, run.faces.size, run.settings.au_regressor, run.seed + 1, run.device)[0]
    for variation, network in ((f"seed {run.seed}", load_au_regressor(weights, model)[0]), ("seed + 1", other)):
        for method, made in run.edits.items():
            measured = read_aus(network, made.images, np.arange(len(made)), run.device)
            yield Moved(*about, variation, "au_error", method, au_errors(measured, made.aus * AU_MAX)[0])


def lines(found: list[Moved], base: Mapping[tuple[str, str], float]) -> pd.DataFrame:
    """The variations with the run's own numbers: columns of `Moved`, then `own` and `change`.

    Args:
        found: the variations; one whose variation is its base gives the run's own number itself.
        base: (column, method) -> the run's own number.
    """
    own = {**base, **{(one.column, one.method): one.value for one in found if one.variation == one.base}}
    rows = [
        {**vars(one), "own": own[one.column, one.method], "change": one.value - own[one.column, one.method]}
        for one in found
        if one.variation != one.base and (one.column, one.method) in own
    ]
    return pd.DataFrame(rows, columns=[*Moved.__dataclass_fields__, "own", "change"])


def _inner(images: np.ndarray, border: int) -> np.ndarray:
    size = images.shape[1]
    return images[:, border : size - border, border : size - border]
