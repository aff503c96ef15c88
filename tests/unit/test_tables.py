"""Tables: means and spreads, missing numbers, rows, and the paper's column."""

import itertools
import json
import shlex
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from evaluation_helpers import write_faces
from table_helpers import FACTS, number, paper_run, run, table

from cascade_efgan.config import Settings, resolve, settings_flags
from cascade_efgan.errors import InputError
from cascade_efgan.evaluation.metric import REAL, write_metric
from cascade_efgan.files import sha256_file, write_json
from cascade_efgan.methods import ABLATED, COMPARED
from cascade_efgan.stages import describe_run
from cascade_efgan.stages import table as stage
from cascade_efgan.tables import rows
from cascade_efgan.tables.build import mean_over_seeds, read_metrics
from cascade_efgan.tables.columns import TITLES
from cascade_efgan.tables.context import DatasetFacts, dataset_facts, describe, differences, read_context
from cascade_efgan.tables.paper import ABLATION, COMPARISON
from cascade_efgan.tables.render import markdown

PRESETS = ("evening", "full", "laptop", "london", "paper", "smoke")
ALL = {"aus": "mediapipe"}


def test_cells_are_means_with_sample_standard_deviation() -> None:
    values = {seed: number("G", "ef_gan", value, seed, n=20 + seed) for seed, value in enumerate((80.0, 82.0, 87.0))}
    result = mean_over_seeds(values, [0, 1, 2])
    assert (result.value, result.spread) == (83, pytest.approx(13**0.5))
    assert (result.n, result.seeds, result.reason) == ((20, 22), (0, 1, 2), None)
    assert mean_over_seeds({0: values[0]}, [0]).spread is None


def test_missing_seeds_are_named_and_never_zero() -> None:
    values = {0: number("G", "ef_gan", 80.0), 1: number("G", "ef_gan", None, 1)}
    result = mean_over_seeds(values, [0, 1, 2])
    assert result.value == 80
    assert result.reason == "seed 1: no edit has a counterpart; seed 2: this run has not computed it"
    nothing = mean_over_seeds({}, [0, 1])
    assert (nothing.value, nothing.spread, nothing.n) == (None, None, None)
    assert nothing.reason == "this run has not computed it"


@pytest.mark.parametrize(
    "overrides",
    [
        *({"preset": preset} for preset in PRESETS),
        *({"preset": preset, "datasets": ["rafd", "rendered", "london"], "measures": ALL} for preset in PRESETS),
        {"datasets": ["rendered", "london"], "ablation_dataset": "london", "measures": ALL, "seeds": [0, 1]},
        {"datasets": ["london", "folder"], "methods": ["baseline", "stargan", "baseline_cascade"], "measures": ALL},
        {"datasets": ["london", "rendered"], "methods": ["baseline"], "measures": ALL},
        {"datasets": ["rendered", "london"], "measures": {**ALL, "aus": "none"}},
    ],
)
def test_no_cell_of_a_whole_run_is_one_that_it_has_not_computed(overrides: dict[str, Any]) -> None:
    """Methods trained for Table 3's data set only stood in the other one's measures as "has not computed it"."""
    settings = resolve(overrides)
    context = describe(settings, dict.fromkeys(settings.all_datasets, FACTS))
    made = {"extractor": settings.fid.extractor, "n_real": 288, "features": 1280, "held_out_error": 0.1}
    for name in TITLES:
        numbers = rows.table_numbers(name, context["settings"])
        assert len(set(numbers)) == len(numbers)
        metrics = (number(key, method, 1.0, seed, dataset, details=made) for dataset, seed, method, key in numbers)
        built = table(name, context, *metrics)
        assert not [text for text in built.footnotes if "has not computed it" in text]
        cells = [(row, column) for row in built.rows for column in built.columns if row.cells[column.key].value]
        shown = {(row.dataset, REAL if column.metric == "R" else row.method, column.metric) for row, column in cells}
        assert shown == {(dataset, method, key) for dataset, _, method, key in numbers}


def test_the_papers_numbers_stand_beside_ours_on_its_data_sets_only() -> None:
    numbers = number("G", "cascade_ef_gan", 88.0, dataset="rafd"), number("R", "real", 91.0, dataset="rafd")
    built = table("accuracy", paper_run("rafd", "rendered"), *numbers)
    lines = [[text.strip() for text in line.split("|")[1:-1]] for line in markdown(built).splitlines() if "|" in line]
    beside = ["paper", "difference"]
    assert lines[0][2:12] == ["R ↑ (%)", *beside, "G ↑ (%)", *beside, "R+G ↑ (%)", *beside, "AU error ↓ (0-5)"]
    row = next(line for line in lines if line[:2] == ["RaFD", "Cascade EF-GAN"])
    assert row[2:11] == ["91.00", "92.21", "-1.21", "88.00", "89.38", "-1.38", "[1]", "93.67", ""]
    assert all(row.paper == {} for row in built.rows if row.dataset == "rendered")
    assert {row.method for row in built.rows if row.dataset == "rafd"} == {"unchanged", *COMPARED}
    assert "only rendered faces have true AUs" in "\n".join(built.footnotes)
    for other in (
        table("ablation", run("rendered")),
        table("accuracy", run("rafd")),  # the laptop's networks
        table("accuracy", paper_run("rafd", split={"by": "person"})),
        table("accuracy", paper_run("rafd", facts=replace(FACTS, missing=1))),
    ):
        assert not any(other.has_paper(column) for column in other.columns)


def test_the_papers_fid_needs_inception() -> None:
    other = table("quality", paper_run("rafd", fid={"extractor": "efficientnet_lite0"}))
    assert not other.has_paper(other.columns[1])
    same = table("quality", paper_run("rafd"))
    assert same.columns[1].heading == "FID ↓"
    assert [row.paper.get("fid") for row in same.rows] == [None, 62.51, 45.55, 42.36]
    wrong = number("fid", "stargan", 3.0, dataset="rafd", details={"extractor": "efficientnet_lite0"})
    with pytest.raises(InputError, match="distances by efficientnet_lite0, but fid.extractor is inception"):
        table("quality", run("rafd", fid={"extractor": "inception"}), wrong)


def test_the_papers_tables_hold_their_own_logic() -> None:
    for numbers in COMPARISON.values():
        assert set(numbers) == set(COMPARED) and len({row["R"] for row in numbers.values()}) == 1
        ours = numbers["cascade_ef_gan"]
        for row in (row for name, row in numbers.items() if name != "cascade_ef_gan"):
            assert all(ours[key] > row[key] for key in ("G", "R+G", "psnr")) and ours["fid"] < row["fid"]
    best = COMPARISON["rafd"]["cascade_ef_gan"]
    assert set(ABLATION["rafd"]) == set(ABLATED)
    assert ABLATION["rafd"]["cascade_ef_gan"] == {"G": best["G"], "R+G": best["R+G"]}


def test_rows_and_data_set_of_the_ablation_and_the_regressors_own_error() -> None:
    built = table("ablation", run("rendered", "rafd", ablation_dataset="rafd"))
    assert [(row.dataset, row.method) for row in built.rows] == [("rafd", name) for name in ("unchanged", *ABLATED)]
    chosen = table("accuracy", run("london", methods=["stargan"])).rows
    assert [row.method for row in chosen] == ["unchanged", "stargan"]
    with pytest.raises(InputError, match="expected one of accuracy, quality, ablation, measures"):
        table("figures", run("rendered"))
    built = table("ablation", run("rendered"), number("au_error", "ef_gan", 0.5, details={"held_out_error": 0.25}))
    cells = {row.method: row.cells for row in built.rows}
    assert cells["ef_gan"]["au_error_held_out"].value == 0.25 and "0.500 |                 0.250 |" in markdown(built)
    assert str(cells["unchanged"]["R+G"].reason).startswith("not measured")


def test_differences_name_key_and_both_values() -> None:
    assert differences(resolve({"preset": "paper"})) == []
    assert differences(resolve({"preset": "paper", "datasets": ["rafd"], "seeds": [0, 1], "threads": 2})) == []
    assert differences(resolve({"preset": "paper", "split": {"by": "person"}})) == ["split.by: person (paper: image)"]
    first, *others = run("rendered")["differences"]
    assert first == "datasets: rendered (paper: rafd, cfeed)" and "crop.size: 64 (paper: 128)" in others


def test_the_head_says_whose_setting_it_is_and_what_is_missing_and_notes_count_copies() -> None:
    """The same photographs under two names made the numbers better, and no table said a word."""
    settings = resolve({"preset": "paper"})
    whole = {"rafd": replace(FACTS, copies=7), "cfeed": FACTS, "affectnet": FACTS}
    for name in TITLES:
        built = table(name, describe(settings, whole))
        assert built.head[0].endswith("This is the paper's setting.")
        lines = [line.partition(" that")[0] for line in built.notes if "equal pixels" in line]
        assert lines == ["Of the 288 images of RaFD, 7 show a photograph"]
    facts = {"rafd": replace(FACTS, missing=12), "cfeed": FACTS, "affectnet": replace(FACTS, missing=5)}
    head = table("accuracy", describe(settings, facts)).head
    assert head[0].endswith("Not the paper's setting: RaFD lacks 12 photographs (run.json lists every difference).")
    assert head[1].endswith("; 12 photographs of the data set are missing.") and "missing" not in head[2]


def test_from_files_to_the_same_bytes_and_facts_are_counted_from_them(tmp_path: Path) -> None:
    faces, context = write_faces(tmp_path), tmp_path / "run.json"
    faces["excluded"].write_text("id,file,reason\nx,x.png,two faces\n", encoding="utf-8")
    write_json(faces["completeness"], {"missing": ["a", "b"]})
    files = [faces[name] for name in ("index", "split", "excluded", "completeness")]
    facts = DatasetFacts(
        images=24, people=8, expressions=["happy", "neutral", "sad"], gazes=1, train=18, test=6, test_people=2,
        shared_people=0, copies=0, excluded=1, missing=2, split_sha256=sha256_file(faces["split"]),
    )  # fmt: skip
    assert dataset_facts(*files) == facts
    settings = resolve({"preset": "smoke"})
    words = shlex.split(settings_flags(settings, *Settings.model_fields))
    describe_run.command(
        context, *([f"rendered={file}"] for file in files), [word for word in words if word != "--set"]
    )
    assert read_context(context) == describe(settings, {"rendered": facts})
    paths = []
    for place, (method, name) in enumerate(itertools.product(("unchanged", "ef_gan"), ("G", "au_error"))):
        paths.append(tmp_path / f"{place}.json")
        write_metric(paths[-1], number(name, method, 50.0 + place, details={"held_out_error": 0.2}))
    made = []
    for order in (paths, paths[::-1]):
        outputs = [tmp_path / f"table.{suffix}" for suffix in ("md", "csv", "tex")]
        stage.command("ablation", context, order, *outputs)
        made.append([path.read_bytes() for path in outputs])
    assert made[0] == made[1] and str(tmp_path) not in made[0][0].decode()


def test_wrong_inputs_are_one_sentence(tmp_path: Path) -> None:
    write_metric(tmp_path / "a.json", number("G", "ef_gan", 1.0))
    for count, dataset, seed, words in (
        (2, "rendered", 0, "given twice"),
        (1, "rendered", 1, "seed 0 is not part of the run"),
        (1, "rafd", 0, "data set rendered, seed 0 is not part"),
    ):
        with pytest.raises(InputError, match=words):
            read_metrics([tmp_path / "a.json"] * count, [dataset], [seed])
    (tmp_path / "run.json").write_text(json.dumps({"preset": "laptop"}))
    with pytest.raises(InputError, match="expected the keys preset, differences"):
        read_context(tmp_path / "run.json")
    with pytest.raises(InputError, match="got data sets london, but the settings name rendered"):
        describe(resolve({}), {"london": FACTS})
    for split, sentence in (
        ("x.csv", "--split x.csv: expected NAME=PATH"),
        ("london=x.csv", "--completeness: give the same names in the same order"),
    ):
        with pytest.raises(InputError, match=sentence):
            describe_run.command(
                tmp_path / "run.json", ["rendered=a.csv"], [split], ["rendered=c.csv"], ["rendered=d.json"]
            )
