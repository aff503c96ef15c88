"""Checkouts of the public codes that the benchmark compares with; none is fetched."""

import subprocess
from pathlib import Path

import pytest

from benchmarks.peers import PEERS, Peer
from benchmarks.peers.checkout import find_checkout
from benchmarks.sides import Task
from benchmarks.worker import workers
from cascade_efgan.errors import InputError


def test_a_variable_that_names_no_checkout_is_one_sentence_of_a_side_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STARGAN_DIR", str(tmp_path))
    with (
        pytest.raises(InputError, match=r"no checkout of yunjey/stargan .* set STARGAN_DIR to a checkout of it"),
        workers({"peer": Task("stargan_training", "cpu", 2)}, threads=1) as sides,
    ):
        sides["peer"].answer()


def github_is(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No network in a test: addresses of GitHub lead to a folder."""
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", f"url.{folder}/.insteadOf")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "https://github.com/")


def test_a_clone_that_fails_is_one_sentence_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STARGAN_DIR", raising=False)
    github_is(tmp_path / "absent", monkeypatch)
    with pytest.raises(InputError, match=r"stargan could not be cloned .* check out 94dd002 and set STARGAN_DIR"):
        find_checkout(PEERS["stargan"], tmp_path / "cache")
    assert list((tmp_path / "cache").iterdir()) == []


def repository_at(folder: Path) -> str:
    """A repository with one commit of `solver.py`: its commit."""
    folder.mkdir(parents=True)
    (folder / "solver.py").write_text("")
    for words in (["init", "-q"], ["add", "."],
                  ["-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "-qm", "one"]):  # fmt: skip
        subprocess.run(["git", *words], cwd=folder, check=True)
    head = ["git", "rev-parse", "HEAD"]
    return subprocess.run(head, cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


def test_a_clone_is_made_at_the_pinned_commit_and_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commit = repository_at(tmp_path / "origin" / "owner" / "peer.git")
    github_is(tmp_path / "origin", monkeypatch)
    peer = Peer("peer", "owner/peer", commit, "EFGAN_TEST_PEER_DIR", "solver.py")
    for _ in range(2):
        found = find_checkout(peer, tmp_path / "cache")
        assert found.pinned and found.commit == commit and found.folder == tmp_path / "cache" / "peer"


@pytest.mark.parametrize("case", ["another commit", "changed", "no git"])
def test_a_checkout_that_is_not_the_pinned_one_is_used_with_a_warning(
    case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "peer"
    commit = repository_at(folder)
    if case == "changed":
        (folder / "solver.py").write_text("print()")
    if case == "no git":
        (folder / ".git").rename(tmp_path / "elsewhere")
    pinned = "0" * 40 if case == "another commit" else commit
    monkeypatch.setenv("EFGAN_TEST_PEER_DIR", str(folder))
    found = find_checkout(Peer("peer", "owner/peer", pinned, "EFGAN_TEST_PEER_DIR", "solver.py"))
    said = {"another commit": commit, "changed": f"{commit}+changes", "no git": "unknown"}[case]
    assert not found.pinned and found.commit == said
    assert "not at the pinned" in caplog.text
