"""Find or clone a peer's checkout, and compare its commit with the pinned one."""

import logging
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from benchmarks.machine import REPOSITORY, git
from benchmarks.peers import Peer
from cascade_efgan.errors import InputError

log = logging.getLogger("benchmarks")

#: Where peers are cloned to, and where Inception's random weights are kept.
CACHE = REPOSITORY / "benchmarks" / ".peers"


@dataclass(frozen=True)
class Checkout:
    """A peer's checkout.

    Attributes:
        peer: whose.
        folder: where it is.
        commit: its HEAD, with `+changes` where its Python files differ; `unknown` without a git folder of its own.
    """

    peer: Peer
    folder: Path
    commit: str

    @property
    def pinned(self) -> bool:
        """True where HEAD is the pinned commit and no file was changed."""
        return self.commit == self.peer.commit

    def let_import(self) -> None:
        """Let this process import the checkout's modules, before all others, and leave no byte code in it."""
        sys.dont_write_bytecode = True
        sys.path.insert(0, str(self.folder / self.peer.modules))


def find_checkout(peer: Peer, cache: Path = CACHE) -> Checkout:
    """The checkout that the peer's environment variable names, else a clone at the pinned commit.

    A checkout of another commit is used, with a warning: its results say so.

    Raises:
        InputError: the variable names no checkout, or cloning is impossible.
    """
    named = os.environ.get(peer.variable)
    folder = Path(named).resolve() if named else cache / peer.id
    if not named and not folder.is_dir():
        _clone(peer, folder)
    if not (folder / peer.landmark).is_file():
        mend = f"set {peer.variable} to a checkout of it" if named else "delete the folder and run again"
        raise InputError(f"{folder}: no checkout of {peer.repository} ({peer.landmark} is missing); {mend}")
    top = git(folder, "rev-parse", "--show-toplevel")
    commit = "unknown"
    if top is not None and Path(top).resolve() == folder.resolve():
        changes = git(folder, "status", "--porcelain", "--", "*.py")
        commit = (git(folder, "rev-parse", "HEAD") or "unknown") + ("+changes" if changes else "")
    found = Checkout(peer, folder, commit)
    if not found.pinned:
        log.warning("%s is at %s, not at the pinned %s: results will say so", peer.id, commit, peer.commit)
    return found


def _clone(peer: Peer, folder: Path) -> None:
    """Clone beside, check the pinned commit out, then rename.

    Raises:
        InputError: no git, no network, or no such commit.
    """
    partial = folder.with_name(f".{folder.name}.{os.getpid()}.partial")
    partial.parent.mkdir(parents=True, exist_ok=True)
    address = f"https://github.com/{peer.repository}.git"
    try:
        for words in (["clone", "--quiet", "--no-checkout", address, str(partial)],
                      ["-C", str(partial), "checkout", "--quiet", peer.commit]):  # fmt: skip
            subprocess.run(["git", *words], check=True, capture_output=True, text=True)
        partial.rename(folder)
    except (OSError, subprocess.CalledProcessError) as error:
        reason = getattr(error, "stderr", "") or str(error)
        raise InputError(
            f"{peer.repository} could not be cloned ({reason.strip().splitlines()[-1]}); clone it where there is a "
            f"network, check out {peer.commit[:7]} and set {peer.variable} to that folder"
        ) from None
    finally:
        shutil.rmtree(partial, ignore_errors=True)
