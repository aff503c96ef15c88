"""DVC's experiments in a checkout of their own, `--temp` and queued: the code of that checkout runs, and no other."""

from pathlib import Path

import pytest
from copied_workflow import REPOSITORY
from dvc_repository import Repository, make_repository

CODE, RESULT = "src/cascade_efgan/stages/config.py", "results/settings.yaml"
MARK = "# by the code of the experiment"


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """A clone whose one stage writes the settings; the environment that is active is another checkout's."""
    folder = make_repository(tmp_path_factory.mktemp("experiments") / "clone", "preset: smoke\n").folder
    repository = Repository(folder, variables=(("PYTHONPATH", str(REPOSITORY / "src")),))
    stage = (folder / "dvc.yaml").read_text(encoding="utf-8")
    (folder / "dvc.yaml").write_text(stage.replace("cmd: snakemake all", f"cmd: snakemake {RESULT}"), encoding="utf-8")
    for name, value in (("name", "tester"), ("email", "tester@example.org")):
        repository.git("config", f"user.{name}", value)
    repository.commit("one quick stage")
    return repository


@pytest.mark.parametrize("ways", [[["--temp"]], [["--queue"], ["--run-all"]]])
def test_an_experiment_runs_the_code_of_its_own_checkout(repository: Repository, ways: list[list[str]]) -> None:
    code = repository.folder / CODE
    text = code.read_text(encoding="utf-8")
    assert text.count("allow_unicode=True)") == 1
    code.write_text(text.replace("allow_unicode=True)", f"allow_unicode=True) + '{MARK}'"), encoding="utf-8")
    (first, *then) = ways
    repository.dvc("exp", "run", *first, "--name", first[0].strip("-"))
    repository.git("checkout", "--quiet", "src")
    for words in then:
        repository.dvc("exp", "run", *words)
    assert not (repository.folder / RESULT).exists()
    repository.dvc("exp", "apply", first[0].strip("-"))
    assert (repository.folder / RESULT).read_text(encoding="utf-8").endswith(MARK)
    repository.git("checkout", "--quiet", ".")
    Path(repository.folder, RESULT).unlink()
