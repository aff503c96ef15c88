"""Whether published weights are what their record says, and the run's own where that is here."""

from collections.abc import Iterator
from pathlib import Path

import torch

from cascade_efgan.audit.checks import check_record
from cascade_efgan.audit.release import RECORD, RESULTS, Release
from cascade_efgan.audit.trail import commit_words, file_line, job_line
from cascade_efgan.editing.runs import WEIGHTS
from cascade_efgan.errors import InputError
from cascade_efgan.files import sha256_file
from cascade_efgan.models.build import load_weights
from cascade_efgan.publishing.publish import rounded


class Published:
    """A folder of published weights (else `InputError`), and their run, or None where `results` holds no such run."""

    def __init__(self, folder: Path, results: Path) -> None:
        self.release = Release(folder)
        about = self.release.record.run
        if not {"record", "published", "publishing"} <= set(about):
            raise InputError(
                f"{folder / RECORD}: the record of a run, not of published weights; use --results {folder}"
            )
        there = (results / RECORD).is_file() and sha256_file(results / RECORD) == about["record"]
        self.run = Release(results) if there else None
        self._weights = about["publishing"]["weights"]

    def problems(self, expected: str | None = None) -> list[str]:
        """One sentence for everything that does not hold; `expected`: SHA-256 that the record shall have."""
        found = [problem.sentence for problem in check_record(self.release, expected)]
        folder, listed = self.release.folder, self.release.record.run["published"]
        for name in sorted({*listed, *(path.name for path in folder.iterdir())} - {RECORD}):
            path = folder / name
            if not path.is_file():
                found.append(f"{path}: it is missing; restore it (git checkout)")
            elif name not in listed:
                found.append(f"{path}: the record does not list it; remove it, or publish again")
            elif sha256_file(path) != listed[name]:
                found.append(f"{path}: it is not the file that was published; restore it (git checkout)")
        if self.run is not None and not found:
            found += self._problems_of_run(self.run)
        return found

    def _problems_of_run(self, run: Release) -> list[str]:
        """The files behind the weights, as far as the run kept them, and the weights rounded again."""
        wrong = [name for name, file in self.release.record.files.items()
                 if name.startswith(RESULTS) and run.sha256(name) not in (None, file.sha256)]  # fmt: skip
        found = [f"{run.shown(name)}: it is not the recorded file; restore it (dvc checkout)" for name in wrong]
        for published in self.release.folder.glob("*.safetensors"):
            original = str(Path(self._weights).with_name(published.name))
            if not run.path(original).is_file() or wrong:
                continue
            ours, theirs = load_weights(published), rounded(load_weights(run.path(original)))
            same = ours.keys() == theirs.keys() and all(
                ours[key].dtype == theirs[key].dtype and torch.equal(ours[key], theirs[key]) for key in ours
            )
            if not same:
                found.append(f"{published}: not {run.shown(original)} rounded to bfloat16")
        return found

    def trail(self) -> Iterator[str]:
        """From the published weights back to raw data: each job, its files and their hashes."""
        record = self.release.record
        yield f"{self.release.folder / WEIGHTS}: {self._weights} in bfloat16, of {commit_words(self.release)}"
        for job in reversed(record.jobs):
            yield job_line(job)
            yield from map(self._line, job.outputs)
        if raw := {path for job in record.jobs for path in job.inputs if path not in record.maker}:
            yield "  not made by this workflow"
            yield from map(self._line, sorted(raw))

    def _line(self, path: str) -> str:
        if self.run is not None:
            return file_line(self.run, path)
        file = self.release.record.files.get(path)
        return f"    away {file.sha256[:16] if file else 'not recorded'}  {path}"
