"""From OpenFace's answers to the faces of a data set: which photograph, which of its faces, and which to exclude."""

import hashlib
import logging
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from cascade_efgan.data import AUS
from cascade_efgan.data.crops import crop_square, padding_share
from cascade_efgan.data.images import UNREADABLE
from cascade_efgan.data.manifest import BOX_COLUMNS
from cascade_efgan.data.openface_csv import (
    Box,
    DetectedFace,
    check_intensities,
    choose_face,
    csv_text,
    overlap,
    parse_faces,
    read_openface,
)
from cascade_efgan.data.openface_names import match_names
from cascade_efgan.data.records import POINTS, au_values, landmark_values
from cascade_efgan.errors import InputError

log = logging.getLogger("efgan.openface")

PROGRAM = "FaceLandmarkImg"
EXCLUDED_COLUMNS = ("id", "file", "reason")
NO_FACE = "OpenFace found no face"
_RUN_AGAIN = "delete it and run the run_openface rule again"

#: The faces of one photograph, or why OpenFace gave none.
Answer = list[DetectedFace] | str

#: Rows of the manifest, and the answer to each of their ids.
Batch = tuple[pd.DataFrame, Mapping[str, Answer]]


@dataclass(frozen=True)
class Limits:
    """What a face must be to be used.

    Attributes:
        min_confidence: lowest confidence of the chosen face, 0..1.
        margin: border of the crop, as in `crop_square`.
        max_padding: largest share of the crop's area outside the photograph, 0..1.
    """

    min_confidence: float
    margin: float
    max_padding: float


class Chunk(NamedTuple):
    """What openface.sh wrote for one chunk of photographs.

    Attributes:
        answers: of every photograph of the chunk, by id.
        listed: SHA-256 of the program and of its model files, in sha256sum's form.
        command: the program and its arguments.
    """

    answers: dict[str, Answer]
    listed: str
    command: str

    @property
    def version(self) -> tuple[str, str]:
        """What all chunks must have in common; the program's own path may differ between machines."""
        return self.listed, self.command.partition(" -fdir ")[2]


class Matched(NamedTuple):
    """Precomputed values with their photographs: the batch, and the names of values that belong to no photograph."""

    batch: Batch
    unmatched: list[str]


def csv_batch(manifest: pd.DataFrame, source: Path) -> Matched:
    """Answers from precomputed CSVs, matched as `match_names` says.

    Values without a photograph are a warning, and photographs without values an answer: both may be deliberate.

    Raises:
        InputError: as `read_openface` and `match_names`; or no photograph matches anything.
    """
    detections = read_openface(source)
    files, ids = list(manifest["file"]), list(manifest["id"])
    names = match_names(files, ids, detections.keys(), source)
    if not any(name is not None for name in names):
        one = "; one CSV for all photographs needs a column file" if _is_one_csv(source, detections) else ""
        raise InputError(
            f"{source}: its names match none of the {len(manifest)} photographs; expected names such as "
            f"{_stem(files[0])}, found {next(iter(detections))}{one}"
        )
    unmatched = sorted(detections.keys() - set(names))
    without = [file for file, name in zip(files, names, strict=True) if name is None]
    _warn_of(source, unmatched, "names match no photograph")
    _warn_of(source, without, "photographs have no CSV from OpenFace")
    answers = ["no CSV from OpenFace" if name is None else detections[name] for name in names]
    return Matched((manifest, dict(zip(ids, answers, strict=True))), unmatched)


def chunk_batches(folder: Path, chunks: int, manifest: pd.DataFrame) -> Iterator[Batch]:
    """Answers of the program, one chunk of photographs at a time: `chunk00000.tar` and so on, as openface.sh writes.

    Raises:
        InputError: a chunk is missing, damaged or of another version of OpenFace, or the chunks do not hold the
            photographs of the manifest, in its order.
    """
    first: Chunk | None = None
    done = 0
    for number in range(chunks):
        path = chunk_path(folder, number)
        chunk = _read_chunk(path)
        first = first or chunk
        if chunk.version != first.version:
            raise InputError(
                f"{path}: made by another OpenFace than {chunk_path(folder, 0).name} (program, models or arguments "
                "differ); delete the chunks and run the run_openface rule again with one of them"
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


def chunk_path(folder: Path, number: int) -> Path:
    """The chunk of that number, from 0."""
    return folder / f"chunk{number:05d}.tar"


def chunk_provenance(folder: Path) -> dict[str, Any]:
    """What identifies the program that made the chunks: it prints no version, so hashes of itself and its models.

    Raises:
        InputError: the first chunk is missing or damaged.
    """
    chunk = _read_chunk(chunk_path(folder, 0))
    files = _listed_files(chunk.listed)
    return {
        "source": "program",
        "command": chunk.command.strip(),
        "program_sha256": files.get(PROGRAM),
        "sha256": hashlib.sha256(chunk.listed.encode()).hexdigest(),
        "files": files,
    }


def settle(batch: Batch, limits: Limits) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Give every photograph of a batch its face, or the reason why it is excluded.

    Returns:
        faces: `id,confidence,AU01..AU45,x_0..x_67,y_0..y_67`, one row per photograph with a usable face; and
        excluded: `id,file,reason`, one row per other photograph. Both in the manifest's order. A reason is a few
        words, with details of the one photograph in brackets.

    Raises:
        InputError: an AU outside 0..5, or a face box that is no box.
    """
    rows, answers = batch
    chosen: dict[str, DetectedFace] = {}
    excluded = []
    for row in rows.to_dict("records"):
        outcome = _outcome(row, answers[row["id"]], limits)
        if isinstance(outcome, str):
            excluded.append((row["id"], row["file"], outcome))
        else:
            chosen[row["id"]] = outcome
    return _faces_table(chosen), pd.DataFrame(excluded, columns=list(EXCLUDED_COLUMNS), dtype=str)


def reason_counts(excluded: pd.DataFrame) -> dict[str, int]:
    """Reason without its details -> number of photographs, the most frequent first."""
    reasons = excluded["reason"].map(lambda reason: reason.partition(" (")[0])
    return {str(reason): int(count) for reason, count in reasons.value_counts().items()}


def too_many_excluded(excluded: pd.DataFrame, total: int, share: float) -> bool:
    """Whether more than `share` of `total` photographs are excluded: something is wrong with all of them then."""
    return len(excluded) > share * total


def check_excluded(excluded: pd.DataFrame, total: int, share: float, listed: Path | None = None) -> None:
    """Stop when too many photographs are excluded.

    Args:
        excluded: as `settle` gives it.
        total: number of photographs.
        share: largest share of them that may be excluded, 0..1.
        listed: where all of them can be looked up, for the sentence.

    Raises:
        InputError: naming the count of each reason, the first photographs and `listed`.
    """
    if too_many_excluded(excluded, total, share):
        counts = ", ".join(f"{count} {reason}" for reason, count in reason_counts(excluded).items())
        first = excluded.head(3)
        shown = ", ".join(f"{file}: {reason}" for file, reason in zip(first["file"], first["reason"], strict=True))
        where = f"the first ({shown})" + (f" and all of them in {listed}" if listed else "")
        raise InputError(
            f"{len(excluded)} of {total} photographs have no usable face, more than excluded_share allows "
            f"({share:.0%}): {counts}; look at {where}, then mend the cause or raise excluded_share"
        )


def _outcome(row: Mapping[Any, Any], answer: Answer, limits: Limits) -> DetectedFace | str:
    if row["width"] == 0:
        return answer if isinstance(answer, str) and answer.startswith(UNREADABLE) else UNREADABLE
    if isinstance(answer, str):
        return answer
    if not answer:
        return NO_FACE
    box = _box(row)
    face = choose_face(answer, limits.min_confidence, box)
    column = face.not_finite()
    if column is not None:
        return f"OpenFace's values are no numbers ({column})"
    check_intensities(face)
    if box is not None and overlap(face.landmarks, box) == 0:
        return "no face in the data set's face box"
    if face.confidence < limits.min_confidence:
        return f"confidence below {limits.min_confidence:g} ({face.confidence:g})"
    try:
        square = crop_square(face.landmarks, limits.margin)
    except InputError:
        return "all landmarks lie on one point"
    padding = padding_share(square, row["width"], row["height"])
    if padding > limits.max_padding:
        return f"more than {limits.max_padding:.0%} of the crop outside the photograph ({padding:.0%})"
    return face


def _box(row: Mapping[Any, Any]) -> Box | None:
    cells = [row[column] for column in BOX_COLUMNS]
    if "" in cells:
        return None
    try:
        left, top, width, height = map(float, cells)
    except ValueError:
        raise InputError(
            f"manifest: face box of id {row['id']} is {', '.join(map(str, cells))}, expected four numbers; run the "
            "download rule again"
        ) from None
    return left, top, width, height


def _stem(file: str) -> str:
    return PurePosixPath(file.replace("\\", "/")).stem


def _is_one_csv(source: Path, names: Mapping[str, object]) -> bool:
    """Whether `source` is a single CSV without a column that names photographs."""
    return source.is_file() and list(names) == [source.stem]


def _warn_of(source: Path, names: Sequence[str], what: str) -> None:
    if names:
        log.warning("%s: %d %s; the first are %s", source, len(names), what, ", ".join(names[:3]))


def _listed_files(listed: str) -> dict[str, str]:
    """Name -> SHA-256, from sha256sum's list."""
    return {name: digest for digest, name in (line.split("  ", 1) for line in listed.splitlines())}


def _read_chunk(path: Path) -> Chunk:
    try:
        with tarfile.open(path, "r:") as archive:
            texts = {}
            for member in archive:
                file = archive.extractfile(member)
                if file is not None:
                    texts[member.name] = csv_text(file.read(), f"{path}/{member.name}")
    except FileNotFoundError:
        raise InputError(
            f"{path}: no such file; every chunk must be there, so run the run_openface rule first"
        ) from None
    except (tarfile.TarError, EOFError, OSError) as error:
        raise InputError(f"{path}: not a tar file ({error}); {_RUN_AGAIN}") from None
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


def _faces_table(chosen: dict[str, DetectedFace]) -> pd.DataFrame:
    faces = list(chosen.values())
    columns: dict[str, object] = {"id": list(chosen), "confidence": [face.confidence for face in faces]}
    columns |= au_values(np.array([face.aus for face in faces]).reshape(-1, len(AUS)))
    columns |= landmark_values(np.array([face.landmarks for face in faces]).reshape(-1, POINTS, 2))
    return pd.DataFrame(columns)
