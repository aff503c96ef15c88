"""Whether a release is what its record says: every problem one sentence that names the file."""

import zipfile
from collections.abc import Iterable, Iterator
from itertools import zip_longest
from pathlib import Path
from tempfile import TemporaryDirectory

from cascade_efgan.audit.provenance import CODE, Job, Provenance, plain
from cascade_efgan.audit.recompute import JobError, replay
from cascade_efgan.audit.release import RECORD, RESULTS, SOURCES, Problem, Release
from cascade_efgan.data.photo_files.manifest import read_manifest
from cascade_efgan.data.photo_files.photos import sha256
from cascade_efgan.errors import InputError
from cascade_efgan.evaluation.metric import read_metric


def check_record(release: Release, expected: str | None = None) -> list[Problem]:
    """The record itself: its seal, its published hash, and whether its jobs fit together."""
    words = []
    if expected is not None and release.fingerprint != expected.lower():
        words.append(f"its SHA-256 is {release.fingerprint}, but {expected} is expected")
    if not release.sealed:
        words.append("it was edited after it was written (its seal does not fit); restore it")
    for job in release.record.jobs:
        words += _unfitting(release.record, job)
    return [release.problem(RESULTS + RECORD, sentence) for sentence in words]


def _unfitting(record: Provenance, job: Job) -> Iterator[str]:
    """What a job's entry says of itself and of others, compared."""
    words = {part for word in job.words for part in (word, word.partition("=")[2])}
    # A stage that packs many chunks gets their folder; everything else is named by the command.
    for path in (path for path in job.outputs if job.words and path not in words):
        yield f"job {job.id} lists {path}, which its command does not write"
    seed = job.wildcards.get("seed")
    if seed is not None and job.seed is not None and int(seed) != job.seed:
        yield f"job {job.id} ran with seed {job.seed} in the folder of seed {seed}"
    for path, read in job.inputs.items():
        file = record.files.get(path)
        if file is None:
            yield f"job {job.id} read {path}, which the record does not list; fetch it and record again"
        elif read is not None and read != file.sha256:
            yield f"job {job.id} read another {path} than the recorded one; run snakemake again"


def check_files(release: Release, names: Iterable[str]) -> list[Problem]:
    """Hashes of files, and that each has an origin: a job, the packed sources, or the machine's own disk."""
    problems = []
    for name in names:
        file, job = release.record.files.get(name), release.record.maker.get(name)
        if name.startswith(CODE) or (file is not None and release.is_away(name)):
            continue
        found, by = release.sha256(name), f" by {job.id}" if job else ""
        if file is None:
            words = "the record does not list it"
        elif found is None:
            words = "it is missing; restore it (dvc pull), or run snakemake"
        elif found != file.sha256:
            words = (
                f"it is not the file that was made{by} (SHA-256 {found[:12]}... here, {file.sha256[:12]}... recorded); "
                "restore it (dvc checkout), or run snakemake"
            )
        elif job is None and name.startswith(RESULTS) and name != RESULTS + SOURCES:
            words = "no job of the record made it, so that its origin is unknown; run snakemake"
        else:
            continue
        problems.append(release.problem(name, words))
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
        try:
            inputs = read_metric(release.path(name)).inputs
        except InputError as error:
            problems.append(Problem(name, str(error)))
            continue
        for path, then in inputs.items():
            file = release.record.files.get(plain(path))
            if file is not None and file.sha256 != then:
                problems.append(release.problem(name, f"it was computed from another {path} than the recorded one"))
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
                    problems.append(release.problem(name, f"its {file} is not the photograph that the manifest lists"))
    return problems


def check_tables(release: Release, jobs: Iterable[Job]) -> list[Problem]:
    """Tables and verdicts made again from their numbers, compared byte for byte."""
    problems = []
    for job in jobs:
        with TemporaryDirectory(prefix="efgan-audit-") as folder:
            try:
                replay(release, [job], Path(folder))
            except JobError as error:
                problems.append(release.problem(job.outputs[0], f"{error}{release.code_hint([job])}"))
                continue
            for name in filter(lambda name: release.path(name).is_file(), job.outputs):
                here, made = release.path(name).read_bytes(), Path(folder, name).read_bytes()
                if here != made:
                    todo = release.code_hint([job]) or "; restore it, or run snakemake"
                    problems.append(release.problem(name, _first_difference(here, made) + todo))
    return problems


def _first_difference(here: bytes, made: bytes) -> str:
    """The first line in which a table differs from what its metric files give."""
    lines, others = (text.decode("utf-8", errors="replace").splitlines() for text in (here, made))
    pairs = enumerate(zip_longest(lines, others))
    number = next((number for number, (one, other) in pairs if one != other), len(lines))
    stands, gives = (text[number].strip() if number < len(text) else "nothing" for text in (lines, others))
    return f"line {number + 1} is not what its metric files give; it says {stands!r}, they give {gives!r}"
