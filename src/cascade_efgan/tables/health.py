"""Signs in a run's numbers that a training went wrong, each with what to change. Not in the paper."""

from collections.abc import Sequence

import pandas as pd

from cascade_efgan.data import REGIONS
from cascade_efgan.datasets import dataset_title
from cascade_efgan.methods import METHODS
from cascade_efgan.tables.cells import Metrics

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


def health_lines(
    metrics: Metrics, curves: pd.DataFrame | None, datasets: Sequence[str], cascade_steps: int
) -> list[str]:
    """One sentence a data set and method for each sign, in the order of the methods.

    Args:
        metrics: numbers of the run; AUs and PSNR that are not among them are not judged.
        curves: losses of the training runs, as `losses_of_runs` gives them; None: the training itself is not judged.
        datasets: data sets of the table.
        cascade_steps: modules of a cascade; each has discriminators of its own, whose penalties add up.
    """
    lines = []
    for dataset in datasets:
        for method in METHODS:
            edited = _differs_from_input(metrics, dataset, method)
            signs = _training_signs(curves, dataset, method, cascade_steps, edited)
            signs += _edit_signs(metrics, dataset, method)
            lines += [f"{METHODS[method].title}, {dataset_title(dataset)}: {sign}." for sign in signs]
    return lines


def _training_signs(
    curves: pd.DataFrame | None, dataset: str, method: str, cascade_steps: int, edited: bool
) -> list[str]:
    if curves is None:
        return []
    own = curves[(curves["dataset"] == dataset) & (curves["method"] == method)]
    last = own[own["epoch"] == own["epoch"].max()].groupby("loss")["value"].mean()
    signs = []
    modules = cascade_steps if METHODS[method].is_cascade else 1
    attention = last.get("G/attention_mean")  # of the face
    # Local branches may paint where it is shut: the loss sums all maps, as means, or as norms, which are no less.
    maps = last.get("G/L_attn", 0.0) / (modules * (1 + len(REGIONS))) if METHODS[method].local_focuses else 0.0
    # Small maps of three modules and their patches add up: numbers of the edits tell better whether they are copies.
    if attention is not None and max(attention, maps) < SATURATED and not edited:
        signs.append(f"the masks are closed (mean {attention:.3f}), edits copy their input; train longer or lower attn")
    if attention is not None and attention > 1 - SATURATED:
        signs.append(f"the masks are open (mean {attention:.3f}), edits ignore their input; raise attn")
    critics = modules * (2 + len(REGIONS) if METHODS[method].local_focuses else 1)
    penalty = last.get("D/L_gp", 0.0) / critics
    if penalty > NO_OPINION:
        signs.append(
            f"the critics' gradients are nearly zero (penalty {penalty:.2f} each), so they teach nothing; train "
            "longer, or raise n_critic or the rate"
        )
    return signs


def _edit_signs(metrics: Metrics, dataset: str, method: str) -> list[str]:
    signs = []
    error, undone = (_mean(metrics, dataset, name, "au_error") for name in (method, "unchanged"))
    if error is not None and undone is not None and error > NOT_FOLLOWED * undone:
        signs.append(
            f"an independent reader finds the edits' AUs hardly nearer to their targets than the inputs' (error "
            f"{error:.2f} against {undone:.2f}); train longer or raise the weight of the AU loss"
        )
    near, unedited = (_mean(metrics, dataset, name, "psnr_true") for name in (method, "unchanged"))
    if near is not None and unedited is not None and near < unedited - DAMAGE:
        signs.append(
            f"the edits lie {unedited - near:.1f} dB below doing nothing: they damage the face; train longer, or lower "
            "the weight of the AU loss"
        )
    return signs


def _differs_from_input(metrics: Metrics, dataset: str, method: str) -> bool:
    """Whether some number of the edits is clearly not that of doing nothing."""
    for name, least in NO_COPY.items():
        own, unchanged = (_mean(metrics, dataset, one, name) for one in (method, "unchanged"))
        if own is not None and unchanged is not None and abs(own - unchanged) > least:
            return True
    return False


def _mean(metrics: Metrics, dataset: str, method: str, name: str) -> float | None:
    values = [metric.value for metric in metrics.get((dataset, method, name), {}).values() if metric.value is not None]
    return sum(values) / len(values) if values else None
