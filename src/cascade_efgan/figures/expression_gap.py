"""Quality of edits against the expression gap: the paper's central claim, which it never measures.

The paper says that single-step methods fail where the target is far from the source and that the cascade helps
there (Sec. 1, 3.2). Were it so, the cascade's lines would fall less steeply to the right than the others.
"""

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

from cascade_efgan.figures.caption import Caption, Drawn, Made
from cascade_efgan.figures.style import TEXT_WIDTH, TITLES, line_style, sentence_figure
from cascade_efgan.methods import ABLATED, COMPARED, CONTROLS

#: Bins of about as many edits each, bootstrap draws, and what their 95 % interval lies between.
BINS, DRAWS, PERCENTILES = 5, 2000, (2.5, 97.5)

#: Score -> axis, and its factor.
SCORES = {"correct": ("G ↑ (%)", 100.0), "au_error": ("AU error ↓ (0 to 5)", 1.0), "psnr": ("PSNR ↑ (dB)", 1.0)}

#: (cascade, its single-step method): whose difference shows whether the cascade helps more where the gap is large.
PAIRS = (("baseline_cascade", "baseline"), ("cascade_ef_gan", "ef_gan"))


def gap_bins(gaps: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Bins that hold about as many gaps each: edges `(B + 1,)`, B at most `BINS`; of each gap its bin, `(M,)` int64."""
    edges = np.unique(np.quantile(gaps, np.linspace(0, 1, BINS + 1)))
    if len(edges) == 1:
        edges = np.append(edges, edges + 1)
    return edges, np.clip(np.searchsorted(edges, gaps, side="right") - 1, 0, len(edges) - 2)


def people_weights(people: int, seed: int) -> np.ndarray:
    """How often each of `people` is drawn when as many are drawn with replacement: `(DRAWS, people)`."""
    rng = np.random.default_rng(seed)
    return rng.multinomial(people, np.full(people, 1 / people), size=DRAWS).astype(np.float64)


def resampled_means(values: np.ndarray, groups: np.ndarray, people: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Mean of every group under each resampling of people: `(B, G)`, NaN where a draw has none of a group.

    Args:
        values: `(M,)`; NaN is left out.
        groups: `(M,)` int64, 0..G-1.
        people: `(M,)` int64, 0..P-1: whose value it is.
        weights: `(B, P)`: how often each person was drawn.
    """
    known = ~np.isnan(values)
    shape = (weights.shape[1], int(groups.max()) + 1)
    totals, counts = np.zeros(shape), np.zeros(shape)
    np.add.at(totals, (people[known], groups[known]), values[known])
    np.add.at(counts, (people[known], groups[known]), 1)
    with np.errstate(invalid="ignore"):
        means: np.ndarray = (weights @ totals) / (weights @ counts)
    return means


def gap_table(scores: Mapping[str, pd.DataFrame], seed: int) -> pd.DataFrame:
    """Means of every score in every bin of the gap, with 95 % intervals from resampling people.

    Args:
        scores: method or control -> `edit_scores`, of the same edits.

    Returns:
        `measure, method, bin, low, high` (edges of the gap), `middle` (its mean), `edits, people` (with a value),
        `mean, mean_low, mean_high`; measures without any value are left out.

    Raises:
        ValueError: frames of other edits, or in another order.
    """
    first = next(iter(scores.values()))
    for method, frame in scores.items():
        if not frame[["row", "person", "gap"]].equals(first[["row", "person", "gap"]]):
            raise ValueError(f"{method}: its edits are not those of {next(iter(scores))}, in the same order")
    edges, groups = gap_bins(first["gap"].to_numpy())
    people, names = pd.factorize(first["person"])
    weights = people_weights(len(names), seed)
    rows: list[dict[str, Any]] = []
    for measure, (method, frame) in product(SCORES, scores.items()):
        known = frame.assign(bin=groups).dropna(subset=measure)
        if known.empty:
            continue
        sampled = resampled_means(frame[measure].to_numpy(), groups, people, weights)
        lows, highs = np.nanpercentile(sampled, PERCENTILES, axis=0)
        for number, inside in known.groupby("bin"):
            at = int(str(number))
            rows.append(
                {
                    "measure": measure, "method": method, "bin": at, "low": float(edges[at]),
                    "high": float(edges[at + 1]), "middle": float(inside["gap"].mean()), "edits": len(inside),
                    "people": inside["person"].nunique(), "mean": float(inside[measure].mean()),
                    "mean_low": float(lows[at]), "mean_high": float(highs[at]),
                }
            )  # fmt: skip
    return pd.DataFrame(rows)


def gain_of_cascade(scores: Mapping[str, pd.DataFrame], pair: tuple[str, str], seed: int) -> dict[str, float] | None:
    """How much more the cascade gains in G at the largest gaps than at the smallest, with its 95 % interval.

    The gain of an edit is the cascade's score minus the single-step method's, of the same edit.

    Returns:
        `small, large` (mean gain in the first and in the last bin), `difference, low, high`; None where either
        method was not run, or a bin is empty.
    """
    if any(name not in scores for name in pair):
        return None
    cascade, single = (scores[name] for name in pair)
    gain = (cascade["correct"] - single["correct"]).to_numpy()
    edges, groups = gap_bins(cascade["gap"].to_numpy())
    people, names = pd.factorize(cascade["person"])
    means = resampled_means(gain, groups, people, np.ones((1, len(names))))[0]
    small, large = float(means[0]), float(means[-1])
    if len(edges) < 3 or np.isnan([small, large]).any():
        return None
    sampled = resampled_means(gain, groups, people, people_weights(len(names), seed))
    low, high = np.nanpercentile(sampled[:, -1] - sampled[:, 0], PERCENTILES).tolist()
    return {"small": small, "large": large, "difference": large - small, "low": low, "high": high}


def draw_gap(scores: Mapping[str, pd.DataFrame], against: str, made: Made) -> Drawn:
    """A row per score, methods left and ablation right, with the number of edits in each bin below.

    `scores`: method or control -> `edit_scores`, of the same edits; `against`: what PSNR compares an edit with, in
    words.
    """
    if not any(len(frame) for frame in scores.values()):
        caption = Caption("Quality against the expression gap", "No edit changes the expression.", {"edits": 0})
        return sentence_figure("Nothing to show: no edit changes the expression."), caption
    table = gap_table(scores, made.drawn)
    measures = [name for name in SCORES if (table["measure"] == name).any()]
    controls = [name for name in CONTROLS if name in scores]
    sides = {
        "methods": [name for name in COMPARED if name in scores] + controls,
        "ablation": [name for name in ABLATED if name in scores],
    }
    sides = {name: members for name, members in sides.items() if members}
    figure, axes = plt.subplots(
        len(measures) + 1, len(sides), figsize=(TEXT_WIDTH * len(sides) / 2, 1.3 * len(measures) + 1.3), squeeze=False,
        sharex=True, sharey="row", layout="constrained", height_ratios=[*[1.0] * len(measures), 0.45],
    )  # fmt: skip
    for column, (side, methods) in enumerate(sides.items()):
        for axis, measure in zip(axes[:, column], measures, strict=False):
            _draw_lines(axis, table[table["measure"] == measure], methods, measure)
            if column == 0:
                axis.set_ylabel(SCORES[measure][0])
        _draw_counts(axes[-1, column], table)
        axes[0, column].set_title(side, loc="left", fontweight="bold", pad=26)
        handles = [plt.Line2D([], [], **line_style(name)) for name in methods]
        axes[-1, column].set_xlabel("expression gap: distance of source and target AUs")
        axes[0, column].legend(
            handles=handles, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3 if len(methods) > 4 else 2
        )
    axes[-1, 0].set_ylabel("edits\n(people)")
    return figure, _caption(table, scores, against, made)


def _draw_lines(axis: Axes, table: pd.DataFrame, methods: Sequence[str], measure: str) -> None:
    factor = SCORES[measure][1]
    for name in methods:
        part = table[table["method"] == name]
        style = line_style(name)
        axis.plot(part["middle"], factor * part["mean"], **style)
        if name not in CONTROLS:
            axis.fill_between(
                part["middle"], factor * part["mean_low"], factor * part["mean_high"], color=style["color"], alpha=0.15,
                linewidth=0,
            )  # fmt: skip


def _draw_counts(axis: Axes, table: pd.DataFrame) -> None:
    first = table[(table["measure"] == table["measure"].iloc[0]) & (table["method"] == table["method"].iloc[0])]
    axis.bar(
        first["low"], first["edits"], first["high"] - first["low"], align="edge", color="#BBBBBB", edgecolor="white",
        linewidth=0.8,
    )  # fmt: skip
    for row in first.itertuples():
        axis.annotate(
            f"{row.edits}\n({row.people})", ((row.low + row.high) / 2, row.edits / 2), ha="center", va="center",
            fontsize=5,
        )  # fmt: skip
    axis.set_ylim(0)
    axis.grid(visible=False)


def _caption(table: pd.DataFrame, scores: Mapping[str, pd.DataFrame], against: str, made: Made) -> Caption:
    edits = len(next(iter(scores.values())))
    people = next(iter(scores.values()))["person"].nunique()
    gains = {pair: gain_of_cascade(scores, pair, made.drawn) for pair in PAIRS}
    known = {pair: gain for pair, gain in gains.items() if gain is not None}
    sentences = " ".join(_gain_sentence(*pair, gain) for pair, gain in known.items())
    error = (
        " AU error: mean absolute difference between the AUs read from an edit and their targets."
        if (table["measure"] == "au_error").any()
        else ""
    )
    return Caption(
        title="Quality against the expression gap",
        text=f"""Quality against the expression gap: do edits get worse the farther the target is, and does the cascade
            help there? The gap is the Euclidean distance between the source's AUs and the target's; edits that change
            the expression are put into {table["bin"].nunique()} bins with about as many edits each. Points: means of a
            bin; bands: 95 % bootstrap intervals that resample people ({DRAWS} draws, figures.seed {made.drawn}). G:
            share recognised as the target expression. PSNR: against {against}.{error} {sentences} {edits} edits of each
            method, of {people} people.""",
        n={"edits": edits, "people": int(people)},
        numbers={
            "bins": table.to_dict("records"),
            "gain_of_cascade_in_G": {" - ".join(pair): gain for pair, gain in known.items()},
        },
    )


def _gain_sentence(cascade: str, single: str, gain: Mapping[str, float]) -> str:
    small, large = 100 * gain["small"], 100 * gain["large"]
    difference, low, high = (100 * gain[key] for key in ("difference", "low", "high"))
    verdict = (
        "a larger gain at large gaps"
        if low > 0
        else "a smaller gain at large gaps"
        if high < 0
        else "no clear difference"
    )
    return (
        f"{TITLES[cascade]} minus {TITLES[single]} in G: {small:+.1f} points in the first bin, {large:+.1f} in "
        f"the last; difference {difference:+.1f} (95 % interval {low:+.1f} to {high:+.1f}): {verdict}."
    )
