"""Whether a release is what its record says: every problem one sentence that names the file."""

import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from cascade_efgan.audit.provenance import CODE, Job
from cascade_efgan.audit.release import RECORD, RESULTS, SOURCES, Release
from cascade_efgan.audit.replay import JobError, replay
from cascade_efgan.audit.snakemake_records import plain
from cascade_efgan.data.manifest import read_manifest
from cascade_efgan.data.photos import sha256
from cascade_efgan.errors import InputError
from cascade_efgan.evaluation.metric import read_metric
from cascade_efgan.files import sha256_file


@dataclass(frozen=True)
class Problem:
    """Something that did not hold, and the path of the file that it is about, as the record names it."""

    file: str
    sentence: str


def check_record(release: Release, expected: str | None = None) -> list[Problem]:
    """The record itself: its seal, its published hash, and whether its jobs fit together."""
    name = RESULTS + RECORD
    shown = release.shown(name)
    problems = []
    if expected is not None and release.fingerprint != expected.lower():
        problems.append(f"{shown}: its SHA-256 is {release.fingerprint}, but {expected} is expected")
    if not release.sealed:
        problems.append(f"{shown}: it was edited after it was written (its seal does not fit); restore it")
    for job in release.record.jobs:
        problems += [f"{shown}: {sentence}" for sentence in _unfitting(release, job)]
    return [Problem(name, sentence) for sentence in problems]


def _unfitting(release: Release, job: Job) -> list[str]:
    """What a job's entry says of itself and of others, compared."""
    found = []
    words = {part for word in job.words for part in (word, word.partition("=")[2])}
    # A stage that packs many chunks gets their folder; everything else is named by the command.
    strangers = [path for path in job.outputs if job.words and path not in words]
    found += [f"job {job.id} lists {path}, which its command does not write" for path in strangers]
    seed = job.wildcards.get("seed")
    if seed is not None and job.seed is not None and int(seed) != job.seed:
        found.append(f"job {job.id} ran with seed {job.seed} in the folder of seed {seed}")
    for path, read in job.inputs.items():
        file = release.record.files.get(path)
        if file is None:
            found.append(f"job {job.id} read {path}, which the record does not list; fetch it and record again")
        elif read is not None and read != file.sha256:
            found.append(f"job {job.id} read another {path} than the recorded one; run snakemake again")
    return found


def check_files(release: Release, names: Iterable[str]) -> list[Problem]:
    """Hashes of files, and that each has an origin: a job, the packed sources, or the machine's own disk."""
    problems = []
    outside = set(release.outside(release.record.files))
    for name in names:
        if name.startswith(CODE) or name in outside:
            continue
        file, found, shown = release.record.files.get(name), release.sha256(name), release.shown(name)
        job = release.record.maker.get(name)
        by = f" by {job.id}" if job else ""
        if file is None:
            sentence = f"{shown}: the record does not list it"
        elif found is None:
            sentence = f"{shown}: it is missing; restore it (dvc pull), or run snakemake"
        elif found != file.sha256:
            sentence = (
                f"{shown}: it is not the file that was made{by} (SHA-256 {found[:12]}... here, "
                f"{file.sha256[:12]}... recorded); restore it (dvc checkout), or run snakemake"
            )
        elif job is None and name.startswith(RESULTS) and name != RESULTS + SOURCES:
            sentence = f"{shown}: no job of the record made it, so that its origin is unknown; run snakemake"
        else:
            continue
        problems.append(Problem(name, sentence))
    return problems


def check_code(release: Release, jobs: Iterable[Job]) -> list[Problem]:
    """The packed sources against the hashes that Snakemake took when each job ran."""
    problems: dict[str, Problem] = {}
    archive = release.shown(RESULTS + SOURCES)
    for job in jobs:
        for path, ran in release.record.code[job.code].items():
            packed = release.packed.get(path)
            if packed is None or (ran is not None and packed != ran):
                problems[path] = Problem(path, f"{archive}: its {path} is not the code that ran in {job.id}")
    return list(problems.values())


def check_metrics(release: Release, names: Iterable[str]) -> list[Problem]:
    """The hashes that every metric file keeps of what it was computed from."""
    problems = []
    for name in names:
        if Path(name).parent.name != "metrics" or not release.path(name).is_file():
            continue
        shown = release.shown(name)
        try:
            inputs = read_metric(release.path(name)).inputs
        except InputError as error:
            problems.append(Problem(name, str(error)))
            continue
        for path, sha256_then in inputs.items():
            file = release.record.files.get(plain(path))
            if file is not None and file.sha256 != sha256_then:
                problems.append(Problem(name, f"{shown}: it was computed from another {path} than the recorded one"))
    return problems


def check_photographs(release: Release) -> list[Problem]:
    """Every photograph in every `photos.zip` against the hash that the manifest keeps of it."""
    problems = []
    for name in release.record.files:
        if not name.endswith("/photos.zip") or not release.path(name).is_file():
            continue
        manifest = read_manifest(release.path(name).with_name("manifest.csv"))
        with zipfile.ZipFile(release.path(name)) as photos:
            for file, expected in zip(manifest["file"], manifest["sha256"], strict=True):
                try:
                    same = sha256(photos.read(file)) == expected
                except (KeyError, zipfile.BadZipFile):
                    same = False
                if not same:
                    sentence = f"{release.shown(name)}: its {file} is not the photograph that the manifest lists"
                    problems.append(Problem(name, sentence))
    return problems


def check_tables(release: Release, jobs: Iterable[Job]) -> list[Problem]:
    """Tables and verdicts made again from their numbers, compared byte for byte."""
    problems = []
    for job in jobs:
        with TemporaryDirectory(prefix="efgan-audit-") as folder:
            try:
                replay(release, [job], Path(folder))
            except JobError as error:
                sentence = f"{release.shown(job.outputs[0])}: {error}{code_hint(release, [job])}"
                problems.append(Problem(job.outputs[0], sentence))
                continue
            for name in job.outputs:
                path = release.path(name)
                if path.is_file():
                    problems += _differences(release, job, name, path.read_bytes(), Path(folder, name).read_bytes())
    return problems


def other_code(release: Release, job: Job) -> bool:
    """Whether the code of this installation is not the one that ran the job."""
    package = Path(__file__).parents[1]
    for path, ran in release.record.code[job.code].items():
        here = package / Path(path).relative_to("src/cascade_efgan") if path.startswith("src/cascade_efgan/") else None
        if here is not None and ran is not None and (not here.is_file() or sha256_file(here) != ran):
            return True
    return False


def code_hint(release: Release, jobs: Iterable[Job]) -> str:
    """What to add to a sentence about jobs that were run again, where this installation has other code than they."""
    if not any(other_code(release, job) for job in jobs):
        return ""
    commit = release.record.run["commit"] or "its own commit"
    return f"; but the code here is not the one that made it: audit it in a clone at {commit}"


def _differences(release: Release, job: Job, name: str, here: bytes, rendered: bytes) -> list[Problem]:
    """The first line in which a table differs from its metric files."""
    if here == rendered:
        return []
    lines, others = (text.decode("utf-8", errors="replace").splitlines() for text in (here, rendered))
    number = next((n for n, pair in enumerate(zip(lines, others, strict=False)) if pair[0] != pair[1]), None)
    if number is None:
        number = min(len(lines), len(others))
    stands = lines[number].strip() if number < len(lines) else "nothing"
    gives = others[number].strip() if number < len(others) else "nothing"
    todo = code_hint(release, [job]) or "; restore it, or run snakemake"
    sentence = (
        f"{release.shown(name)}: line {number + 1} is not what its metric files give; it says {stands!r}, they "
        f"give {gives!r}{todo}"
    )
    return [Problem(name, sentence)]
