"""The bytes of the results against `dvc.lock`, read anew.

DVC believes its cache: `dvc status` calls a result up to date whose object was damaged in the cache, or on a remote
without `verify`. The hashes in `dvc.lock`, which Git keeps, are what can be believed; here every byte is read again.
"""

import hashlib
import json
import os
from collections.abc import Iterator
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
    findings = Findings()
    with Repo(str(root)) as repo:
        cache = Path(repo.cache.local.path)
        for stage in yaml.safe_load(lock.read_text(encoding="utf-8"))["stages"].values():
            for out in stage["outs"]:
                folder = root / out["path"]
                listed = dict(_listed(cache, out["md5"], out["path"], findings))
                _compare(folder, listed, cache, findings)
                walked = repo.dvcignore.walk(repo.fs, str(folder)) if folder.is_dir() else ()
                there = (Path(place) / name for place, _, names in walked for name in names)
                findings.unlisted += sorted(file for file in there if str(file.relative_to(folder)) not in listed)
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


def _object(cache: Path, md5: str) -> Path:
    return cache / md5[:2] / md5[2:]


def _listed(cache: Path, md5: str, name: str, findings: Findings) -> Iterator[tuple[str, str]]:
    """Relative path and MD5 of every file of a tracked folder."""
    path = _object(cache, md5)
    if not path.is_file():
        raise InputError(f"{name}: its list of files is not in DVC's cache ({path}); run dvc pull first")
    if _md5(path) != md5.removesuffix(".dir"):
        findings.damaged.append(path)
        raise InputError(f"{path}: DVC's list of the files in {name} is damaged; delete it and run dvc pull")
    for entry in json.loads(path.read_text(encoding="utf-8")):
        yield entry["relpath"], entry["md5"]


def _compare(folder: Path, listed: dict[str, str], cache: Path, findings: Findings) -> None:
    for relative, md5 in sorted(listed.items()):
        findings.checked += 1
        path, cached = folder / relative, _object(cache, md5)
        if not path.is_file():
            findings.missing.append(path)
        elif _md5(path) != md5:
            findings.changed.append(path)
        if cached.is_file() and _md5(cached) != md5 and cached not in findings.damaged:
            findings.damaged.append(cached)


def _md5(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
