"""The best edits beside the largest failures, chosen by a number and not by eye."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from cascade_efgan.data.face_crops.dataset import Faces
from cascade_efgan.evaluation.packed_edits import Edits
from cascade_efgan.figures.caption import Caption, Drawn
from cascade_efgan.figures.choose import from_to
from cascade_efgan.figures.mosaic import Mosaic, draw_mosaic
from cascade_efgan.figures.scores import partners
from cascade_efgan.figures.style import TITLES, sentence_figure, wrapped

#: Best and worst edits shown of each method.
SHOWN = 5


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
