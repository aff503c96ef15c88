"""What a run of given settings makes, what only its user can bring, and files as flags on a command line."""

from collections import namedtuple
from pathlib import Path

import pytest

from cascade_efgan.config import resolve
from cascade_efgan.errors import InputError
from cascade_efgan.orchestration import openface
from cascade_efgan.orchestration.cli_args import with_seeds
from cascade_efgan.orchestration.flags import command_of, keyed_flags, optional_flags, output_flag, seed_flags
from cascade_efgan.orchestration.study import FIGURES, Study

JOB = namedtuple("Job", ["dataset"])("london")


def study(**settings: object) -> Study:
    return Study(resolve({"preset": "smoke", **settings}))


def test_final_files_are_named_once_and_follow_the_settings() -> None:
    final = study().final_files()
    assert len(final) == len(set(final))
    assert {"results/claims.md", "results/quality_table.tex", "results/rendered/patches.png"} <= set(final)
    assert "results/rendered/fid_curve.png" not in study(measures={"fid_curve": False}).final_files()
    wild = study(preset="paper", seeds=[4, 5])
    figures = {path for path in wild.final_files() if "/figures/" in path}
    assert wild.pretraining == "combined" and "results/affectnet/seed4/figures/fig08_wild.png" in figures
    assert not any("/seed5/" in path for path in figures)
    assert "results/affectnet/seed4/wild/curves.csv" in wild.training_curves()


def test_a_figure_needs_the_method_that_it_shows_and_true_edits_are_of_rendered_faces_alone() -> None:
    assert set(study().figure_names("rendered")) == set(FIGURES) - {"fig08_wild"}
    without = set(FIGURES) - set(study(methods=["ganimation"]).figure_names("rendered"))
    assert without == {"fig03_attention", "fig04_cascade_steps", "fig07_continuous", "fig08_wild"}
    both = study(datasets=["rendered", "london"])
    assert "action_units" not in both.figure_names("london")
    assert both.figure_methods("rendered")[-2:] == ["unchanged", "true_edit"]
    assert both.curve_methods("london")[:2] == ["unchanged", "stargan"]


def test_every_shown_number_comes_with_the_values_behind_it() -> None:
    one = study()
    for table in one.tables:
        values = {path.replace("/values_", "/metrics/").replace(".csv", ".json") for path in one.table_values(table)}
        assert values == set(one.table_metrics(table)) != set()


def test_claims_take_what_the_settings_measure() -> None:
    less, more = (study(measures={"classifiers": number}).claim_values() for number in (0, 3))
    assert set(more) - set(less) >= {"results/rendered/seed0/real/values_again.csv"}


def test_openface_is_asked_for_where_it_must_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENFACE_BIN", raising=False)
    settings = resolve({"preset": "london", "datasets": ["rendered", "london"], "london": {"aus": "openface"}})
    assert openface.measured_here(settings) == ["london"] and openface.recorded_values(settings) == {}
    (sentence,) = openface.missing_inputs(settings, contained=False)
    assert sentence.startswith("OpenFace, for london: install it")
    assert openface.missing_inputs(settings, contained=True) == []
    monkeypatch.setenv("OPENFACE_BIN", "~/FaceLandmarkImg")
    assert openface.missing_inputs(settings, contained=False) == []
    assert openface.recorded_values(resolve({"preset": "london"})) == {"london": openface.LONDON_VALUES}
    with pytest.raises(InputError, match=r"london\.openface_csv is '/nowhere': no such file"):
        openface.recorded_values(resolve({"preset": "london", "london": {"openface_csv": "/nowhere"}}))


def test_the_command_of_a_stage_has_a_flag_for_every_name() -> None:
    command = command_of("generate", "--part test", wildcards="seed", output="edits_index", params="settings")
    assert command.replace("\\\n", " ").split() == [
        *("efgan", "--log", "{log:q}", "--threads", "{threads}", "generate", "--part", "test"),
        *("--seed", "{wildcards.seed:q}", "--edits-index", "{output.edits_index:q}", "{params.settings}"),
    ]
    assert command_of("train").split()[0] == "exec"
    *_, last, _ = command_of("claims", output="verdicts", params="values identity").splitlines()
    assert last.split() == ["--verdicts", "{output.verdicts:q}", "{params.values}", "{params.identity}"]


def test_files_become_quoted_flags() -> None:
    files = {"edits_index": ["results/a b.csv", "c.csv"], "model": "m.json", "weights": []}
    assert optional_flags("weights", "model")(JOB, files) == "--model m.json"
    assert output_flag("weights")(JOB, files) == ""
    assert output_flag("edits_index")(JOB, files) == "--edits-index 'results/a b.csv' c.csv"
    keyed = keyed_flags(lambda dataset: [dataset, "x"], "edits_index", "readings", prefix="from-")
    assert keyed(JOB, files) == "--from-edits-index 'london=results/a b.csv' --from-edits-index x=c.csv"


def test_paths_that_differ_in_their_seed_alone_are_one_word_which_the_stage_takes_apart() -> None:
    paths = [f"results/london/seed{seed}/{name}/G.json" for seed in (0, 12) for name in ("a", "b")]
    words = seed_flags("metrics")(JOB, {"metrics": [*paths, "b.json"]}).replace("'", "").split()
    names = ["results/london/seed{seed}/a/G.json", "results/london/seed{seed}/b/G.json", "b.json"]
    assert words == [word for name in names for word in ("--metrics", name)]
    assert sorted(with_seeds(map(Path, names[:2]), [0, 12])) == sorted(map(Path, paths))
    assert with_seeds(map(Path, names[2:]), [0, 12]) == [Path("b.json")]
