"""Results shared through DVC: a folder and an S3 server as remotes, older commits, and what can break.

A stand-in for `efgan` makes the files: these tests are about who has which bytes. `test_end_to_end.py` has real ones.
"""

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
import requests
from copied_workflow import with_followers
from dvc_repository import Repository, damage, make_repository, stand_in
from moto.server import ThreadedMotoServer

TABLE = "results/accuracy_table.md"
FIRST, SECOND = "preset: smoke\n", "preset: smoke\nfid: {real_images: test}\n"


@pytest.fixture(scope="module")
def alice(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """Two commits with their results, tagged `first` and `second`; a folder as remote, to which both are pushed."""
    folder = tmp_path_factory.mktemp("sharing")
    alice = Repository(make_repository(folder / "alice", FIRST).folder, stand_in(folder / "programs"))
    for tag, config in (("first", FIRST), ("second", SECOND)):
        (alice.folder / "config.yaml").write_text(config, encoding="utf-8")
        alice.dvc("repro")
        if tag == "first":
            alice.dvc("remote", "add", "--default", "store", str(folder / "store"))
            alice.dvc("remote", "modify", "store", "verify", "true")
        alice.commit(f"{tag} results")
        alice.git("tag", tag)
    alice.dvc("push", "--all-commits")
    return alice


@pytest.fixture(scope="module")
def bob(alice: Repository) -> Repository:
    """A colleague who has pulled."""
    bob = alice.clone(alice.folder.parent / "bob")
    bob.dvc("pull")
    return bob


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


@pytest.mark.parametrize(
    ("file", "old", "new", "rules"),
    [
        (
            "workflow/rules/evaluate.smk",
            '    "similarity',
            '    " similarity',
            {"measure_psnr", "measure_ssim", "measure_psnr_true"},
        ),
        ("src/cascade_efgan/training/losses.py", "\n", "\n# edited\n", {"train", "finetune_cascade"}),
        ("results/rendered/seed0/real/classifier.json", "0", "1", {"measure_accuracy_real", "measure_accuracy_edits"}),
        ("config.yaml", "fid", "generation_batch: 77\nfid", {"generate", "describe_run", "record_settings"}),
    ],
)
def test_a_colleagues_change_reruns_what_depends_on_it(
    bob: Repository, file: str, old: str, new: str, rules: set[str]
) -> None:
    """A rule, a source module, a byte of an input, a setting."""
    path = bob.folder / file
    text = path.read_text(encoding="utf-8")
    try:
        path.write_text(text.replace(old, new), encoding="utf-8")
        assert bob.would_run() - {"all"} == with_followers(rules) - {"all"}
    finally:
        path.write_text(text, encoding="utf-8")


def test_another_seed_reruns_all_but_the_data(bob: Repository) -> None:
    of_data = {"render", "extract_aus", "crop", "split", "average_patch_centers", "report_aus", "draw_contact_sheet"}
    of_data |= {"extract_features_real"}
    assert bob.would_run("--config", "seeds=[5]") == with_followers({"render", "record_settings"}) - of_data


def test_an_older_commit_has_the_older_results_and_nothing_to_do(alice: Repository, tmp_path: Path) -> None:
    carol = alice.clone(tmp_path / "carol")
    carol.dvc("pull")
    second = carol.digests()
    carol.git("checkout", "--quiet", "first")
    carol.dvc("pull")
    first = carol.digests()
    assert first.keys() == second.keys() and first["results/run.json"] != second["results/run.json"]
    assert (
        first["results/rendered/seed0/ef_gan/weights.safetensors"]
        == (second["results/rendered/seed0/ef_gan/weights.safetensors"])
    )
    assert "Nothing to be done" in carol.snakemake()
    differences = json.loads(carol.dvc("params", "diff", "first", "second", "--json"))
    assert differences["config.yaml"] == {"fid.real_images": {"old": None, "new": "test"}}
    assert differences["results/settings.yaml"] == {"fid.real_images": {"old": "all", "new": "test"}}
    carol.git("checkout", "--quiet", "second")
    carol.dvc("checkout")
    assert carol.digests() == second
    assert "Nothing to be done" in carol.snakemake()


def test_an_object_damaged_on_the_remote_is_refused_and_the_owner_mends_it(alice: Repository, tmp_path: Path) -> None:
    store = alice.folder.parent / "store"
    damage(store / alice.object_of(TABLE))
    dan = alice.clone(tmp_path / "dan")
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


def test_an_object_damaged_in_the_cache_is_found_and_fetched_again(alice: Repository, tmp_path: Path) -> None:
    """DVC itself takes it for good; `efgan check_artifacts` does not."""
    erin = alice.clone(tmp_path / "erin")
    erin.dvc("pull")
    assert "files are those that dvc.lock records" in erin.run(*CHECK)
    damage(erin.folder / ".dvc/cache" / erin.object_of(TABLE))
    (erin.folder / TABLE).unlink()
    erin.dvc("checkout")
    assert (erin.folder / TABLE).read_bytes() != (alice.folder / TABLE).read_bytes()
    said = erin.run(*CHECK, "--mend", status=2)
    assert f"{TABLE} has other bytes than dvc.lock records" in said and "Traceback" not in said
    erin.dvc("pull", "--force")
    assert erin.digests() == alice.digests()
    assert "files are those that dvc.lock records" in erin.run(*CHECK)


#: The real command, by its module: a stand-in comes first on the path.
CHECK = ("python", "-c", "from cascade_efgan.cli import main; main()", "check_artifacts")


def test_results_that_were_edited_lost_or_added_are_named(alice: Repository, tmp_path: Path) -> None:
    fay = alice.clone(tmp_path / "fay")
    fay.dvc("pull")
    (fay.folder / TABLE).write_text("better numbers\n", encoding="utf-8")
    (fay.folder / "results/run.json").unlink()
    (fay.folder / "results/more.md").write_text("more\n", encoding="utf-8")
    said = fay.run(*CHECK, status=2)
    assert f"{TABLE} has other bytes" in said
    assert "results/run.json is missing" in said
    assert "results/more.md is not in dvc.lock" in said


def test_a_remote_that_is_away_is_one_sentence_and_damages_nothing(alice: Repository, tmp_path: Path) -> None:
    store = alice.folder.parent / "store"
    gil = alice.clone(tmp_path / "gil")
    store.rename(store.with_name("away"))
    try:
        said = gil.dvc("pull", status=1)
        assert "failed to pull data" in said and "Traceback" not in said
        assert gil.digests() == {}
    finally:
        store.with_name("away").rename(store)
    gil.dvc("pull")
    assert gil.digests() == alice.digests()


def test_licensed_photographs_stay_here(alice: Repository, tmp_path: Path) -> None:
    """What DVC would send has no photographs but those that are free, of a data set added tomorrow neither."""
    hal = alice.clone(tmp_path / "hal")
    hal.dvc("pull")
    for name in ("rafd", "tomorrow", "london"):
        (hal.folder / "results" / name).mkdir(exist_ok=True)
        for file in ("photos.zip", "crops.csv"):
            (hal.folder / "results" / name / file).write_text("a face\n", encoding="utf-8")
    said = hal.dvc("data", "status", "--granular")
    assert "results/rafd/crops.csv" in said and "results/london/photos.zip" in said
    assert "rafd/photos.zip" not in said and "tomorrow/photos.zip" not in said


@pytest.fixture(scope="module")
def s3(alice: Repository) -> Iterator[tuple[str, Repository]]:
    """An S3 server on loopback that asks for keys; its address, and Alice with hers."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    address = f"http://{host}:{port}"
    session = boto3.Session("root", "root", region_name="us-east-1")
    iam = session.client("iam", endpoint_url=address)
    iam.create_user(UserName="alice")
    allow = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
    iam.put_user_policy(UserName="alice", PolicyName="all", PolicyDocument=policy)
    key = iam.create_access_key(UserName="alice")["AccessKey"]
    session.client("s3", endpoint_url=address).create_bucket(Bucket="artifacts")
    requests.post(f"{address}/moto-api/reset-auth", data="0", timeout=60)  # from here on, keys are checked
    keys = (("AWS_ACCESS_KEY_ID", key["AccessKeyId"]), ("AWS_SECRET_ACCESS_KEY", key["SecretAccessKey"]))
    owner = Repository(alice.folder, alice.programs, (*keys, ("AWS_DEFAULT_REGION", "us-east-1")))
    yield address, owner
    server.stop()


def use_s3(repository: Repository, address: str) -> None:
    """What docs/sharing.md says to type."""
    repository.dvc("remote", "add", "--local", "--force", "--default", "s3", "s3://artifacts/cascade-efgan")
    repository.dvc("remote", "modify", "--local", "s3", "endpointurl", address)
    repository.dvc("remote", "modify", "--local", "s3", "verify", "true")


def test_results_go_through_an_s3_server_that_asks_for_keys(s3: tuple[str, Repository], tmp_path: Path) -> None:
    address, owner = s3
    use_s3(owner, address)
    stranger = Repository(owner.folder, owner.programs, (*owner.variables, ("AWS_SECRET_ACCESS_KEY", "wrong")))
    assert "403" in stranger.dvc("push", status=255)
    owner.dvc("push")
    ian = owner.clone(tmp_path / "ian")
    use_s3(ian, address)
    said = Repository(ian.folder, ian.programs, stranger.variables).dvc("pull", status=1)
    assert "403" in said and "Traceback" not in said
    assert ian.digests() == {}
    ian.dvc("pull")
    assert ian.digests() == owner.digests()
    assert "Nothing to be done" in ian.snakemake()


def test_damage_on_the_s3_server_and_a_server_that_is_away(s3: tuple[str, Repository], tmp_path: Path) -> None:
    address, owner = s3
    use_s3(owner, address)
    owner.dvc("push")
    variables = dict(owner.variables)
    bucket = boto3.client(
        "s3", endpoint_url=address, region_name="us-east-1", aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
    )  # fmt: skip
    key = f"cascade-efgan/{owner.object_of(TABLE)}"
    bucket.put_object(Bucket="artifacts", Key=key, Body=b"rubbish")
    joy = owner.clone(tmp_path / "joy")
    use_s3(joy, address)
    assert "failed to pull data" in joy.dvc("pull", status=1)
    assert not (joy.folder / TABLE).exists()
    for broken in (key, f"cascade-efgan/{owner.object_of('results/')}"):
        bucket.delete_object(Bucket="artifacts", Key=broken)
    owner.dvc("push")
    joy.dvc("remote", "modify", "--local", "s3", "endpointurl", "http://127.0.0.1:9")
    said = joy.dvc("pull", status=1)
    assert "Could not connect to the endpoint URL" in said and "Traceback" not in said
    use_s3(joy, address)
    joy.dvc("pull")
    assert joy.digests() == owner.digests()
