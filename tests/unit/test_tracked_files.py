"""What DVC shows of a run: rows of the tables and training curves; and what Git does to the repository's own files."""

import json
import re
import subprocess
import tomllib
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from programs import write_files

from cascade_efgan.errors import InputError

TABLE = """table,dataset,method,title,column,unit,value,standard_deviation,seeds,n_min,n_max,paper,missing_because
accuracy,rendered,stargan,StarGAN,G,%,62.5,1.5,0 1,29,29,,
accuracy,rendered,stargan,StarGAN,R+G,%,,,,,,,not measured
"""


def test_a_row_has_its_numbers_and_rows_of_former_settings_go(efgan: Callable[..., None], tmp_path: Path) -> None:
    former = "metrics/accuracy/london/stargan.json"
    write_files(tmp_path, {"table.csv": TABLE, "other.csv": "a,b\n1,2\n", former: "{}"})
    row = tmp_path / "metrics/accuracy/rendered/stargan.json"
    efgan("metrics", "--table", tmp_path / "table.csv", "--row", row)
    assert json.loads(row.read_text(encoding="utf-8")) == {"G": 62.5, "G deviation": 1.5}
    assert not (tmp_path / former).exists()
    with pytest.raises(InputError, match="no row accuracy/rendered/baseline, only accuracy/rendered/stargan"):
        efgan("metrics", "--table", tmp_path / "table.csv", "--row", row.with_name("baseline.json"))
    with pytest.raises(InputError, match=r"other\.csv: not a table of this project"):
        efgan("metrics", "--table", tmp_path / "other.csv", "--row", row)


def test_curves_of_all_runs_are_one_file(efgan: Callable[..., None], tmp_path: Path) -> None:
    losses = {"stargan": "epoch,D/L_adv,G/L_cls\n1,0.5,2\n2,0.25,1\n", "ef_gan": "epoch,D/L_adv\n1,7\n"}
    write_files(tmp_path / "rendered/seed3", {f"{method}/curves.csv": text for method, text in losses.items()})
    runs = [("--curves", tmp_path / "rendered/seed3" / method / "curves.csv") for method in losses]
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
    runs[0][1].write_text("loss\n1\n", encoding="utf-8")
    with pytest.raises(InputError, match="expected a column epoch"):
        efgan("curves", *runs[0], "--out", tmp_path / "all.csv")


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
    for name in names:
        data = (repository / name).read_bytes()
        assert (tmp_path / "clone" / name).read_bytes() == data, name
        assert b"\0" in data or b"\r\n" not in data, name


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-uv.lock"])
def test_locked_packages_carry_hashes_and_no_address(repository: Path, name: str) -> None:
    text = (repository / name).read_text(encoding="utf-8")
    entries = re.split(r"^(?=[a-z0-9][\w.-]*==)", text, flags=re.MULTILINE)[1:]
    assert entries and all("--hash=sha256:" in entry for entry in entries)
    assert "://" not in text


def test_the_lock_holds_every_package_that_the_project_asks_for(repository: Path) -> None:
    project = tomllib.loads((repository / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = "\n".join(project["dependencies"] + project["optional-dependencies"]["dev"]).lower()
    locked = (repository / "requirements.lock").read_text(encoding="utf-8").lower()
    names = re.compile(r"^[\w.-]+", re.MULTILINE)
    assert set(names.findall(asked)) <= set(names.findall(locked)), "run `make lock`"
