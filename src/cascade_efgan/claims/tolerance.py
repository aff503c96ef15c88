"""Whether a cell of Tables 1 to 3 is reproduced, in the paper's setting only."""

from collections.abc import Mapping
from math import sqrt
from typing import Any

from cascade_efgan.evaluation.metric import REAL
from cascade_efgan.evaluation.significance import jackknife_interval
from cascade_efgan.evaluation.values import SET_METRICS
from cascade_efgan.tables.comparisons import ValuesByRow, replicates
from cascade_efgan.tables.context import is_papers_setting
from cascade_efgan.tables.paper import TABLES

#: Data set -> test images and edits of the paper: a tenth of RaFD's 1,608 images (8 expressions) and of CFEED's 1,610
#: (7 expressions), each edited to every expression (Sec. 4.1). The paper's digits are no fractions of these numbers:
#: it may have counted otherwise.
TEST_SIZES = {"rafd": (161, 1288), "cfeed": (161, 1127)}

#: Of the normal distribution: 95 %.
_Z = 1.959964


def judge_cells(context: Mapping[str, Any], found: ValuesByRow) -> list[dict[str, Any]]:
    """Every cell that the paper prints, of data sets in its setting: its number, ours, the interval, the verdict.

    A cell that this run lacks is "not run"; one of an interval that too few people leave open, "cannot be told".

    Both numbers are single runs on test sets of the paper's size, so that their difference has the error of two. It is
    binomial for R, G and R+G, that of our own images' values for PSNR and of our own replicates for FID. It holds the
    drawing of test images alone, not that of the split or of training seeds, and edits count as independent, which
    they are not: the intervals are the narrowest that can be defended.
    """
    lines: list[dict[str, Any]] = []
    for table, datasets in TABLES.items():
        for dataset, methods in datasets.items():
            if dataset not in context["datasets"] or not is_papers_setting(context, dataset):
                continue
            for method, numbers in methods.items():
                wanted = ("psnr", "fid") if table == "quality" else ("R", "G", "R+G")
                for metric in (name for name in numbers if name in wanted):
                    owner = REAL if metric == "R" else method
                    about = {"table": table, "dataset": dataset, "method": owner, "column": metric}
                    ours = found.get((dataset, owner, metric))
                    line = {**about, "paper": numbers[metric], **_judged(ours, dataset, metric, numbers[metric])}
                    lines += [line] if line not in lines else []  # R stands beside every method
    return lines


def _judged(ours: Any, dataset: str, metric: str, paper: float) -> dict[str, Any]:
    value, half = (None, None) if ours is None else _value_and_half(ours, dataset, metric, paper)
    if value is None or half is None:
        verdict = "not run" if value is None else "cannot be told"
        return {"value": value, "low": None, "high": None, "verdict": verdict}
    low, high = paper - half, paper + half
    verdict = "reproduced" if low <= value <= high else "below" if value < low else "above"
    return {"value": value, "low": low, "high": high, "verdict": verdict}


def _value_and_half(ours: Any, dataset: str, metric: str, paper: float) -> tuple[float, float | None]:
    """Our number, and half the width of the interval around the paper's; None where too few people are known."""
    images, edits = TEST_SIZES[dataset]
    if metric in SET_METRICS:
        value, without = replicates(ours)
        estimate = jackknife_interval(value, without.tolist(), 0.95)
        return value, None if estimate.high is None else sqrt(2) * (estimate.high - value)
    value = float(ours["value"].mean())
    if metric == "psnr":
        return value, _Z * sqrt(2) * float(ours["value"].std()) / sqrt(edits - images)  # not to the own expression
    share = paper / 100
    return value, 100 * _Z * sqrt(2 * share * (1 - share) / (edits if metric == "G" else images))
