"""Edits side by side: methods (Fig. 5), ablation (6), wild (8, 10), more edits (11, 13), all expressions (12, 14)."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from cascade_efgan.data import AUS
from cascade_efgan.data.face_crops.dataset import Faces
from cascade_efgan.evaluation.packed_edits import Edits
from cascade_efgan.figures.caption import Caption, Drawn, Made, people_drawn
from cascade_efgan.figures.choose import choose_edits, choose_sources, from_to
from cascade_efgan.figures.mosaic import Mosaic, draw_mosaic, grouped
from cascade_efgan.figures.style import TITLES, wrapped

#: Triplets in a row of the figure of more edits, and rows.
TRIPLETS, TRIPLET_ROWS = 3, 6
#: Groups of pictures in a row of the figure of wild images.
GROUPS = 2


def draw_methods(
    faces: Faces, edits: Mapping[str, Edits], methods: Sequence[str], count: int, made: Made, paper: str
) -> Drawn:
    """One edit per column: its input, the real photograph with the target expression, and every method's edit.

    Args:
        edits: method or control -> its edits; all have the same rows.
        methods: rows of the figure, in order; the true edit is added where it is known.
        paper: `5` (methods) or `6` (ablation): both draw the same edits.
    """
    index = next(iter(edits.values())).index
    chosen = choose_edits(index, count, made.drawn)
    shown, names = index.loc[chosen], [*methods, *(["true_edit"] if "true_edit" in edits else [])]
    rows: list[list[np.ndarray | None]] = [
        [faces.image(name) for name in shown["source_id"]],
        [faces.image(name) for name in shown["counterpart_id"]],
        *([edits[name].images[row] for row in chosen] for name in names),
    ]
    labels = ["Input", "Photograph with\nthe target AUs", *(wrapped(TITLES[name]) for name in names)]
    groups = [2, *([len(rows) - 1] if "true_edit" in edits else [])]
    what = "Methods side by side" if paper == "5" else "Ablation side by side"
    truth = " True edit: the same person, pose and light rendered with the target AUs." if "true_edit" in edits else ""
    return draw_mosaic(Mosaic(rows, from_to(shown, "\n"), labels, row_groups=groups)), Caption(
        title=what,
        text=f"""{what}. One edit of a test image a column, headed by its own and its target expression: the input, the
            real photograph of the same person whose AUs are the target, and the edit by
            {_list([TITLES[name] for name in methods])}.{truth} {_drawn(shown, index, made)}""",
        n=_counts(shown, index),
        paper_figure=paper,
    )


def draw_more(faces: Faces, edits: Edits, method: str, made: Made) -> Drawn:
    """Triplets of input, photograph with the target expression, and edit (Fig. 11 and 13)."""
    chosen = choose_edits(edits.index, TRIPLETS * TRIPLET_ROWS, made.drawn + 1)  # others than those of Fig. 5
    shown = edits.index.loc[chosen]
    pictures = zip(shown["source_id"], shown["counterpart_id"], chosen, strict=True)
    groups = [[faces.image(source), faces.image(other), edits.images[row]] for source, other, row in pictures]
    figure = draw_mosaic(grouped(groups, ["Input", "Target", "Edit"], from_to(shown, " "), TRIPLETS))
    return figure, Caption(
        title=f"More edits by {TITLES[method]}",
        text=f"""More edits by {TITLES[method]}. Each triplet is the input, the real photograph of the same person whose
            AUs are the target (empty where there is none: then the target is the mean AUs of the expression), and the
            edit. {_drawn(shown, edits.index, made, 1)}""",
        n=_counts(shown, edits.index),
        paper_figure="11, 13",
    )


def draw_all_expressions(faces: Faces, edits: Edits, method: str, people: int, made: Made) -> Drawn:
    """Test images in every expression, above the real photographs of the same person (Fig. 12 and 14)."""
    index = edits.index
    sources = choose_sources(index, people, made.drawn)
    targets = list(dict.fromkeys(index["target_expression"]))
    rows: list[list[np.ndarray | None]] = []
    labels = []
    places = {key: row for row, key in enumerate(edits.keys)}
    for source in sources:
        own = index.iloc[[places[source, target] for target in targets]]
        rows.append([faces.image(source), *(edits.images[places[source, target]] for target in targets)])
        rows.append([None, *map(faces.image, own["counterpart_id"])])
        labels += [f"{own['source_expression'].iloc[0]},\nedited", "real\nphotograph"]
    groups = list(range(2, len(rows), 2))
    figure = draw_mosaic(Mosaic(rows, ["Input", *targets], labels, row_groups=groups, column_groups=[1]))
    return figure, Caption(
        title="One person in all expressions",
        text=f"""One person in all expressions, edited by {TITLES[method]}. Two rows a person: a test image and its
            edits to every expression, its own included; below, the real photographs whose AUs are the targets (empty
            where there is none). {people_drawn(index[index["source_id"].isin(sources)], index, made)}.""",
        n={"images shown": len(sources), "images": index["source_id"].nunique()},
        paper_figure="12, 14",
    )


def nearest_faces(aus: np.ndarray, faces: pd.DataFrame, expressions: list[str]) -> list[int]:
    """For every edit the row of `faces` with its target expression whose AUs are nearest to the target's.

    Args:
        aus: target AUs `(M, 17)`, 0..5.
        faces: `crops.csv` of training images.
        expressions: target expression of every edit.
    """
    known = faces[list(AUS)].to_numpy(np.float64)
    names = faces["expression"].to_numpy()
    distances = np.linalg.norm(known[None] - aus[:, None], axis=2)
    distances[names[None] != np.array(expressions, dtype=object)[:, None]] = np.inf
    return [int(row) for row in distances.argmin(axis=1)]


def draw_wild(
    faces: Faces,
    pretrained: Edits,
    wild: Edits,
    examples: Faces,
    training: np.ndarray,
    count: int,
    method: str,
    made: Made,
) -> Drawn:
    """Input, an image with the desired expression, and the edits before and after fine-tuning.

    Args:
        wild: edits after fine-tuning, in the same rows.
        examples: all images of the pre-training.
        training: row numbers of its training part, which the targets' AUs come from.
        method: whose edits they are, by name.
    """
    chosen = choose_edits(wild.index, count, made.drawn)
    shown = wild.index.loc[chosen]
    wanted, goals = shown[list(AUS)].to_numpy(np.float64), shown["target_expression"].tolist()
    targets = training[nearest_faces(wanted, examples.index.iloc[training], goals)]
    groups = [
        [faces.image(source), examples.images[target], pretrained.images[row], wild.images[row]]
        for row, source, target in zip(chosen, shown["source_id"], targets, strict=True)
    ]
    heads = ["Input", "Target", TITLES["pretrained"], "Fine-tuned"]
    return draw_mosaic(grouped(groups, heads, goals, GROUPS)), Caption(
        title="Wild images",
        text=f"""Wild images edited by {method}. For each edit: input, an image with the desired expression, and the
            edits before and after fine-tuning on wild images. Target AUs are the mean of the expression over the
            training images of the pre-training; shown is the one of these whose AUs are nearest to them. {len(chosen)}
            of {len(wild)} edits of test images, of {people_drawn(shown, wild.index, made)}.""",
        n={"edits shown": len(chosen), "edits": len(wild)},
        paper_figure="8, 10",
    )


def _counts(shown: pd.DataFrame, index: pd.DataFrame) -> dict[str, int]:
    changes = index["source_expression"] != index["target_expression"]
    return {"edits shown": len(shown), "edits": int(changes.sum())}


def _drawn(shown: pd.DataFrame, index: pd.DataFrame, made: Made, shift: int = 0) -> str:
    counts = _counts(shown, index)
    return (
        f"Shown are {counts['edits shown']} of {counts['edits']} edits that change the expression, of "
        f"{people_drawn(shown, index, made, shift)} with every target expression in turn."
    )


def _list(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
