"""Intervals and tests of a table: what is compared, what is bold, and the bytes of what is written."""

import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest
from table_helpers import number, run, table

from cascade_efgan.errors import InputError
from cascade_efgan.evaluation.metric import Metric
from cascade_efgan.evaluation.values import over_seeds, read_values, write_replicates, write_values
from cascade_efgan.files import write_json
from cascade_efgan.stages import compare as stage
from cascade_efgan.tables.comparison_text import comparisons_csv, comparisons_markdown
from cascade_efgan.tables.comparisons import compare
from cascade_efgan.tables.render import as_csv, latex, markdown

#: Twelve people with three images each.
PEOPLE = [f"{person:02d}" for person in range(12) for _ in range(3)]
IDS = [f"image{place:02d}" for place in range(36)]


def save(folder: Path, name: str, method: str, values: np.ndarray, seed: int = 0) -> tuple[Path, Metric]:
    """Write the values of a number, and the number that is their mean."""
    path = folder / f"{method}_{name}_{seed}.csv"
    metric = number(name, method, float(np.mean(values)), seed, n=len(values))
    write_values(path, metric, IDS, PEOPLE, values.tolist())
    return path, metric


def right(share: float, seed: int = 0) -> np.ndarray:
    """Right or wrong for each image, 0 or 100."""
    return 100.0 * (np.random.default_rng(seed).random(36) < share)


@pytest.fixture
def ablation(tmp_path: Path) -> tuple[list[Path], list[Metric]]:
    """Values of Table 3: the cascade is always right, the others rarely."""
    shares = {"unchanged": 0.1, "baseline": 0.3, "ef_gan": 0.3, "baseline_cascade": 0.3, "cascade_ef_gan": 1.1}
    made = [save(tmp_path, "G", method, right(share, seed)) for seed, (method, share) in enumerate(shares.items())]
    return [path for path, _ in made], [metric for _, metric in made]


def test_bold_is_what_is_better_than_every_other_method_and_than_doing_nothing(ablation) -> None:
    paths, metrics = ablation
    context = run("rendered")
    found = compare("ablation", context, paths)
    assert found["best"] == [{"dataset": "rendered", "column": "G", "method": "cascade_ef_gan"}]
    tests = {(test["first"], test["second"]): test for test in found["tests"]}
    assert len(tests) == 4 * 3 / 2 + 4
    assert tests["baseline", "cascade_ef_gan"]["better"] == "cascade_ef_gan"
    assert tests["cascade_ef_gan", "unchanged"]["p"] == pytest.approx(2 / 2**12)
    assert tests["cascade_ef_gan", "unchanged"]["p_holm"] == pytest.approx(10 * 2 / 2**12)
    assert tests["baseline", "ef_gan"]["better"] is None
    built = table("ablation", context, *metrics, comparisons=found)
    text = markdown(built)
    assert "**100.00**" in text and r"\textbf{100.00}" in latex(built)
    assert text.count("**") == 2 * (1 + len(built.meanings))
    assert "- Bold: the method is better than every other method, and than doing nothing" in text
    lines = {line["method"]: line for line in csv.DictReader(io.StringIO(as_csv(built))) if line["column"] == "G"}
    assert [lines[method]["better_than_all"] for method in ("cascade_ef_gan", "baseline")] == ["yes", ""]
    low, value, high = (float(lines["baseline"][key]) for key in ("interval_low", "value", "interval_high"))
    assert low < value < high
    assert lines["cascade_ef_gan"]["interval_low"] == ""  # all people alike


def test_worse_than_doing_nothing_is_never_bold(tmp_path: Path) -> None:
    """The best PSNR of the methods, when the unchanged input has a better one still."""
    noise = np.random.default_rng(0).normal(0, 0.1, 36)
    levels = {"unchanged": 30, "stargan": 20, "ganimation": 21, "cascade_ef_gan": 25}
    paths = [save(tmp_path, "psnr", method, level + noise)[0] for method, level in levels.items()]
    found = compare("quality", run("rendered"), paths)
    assert {test["better"] for test in found["tests"] if test["second"] == "unchanged"} == {"unchanged"}
    assert found["best"] == []
    assert "No number is bold" in markdown(table("quality", run("rendered"), comparisons=found))


def test_lower_is_better_where_the_arrow_points_down(tmp_path: Path) -> None:
    paths = []
    for method, level in (("unchanged", 9.0), ("stargan", 8.0), ("cascade_ef_gan", 2.0)):
        paths.append(tmp_path / f"{method}.csv")
        without = {f"{person:02d}": level + person / 100 for person in range(12)}
        write_replicates(paths[-1], number("fid", method, level, n=96), without)
    found = compare("quality", run("rendered", methods=["stargan", "ef_gan", "cascade_ef_gan"]), paths)
    assert found["best"] == [{"dataset": "rendered", "column": "fid", "method": "cascade_ef_gan"}]
    assert all(line["low"] < line["value"] < line["high"] for line in found["intervals"])


def test_r_plus_g_is_compared_with_the_classifier_that_saw_no_edits(tmp_path: Path) -> None:
    paths = [save(tmp_path, "R", "real", right(0.5))[0], save(tmp_path, "R+G", "stargan", right(0.9, 1))[0]]
    found = compare("accuracy", run("rendered"), paths)
    assert [(test["first"], test["second"]) for test in found["tests"]] == [("stargan", "real")]
    assert "no edits added (R)" in comparisons_markdown(found, run("rendered"))
    assert comparisons_csv(found).count("\n") == 1 + 2 + 1


def test_several_seeds_are_averaged_before_people_are_resampled(tmp_path: Path) -> None:
    first, second = (save(tmp_path, "G", "stargan", right(0.5, seed), seed)[0] for seed in (0, 1))
    mean = over_seeds([one for one in map(read_values, (first, second)) if one is not None])["value"]
    assert sorted(set(mean)) == [0, 50, 100]
    context = run("rendered", seeds=[0, 1])
    found = compare("accuracy", context, [first, second])
    assert found["intervals"][0]["value"] == pytest.approx(mean.mean())
    assert compare("accuracy", context, [first])["intervals"] == []  # a seed is missing
    assert "In brackets" not in markdown(table("accuracy", context, comparisons=found))


def test_the_same_values_give_the_same_bytes_in_any_order_and_images_may_be_resampled(ablation, tmp_path) -> None:
    context = tmp_path / "run.json"
    write_json(context, run("rendered", statistics={"unit": "image"}))
    made = []
    for order in (ablation[0], ablation[0][::-1]):
        files = [tmp_path / f"out.{suffix}" for suffix in ("json", "md", "csv")]
        stage.command("ablation", context, *files, values=order)
        made.append([path.read_bytes() for path in files[1:]])
    assert made[0] == made[1]
    found = json.loads(files[0].read_text(encoding="utf-8"))
    assert len(found["inputs"]) == 5 and {line["people"] for line in found["intervals"]} == {36}


def test_wrong_values_are_one_sentence(ablation, tmp_path: Path) -> None:
    paths, (nothing, _, *others) = ablation
    context = run("rendered")
    with pytest.raises(InputError, match="given twice"):
        compare("ablation", context, [paths[0], paths[0]])
    found = compare("ablation", context, paths)
    with pytest.raises(InputError, match="G of baseline is .* there, but 99.000000 in its metric file"):
        table("ablation", context, nothing, number("G", "baseline", 99.0), *others, comparisons=found)
    with pytest.raises(InputError, match="of the table ablation, expected accuracy"):
        table("accuracy", context, comparisons=found)
    text = paths[0].read_text(encoding="utf-8")
    for line, sentence in (
        (text.splitlines()[-1], "image35 appears twice"),
        ("rendered,other,0,G,x,1,0", "expected the values of one number"),
    ):
        (tmp_path / "wrong.csv").write_text(text + line, encoding="utf-8")
        with pytest.raises(InputError, match=sentence):
            read_values(tmp_path / "wrong.csv")
    write_values(tmp_path / "none.csv", number("G", "stargan", None, n=0), [], [], [])
    assert read_values(tmp_path / "none.csv") is None
