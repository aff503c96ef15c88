"""Signs in a run's numbers that a training went wrong, each with what to change. Not in the paper."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product
from pathlib import Path

import pandas as pd

from cascade_efgan.data import REGIONS
from cascade_efgan.datasets import dataset_title
from cascade_efgan.errors import InputError
from cascade_efgan.methods import METHODS, Method
from cascade_efgan.tables.model import Metrics

#: Mean of the attention map below which edits copy their input, and above one minus which they ignore it.
SATURATED = 0.02
#: Mean gradient penalty of a critic above which its gradient is nearly zero (at zero it is 1): it has no opinion.
NO_OPINION = 0.9
#: An edit whose AU error is more than this share of the input's has not followed its target.
NOT_FOLLOWED = 0.9
#: Metric -> difference from doing nothing beyond which edits are no copies of their input.
NO_COPY = {"G": 10.0, "au_error": 0.1, "psnr_true": 0.3, "identity": 0.05}
#: dB below the PSNR of doing nothing beyond which edits damage more than an expression changes.
DAMAGE = 3.0


def losses_of_runs(paths: Iterable[Path]) -> pd.DataFrame:
    """The losses of runs by epoch, as columns dataset, seed, method, epoch, loss, value.

    Args:
        paths: `DATASET/seedSEED/METHOD/curves.csv`; data set, seed and method are those of the folders.

    Raises:
        InputError: a file has no column `epoch`.
    """
    frames = []
    for path in paths:
        dataset, seed, method = path.parts[-4:-1]
        losses = pd.read_csv(path)
        if "epoch" not in losses:
            raise InputError(f"{path}: expected a column epoch; delete the file and run its rule again")
        frames.append(
            losses.melt(id_vars="epoch", var_name="loss").assign(
                dataset=dataset, seed=seed.removeprefix("seed"), method=method
            )
        )
    return pd.concat(frames, ignore_index=True)[["dataset", "seed", "method", "epoch", "loss", "value"]]


def health_lines(
    metrics: Metrics, curves: pd.DataFrame | None, datasets: Sequence[str], cascade_steps: int
) -> list[str]:
    """One sentence a data set and method for each sign, in the order of the methods.

    Args:
        metrics: numbers of the run; AUs and PSNR that are not among them are not judged.
        curves: losses of the training runs, by `losses_of_runs`; None: the training itself is not judged.
        datasets: data sets of the table.
        cascade_steps: modules of a cascade; each has discriminators of its own, whose penalties add up.
    """
    lines = []
    for dataset, method in product(datasets, METHODS):
        own, undone = (_means(metrics, dataset, name) for name in (method, "unchanged"))
        both = {name: (own[name], undone[name]) for name in own if name in undone}
        signs: list[str] = []
        if curves is not None:
            losses = curves[(curves["dataset"] == dataset) & (curves["method"] == method)]
            last = losses[losses["epoch"] == losses["epoch"].max()].groupby("loss")["value"].mean()
            edited = any(abs(one - other) > NO_COPY[name] for name, (one, other) in both.items())
            signs += _training_signs(last, METHODS[method], cascade_steps, edited)
        signs += _edit_signs(both)
        lines += [f"{METHODS[method].title}, {dataset_title(dataset)}: {sign}." for sign in signs]
    return lines


def _means(metrics: Metrics, dataset: str, method: str) -> dict[str, float]:
    """Means over seeds of the numbers that tell edits from copies of their input."""
    values = {
        name: [metric.value for metric in metrics.get((dataset, method, name), {}).values() if metric.value is not None]
        for name in NO_COPY
    }
    return {name: sum(numbers) / len(numbers) for name, numbers in values.items() if numbers}


def _training_signs(last: pd.Series, method: Method, cascade_steps: int, edited: bool) -> Iterator[str]:
    """Signs in the losses of the last epoch; `edited`: some number of the edits is not that of doing nothing."""
    modules = cascade_steps if method.is_cascade else 1
    attention = last.get("G/attention_mean")  # of the face
    # Local branches may paint where it is shut: the loss sums all maps, as means, or as norms, which are no less.
    maps = last.get("G/L_attn", 0.0) / (modules * (1 + len(REGIONS))) if method.local_focuses else 0.0
    # Small maps of three modules and their patches add up: numbers of the edits tell better whether they are copies.
    if attention is not None and max(attention, maps) < SATURATED and not edited:
        yield f"the masks are closed (mean {attention:.3f}), edits copy their input; train longer or lower attn"
    if attention is not None and attention > 1 - SATURATED:
        yield f"the masks are open (mean {attention:.3f}), edits ignore their input; raise attn"
    penalty = last.get("D/L_gp", 0.0) / (modules * (2 + len(REGIONS) if method.local_focuses else 1))
    if penalty > NO_OPINION:
        yield (
            f"the critics' gradients are nearly zero (penalty {penalty:.2f} each), so they teach nothing; train "
            "longer, or raise n_critic or the rate"
        )


def _edit_signs(both: Mapping[str, tuple[float, float]]) -> Iterator[str]:
    """Signs in the numbers of the edits, beside those of doing nothing."""
    if "au_error" in both:
        error, undone = both["au_error"]
        if error > NOT_FOLLOWED * undone:
            yield (
                f"an independent reader finds the edits' AUs hardly nearer to their targets than the inputs' (error "
                f"{error:.2f} against {undone:.2f}); train longer or raise the weight of the AU loss"
            )
    if "psnr_true" in both:
        near, undone = both["psnr_true"]
        if near < undone - DAMAGE:
            yield (
                f"the edits lie {undone - near:.1f} dB below doing nothing: they damage the face; train longer, or "
                "lower the weight of the AU loss"
            )
