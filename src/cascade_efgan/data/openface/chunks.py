"""The chunks of photographs that openface.sh measured: their answers, and what measured them."""

import hashlib
import tarfile
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from cascade_efgan.data.openface.csv_files import csv_text, parse_faces
from cascade_efgan.data.openface.faces import Answer, Batch
from cascade_efgan.errors import InputError

PROGRAM = "FaceLandmarkImg"
_RUN_AGAIN = "delete it and run the run_openface rule again"


class Chunk(NamedTuple):
    """What openface.sh wrote for one chunk of photographs."""

    answers: dict[str, Answer]  # of every photograph of the chunk, by id
    listed: str  # SHA-256 of the program and of its model files, in sha256sum's form
    command: str

    @property
    def version(self) -> tuple[str, str]:
        """What all chunks must have in common; the program's own path may differ between machines."""
        return self.listed, self.command.partition(" -fdir ")[2]


def chunk_batches(folder: Path, chunks: int, manifest: pd.DataFrame) -> Iterator[Batch]:
    """Answers of the program, one chunk of photographs at a time: `chunk00000.tar` and so on, as openface.sh writes.

    Raises:
        InputError: a chunk is missing, damaged or of another version of OpenFace, or the chunks do not hold the
            photographs of the manifest, in its order.
    """
    paths = _chunk_paths(folder, chunks)
    version, done = None, 0
    for path in paths:
        chunk = _read_chunk(path)
        version = version or chunk.version
        if chunk.version != version:
            raise InputError(
                f"{path}: made by another OpenFace than {paths[0].name} (program, models or arguments differ); delete "
                "the chunks and run the run_openface rule again with one of them"
            )
        wanted = manifest.iloc[done : done + len(chunk.answers)]
        strangers = sorted(chunk.answers.keys() - set(wanted["id"]))
        if strangers:
            raise InputError(
                f"{path}: holds {strangers[0]}, which is not among the photographs {done + 1} to "
                f"{done + len(chunk.answers)} of the manifest; {_RUN_AGAIN}"
            )
        yield wanted, chunk.answers
        done += len(wanted)
    if done < len(manifest):
        raise InputError(
            f"{folder}: its {chunks} chunks hold {done} of {len(manifest)} photographs, the first without an answer is "
            f"{manifest['file'].iloc[done]}; delete the chunks and run the run_openface rule again"
        )


def chunk_provenance(folder: Path, chunks: int) -> dict[str, Any]:
    """What identifies the program that made the chunks, and the machines that it ran on.

    It prints no version, so hashes of itself and its models. Of the machines, the processor and OpenBLAS's kernel, on
    which the values depend (empty where it is not given), how many chunks are theirs, and the first of them.

    Raises:
        InputError: a chunk is missing or damaged.
    """
    paths = _chunk_paths(folder, chunks)
    chunk = _read_chunk(paths[0])
    files = {name: digest for digest, name in (line.split("  ", 1) for line in chunk.listed.splitlines())}
    by_machine: dict[str, list[str]] = defaultdict(list)
    for path in paths:
        with _opened(path) as archive:
            told = "machine.txt" in archive.getnames() and archive.extractfile("machine.txt")
            by_machine[told.read().decode(errors="replace") if told else ""].append(path.name)
    machines = []
    for text, names in by_machine.items():
        processor, kernel, *_ = (*text.splitlines(), "", "")
        machines.append({"processor": processor, "blas_kernel": kernel, "chunks": len(names), "first": names[0]})
    return {
        "source": "program",
        "command": chunk.command.strip(),
        "program_sha256": files.get(PROGRAM),
        "sha256": hashlib.sha256(chunk.listed.encode()).hexdigest(),
        "files": files,
        "chunks": chunks,
        "machines": machines,
    }


def _chunk_paths(folder: Path, chunks: int) -> list[Path]:
    return [folder / f"chunk{number:05d}.tar" for number in range(chunks)]


@contextmanager
def _opened(path: Path) -> Iterator[tarfile.TarFile]:
    try:
        with tarfile.open(path, "r:") as archive:
            yield archive
    except FileNotFoundError:
        raise InputError(
            f"{path}: no such file; every chunk must be there, so run the run_openface rule first"
        ) from None
    except (tarfile.TarError, EOFError, OSError) as error:
        raise InputError(f"{path}: not a tar file ({error}); {_RUN_AGAIN}") from None


def _read_chunk(path: Path) -> Chunk:
    with _opened(path) as archive:
        files = {member.name: archive.extractfile(member) for member in archive}
        texts = {name: csv_text(file.read(), f"{path}/{name}") for name, file in files.items() if file is not None}
    texts.pop("machine.txt", None)
    try:
        failed, listed, command = (texts.pop(name) for name in ("failed.tsv", "openface.sha256", "command.txt"))
    except KeyError as error:
        raise InputError(f"{path}: {error.args[0]} is missing in it; {_RUN_AGAIN}") from None
    answers: dict[str, Answer] = {}
    for name, text in texts.items():
        try:
            (faces,) = parse_faces(text, f"{path}/{name}").values()
        except InputError as error:
            # Mended models alone change nothing: the chunks that were made without them stay.
            raise InputError(f"{error}; before that, delete {path.parent} with all its chunks") from None
        answers[name.removesuffix(".csv")] = faces
    for line in failed.splitlines():
        name, _, reason = line.partition("\t")
        answers[name] = reason
    return Chunk(answers, listed, command)
