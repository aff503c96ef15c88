"""What DVC shows of a run: rows of the tables and training curves; and what Git does to the repository's own files."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from cascade_efgan.errors import InputError

TABLE = """table,dataset,method,title,column,unit,value,standard_deviation,seeds,n_min,n_max,paper,missing_because
accuracy,rendered,stargan,StarGAN,G,%,62.5,1.5,0 1,29,29,,
accuracy,rendered,stargan,StarGAN,R+G,%,,,,,,,not measured
"""


def test_a_row_has_its_numbers_and_rows_of_former_settings_go(efgan: Callable[..., None], tmp_path: Path) -> None:
    (tmp_path / "accuracy_table.csv").write_text(TABLE, encoding="utf-8")
    row = tmp_path / "metrics/accuracy/rendered/stargan.json"
    former = tmp_path / "metrics/accuracy/london/stargan.json"
    former.parent.mkdir(parents=True)
    former.write_text("{}", encoding="utf-8")
    efgan("metrics", "--table", tmp_path / "accuracy_table.csv", "--row", row)
    assert json.loads(row.read_text(encoding="utf-8")) == {"G": 62.5, "G deviation": 1.5}
    assert not former.exists()


def test_a_row_that_no_table_has_and_a_file_that_is_no_table_are_one_sentence(
    efgan: Callable[..., None], tmp_path: Path
) -> None:
    (tmp_path / "accuracy_table.csv").write_text(TABLE, encoding="utf-8")
    (tmp_path / "other.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    row = tmp_path / "metrics/accuracy/rendered/baseline.json"
    with pytest.raises(InputError, match="no row accuracy/rendered/baseline, only accuracy/rendered/stargan"):
        efgan("metrics", "--table", tmp_path / "accuracy_table.csv", "--row", row)
    with pytest.raises(InputError, match=r"other\.csv: not a table of this project"):
        efgan("metrics", "--table", tmp_path / "other.csv", "--row", row)


def test_curves_of_all_runs_are_one_file(efgan: Callable[..., None], tmp_path: Path) -> None:
    for method, losses in (
        ("stargan", "epoch,D/L_adv,G/L_cls\n1,0.5,2\n2,0.25,1\n"),
        ("ef_gan", "epoch,D/L_adv\n1,7\n"),
    ):
        path = tmp_path / f"rendered/seed3/{method}/curves.csv"
        path.parent.mkdir(parents=True)
        path.write_text(losses, encoding="utf-8")
    runs = [("--curves", path) for path in sorted(tmp_path.rglob("curves.csv"), reverse=True)]
    efgan("curves", *[word for words in runs for word in words], "--out", tmp_path / "all.csv")
    lines = pd.read_csv(tmp_path / "all.csv")
    assert list(lines.columns) == ["dataset", "seed", "method", "epoch", "loss", "value"]
    assert lines.to_numpy().tolist() == [
        ["rendered", 3, "stargan", 1, "D/L_adv", 0.5],
        ["rendered", 3, "stargan", 2, "D/L_adv", 0.25],
        ["rendered", 3, "stargan", 1, "G/L_cls", 2.0],
        ["rendered", 3, "stargan", 2, "G/L_cls", 1.0],
        ["rendered", 3, "ef_gan", 1, "D/L_adv", 7.0],
    ]


def test_curves_without_epochs_are_one_sentence(efgan: Callable[..., None], tmp_path: Path) -> None:
    path = tmp_path / "rendered/seed0/stargan/curves.csv"
    path.parent.mkdir(parents=True)
    path.write_text("loss\n1\n", encoding="utf-8")
    with pytest.raises(InputError, match="expected a column epoch"):
        efgan("curves", "--curves", path, "--out", tmp_path / "all.csv")


def test_a_clone_of_git_for_windows_has_the_committed_line_ends(repository: Path, tmp_path: Path) -> None:
    """With `core.autocrlf=true`, a user saw `openface.sh: Illegal option -` and every job of OpenFace failed."""
    listed = subprocess.run(["git", "-C", repository, "ls-files", "-z"], capture_output=True, check=True).stdout
    names = [name for name in listed.decode().split("\0") if name and (repository / name).is_file()]
    git = ["git", f"--git-dir={tmp_path / 'git'}", f"--work-tree={repository}"]
    git += ["-c", "core.autocrlf=true", "-c", "core.eol=crlf", "-c", "core.safecrlf=false"]
    subprocess.run([*git, "init", "--quiet"], check=True)
    add = [*git, "add", "--force", "--pathspec-from-file=-", "--pathspec-file-nul"]
    subprocess.run(add, input="\0".join(names).encode(), cwd=repository, check=True)
    subprocess.run([*git, "checkout-index", "--all", f"--prefix={tmp_path / 'clone'}/"], cwd=repository, check=True)
    assert len(names) > 400
    assert [
        name for name in names if (tmp_path / "clone" / name).read_bytes() != (repository / name).read_bytes()
    ] == []
    assert [name for name in names if b"\0" not in (data := (repository / name).read_bytes()) and b"\r\n" in data] == []
