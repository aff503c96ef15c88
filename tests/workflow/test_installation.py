"""The commands that users type are the ones this project installs."""

import os
import re
import subprocess
import sys
from pathlib import Path

from copied_workflow import REPOSITORY, Workflow

SCRIPTS = Path(sys.executable).parent


def test_the_snakemake_command_is_ours() -> None:
    """Installed after Snakemake, this project's script of the same name has replaced Snakemake's own."""
    text = (SCRIPTS / "snakemake").read_text(encoding="utf-8")
    assert "cascade_efgan.orchestration.snakemake_command" in text, (
        "install the package after Snakemake: make distclean test"
    )


def test_the_literal_command_works_and_pairs_survive(workflow: Workflow) -> None:
    """The words that plain Snakemake 9.27.1 cannot read, and its own form with a lone `--`."""
    words = ("--cores", "8", "--resources", "gpu=1", "all")
    workflow.snakemake(*words, "--dry-run", "--quiet")
    table = "results/ablation_table.md"
    text = workflow.snakemake("-n", "-C", "train={epochs: 5, constant_epochs: 1}", "preset=smoke", "--", table)
    assert "train.epochs=5" in text
    assert "accuracy_table" not in text


def test_plain_snakemake_still_cannot_read_the_literal_command(workflow: Workflow) -> None:
    """When this fails, Snakemake has learnt it: remove `orchestration/snakemake_command.py` and its script."""
    plain = "import sys; from snakemake.cli import main; main(sys.argv[1:])"
    done = subprocess.run(
        [sys.executable, "-c", plain, "--cores", "8", "--resources", "gpu=1", "all", "--dry-run"],
        cwd=workflow.folder,
        env={**os.environ, "PYTHONPATH": str(workflow.folder / "src")},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert "dictionary update sequence element #1 has length 1" in done.stderr


def test_locked_packages_carry_hashes_and_no_address() -> None:
    for name in ("requirements.lock", "requirements-uv.lock"):
        text = (REPOSITORY / name).read_text(encoding="utf-8")
        packages = re.findall(r"^[a-z0-9][\w.-]*==", text, re.MULTILINE)
        assert packages
        entries = re.split(r"^(?=[a-z0-9][\w.-]*==)", text, flags=re.MULTILINE)[1:]
        assert all("--hash=sha256:" in entry for entry in entries), name
        assert "://" not in text, f"{name} names an address"


def test_the_lock_holds_every_package_that_the_project_asks_for() -> None:
    import tomllib

    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = project["dependencies"] + project["optional-dependencies"]["dev"]
    locked = {
        match.lower()
        for match in re.findall(
            r"^([A-Za-z0-9][\w.-]*)==", (REPOSITORY / "requirements.lock").read_text(encoding="utf-8"), re.MULTILINE
        )
    }
    missing = {re.match(r"[\w.-]+", name)[0].lower() for name in asked} - locked  # type: ignore[index]
    assert not missing, "run `make lock`"
