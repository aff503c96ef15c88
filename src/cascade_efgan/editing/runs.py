"""Trained generators on disk: which one to use, and what its run knows about expressions and crops."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import typer

from cascade_efgan.data import AUS
from cascade_efgan.data.face_crops.dataset import part_rows, read_index
from cascade_efgan.data.records import landmarks_of
from cascade_efgan.data.rendered.expression import PROTOTYPES
from cascade_efgan.errors import InputError
from cascade_efgan.files import not_the_file, read_json
from cascade_efgan.generation.edit_plan import expression_means
from cascade_efgan.methods import METHODS

if TYPE_CHECKING:
    from cascade_efgan.models.build import ModelSpec
    from cascade_efgan.models.cascade import Cascade

WEIGHTS, DESCRIPTION = "weights.safetensors", "model.json"
#: Beside published weights: what `run_facts` gives of their run, whose crops are not published.
FACTS = "run_facts.json"

#: Folder of the runs whose weights come with the package, and the one for photographs.
PRETRAINED = Path(__file__).parents[1] / "pretrained"
FOR_PHOTOGRAPHS = "london"

#: Methods that edit by AUs, the best for photographs first: what a folder of runs is searched for. `wild`: Cascade
#: EF-GAN after its fine-tuning on wild photographs.
_KNOWN = ("wild", "cascade_ef_gan", "ef_gan", "baseline_cascade", "baseline", "ganimation")
PREFERRED = (*_KNOWN, *(name for name in METHODS if name not in _KNOWN and METHODS[name].family != "stargan"))

#: Where runs leave their results: weights of the package are taken only if this default finds none.
RUNS = Path("results")

#: The run that makes an editor out of nothing: rendered faces, the preset laptop, and only what Cascade EF-GAN needs.
SMALLEST_RUN = "snakemake --cores 2 results/rendered/seed0/cascade_ef_gan/weights.safetensors --config preset=laptop"


def trained_weights(run: Path, weights: Path | None) -> Path:
    """What `--weights` names, else what a command finds in the folder `--run`, else, of the default, the package's own.

    At a terminal, the smallest run that makes some is offered where there are none. `InputError`: the offer was
    declined or could not be made, or that run failed.
    """
    if weights is not None:
        return weights
    try:
        return find_weights(run)
    except InputError as error:
        if run == RUNS and (own := pretrained_weights()) is not None:
            return own
        if not _can_offer(run):
            raise
        typer.echo(f"{error}\n", err=True)
        if not typer.confirm("Train it now, in this folder?", default=False, err=True):
            raise InputError(f"{run}: no trained generator; make one with `{SMALLEST_RUN}`") from None
    if subprocess.run(SMALLEST_RUN.split(), check=False).returncode != 0:
        raise InputError(f"`{SMALLEST_RUN}` failed; its messages are above, what is finished is kept")
    return find_weights(run)


def _can_offer(run: Path) -> bool:
    """Whether somebody is there to be asked, in a checkout whose run would be where weights are looked for."""
    asked = sys.stdin.isatty() and sys.stderr.isatty()
    here = Path("Snakefile").is_file() and shutil.which("snakemake") is not None
    return asked and here and run.resolve() == RUNS.resolve()


def find_weights(run: Path) -> Path:
    """The weights of a method's folder or, of a folder of runs, the newest of the best method there (`PREFERRED`).

    `InputError` where there are none; the sentence says how to make them.
    """
    if (run / WEIGHTS).is_file():
        return run / WEIGHTS
    found = [path for path in run.rglob(WEIGHTS) if path.with_name(DESCRIPTION).is_file()] if run.is_dir() else []
    for method in PREFERRED:
        of_method = [path for path in found if path.parent.name == method]
        if of_method:
            return max(of_method, key=lambda path: (path.stat().st_mtime, str(path)))
    if pointer := not_the_file(run / WEIGHTS):
        raise InputError(pointer)
    raise no_weights(f"{run}: no trained generator there")


def no_weights(reason: str) -> InputError:
    """The error that says how to make weights where there are none, for `reason`."""
    return InputError(
        f"{reason}; the smallest run makes some in about 15 minutes on two idle cores, without data or a GPU: "
        f"`{SMALLEST_RUN}`, or name another folder with --run or a file with --weights"
    )


def pretrained_weights(name: str = FOR_PHOTOGRAPHS) -> Path | None:
    """The weights `name` that come with the package; None where it has none of that name."""
    path = PRETRAINED / name / WEIGHTS
    return path if path.is_file() else None


def shown_weights(weights: Path) -> str:
    """Weights in a few words that say nothing about where results are: whose run, or that they are the package's."""
    weights = weights.resolve()
    if weights.parent.parent == PRETRAINED.resolve():
        return f"weights {weights.parent.name}, which come with the package"
    folder = run_folder(weights)
    return f"weights of {weights.parent.relative_to(folder.parent) if folder else weights.parent.name}"


def load_editor_model(weights: Path) -> "tuple[Cascade, ModelSpec]":
    """The generator of a weights file with `model.json` beside it, and its specification.

    `InputError`: a file is missing or torn, they do not fit, or the method is StarGAN, which knows no AUs.
    """
    from cascade_efgan.models.build import load_generator
    from cascade_efgan.models.cascade import Cascade

    if weights.is_dir():
        raise InputError(f"{weights}: a folder; name the file {WEIGHTS} in it with --weights, or the folder with --run")
    generator, spec = load_generator(weights, weights.with_name(DESCRIPTION))
    if not isinstance(generator, Cascade):
        raise InputError(f"{weights}: {spec.info.title} edits to whole expressions, not to AUs; choose another method")
    return generator, spec


def run_facts(weights: Path, crop_size: int) -> tuple[float, dict[str, np.ndarray]]:
    """`run_margin` and `run_expressions` as stored beside published weights, else of the weights' own run."""
    path = weights.with_name(FACTS)
    if not path.is_file():
        folder = run_folder(weights)
        return run_margin(folder, crop_size), run_expressions(pretraining_folder(weights) or folder)
    stored = read_json(path)
    try:
        expressions = {name: np.array([aus[au] for au in AUS], float) for name, aus in stored["expressions"].items()}
        return float(stored["margin"]), expressions
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError(f"{path}: no facts of a run ({error!r}); restore it from where the weights came") from None


def pretraining_folder(weights: Path) -> Path | None:
    """Where the data of the pre-training are, of weights that their run fine-tuned on wild images; else None.

    Their expressions are those that the run edits wild images to (Sec. 4.5): these have none of their own, or fewer.
    """
    folder = run_folder(weights)
    if weights.parent.name != "wild" or folder is None or not (run := folder.parent / "run.json").is_file():
        return None
    settings = read_json(run)["settings"]
    names = settings["wild"]["pretrain"] or settings["datasets"]
    return folder.parent / (names[0] if len(names) == 1 else "combined")


def run_folder(weights: Path) -> Path | None:
    """The folder with `crops.csv` above `results/DATASET/seed0/METHOD/weights.safetensors`, or None."""
    places = list(weights.resolve().parents)[:4]
    return next((place for place in places if (place / "crops.csv").is_file()), None)


def run_margin(folder: Path | None, crop_size: int) -> float:
    """The border of the crops of a run, as a share of the landmarks' longer side; the default where no run is known.

    It follows from the crops themselves: a crop of `crop_size` pixels is as wide as the landmarks' box times 1 + 2
    margin.
    """
    if folder is None:
        return 0.15  # the default of `crop.margin`
    boxes = np.ptp(landmarks_of(read_index(folder / "crops.csv")), axis=1).max(axis=1)  # (N,) pixels of the crop
    return max(0.0, round((crop_size / float(np.median(boxes)) - 1) / 2, 3))


def run_expressions(folder: Path | None) -> dict[str, np.ndarray]:
    """Expression -> mean AUs `(17,)` float64, 0..5, over the run's training images; else the EMFACS prototypes."""
    if folder is None or not (folder / "split.csv").is_file():
        return prototypes()
    index = read_index(folder / "crops.csv")
    means = expression_means(index, part_rows(index, folder / "split.csv", "train"))
    # A wild data set has no expressions of its own.
    return {str(name): row.to_numpy(np.float64) for name, row in means.iterrows()} or prototypes()


def prototypes() -> dict[str, np.ndarray]:
    """Expression -> AUs `(17,)` float64, 0..5, of EMFACS within OpenFace's seventeen AUs."""
    return {name: np.array([aus.get(au, 0.0) for au in AUS]) for name, aus in PROTOTYPES.items()}
