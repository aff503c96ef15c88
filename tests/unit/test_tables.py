"""Tables: means and spreads, missing numbers, rows, and the paper's column."""

import itertools
import json
import shlex
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from evaluation_helpers import write_faces
from table_helpers import FACTS, number, paper_run, run, sorted_metrics

from cascade_efgan.config import Settings, resolve, settings_flags
from cascade_efgan.errors import InputError
from cascade_efgan.evaluation.metric import REAL, write_metric
from cascade_efgan.files import sha256_file, write_json
from cascade_efgan.methods import ABLATED, COMPARED
from cascade_efgan.stages import describe_run, table
from cascade_efgan.tables import rows
from cascade_efgan.tables.build import build_table, mean_over_seeds, read_metrics
from cascade_efgan.tables.columns import TITLES
from cascade_efgan.tables.context import DatasetFacts, dataset_facts, describe, differences, read_context
from cascade_efgan.tables.paper import ABLATION, COMPARISON
from cascade_efgan.tables.render import markdown

PRESETS = ("evening", "full", "laptop", "london", "paper", "smoke")


def test_cells_are_means_with_sample_standard_deviation() -> None:
    values = {seed: number("G", "ef_gan", value, seed, n=20 + seed) for seed, value in enumerate((80.0, 82.0, 87.0))}
    result = mean_over_seeds(values, [0, 1, 2])
    assert result.value == 83
    assert result.spread == pytest.approx(13**0.5)
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


ALL = {"aus": "mediapipe"}


@pytest.mark.parametrize(
    "overrides",
    [
        *({"preset": preset} for preset in sorted(PRESETS)),
        *(
            {"preset": preset, "datasets": ["rafd", "rendered", "london"], "measures": ALL}
            for preset in sorted(PRESETS)
        ),
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
    for name in TITLES:
        numbers = rows.table_numbers(name, context["settings"])
        assert len(set(numbers)) == len(numbers)
        made = {"extractor": settings.fid.extractor, "n_real": 288, "features": 1280, "held_out_error": 0.1}
        metrics = sorted_metrics(
            *(number(key, method, 1.0, seed, dataset, details=made) for dataset, seed, method, key in numbers)
        )
        built = build_table(name, context, metrics)
        assert not [text for text in built.footnotes if "has not computed it" in text]
        cells = [(row, column) for row in built.rows for column in built.columns if row.cells[column.key].value]
        shown = {(row.dataset, REAL if column.metric == "R" else row.method, column.metric) for row, column in cells}
        assert shown == {(dataset, method, key) for dataset, _, method, key in numbers}


def test_the_papers_numbers_stand_beside_ours_on_its_data_sets_only() -> None:
    context = paper_run("rafd", "rendered")
    metrics = sorted_metrics(
        number("G", "cascade_ef_gan", 88.0, dataset="rafd"), number("R", "real", 91.0, dataset="rafd")
    )
    built = build_table("accuracy", context, metrics)
    lines = markdown(built).splitlines()
    headings = [text.strip() for text in next(line for line in lines if line.startswith("| Data set")).split("|")[3:13]]
    beside = ["paper", "difference"]
    assert headings == ["R ↑ (%)", *beside, "G ↑ (%)", *beside, "R+G ↑ (%)", *beside, "AU error ↓ (0-5)"]
    row = next(line for line in lines if line.startswith("| RaFD") and "Cascade EF-GAN" in line)
    assert [text.strip() for text in row.split("|")[3:12]] == [
        *("91.00", "92.21", "-1.21", "88.00", "89.38", "-1.38", "[1]", "93.67", "")
    ]
    assert all(row.paper == {} for row in built.rows if row.dataset == "rendered")
    assert {row.method for row in built.rows if row.dataset == "rafd"} == {"unchanged", *COMPARED}
    assert "only rendered faces have true AUs" in "\n".join(built.footnotes)
    for other in (
        build_table("ablation", run("rendered"), {}),
        build_table("accuracy", run("rafd"), {}),  # the laptop's networks
        build_table("accuracy", paper_run("rafd", split={"by": "person"}), {}),
        build_table("accuracy", paper_run("rafd", facts=replace(FACTS, missing=1)), {}),
    ):
        assert not any(other.has_paper(column) for column in other.columns)


def test_the_papers_fid_needs_inception() -> None:
    other = build_table("quality", paper_run("rafd", fid={"extractor": "efficientnet_lite0"}), {})
    assert not other.has_paper(other.columns[1])
    same = build_table("quality", paper_run("rafd"), {})
    assert same.columns[1].heading == "FID ↓"
    assert [row.paper.get("fid") for row in same.rows] == [None, 62.51, 45.55, 42.36]
    wrong = sorted_metrics(number("fid", "stargan", 3.0, dataset="rafd", details={"extractor": "efficientnet_lite0"}))
    with pytest.raises(InputError, match="distances by efficientnet_lite0, but fid.extractor is inception"):
        build_table("quality", run("rafd", fid={"extractor": "inception"}), wrong)


def test_the_papers_tables_hold_their_own_logic() -> None:
    for numbers in COMPARISON.values():
        assert set(numbers) == set(COMPARED)
        assert len({row["R"] for row in numbers.values()}) == 1
        ours = numbers["cascade_ef_gan"]
        for name, row in numbers.items():
            if name != "cascade_ef_gan":
                assert all(ours[key] > row[key] for key in ("G", "R+G", "psnr"))
                assert ours["fid"] < row["fid"]
    assert set(ABLATION["rafd"]) == set(ABLATED)
    best = COMPARISON["rafd"]["cascade_ef_gan"]
    assert ABLATION["rafd"]["cascade_ef_gan"] == {"G": best["G"], "R+G": best["R+G"]}


def test_the_regressors_own_error_stands_beside_the_au_error() -> None:
    metric = number("au_error", "ef_gan", 0.5, details={"held_out_error": 0.25})
    built = build_table("ablation", run("rendered"), sorted_metrics(metric))
    row = next(row for row in built.rows if row.method == "ef_gan")
    assert row.cells["au_error_held_out"].value == 0.25
    assert "0.500 |                 0.250 |" in markdown(built)
    unchanged = next(row for row in built.rows if row.method == "unchanged")
    assert str(unchanged.cells["R+G"].reason).startswith("not measured")


def test_rows_and_data_set_of_the_ablation() -> None:
    built = build_table("ablation", run("rendered", "rafd", ablation_dataset="rafd"), {})
    assert [row.method for row in built.rows] == ["unchanged", *ABLATED]
    assert {row.dataset for row in built.rows} == {"rafd"}
    assert [row.method for row in build_table("accuracy", run("london", methods=["stargan"]), {}).rows] == [
        "unchanged",
        "stargan",
    ]
    with pytest.raises(InputError, match="expected one of accuracy, quality, ablation, measures"):
        build_table("figures", run("rendered"), {})


def test_differences_name_key_and_both_values() -> None:
    assert differences(resolve({"preset": "paper"})) == []
    assert differences(resolve({"preset": "paper", "datasets": ["rafd"], "seeds": [0, 1], "threads": 2})) == []
    assert "crop.size: 64 (paper: 128)" in run("rendered")["differences"]
    assert run("rendered")["differences"][0] == "datasets: rendered (paper: rafd, cfeed)"
    assert differences(resolve({"preset": "paper", "split": {"by": "person"}})) == ["split.by: person (paper: image)"]
    paper = resolve({"preset": "paper"})
    head = build_table("accuracy", describe(paper, dict.fromkeys(paper.all_datasets, FACTS)), {}).head
    assert head[0].endswith("This is the paper's setting.")


def test_a_data_set_with_photographs_missing_is_never_the_papers() -> None:
    paper = resolve({"preset": "paper"})
    facts = {"rafd": replace(FACTS, missing=12), "cfeed": FACTS, "affectnet": replace(FACTS, missing=5)}
    head = build_table("accuracy", describe(paper, facts), {}).head
    assert head[0].endswith("Not the paper's setting: RaFD lacks 12 photographs (run.json lists every difference).")
    assert head[1].endswith("; 12 photographs of the data set are missing.")
    assert "missing" not in head[2]


def test_every_table_counts_copies_below_it() -> None:
    """The same photographs under two names made the numbers better, and no table said a word."""
    settings = resolve({"preset": "paper"})
    context = describe(settings, {"rafd": replace(FACTS, copies=7), "cfeed": FACTS, "affectnet": FACTS})
    for name in TITLES:
        notes = build_table(name, context, {}).notes
        lines = [line for line in notes if "equal pixels" in line]
        assert [line.partition(" that")[0] for line in lines] == ["Of the 288 images of RaFD, 7 show a photograph"]


def test_facts_are_counted_from_the_files(tmp_path: Path) -> None:
    faces = write_faces(tmp_path)
    faces["excluded"].write_text("id,file,reason\nx,x.png,two faces\n", encoding="utf-8")
    write_json(faces["completeness"], {"missing": ["a", "b"]})
    facts = dataset_facts(faces["index"], faces["split"], faces["excluded"], faces["completeness"])
    assert facts == DatasetFacts(
        images=24, people=8, expressions=["happy", "neutral", "sad"], gazes=1, train=18, test=6, test_people=2,
        shared_people=0, copies=0, excluded=1, missing=2, split_sha256=sha256_file(faces["split"]),
    )  # fmt: skip


def test_both_stages_from_files_to_the_same_bytes(tmp_path: Path) -> None:
    faces = write_faces(tmp_path)
    context = tmp_path / "run.json"
    words = settings_flags(resolve({"preset": "smoke"}), *Settings.model_fields)
    flags = [flag.strip("'") for flag in shlex.split(words) if flag != "--set"]
    describe_run.command(
        context,
        [f"rendered={faces['index']}"],
        [f"rendered={faces['split']}"],
        [f"rendered={faces['excluded']}"],
        [f"rendered={faces['completeness']}"],
        flags,
    )
    assert read_context(context)["preset"] == "smoke"
    assert read_context(context)["datasets"]["rendered"]["test"] == 6
    paths = []
    for place, (method, name) in enumerate(itertools.product(("unchanged", "ef_gan"), ("G", "au_error"))):
        paths.append(tmp_path / f"{place}.json")
        write_metric(paths[-1], number(name, method, 50.0 + place, details={"held_out_error": 0.2}))
    made = []
    for order in (paths, paths[::-1]):
        files = [tmp_path / f"table.{suffix}" for suffix in ("md", "csv", "tex")]
        table.command("ablation", context, order, *files)
        made.append([path.read_bytes() for path in files])
    assert made[0] == made[1]
    assert str(tmp_path) not in made[0][0].decode()


def test_wrong_inputs_are_one_sentence(tmp_path: Path) -> None:
    write_metric(tmp_path / "a.json", number("G", "ef_gan", 1.0))
    with pytest.raises(InputError, match="given twice"):
        read_metrics([tmp_path / "a.json"] * 2, ["rendered"], [0])
    with pytest.raises(InputError, match="seed 0 is not part of the run"):
        read_metrics([tmp_path / "a.json"], ["rendered"], [1])
    with pytest.raises(InputError, match="data set rendered, seed 0 is not part"):
        read_metrics([tmp_path / "a.json"], ["rafd"], [0])
    (tmp_path / "run.json").write_text(json.dumps({"preset": "laptop"}))
    with pytest.raises(InputError, match="expected the keys preset, differences"):
        read_context(tmp_path / "run.json")
    with pytest.raises(InputError, match="got data sets london, but the settings name rendered"):
        describe(resolve({}), {"london": FACTS})
    with pytest.raises(InputError, match="--split x.csv: expected NAME=PATH"):
        describe_run.command(
            tmp_path / "run.json", ["rendered=a.csv"], ["x.csv"], ["rendered=c.csv"], ["rendered=d.json"]
        )
    words = ["rendered=a.csv"], ["london=x.csv"], ["rendered=c.csv"], ["rendered=d.json"]
    with pytest.raises(InputError, match="--completeness: give the same names in the same order"):
        describe_run.command(tmp_path / "run.json", *words)
