"""Results shared through DVC: a folder and an S3 server as remotes, older commits, experiments, and what can break.

A stand-in for `efgan` makes the files: these tests are about who has which bytes. `test_end_to_end.py` has real ones.
"""

import json
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from copied_workflow import Workflow, copy_workflow, with_followers
from dvc_repository import Repository, damage, make_repository
from s3_server import S3, s3_server

TABLE = "results/accuracy_table.md"


@pytest.fixture(scope="module")
def alice(tmp_path_factory: pytest.TempPathFactory, copy_of_quick: Callable[[Path], Workflow]) -> Repository:
    """Two commits with their results, tagged `first` and `second`; a folder as remote, to which both are pushed."""
    folder = tmp_path_factory.mktemp("sharing")
    alice = make_repository(copy_of_quick(folder))
    config = alice.folder / "config.yaml"
    alice.dvc("remote", "add", "--default", "store", str(folder / "store"))
    alice.dvc("remote", "modify", "store", "verify", "true")
    for tag, settings in (("first", ""), ("second", "fid: {real_images: test}\n")):
        config.write_text(config.read_text(encoding="utf-8") + settings, encoding="utf-8")
        alice.dvc("repro")
        alice.commit(f"{tag} results")
        alice.git("tag", tag)
    alice.dvc("push", "--all-commits")
    return alice


@pytest.fixture(scope="module")
def bob(alice: Repository) -> Repository:
    """A colleague who has pulled."""
    return pulled(alice, alice.folder.parent / "bob")


def pulled(owner: Repository, folder: Path) -> Repository:
    """A clone of a person who has pulled."""
    clone = owner.clone(folder)
    clone.dvc("pull")
    return clone


def test_a_second_repro_does_nothing(alice: Repository) -> None:
    assert "Stage 'reproduce' didn't change, skipping" in alice.dvc("repro")
    assert "up to date" in alice.dvc("status")
    assert alice.git("status", "--porcelain") == ""
    assert "reproduce" in alice.dvc("dag")


def test_a_colleague_has_everything_and_nothing_to_do(alice: Repository, bob: Repository) -> None:
    assert bob.digests() == alice.digests() != {}
    assert "Nothing to be done" in bob.snakemake()
    assert "didn't change, skipping" in bob.dvc("repro")


def test_one_variable_chooses_where_the_jobs_run(bob: Repository, tmp_path: Path) -> None:
    """A profile of Snakemake's; what DVC records does not depend on it."""
    profile = tmp_path / "cluster"
    profile.mkdir()
    (profile / "config.yaml").write_text("jobs: 3\n", encoding="utf-8")
    there = Repository(bob.folder, bob.programs, (("SNAKEMAKE_PROFILE", str(profile)),))
    said = there.dvc("repro", "--force")
    assert f"Using profiles {profile} and workflow specific profile profiles/default" in said
    assert bob.git("status", "--porcelain") == ""


def test_newer_times_alone_rerun_nothing_for_a_colleague(bob: Repository) -> None:
    now = time.time()
    for number, path in enumerate(sorted(bob.folder.joinpath("results").rglob("*"))):
        os.utime(path, (now - number / 1000, now - number / 1000))
    assert bob.would_run() == set()


def test_a_colleagues_change_of_a_rule_reruns_what_depends_on_it(bob: Repository) -> None:
    """What else reruns what: test_reruns.py."""
    path = bob.folder / "workflow/rules/evaluate.smk"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('    "similarity', '    " similarity'), encoding="utf-8")
    rules = {"measure_psnr", "measure_ssim", "measure_psnr_true"}
    assert bob.would_run() - {"all"} == with_followers(rules) - {"all"}
    path.write_text(text, encoding="utf-8")


def test_an_older_commit_has_the_older_results_and_nothing_to_do(alice: Repository, tmp_path: Path) -> None:
    carol = pulled(alice, tmp_path / "carol")
    second = carol.digests()
    carol.git("checkout", "--quiet", "first")
    carol.dvc("pull")
    first = carol.digests()
    assert first.keys() == second.keys() and first["results/run.json"] != second["results/run.json"]
    weights = "results/rendered/seed0/ef_gan/weights.safetensors"
    assert first[weights] == second[weights]
    assert "Nothing to be done" in carol.snakemake()
    differences = json.loads(carol.dvc("params", "diff", "first", "second", "--json"))
    assert differences["config.yaml"] == {"fid.real_images": {"old": None, "new": "test"}}
    assert differences["results/settings.yaml"] == {"fid.real_images": {"old": "all", "new": "test"}}
    carol.git("checkout", "--quiet", "second")
    carol.dvc("checkout")
    assert carol.digests() == second
    assert "Nothing to be done" in carol.snakemake()


def test_a_remote_that_is_away_or_damaged_is_refused_and_the_owner_mends_it(alice: Repository, tmp_path: Path) -> None:
    store = alice.folder.parent / "store"
    dan = alice.clone(tmp_path / "dan")
    store.rename(store.with_name("away"))
    said = dan.dvc("pull", status=1)
    store.with_name("away").rename(store)
    assert "failed to pull data" in said and "Traceback" not in said
    assert dan.digests() == {}
    damage(store / alice.object_of(TABLE))
    assert "failed to pull data" in dan.dvc("pull", status=1)
    assert not (dan.folder / TABLE).exists()

    # The way back of docs/sharing.md: delete the object and the lists that name it, then push from a good copy.
    for commit in ("first", "second"):
        alice.git("checkout", "--quiet", commit)
        (store / alice.object_of("results/")).unlink()
    (store / alice.object_of(TABLE)).unlink()
    alice.git("checkout", "--quiet", "main")
    alice.dvc("push", "--all-commits")
    dan.dvc("pull")
    assert dan.digests() == alice.digests()


#: The real command, by its module: a stand-in comes first on the path.
CHECK = ("python", "-c", "from cascade_efgan.cli import main; main()", "check_artifacts")


def test_an_object_damaged_in_the_cache_is_found_and_fetched_again(alice: Repository, tmp_path: Path) -> None:
    """DVC itself takes it for good; `efgan check_artifacts` does not, and names what was edited, lost or added."""
    erin = pulled(alice, tmp_path / "erin")
    damage(erin.folder / ".dvc/cache" / erin.object_of(TABLE))
    (erin.folder / TABLE).unlink()
    erin.dvc("checkout")
    assert (erin.folder / TABLE).read_bytes() != (alice.folder / TABLE).read_bytes()
    said = erin.run(*CHECK, "--mend", status=2)
    assert f"{TABLE} has other bytes than dvc.lock records" in said and "Traceback" not in said
    erin.dvc("pull", "--force")
    assert erin.digests() == alice.digests()
    assert "files are those that dvc.lock records" in erin.run(*CHECK)
    (erin.folder / TABLE).write_text("better numbers\n", encoding="utf-8")
    (erin.folder / "results/run.json").unlink()
    (erin.folder / "results/more.md").write_text("more\n", encoding="utf-8")
    said = erin.run(*CHECK, status=2)
    for sentence in (f"{TABLE} has other bytes", "results/run.json is missing", "results/more.md is not in dvc.lock"):
        assert sentence in said


def test_licensed_photographs_stay_here(alice: Repository, tmp_path: Path) -> None:
    """What DVC would send has no photographs but those that are free, of a data set added tomorrow neither."""
    hal = pulled(alice, tmp_path / "hal")
    for name in ("rafd", "tomorrow", "london"):
        (hal.folder / "results" / name).mkdir(exist_ok=True)
        for file in ("photos.zip", "crops.csv"):
            (hal.folder / "results" / name / file).write_text("a face\n", encoding="utf-8")
    said = hal.dvc("data", "status", "--granular")
    assert "results/rafd/crops.csv" in said and "results/london/photos.zip" in said
    assert "rafd/photos.zip" not in said and "tomorrow/photos.zip" not in said


@pytest.fixture
def s3(tmp_path: Path) -> Iterator[S3]:
    """An S3 server on loopback that asks for keys."""
    with s3_server(tmp_path) as server:
        server.client().create_bucket(Bucket="artifacts")
        yield server


def with_keys(repository: Repository, key: str, secret: str) -> Repository:
    """The same person with these keys."""
    keys = (("AWS_ACCESS_KEY_ID", key), ("AWS_SECRET_ACCESS_KEY", secret), ("AWS_DEFAULT_REGION", "us-east-1"))
    return Repository(repository.folder, repository.programs, keys)


def use_s3(repository: Repository, address: str) -> None:
    """What docs/sharing.md says to type."""
    repository.dvc("remote", "add", "--local", "--force", "--default", "s3", "s3://artifacts/cascade-efgan")
    repository.dvc("remote", "modify", "--local", "s3", "endpointurl", address)
    repository.dvc("remote", "modify", "--local", "s3", "verify", "true")


def test_results_go_through_an_s3_server_that_asks_for_keys(alice: Repository, s3: S3, tmp_path: Path) -> None:
    """And neither wrong keys, nor a server that is away, nor damage on it does any harm."""
    owner, bucket = with_keys(alice, s3.key, s3.secret), s3.client()
    use_s3(owner, s3.url)
    assert "403" in with_keys(owner, s3.key, "wrong").dvc("push", status=255)
    owner.dvc("push")
    ian = owner.clone(tmp_path / "ian")
    use_s3(ian, s3.url)
    said = with_keys(ian, s3.key, "wrong").dvc("pull", status=1)
    assert "403" in said and "Traceback" not in said
    assert ian.digests() == {}

    keys = [f"cascade-efgan/{owner.object_of(file)}" for file in (TABLE, "results/")]
    bucket.put_object(Bucket="artifacts", Key=keys[0], Body=b"rubbish")
    assert "failed to pull data" in ian.dvc("pull", status=1)
    assert not (ian.folder / TABLE).exists()
    for broken in keys:
        bucket.delete_object(Bucket="artifacts", Key=broken)
    owner.dvc("push")

    use_s3(ian, "http://127.0.0.1:9")
    said = ian.dvc("pull", status=1)
    assert "Could not connect to the endpoint URL" in said and "Traceback" not in said
    use_s3(ian, s3.url)
    ian.dvc("pull")
    assert ian.digests() == owner.digests()
    assert "Nothing to be done" in ian.snakemake()


#: In an experiment the copied code writes its mark behind the settings.
CODE, SETTINGS, MARK = "src/cascade_efgan/stages/config.py", "results/settings.yaml", "# by the code of the experiment"


@pytest.fixture(scope="module")
def kim(tmp_path_factory: pytest.TempPathFactory, repository: Path) -> Repository:
    """A clone whose one stage writes the settings; the environment that is active is another checkout's."""
    kim = make_repository(copy_workflow(tmp_path_factory.mktemp("experiments") / "clone", config="preset: smoke\n"))
    stage = kim.folder / "dvc.yaml"
    stage.write_text(stage.read_text(encoding="utf-8").replace("snakemake all", f"snakemake {SETTINGS}"))
    for name, value in (("name", "tester"), ("email", "tester@example.org")):
        kim.git("config", f"user.{name}", value)
    kim.commit("one quick stage")
    return Repository(kim.folder, variables=(("PYTHONPATH", str(repository / "src")),))


@pytest.mark.parametrize("ways", [["--temp"], ["--queue", "--run-all"]])
def test_an_experiment_runs_the_code_of_its_own_checkout(kim: Repository, ways: list[str]) -> None:
    code = kim.folder / CODE
    text = code.read_text(encoding="utf-8")
    assert text.count("allow_unicode=True)") == 1
    code.write_text(text.replace("allow_unicode=True)", f"allow_unicode=True) + '{MARK}'"), encoding="utf-8")
    name = ways[0].strip("-")
    kim.dvc("exp", "run", ways[0], "--name", name)
    kim.git("checkout", "--quiet", "src")
    for way in ways[1:]:
        kim.dvc("exp", "run", way)
    assert not (kim.folder / SETTINGS).exists()
    kim.dvc("exp", "apply", name)
    assert (kim.folder / SETTINGS).read_text(encoding="utf-8").endswith(MARK)
    kim.git("checkout", "--quiet", ".")
    (kim.folder / SETTINGS).unlink()
