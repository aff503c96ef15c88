"""Whose weights and expressions an editor takes."""

import os
import pty
from pathlib import Path

import pytest
from programs import write_program
from small_models import save_random

from cascade_efgan import Editor
from cascade_efgan.data import AUS, EXPRESSIONS
from cascade_efgan.editing import runs
from cascade_efgan.editing.runs import SMALLEST_RUN, find_weights, prototypes, run_expressions, run_margin
from cascade_efgan.errors import InputError
from cascade_efgan.files import write_json


def test_the_newest_best_method_below_a_folder_is_taken_and_stargan_knows_no_aus(tmp_path):
    with pytest.raises(InputError, match="the smallest run makes some .*snakemake"):
        find_weights(tmp_path)
    baseline = save_random(tmp_path / "rendered" / "seed0" / "baseline", "baseline")
    assert find_weights(tmp_path) == baseline
    cascade = save_random(tmp_path / "rendered" / "seed0" / "cascade_ef_gan")
    assert find_weights(tmp_path) == cascade
    assert find_weights(baseline.parent) == baseline
    with pytest.raises(InputError, match="whole expressions"):
        Editor.from_file(save_random(tmp_path / "stargan", "stargan"))


@pytest.mark.parametrize("named", ["", ".", "/"])
def test_a_folder_in_place_of_weights_is_one_sentence(named):
    # An unset variable in a script (--weights "$weights") ended in a traceback: a folder has no name to change.
    with pytest.raises(InputError, match=r": a folder; name the file weights\.safetensors in it with --weights"):
        Editor.from_file(named)


def test_a_run_gives_its_margin_and_its_own_mean_expressions(cropped_data, efgan):
    efgan("split", "--index", cropped_data.path("crops.csv"), "--split", cropped_data.path("split.csv"))
    assert run_margin(cropped_data.folder, 32) == pytest.approx(0.25, abs=0.005)  # `cropped_data` has a quarter
    means = run_expressions(cropped_data.folder)
    assert list(means) == ["happy", "neutral"]
    assert means["neutral"].tolist() == [1.0] * 17
    assert set(run_expressions(None)) == set(prototypes()) == set(EXPRESSIONS)


@pytest.fixture
def checkout(monkeypatch, tmp_path):
    """A checkout whose `snakemake` writes down its words and copies `made` to the results."""
    monkeypatch.chdir(tmp_path)
    Path("Snakefile").touch()
    text = '#!/bin/sh\necho "snakemake $*" >ran\ncp -r made results\n'
    program = write_program(tmp_path / "bin" / "snakemake", text)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    return tmp_path


@pytest.fixture
def terminal(monkeypatch):
    """A function that types a line at the terminal at which the command runs."""
    keyboard, seat = pty.openpty()
    with open(seat) as given, open(os.dup(seat), "w") as said:

        def typed(line):
            monkeypatch.setattr("sys.stdin", given)  # here: pytest sets its own as a test begins
            monkeypatch.setattr("sys.stderr", said)
            os.write(keyboard, f"{line}\n".encode())

        yield typed
    os.close(keyboard)


def test_at_a_terminal_the_smallest_run_is_offered_and_its_weights_are_used(checkout, terminal):
    with pytest.raises(InputError, match="`snakemake --cores 2 results/rendered/seed0/cascade_ef_gan/weights"):
        runs.trained_weights(checkout / "results", None)  # without a terminal nothing is asked
    terminal("n")
    with pytest.raises(InputError, match="make one with `snakemake"):
        runs.trained_weights(checkout / "results", None)
    assert not Path("ran").exists()
    terminal("y")  # there is nothing to copy yet
    with pytest.raises(InputError, match="failed"):
        runs.trained_weights(checkout / "results", None)
    assert Path("ran").read_text() == f"{SMALLEST_RUN}\n"
    save_random(checkout / "made" / "rendered" / "seed0" / "cascade_ef_gan")
    terminal("y")
    assert runs.trained_weights(checkout / "results", None).parent.name == "cascade_ef_gan"


def test_the_packages_weights_are_used_where_there_is_no_run_and_nothing_was_named(monkeypatch, tmp_path, caplog):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(runs, "PRETRAINED", tmp_path / "pretrained")
    with pytest.raises(InputError, match="london: no weights .* the smallest run makes some .*snakemake"):
        Editor.pretrained()
    with pytest.raises(InputError, match="results: no trained generator there"):
        runs.trained_weights(runs.RUNS, None)
    own = save_random(tmp_path / "pretrained" / "london")
    facts = {"margin": 0.3, "expressions": {"happy": dict.fromkeys(AUS, 2)}}
    write_json(own.with_name("run_facts.json"), facts)
    assert runs.trained_weights(runs.RUNS, None) == own
    with caplog.at_level("INFO"):
        editor = Editor.pretrained(device="cpu")
    assert (editor.margin, list(editor.expressions())) == (0.3, ["happy"])
    assert editor.description.endswith("weights london, which come with the package")
    assert editor.description in caplog.text
    with pytest.raises(InputError, match="elsewhere: no trained generator there"):
        runs.trained_weights(tmp_path / "elsewhere", None)
    last = save_random(tmp_path / "results" / "rendered" / "seed0" / "baseline", "baseline")
    assert runs.trained_weights(runs.RUNS, None).resolve() == last
    assert runs.trained_weights(runs.RUNS, tmp_path / "named.safetensors") == tmp_path / "named.safetensors"
    write_json(own.with_name("run_facts.json"), {"margin": 0.3})
    with pytest.raises(InputError, match=r"run_facts\.json: no facts of a run"):
        Editor.pretrained(device="cpu")
