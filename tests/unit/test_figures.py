"""Figures: who is chosen, what is counted, the same bytes, and every stage on small arrays."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from matplotlib import pyplot as plt
from PIL import Image
from small_models import BOXES, SIZE, small_spec

from cascade_efgan.data import AUS
from cascade_efgan.data.face_crops.dataset import INDEX_COLUMNS, Faces
from cascade_efgan.errors import InputError
from cascade_efgan.evaluation.packed_edits import Edits
from cascade_efgan.figures.action_units import binned_means
from cascade_efgan.figures.caption import Caption, Drawn, Made, write_figure
from cascade_efgan.figures.choose import choose_edits, choose_sources, far_edits
from cascade_efgan.figures.confusion import draw_confusion
from cascade_efgan.figures.edits import draw_all_expressions, draw_methods, draw_more, draw_wild, nearest_faces
from cascade_efgan.figures.expression_gap import (
    draw_gap,
    gain_of_cascade,
    gap_bins,
    gap_table,
    people_weights,
    resampled_means,
)
from cascade_efgan.figures.extremes import best_and_worst, draw_extremes, edit_scores
from cascade_efgan.figures.networks import Asked, between, draw_attention, draw_continuous, draw_steps, local_attention
from cascade_efgan.figures.scores import au_gaps
from cascade_efgan.figures.style import COLOURS, MARKERS, TITLES, figure_style
from cascade_efgan.figures.training import draw_curves
from cascade_efgan.generation.edit_plan import expression_means, plan_edits
from cascade_efgan.methods import CONTROLS, METHODS
from cascade_efgan.models.build import build_generator

MADE = Made("rendered", "smoke", 0, 0)
EXPRESSIONS = ("angry", "happy", "neutral")


@pytest.fixture(scope="module")
def faces() -> Faces:
    """Five people in three expressions, with random pixels and AUs."""
    rng = np.random.default_rng(0)
    rows = []
    for person in range(5):
        for expression in EXPRESSIONS:
            row = dict.fromkeys(INDEX_COLUMNS, 0.0)
            row |= {"id": f"p{person}_{expression}", "person": f"p{person}", "expression": expression,
                    "gaze": "frontal", "dataset": "rendered"}  # type: ignore[dict-item] # fmt: skip
            row |= dict(zip(AUS, rng.uniform(0, 5, len(AUS)).round(2), strict=True))
            rows.append(row)
    return Faces(rng.integers(0, 256, (len(rows), SIZE, SIZE, 3), dtype=np.uint8), pd.DataFrame(rows))


@pytest.fixture(scope="module")
def plan(faces: Faces) -> pd.DataFrame:
    everyone = np.arange(len(faces))
    return plan_edits(faces.index, everyone, expression_means(faces.index, everyone), None, 0)


def edits_of(plan: pd.DataFrame, seed: int) -> Edits:
    return Edits(np.random.default_rng(seed).integers(0, 256, (len(plan), SIZE, SIZE, 3), dtype=np.uint8), plan)


def test_edits_are_chosen_by_the_seed_and_differ_in_targets_and_people(plan: pd.DataFrame) -> None:
    chosen = choose_edits(plan, 5, seed=0)
    assert chosen == choose_edits(plan, 5, seed=0)
    assert len({tuple(choose_edits(plan, 5, seed)) for seed in range(5)}) > 1
    shown = plan.loc[chosen]
    assert (shown["source_expression"] != shown["target_expression"]).all()
    assert shown["person"].nunique() == 5 and set(shown["target_expression"]) == set(EXPRESSIONS)
    assert len(choose_edits(plan, 1000, 0)) == len(set(choose_edits(plan, 1000, 0))) == 30
    people = plan.drop_duplicates("source_id").set_index("source_id")["person"]
    assert people[choose_sources(plan, 5, seed=3)].nunique() == 5
    assert people[choose_sources(plan, 7, seed=3)].value_counts().max() == 2, "nobody twice before everybody once"
    assert choose_sources(plan, 4, 1) == choose_sources(plan, 4, 1)


def test_the_gap_is_the_distance_of_the_aus(faces: Faces, plan: pd.DataFrame) -> None:
    gaps = au_gaps(plan, faces.index)
    row = plan.index[plan["source_expression"] != plan["target_expression"]][0]
    ids = faces.index.set_index("id")
    source, target = ids.loc[plan.at[row, "source_id"]], ids.loc[plan.at[row, "counterpart_id"]]
    assert gaps[row] == pytest.approx(np.sqrt(sum((source[au] - target[au]) ** 2 for au in AUS)))
    assert (gaps[plan["source_expression"] == plan["target_expression"]] == 0).all()
    far = far_edits(plan, gaps)
    assert 7 <= len(far) <= 9 and gaps[far.index].min() >= np.sort(gaps)[-len(far)]


def test_bins_hold_as_many_values_each_and_people_are_drawn_with_all_of_theirs() -> None:
    values = np.random.default_rng(0).normal(size=100)
    assert np.bincount(gap_bins(values)[1]).tolist() == [20] * 5
    assert set(gap_bins(np.ones(4))[1]) == {0}
    weights = people_weights(6, 1)
    assert (weights.sum(axis=1) == 6).all() and (weights == people_weights(6, 1)).all()
    values, groups, people = np.array([1.0, 3.0, 5.0, np.nan]), np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])
    drawn = np.array([[1.0, 1.0], [2.0, 0.0], [0.0, 2.0]])
    expected = [[2.0, 5.0], [1.0, 5.0], [3.0, np.nan]]
    np.testing.assert_equal(resampled_means(values, groups, people, drawn), expected)


def scores(gap_effect: float, seed: int = 0) -> pd.DataFrame:
    """200 edits of 20 people whose share of recognised ones changes along the gap."""
    rng = np.random.default_rng(seed)
    gap = np.linspace(0, 10, 200)
    correct = (rng.random(200) < np.clip(0.5 + gap_effect * (gap - 5) / 10, 0, 1)).astype(float)
    people = np.array([f"p{number % 20}" for number in range(200)])
    return pd.DataFrame({"row": np.arange(200), "person": people, "gap": gap, "correct": correct,
                         "psnr": 30 - gap, "au_error": np.nan})  # fmt: skip


def test_the_gap_table_counts_and_averages_every_bin() -> None:
    table = gap_table({"ef_gan": scores(-0.8)}, seed=0)
    assert set(table["measure"]) == {"correct", "psnr"}  # no AU could be read
    part = table[table["measure"] == "correct"]
    assert part["edits"].tolist() == [40] * 5 and part["people"].tolist() == [20] * 5
    assert (part["mean_low"] <= part["mean"]).all() and (part["mean"] <= part["mean_high"]).all()
    assert part["mean"].iloc[0] > part["mean"].iloc[-1]
    with pytest.raises(ValueError, match="stargan: its edits are not those of ef_gan"):
        gap_table({"ef_gan": scores(0), "stargan": scores(0).iloc[::-1]}, seed=0)


def test_a_cascade_that_helps_at_large_gaps_is_found_and_one_that_does_not_is_not() -> None:
    pair = ("cascade_ef_gan", "ef_gan")
    better = {pair[0]: scores(0.8), pair[1]: scores(-0.8, 1)}
    helps = gain_of_cascade(better, pair, 0)
    assert helps is not None and helps["low"] > 0 and helps["large"] > helps["small"]
    same = gain_of_cascade({pair[0]: scores(0), pair[1]: scores(0)}, pair, 0)
    assert same is not None and same["difference"] == same["low"] == same["high"] == 0
    assert gain_of_cascade({pair[0]: scores(0)}, pair, 0) is None
    figure, caption = draw_gap(better, "the true edit", MADE)
    plt.close(figure)
    assert "a larger gain at large gaps" in caption.text and caption.n == {"edits": 200, "people": 20}


def test_best_and_worst_are_chosen_by_psnr_alone() -> None:
    frame = pd.DataFrame({"row": [4, 7, 9, 11, 12], "psnr": [20.0, np.nan, 30.0, 10.0, 25.0]})
    assert best_and_worst(frame, 2) == ([9, 12], [4, 11])
    assert best_and_worst(frame, 10) == ([9, 12], [4, 11])  # nothing is in both


def test_where_nothing_can_be_compared_a_sentence_says_so(faces: Faces, plan: pd.DataFrame) -> None:
    """A data set of own photographs may have no counterparts, or one expression: its run must not end for a figure."""
    lonely = scores(0).assign(psnr=np.nan)
    with figure_style():
        drawn = [
            draw_extremes(faces, {"stargan": edits_of(plan, 0)}, {"stargan": lonely}, None),
            draw_gap({"stargan": lonely.head(0)}, "the true edit", MADE),
        ]
    for figure, caption in drawn:
        assert "Nothing to show" in figure.texts[0].get_text() and list(caption.n.values()) == [0]
        plt.close(figure)
    same = plan[plan["source_expression"] == plan["target_expression"]]
    assert len(choose_edits(far_edits(same, np.zeros(len(same))), 3, 0)) == 3


def test_confusion_counts_true_down_and_aus_are_averaged_near_whole_intensities(tmp_path: Path) -> None:
    rows = pd.DataFrame({"id": list("123"), "true": ["happy", "happy", "sad"], "predicted": ["happy", "sad", "sad"]})
    rows.to_csv(tmp_path / "R.csv", index=False)
    figure, caption = draw_confusion({"real": tmp_path / "R.csv", "ef_gan": tmp_path / "R.csv"}, MADE)
    plt.close(figure)
    assert caption.numbers["real"] == [[1, 1], [0, 1]]
    wanted = np.array([0.1] * 6 + [2.9] * 6 + [5.0])  # five edits at the least
    asked, shown = binned_means(wanted, wanted / 2)
    assert asked.tolist() == pytest.approx([0.1, 2.9]) and shown.tolist() == pytest.approx([0.05, 1.45])


def test_scores_join_an_edit_with_its_own_numbers(faces: Faces, plan: pd.DataFrame, tmp_path: Path) -> None:
    edits, truth = edits_of(plan, 1), edits_of(plan, 2)
    ids = [f"{source}:{target}" for source, target in edits.keys]
    predictions = pd.DataFrame({"id": ids, "true": plan["target_expression"], "predicted": "happy"})
    predictions.sample(frac=1, random_state=0).to_csv(tmp_path / "g.csv", index=False)  # order must not matter
    readings = pd.DataFrame(plan[list(AUS)] + 0.5).assign(id=ids)
    readings.to_csv(tmp_path / "a.csv", index=False)
    frame = edit_scores(edits, faces, truth, tmp_path / "g.csv", tmp_path / "a.csv")
    assert frame["row"].tolist() == np.flatnonzero(edits.changes).tolist()
    assert (frame["correct"] == (plan["target_expression"] == "happy").to_numpy()[frame["row"]]).all()
    assert frame["au_error"].to_numpy() == pytest.approx(np.full(len(frame), 0.5))
    row = int(frame["row"].iloc[0])
    error = ((edits.images[row].astype(float) - truth.images[row]) ** 2).mean()
    assert frame["psnr"].iloc[0] == pytest.approx(10 * np.log10(255**2 / error))
    predictions.iloc[1:].to_csv(tmp_path / "g.csv", index=False)
    with pytest.raises(InputError, match=r"g\.csv: not of the edits it is shown with"):
        edit_scores(edits, faces, truth, tmp_path / "g.csv", None)


def test_the_nearest_face_has_the_target_expression(faces: Faces) -> None:
    rows = nearest_faces(faces.index[list(AUS)].to_numpy(), faces.index, faces.index["expression"].tolist())
    assert rows == list(range(len(faces)))
    others = nearest_faces(faces.index[list(AUS)].to_numpy()[:1], faces.index, ["happy"])
    assert faces.index["expression"][others[0]] == "happy"


def test_local_attention_lies_at_its_places_and_nowhere_else() -> None:
    maps = {name: torch.full((1, 1, box.height, box.width), 0.5) for name, box in BOXES.items()}
    values = local_attention({"face": torch.zeros(1, 1, SIZE, SIZE), **maps}, BOXES)[0]
    inside = np.zeros((SIZE, SIZE), dtype=bool)
    for box in BOXES.values():
        inside[box.top : box.top + box.height, box.left : box.left + box.width] = True
    assert (values[inside] == 0.5).all() and np.isnan(values[~inside]).all()


def test_continuous_editing_asks_the_interpolator_and_ends_at_the_target(faces: Faces, plan: pd.DataFrame) -> None:
    cascade = build_generator(small_spec("cascade_ef_gan", cascade_steps=3))
    torch.nn.init.constant_(cascade.interpolator.correction[-1].bias, 0.25)  # it starts as plain interpolation
    asked = Asked(faces, plan.head(2), torch.device("cpu"))
    half, end = between(cascade, asked, (0.5, 1.0))
    assert torch.allclose(half, (asked.source + asked.target) / 2 + 0.25)
    assert torch.equal(end, asked.target)


#: Every drawing that is made of small arrays.
DRAWINGS = ("methods", "more", "all", "wild", "extremes", "curves", "attention", "steps", "continuous")


@pytest.fixture(scope="module")
def draw(faces: Faces, plan: pd.DataFrame) -> Callable[[str], Drawn]:
    """A function that makes the drawing of a name."""
    edits = {name: edits_of(plan, number) for number, name in enumerate(("stargan", "cascade_ef_gan", "true_edit"))}
    frames = {name: scores(0).head(30).assign(row=np.flatnonzero(edits[name].changes)) for name in edits}
    curves = pd.DataFrame({"epoch": [1.0, 2.0], "G/L_cont": [1.0, 0.01]})
    one = edits["stargan"]
    with torch.random.fork_rng():
        torch.manual_seed(0)
        single, cascade = (build_generator(small_spec(name, cascade_steps=3)) for name in ("ef_gan", "cascade_ef_gan"))
    asked = Asked(faces, plan.loc[choose_edits(plan, 3, 0)], torch.device("cpu"))
    drawings = (
        lambda: draw_methods(faces, edits, ["stargan", "cascade_ef_gan"], 4, MADE, "5"),
        lambda: draw_more(faces, one, "stargan", MADE),
        lambda: draw_all_expressions(faces, one, "stargan", 2, MADE),
        lambda: draw_wild(faces, one, edits["cascade_ef_gan"], faces, np.arange(15), 3, "Baseline", MADE),
        lambda: draw_extremes(faces, {"stargan": one}, frames, edits["true_edit"]),
        lambda: draw_curves({"ef_gan": curves, "cascade_ef_gan": curves}, MADE),
        lambda: draw_attention(single, asked, MADE, plan),
        lambda: draw_steps(cascade, single, asked, faces, MADE, plan),
        lambda: draw_continuous(cascade, asked, MADE, plan),
    )
    return lambda name: drawings[DRAWINGS.index(name)]()


def write(folder: Path, name: str, drawn: Callable[[], Drawn]) -> list[Path]:
    """The three files of a figure."""
    files = [folder / f"{name}.{suffix}" for suffix in ("png", "pdf", "json")]
    with figure_style():
        write_figure(tuple(files), drawn(), MADE)  # type: ignore[arg-type]
    return files


@pytest.mark.parametrize("name", DRAWINGS)
def test_a_figure_is_drawn_with_a_caption_that_says_what_made_it(draw, tmp_path: Path, name: str) -> None:
    files = write(tmp_path, name, lambda: draw(name))
    caption = json.loads(files[2].read_text(encoding="utf-8"))
    assert caption["caption"].endswith("Data: Rendered faces. Preset smoke, seed 0.")
    assert "\n" not in caption["caption"] and caption["n"] and caption["name"] == name
    assert "figures.seed 0" in caption["caption"] or name in ("extremes", "curves")
    with Image.open(files[0]) as picture:
        pixels = np.asarray(picture.convert("RGB"))
    assert picture.size[0] < 1250 and pixels.std() > 10
    assert files[1].read_bytes().startswith(b"%PDF-")


def test_the_same_figure_has_the_same_bytes(draw, tmp_path: Path) -> None:
    first, second = ([path.read_bytes() for path in write(tmp_path / folder, "figure", lambda: draw("attention"))]
                     for folder in "ab")  # fmt: skip
    assert first == second
    assert b"CreationDate" not in first[1] and b"Software" not in first[0]


def test_a_caption_is_one_line_of_plain_signs_between_fixed_words(tmp_path: Path) -> None:
    """The report includes it from the JSON file as it is there (workflow/report/*.rst)."""
    files = write(tmp_path, "f", lambda: (plt.figure(), Caption("T", "64×64, 95 %\n   and more.", {"edits": 1})))
    text = files[2].read_text(encoding="utf-8")
    assert '"caption": "64×64, 95 % and more. Data: Rendered faces. Preset smoke, seed 0.",\n' in text
    assert json.loads(text)["paper_figure"] is None
    with pytest.raises(InputError, match="expected a PNG, a PDF and a JSON file"):
        write_figure((files[1], files[0], files[2]), (plt.figure(), Caption("T", "", {})), MADE)


def test_every_method_has_a_look_of_its_own() -> None:
    names = [*METHODS, *CONTROLS]
    for looks in ({(COLOURS[name], MARKERS[name]) for name in names}, {TITLES[name] for name in names}):
        assert len(looks) == len(names)
