"""The bytes of the results against `dvc.lock`, read anew.

DVC believes its cache: `dvc status` calls a result up to date whose object was damaged in the cache, or on a remote
without `verify`. The hashes in `dvc.lock`, which Git keeps, are what can be believed.
"""

import hashlib
import json
import os
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from cascade_efgan.errors import InputError


@dataclass
class Findings:
    """What a check found.

    Attributes:
        checked: number of files that `dvc.lock` lists.
        unlisted: files in the tracked folders that `dvc.lock` does not list.
        damaged: objects in the cache whose bytes are not those that they are named after.
    """

    checked: int = 0
    changed: list[Path] = field(default_factory=list)
    missing: list[Path] = field(default_factory=list)
    unlisted: list[Path] = field(default_factory=list)
    damaged: list[Path] = field(default_factory=list)

    @property
    def good(self) -> bool:
        """Every file is what `dvc.lock` says, and nothing else is beside them."""
        return not (self.changed or self.missing or self.unlisted or self.damaged)


def check(root: Path) -> Findings:
    """Compare the tracked files of a repository, and what the cache holds of them, with its `dvc.lock`.

    Raises:
        InputError: no `dvc.lock`, or the list of a folder's files is not in the cache or damaged.
    """
    from dvc.repo import Repo  # type: ignore[import-untyped]

    lock = root / "dvc.lock"
    if not lock.is_file():
        raise InputError(f"{lock}: no such file; run dvc repro, or check out a commit that has one")
    findings, recorded = Findings(), yaml.safe_load(lock.read_text(encoding="utf-8"))
    with Repo(str(root)) as repo:
        cache = Path(repo.cache.local.path)
        for out in [out for stage in recorded["stages"].values() for out in stage["outs"]]:
            folder = root / out["path"]
            listed = _listed(folder, cache, out)
            for path, md5 in listed.items():
                cached = _object(cache, md5)
                if not path.is_file():
                    findings.missing.append(path)
                elif _md5(path) != md5:
                    findings.changed.append(path)
                if cached.is_file() and _md5(cached) != md5 and cached not in findings.damaged:
                    findings.damaged.append(cached)
            findings.checked += len(listed)
            there = map(Path, repo.dvcignore.find(repo.fs, str(folder)) if folder.is_dir() else ())
            findings.unlisted += sorted(set(there) - listed.keys())
    return findings


def mend(findings: Findings) -> None:
    """Remove the damaged objects, and have DVC read the changed files anew; no result is touched.

    Afterwards `dvc pull --force` fetches what is missing and puts it in place.
    """
    for path in findings.damaged:
        path.unlink()
    for path in findings.changed:
        # DVC remembers the hash of a file as long as its time is unchanged.
        os.utime(path)


def _listed(folder: Path, cache: Path, out: dict[str, str]) -> dict[Path, str]:
    """MD5 of every file of a tracked folder."""
    path = _object(cache, out["md5"])
    if not path.is_file():
        raise InputError(f"{out['path']}: its list of files is not in DVC's cache ({path}); run dvc pull first")
    if _md5(path) != out["md5"].removesuffix(".dir"):
        raise InputError(f"{path}: DVC's list of the files in {out['path']} is damaged; delete it and run dvc pull")
    entries = json.loads(path.read_text(encoding="utf-8"))
    return {folder / entry["relpath"]: entry["md5"] for entry in sorted(entries, key=lambda entry: entry["relpath"])}


def _object(cache: Path, md5: str) -> Path:
    return cache / md5[:2] / md5[2:]


def _md5(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
