"""Every edit with its own numbers; the best beside the largest failures, chosen by a number and not by eye."""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from cascade_efgan.data import AUS
from cascade_efgan.data.face_crops.dataset import Faces
from cascade_efgan.data.records import read_records
from cascade_efgan.evaluation.packed_edits import Edits
from cascade_efgan.evaluation.similarity import counterparts, psnr, true_counterparts
from cascade_efgan.figures.caption import Caption, Drawn
from cascade_efgan.figures.choose import from_to
from cascade_efgan.figures.mosaic import Mosaic, draw_mosaic
from cascade_efgan.figures.scores import au_gaps, matched, read_readings
from cascade_efgan.figures.style import TITLES, sentence_figure, wrapped

#: Best and worst edits shown of each method.
SHOWN = 5


def edit_scores(
    edits: Edits, faces: Faces, truth: Edits | None, predictions: Path, readings: Path | None
) -> pd.DataFrame:
    """One row per edit that changes the expression.

    Args:
        edits: a method's edits of test images.
        truth: the true edits, where they are known: PSNR is against them, else against the real counterpart.
        predictions: `predictions_G.csv` of these edits.
        readings: `readings_au.csv` of them, or None.

    Returns:
        `row` (of `edits`), `person, gap, correct` (0 or 1), `psnr` (dB; NaN without a partner, or where the two are
        identical) and `au_error` (0..5; NaN without readings).
    """
    ids = edits.ids
    partner = partners(edits, faces, truth)
    rows = np.flatnonzero(edits.changes)
    predicted = matched(read_records(predictions, ("id", "true", "predicted")), ids, predictions)
    errors = np.full(len(edits), np.nan)
    if readings is not None:
        errors = np.abs(read_readings(readings, ids) - edits.index[list(AUS)].to_numpy(np.float64)).mean(axis=1)
    ratios = [
        psnr(edits.images[row], other) if (other := partner(row)) is not None else np.nan for row in rows.tolist()
    ]
    return pd.DataFrame(
        {
            "row": rows,
            "person": edits.index["person"].to_numpy()[rows],
            "gap": au_gaps(edits.index, faces.index)[rows],
            "correct": (predicted["true"] == predicted["predicted"]).to_numpy(np.float64)[rows],
            "psnr": np.where(np.isinf(ratios), np.nan, ratios),
            "au_error": errors[rows],
        }
    )


def partners(edits: Edits, faces: Faces, truth: Edits | None) -> Callable[[int], np.ndarray | None]:
    """What the edit of a row is compared with: the true edit where these are known, else its real counterpart."""
    if truth is not None:
        return true_counterparts(edits, truth)
    return counterparts(edits, faces)


def best_and_worst(scores: pd.DataFrame, count: int) -> tuple[list[int], list[int]]:
    """Rows of the edits with the highest PSNR, best first, and with the lowest, worst last: at most `count` of each.

    Edits without a PSNR are left out; of equals the earlier row comes first; no edit is in both lists.
    """
    ordered = scores.dropna(subset="psnr").sort_values("psnr", ascending=False, kind="stable")["row"].tolist()
    count = min(count, len(ordered) // 2)
    return ordered[:count], ordered[len(ordered) - count :]


def draw_extremes(
    faces: Faces, edits: Mapping[str, Edits], scores: Mapping[str, pd.DataFrame], truth: Edits | None
) -> Drawn:
    """Three rows per method: input, what the edit is compared with (`partners`), edit; best left, failures right."""
    rows: list[list[np.ndarray | None]] = []
    labels: list[str] = []
    notes: dict[tuple[int, float], str] = {}
    wide = 0
    for name, made_by in edits.items():
        best, worst = best_and_worst(scores[name], SHOWN)
        wide = max(wide, len(best))
        chosen = [*best, *worst]
        shown = made_by.index.iloc[chosen]
        rows.append([faces.image(source) for source in shown["source_id"]])
        partner = partners(made_by, faces, truth)
        rows.append([partner(row) for row in chosen])
        rows.append([made_by.images[row] for row in chosen])
        labels += ["Input", "True edit" if truth is not None else "Real photograph", wrapped(TITLES[name])]
        ratios = scores[name].set_index("row")["psnr"][chosen]
        for column, (words, ratio) in enumerate(zip(from_to(shown, "\n"), ratios, strict=True)):
            notes[len(rows) - 1, column] = f"{words}\n{ratio:.1f} dB"
    caption = _caption({name: scores[name] for name in edits}, wide, truth is not None)
    if not wide:
        nothing = "Nothing to show: no edit that changes the expression has a picture to compare it with."
        return sentence_figure(nothing), caption
    figure = draw_mosaic(
        Mosaic(
            rows, labels=labels, notes=notes, row_groups=list(range(3, len(rows), 3)), column_groups=[wide],
            titles={0: "Best edits", wide: "Largest failures"},
        )
    )  # fmt: skip
    return figure, caption


def _caption(scores: Mapping[str, pd.DataFrame], wide: int, true_edits: bool) -> Caption:
    counts = {name: int(frame["psnr"].notna().sum()) for name, frame in scores.items()}
    against = (
        "the true edit (the same person, pose and light rendered with the target AUs)"
        if true_edits
        else "the real photograph of the same person with the target expression"
    )
    parts = ", ".join(f"{TITLES[name]} {count}" for name, count in counts.items())
    return Caption(
        title="Best edits and largest failures",
        text=f"""Best edits and largest failures, chosen by a number alone: the PSNR of an edit against {against}, in dB
            below it. For each method the {wide} edits with the highest PSNR, best first, and the {wide} with the
            lowest, worst last, of all its edits of test images that change the expression ({parts}).""",
        n=counts,
        numbers={
            name: {"highest": float(frame["psnr"].max()), "lowest": float(frame["psnr"].min())}
            for name, frame in scores.items()
            if counts[name]
        },
    )
