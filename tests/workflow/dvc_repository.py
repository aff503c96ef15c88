"""A copy of the workflow as a Git and DVC repository, and other people's clones of it."""

import hashlib
import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import yaml
from copied_workflow import REPOSITORY, Workflow

#: What a repository has beside the workflow itself.
TRACKED = (".dvc/.gitignore", ".dvc/config", ".dvc/plots", ".dvcignore", ".gitignore", "dvc.yaml", "requirements.lock")
#: What DVC tracks.
OUTS = ("results", ".snakemake/metadata")


@dataclass(frozen=True)
class Repository(Workflow):
    """A repository of one person.

    Attributes:
        variables: environment variables of this person, such as keys of a remote.
    """

    variables: tuple[tuple[str, str], ...] = ()

    def environment(self) -> dict[str, str]:
        """No proxy: the remotes are on this machine. DVC's own notes stay inside the repository."""
        inherited = {
            name: value for name, value in super().environment().items() if not name.lower().endswith("_proxy")
        }
        notes = {"DVC_SITE_CACHE_DIR": str(self.folder / ".dvc/tmp/site"), "AWS_EC2_METADATA_DISABLED": "true"}
        return {**inherited, **notes, **dict(self.variables)}

    def git(self, *words: str) -> str:
        return self.run("git", "-c", "user.name=tester", "-c", "user.email=tester@example.org", *words)

    def dvc(self, *words: str, status: int = 0) -> str:
        return self.run("dvc", *words, status=status)

    def commit(self, message: str) -> None:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", message)

    def clone(self, folder: Path, *variables: tuple[str, str]) -> "Repository":
        """Another person's clone, with Git alone: no results yet."""
        self.git("clone", "--quiet", ".", str(folder))
        return Repository(folder, self.programs, variables or self.variables)

    def digests(self) -> dict[str, str]:
        """SHA-256 of everything that DVC tracks."""
        files = [path for out in OUTS for path in sorted(self.folder.joinpath(out).rglob("*")) if path.is_file()]
        return {str(path.relative_to(self.folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}

    def object_of(self, file: str) -> str:
        """Where DVC keeps a result, in its cache and on a remote."""
        out = next(out for out in OUTS if file.startswith(f"{out}/"))
        lock = yaml.safe_load((self.folder / "dvc.lock").read_text(encoding="utf-8"))
        (md5,) = (entry["md5"] for entry in lock["stages"]["reproduce"]["outs"] if entry["path"] == out)
        if file == f"{out}/":
            return _place(md5)
        listed = json.loads((self.folder / ".dvc/cache" / _place(md5)).read_text(encoding="utf-8"))
        (found,) = (entry["md5"] for entry in listed if f"{out}/{entry['relpath']}" == file)
        return _place(found)


def _place(md5: str) -> str:
    return f"files/md5/{md5[:2]}/{md5[2:]}"


def make_repository(workflow: Workflow) -> Repository:
    """A repository of a copy of the workflow; no results are committed yet."""
    for name in TRACKED:
        source, target = REPOSITORY / name, workflow.folder / name
        target.parent.mkdir(exist_ok=True)
        shutil.copytree(source, target) if source.is_dir() else shutil.copy(source, target)
    repository = Repository(workflow.folder, workflow.programs)
    repository.git("init", "--quiet", "--initial-branch", "main")
    repository.commit("the workflow")
    return repository


def damage(path: Path) -> None:
    """Other bytes of the same length and time, as a failing disk gives them; DVC's objects are read-only."""
    times, mode = (path.stat().st_atime, path.stat().st_mtime), path.stat().st_mode
    path.chmod(0o644)
    path.write_bytes(bytes(byte ^ 1 for byte in path.read_bytes()))
    path.chmod(mode)
    os.utime(path, times)
