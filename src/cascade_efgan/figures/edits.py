"""Edits side by side: methods (Fig. 5), ablation (Fig. 6), more edits (Fig. 11, 13), all expressions (Fig. 12, 14)."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cascade_efgan.data.dataset import Faces
from cascade_efgan.evaluation.packed_edits import Edits
from cascade_efgan.figures.caption import Caption, Made, people_count
from cascade_efgan.figures.choose import choose_edits, choose_sources, text_at
from cascade_efgan.figures.mosaic import Mosaic, draw_mosaic
from cascade_efgan.figures.style import TITLES, wrapped

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Triplets in a row of the figure of more edits, and rows.
TRIPLETS, TRIPLET_ROWS = 3, 6


def draw_methods(
    faces: Faces, edits: Mapping[str, Edits], methods: Sequence[str], count: int, made: Made, paper: str
) -> tuple["Figure", Caption]:
    """One edit per column: its input, the real photograph with the target expression, and every method's edit.

    Args:
        edits: method or control -> its edits; all have the same rows.
        methods: rows of the figure, in order; the true edit is added where it is known.
        paper: `5` (methods) or `6` (ablation): both draw the same edits.
    """
    index = next(iter(edits.values())).index
    chosen = choose_edits(index, count, made.drawn)
    shown = [*methods, *(["true_edit"] if "true_edit" in edits else [])]
    rows: list[list[np.ndarray | None]] = [
        [faces.image(name) for name in index.loc[chosen, "source_id"]],
        [faces.image(name) for name in index.loc[chosen, "counterpart_id"]],
    ]
    for name in shown:
        rows.append([np.asarray(edits[name].images[row]) for row in chosen])
    heads = [_from_to(index, row) for row in chosen]
    labels = ["Input", "Photograph with\nthe target AUs", *(wrapped(TITLES[name]) for name in shown)]
    groups = [2, *([len(rows) - 1] if "true_edit" in shown else [])]
    figure = draw_mosaic(Mosaic(rows, heads, labels, row_groups=groups))
    what = "Methods side by side" if paper == "5" else "Ablation side by side"
    truth = " True edit: the same person, pose and light rendered with the target AUs." if "true_edit" in shown else ""
    return figure, Caption(
        title=what,
        text=f"""{what}. One edit of a test image a column, headed by its own and its target expression: the input, the
            real photograph of the same person whose AUs are the target, and the edit by
            {_list([TITLES[name] for name in methods])}.{truth} {_drawn(index, chosen, made)}""",
        n={"edits shown": len(chosen), "edits": int(_changes(index).sum())},
        paper_figure=paper,
    )


def draw_more(faces: Faces, edits: Edits, method: str, made: Made) -> tuple["Figure", Caption]:
    """Triplets of input, photograph with the target expression, and edit (Fig. 11 and 13)."""
    index = edits.index
    chosen = choose_edits(index, TRIPLETS * TRIPLET_ROWS, made.drawn + 1)  # others than those of Fig. 5
    rows: list[list[np.ndarray | None]] = []
    notes: dict[tuple[int, float], str] = {}
    for number, row in enumerate(chosen):
        if number % TRIPLETS == 0:
            rows.append([])
        pictures = [text_at(index, row, "source_id"), text_at(index, row, "counterpart_id")]
        notes[len(rows) - 1, len(rows[-1]) + 1] = f"{_from_to(index, row, ' ')}"
        rows[-1] += [*(faces.image(name) for name in pictures), np.asarray(edits.images[row])]
    wide = min(TRIPLETS, len(chosen))
    heads = ["Input", "Target", "Edit"] * wide
    groups = [3 * number for number in range(1, wide)]
    figure = draw_mosaic(Mosaic(rows, heads, notes=notes, column_groups=groups))
    return figure, Caption(
        title=f"More edits by {TITLES[method]}",
        text=f"""More edits by {TITLES[method]}. Each triplet is the input, the real photograph of the same person whose
            AUs are the target (empty where there is none: then the target is the mean AUs of the expression), and the
            edit. {_drawn(index, chosen, made, 1)}""",
        n={"edits shown": len(chosen), "edits": int(_changes(index).sum())},
        paper_figure="11, 13",
    )


def draw_all_expressions(faces: Faces, edits: Edits, method: str, people: int, made: Made) -> tuple["Figure", Caption]:
    """Test images in every expression, above the real photographs of the same person (Fig. 12 and 14)."""
    index = edits.index
    sources = choose_sources(index, people, made.drawn)
    targets = list(dict.fromkeys(index["target_expression"]))
    rows: list[list[np.ndarray | None]] = []
    labels = []
    keys = {key: row for row, key in enumerate(edits.keys)}
    for source in sources:
        numbers = [keys[source, target] for target in targets]
        rows.append([faces.image(source), *(np.asarray(edits.images[row]) for row in numbers)])
        rows.append([None, *(faces.image(text_at(index, row, "counterpart_id")) for row in numbers)])
        labels += [f"{text_at(index, numbers[0], 'source_expression')},\nedited", "real\nphotograph"]
    groups = list(range(2, len(rows), 2))
    shown = index[index["source_id"].isin(sources)]["person"].nunique()
    figure = draw_mosaic(Mosaic(rows, ["Input", *targets], labels, row_groups=groups, column_groups=[1]))
    return figure, Caption(
        title="One person in all expressions",
        text=f"""One person in all expressions, edited by {TITLES[method]}. Two rows a person: a test image and its
            edits to every expression, its own included; below, the real photographs whose AUs are the targets (empty
            where there is none). {people_count(shown, index["person"].nunique())}, drawn at random (figures.seed
            {made.drawn}).""",
        n={"images shown": len(sources), "images": index["source_id"].nunique()},
        paper_figure="12, 14",
    )


def _changes(index: pd.DataFrame) -> pd.Series:
    return index["source_expression"] != index["target_expression"]


def _from_to(index: pd.DataFrame, row: int, between: str = "\n") -> str:
    return f"{text_at(index, row, 'source_expression')}{between}→ {text_at(index, row, 'target_expression')}"


def _drawn(index: pd.DataFrame, chosen: Sequence[int], made: Made, shift: int = 0) -> str:
    people = people_count(index.loc[list(chosen)]["person"].nunique(), index["person"].nunique())
    seed = f"figures.seed {made.drawn}" + (f" + {shift}" if shift else "")
    return (
        f"Shown are {len(chosen)} of {int(_changes(index).sum())} edits that change the expression, of {people}, drawn "
        f"at random ({seed}) with every target expression in turn."
    )


def _list(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
