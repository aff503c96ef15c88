"""Data sets that only their user can obtain: where the archive is, and whether it changed.

The workflow asks at every start, so this module imports no array library. Of what a user names, paths, sizes and times
are looked at each time; bytes are read when one of these is new, and the bytes decide: a copy, a checkout or `touch`
changes nothing, and a photograph or CSV replaced in place does, even with size and time kept. What other programs leave
there (`side_file`), and no stage reads, does not count.
"""

import hashlib
import json
import logging
import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from cascade_efgan.config.data_sections import Archive
from cascade_efgan.config.settings import Settings
from cascade_efgan.data.sources.file_names import side_file
from cascade_efgan.datasets import DATASETS
from cascade_efgan.errors import InputError
from cascade_efgan.files import not_the_file, sha256_file, write_text

log = logging.getLogger("efgan.fingerprints")

#: The largest folder or file whose bytes are read, once: RaFD and CFEED, not AffectNet, where a time alone is a change.
MOST_BYTES = 8 * 2**30
#: Hashes are remembered of files that were at rest so long: within a clock's tick, one more change shows no new time.
_REST_NS = 2 * 10**9
#: From here, the one reading is worth a line in the log.
_WORTH_A_LINE = 2**28


def archive_of(settings: Settings, dataset: str) -> Path:
    """The archive of rafd, cfeed, affectnet or folder: its setting `archive`, else the variable EFGAN_<DATA SET>.

    Raises:
        InputError: neither is set, or what is named does not exist; the sentence says where to request the data set.
    """
    source, path = _named(settings, dataset)
    if path is None:
        licence = DATASETS[dataset].licence
        about = f"{licence.title} is licensed by its owners; " if licence else ""
        raise InputError(f"{dataset}.archive is not set: {about}{_advice(dataset)}")
    if not os.path.exists(path):
        raise InputError(
            not_the_file(path)
            or f"{path}: no such file or folder, though {source} names it; correct it, or {_advice(dataset)}"
        )
    return path


def missing_archives(settings: Settings) -> list[str]:
    """One sentence for every data set of the run whose archive is not there, in the order of `all_datasets`."""
    sentences = []
    for dataset in settings.all_datasets:
        if isinstance(getattr(settings, dataset), Archive):
            try:
                archive_of(settings, dataset)
            except InputError as error:
                sentences.append(str(error))
    return sentences


def archive_fingerprint(settings: Settings, dataset: str, cache: Path | None = None) -> dict[str, str]:
    """What shows that the archive of a data set, or `folder.labels`, is another than before (`fingerprint`).

    Returns:
        `archive`: its path, or "missing"; `state` and `labels`: fingerprints of it and of `folder.labels`. Empty for a
        data set that needs no archive.
    """
    section = getattr(settings, dataset, None)
    if not isinstance(section, Archive):
        return {}
    _, path = _named(settings, dataset)
    if path is None or not os.path.exists(path):
        return {"archive": "missing"}
    labels = getattr(section, "labels", None)
    of_labels = {"labels": fingerprint(os.path.expanduser(labels), cache)} if labels else {}
    return {"archive": str(path), "state": fingerprint(path, cache), **of_labels}


def fingerprint(path: str | Path, cache: Path | None = None) -> str:
    """A word that changes when a file below `path`, or `path` itself, gets another name or other bytes.

    Args:
        path: a file or a folder; links to folders are not followed.
        cache: folder that keeps the hashes between calls; what cannot be kept is read again.

    Returns:
        `N files, M bytes, SHA-256`; "missing" where nothing is.
    """
    root = os.path.abspath(path)
    if not os.path.exists(root):
        return "missing"
    files = dict(sorted(_files(root)))
    total = sum(size for size, *_ in files.values())
    hashes = _hashes(root, files, total, cache) if total <= MOST_BYTES else {}
    digest = hashlib.sha256()
    for name, (size, changed, *_) in files.items():
        digest.update(f"{name}\0{size}\0{hashes.get(name, changed)}\n".encode("utf-8", "surrogateescape"))
    return f"{len(files)} files, {total} bytes, {digest.hexdigest()}"


def _files(root: str) -> Iterator[tuple[str, list[int]]]:
    """(path below the root, empty for a file; size, time of change, time of the inode's change, inode)."""
    if not os.path.isdir(root):
        yield "", _stat(os.stat(root))
        return
    waiting = [root]
    while waiting:
        folder = waiting.pop()
        try:
            entries = list(os.scandir(folder))
        except OSError:
            entries = []  # the stage that reads it says so
        for entry in entries:
            if side_file(entry.name):
                continue
            if entry.is_dir(follow_symlinks=False):
                waiting.append(entry.path)
            else:
                with suppress(OSError):  # a link to nothing
                    yield entry.path[len(root) + 1 :], _stat(entry.stat())


def _stat(status: os.stat_result) -> list[int]:
    return [status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino]


def _hashes(root: str, files: dict[str, list[int]], total: int, cache: Path | None) -> dict[str, str]:
    """Name -> SHA-256 of the bytes; a file that cannot be read has none, and is known by its time."""
    kept = cache / f"{hashlib.sha256(os.fsencode(root)).hexdigest()[:32]}.json" if cache else None
    known = _read(kept) if kept else {}
    hashes = {name: known[name][-1] for name, state in files.items() if known.get(name, [])[:-1] == state}
    new = [name for name in files if name not in hashes]
    if not new:
        return hashes
    if total > _WORTH_A_LINE and len(new) == len(files):
        log.warning("%s: its %.1f GB are read once, to see later what changed", root, total / 1e9)
    now = time.time_ns()
    with ThreadPoolExecutor() as pool:
        found = zip(new, pool.map(lambda name: _hash(os.path.join(root, name) if name else root), new), strict=True)
        hashes |= {name: digest for name, digest in found if digest}
    at_rest = {
        name: [*files[name], digest] for name, digest in hashes.items() if max(files[name][1:3]) < now - _REST_NS
    }
    if kept:
        with suppress(InputError, OSError):
            write_text(kept, json.dumps(at_rest))
    return hashes


def _read(kept: Path) -> dict[str, list]:
    with suppress(OSError, ValueError):
        known = json.loads(kept.read_text(encoding="utf-8"))
        if isinstance(known, dict) and all(isinstance(state, list) for state in known.values()):
            return known
    return {}


def _hash(path: str) -> str | None:
    try:
        return sha256_file(path)
    except OSError:
        return None


def _named(settings: Settings, dataset: str) -> tuple[str, Path | None]:
    """(what names the archive, its path; None where nobody names one)."""
    source, named = f"{dataset}.archive", getattr(settings, dataset).archive
    if not named:
        source = f"EFGAN_{dataset.upper()}"
        named = os.environ.get(source)
    return source, Path(os.path.expanduser(named)) if named else None


def _advice(dataset: str) -> str:
    """What to do without an archive."""
    place = f"as {dataset}.archive in config.yaml or in EFGAN_{dataset.upper()}"
    licence = DATASETS[dataset].licence
    if licence is None:
        return f"name a folder, zip or tar of your own photographs {place}"
    left_out = ", and 'wild={dataset: null}' leaves it out" if dataset == "affectnet" else ""
    return (
        f"request the data set at {licence.request_at} and name the folder, zip or tar that you received "
        f"{place} (the presets laptop, full and london run without it{left_out})"
    )
