"""The workflow and the package as they were when a run was recorded, in one archive beside its results."""

import hashlib
import zipfile
from collections.abc import Iterator
from pathlib import Path

from cascade_efgan.errors import InputError
from cascade_efgan.files import atomic_path

#: What it takes to run the workflow: files, and folders with all that is in them.
SOURCES = (
    *("Snakefile", "config.yaml", "workflow", "profiles", "resources", "src"),
    *("pyproject.toml", "requirements.lock", "requirements-uv.lock", "Makefile", "LICENSE"),
)
#: Parts of a path that no one wrote.
MADE = ("__pycache__", ".egg-info")
#: The earliest time a zip can hold: the same sources give the same bytes.
EPOCH = (1980, 1, 1, 0, 0, 0)


def source_files(root: Path = Path()) -> Iterator[Path]:
    """Paths of `SOURCES` relative to `root`, sorted; what does not exist is left out."""
    for name in sorted(SOURCES):
        start = root / name
        for path in sorted(start.rglob("*")) if start.is_dir() else [start]:
            shown = path.relative_to(root)
            if path.is_file() and not any(mark in part for mark in MADE for part in shown.parts):
                yield shown


def write_sources(archive: Path, root: Path = Path()) -> None:
    """Pack the sources; the bytes depend on the files' content and names alone."""
    with atomic_path(archive) as partial, zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED) as packed:
        for path in source_files(root):
            entry = zipfile.ZipInfo(path.as_posix(), EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o100644 << 16
            packed.writestr(entry, (root / path).read_bytes())


def packed_hashes(archive: Path) -> dict[str, str]:
    """Path -> SHA-256 of every file in the archive.

    Raises:
        InputError: no such file, or no readable zip.
    """
    try:
        with zipfile.ZipFile(archive) as packed:
            return {name: hashlib.sha256(packed.read(name)).hexdigest() for name in packed.namelist()}
    except FileNotFoundError:
        raise InputError(f"{archive}: no such file; restore the published one, or run snakemake") from None
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise InputError(f"{archive}: not a readable zip ({error}); restore the published one") from None
