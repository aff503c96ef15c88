"""From OpenFace's answers to the faces of a data set: which photograph, which of its faces, and which to exclude."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import pandas as pd

from cascade_efgan.data import AUS
from cascade_efgan.data.face_crops.crops import crop_square, padding_share
from cascade_efgan.data.openface.csv_files import read_openface
from cascade_efgan.data.openface.detected import Box, FoundFace, check_intensities, choose_face, overlap
from cascade_efgan.data.openface.names import match_names
from cascade_efgan.data.photo_files.images import UNREADABLE
from cascade_efgan.data.photo_files.manifest import BOX_COLUMNS
from cascade_efgan.data.records import POINTS, au_values, landmark_values
from cascade_efgan.errors import InputError, enough_decimals

log = logging.getLogger("efgan.openface")

#: The faces of one photograph, or why OpenFace gave none.
Answer = list[FoundFace] | str

#: Rows of the manifest, and the answer to each of their ids.
Batch = tuple[pd.DataFrame, Mapping[str, Answer]]


@dataclass(frozen=True)
class FaceLimits:
    """What a face must be to be used."""

    min_confidence: float  # 0..1
    margin: float  # border of the crop, as in `crop_square`
    max_padding: float  # largest share of the crop's area outside the photograph, 0..1


def csv_batch(manifest: pd.DataFrame, source: Path) -> tuple[Batch, list[str]]:
    """Answers from precomputed CSVs, matched as `match_names` says, and the names of values without a photograph.

    Values without a photograph are a warning, and photographs without values an answer: both may be deliberate.

    Raises:
        InputError: as `read_openface` and `match_names`; or no photograph matches anything.
    """
    detections = read_openface(source)
    names = match_names(manifest, detections.keys(), source)
    if not any(name is not None for name in names):
        unnamed = source.is_file() and list(detections) == [source.stem]  # a single CSV without a column of names
        stem = PurePosixPath(manifest["file"].iloc[0].replace("\\", "/")).stem
        one = "; one CSV for all photographs needs a column file" if unnamed else ""
        raise InputError(
            f"{source}: its names match none of the {len(manifest)} photographs; expected names such as "
            f"{stem}, found {next(iter(detections))}{one}"
        )
    unmatched = sorted(detections.keys() - set(names))
    without = [file for file, name in zip(manifest["file"], names, strict=True) if name is None]
    told = {"names match no photograph": unmatched, "photographs have no CSV from OpenFace": without}
    for what, lonely in told.items():
        if lonely:
            log.warning("%s: %d %s; the first are %s", source, len(lonely), what, ", ".join(lonely[:3]))
    answers = ["no CSV from OpenFace" if name is None else detections[name] for name in names]
    return (manifest, dict(zip(manifest["id"], answers, strict=True))), unmatched


def settle(batch: Batch, limits: FaceLimits) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Give every photograph of a batch its face, or the reason why it is excluded, in the manifest's order.

    Returns:
        faces: `id,confidence,AU01..AU45,x_0..x_67,y_0..y_67`, one row per photograph with a usable face; and
        excluded: `id,file,reason`, one row per other. A reason has details of the one photograph in brackets.

    Raises:
        InputError: an AU outside 0..5, or a face box that is no box.
    """
    rows, answers = batch
    chosen: dict[str, FoundFace] = {}
    excluded = []
    for row in rows.to_dict("records"):
        outcome = _outcome(row, answers[row["id"]], limits)
        if isinstance(outcome, str):
            excluded.append((row["id"], row["file"], outcome))
        else:
            chosen[row["id"]] = outcome
    faces = chosen.values()
    columns: dict[str, object] = {"id": list(chosen), "confidence": [face.confidence for face in faces]}
    columns |= au_values(np.array([face.aus for face in faces]).reshape(-1, len(AUS)))
    columns |= landmark_values(np.array([face.landmarks for face in faces]).reshape(-1, POINTS, 2))
    return pd.DataFrame(columns), pd.DataFrame(excluded, columns=["id", "file", "reason"], dtype=str)


def several_people(batch: Batch, limits: FaceLimits) -> list[str]:
    """Files of the photographs in which another person might be meant than the one of the largest face.

    OpenFace is sure of two faces or more that lie apart (half of their box or less is shared; two rows may also be one
    face, found twice), and the data set has no face box that says which.
    """
    rows, answers = batch
    files = []
    for row in rows.to_dict("records"):
        answer = answers[row["id"]]
        if isinstance(answer, str) or len(answer) < 2 or _box(row) is not None:
            continue
        sure = [face for face in answer if face.confidence >= limits.min_confidence and face.not_finite() is None]
        if len(sure) > 1:
            taken = choose_face(sure, limits.min_confidence).landmarks
            low, high = taken.min(axis=0), taken.max(axis=0)
            if min(overlap(face.landmarks, (*low, *(high - low))) for face in sure) <= 0.5:
                files.append(row["file"])
    return files


def reason_counts(excluded: pd.DataFrame) -> dict[str, int]:
    """Reason without its details -> number of photographs, the most frequent first."""
    reasons = excluded["reason"].map(lambda reason: reason.partition(" (")[0])
    return {str(reason): int(count) for reason, count in reasons.value_counts().items()}


def why_stop(excluded: pd.DataFrame, total: int, share: float, listed: Path | None = None) -> str | None:
    """A sentence where more than `share` of the photographs are excluded: something is wrong with all of them then.

    It names the count of each reason, the first photographs, and where all are `listed`.
    """
    if len(excluded) <= share * total:
        return None
    counts = ", ".join(f"{count} {reason}" for reason, count in reason_counts(excluded).items())
    first = excluded.head(3)
    shown = ", ".join(f"{file}: {reason}" for file, reason in zip(first["file"], first["reason"], strict=True))
    where = f"the first ({shown})" + (f" and all of them in {listed}" if listed else "")
    return (
        f"{len(excluded)} of {total} photographs have no usable face, more than excluded_share allows "
        f"({100 * share:g}%): {counts}; look at {where}, then fix the cause or raise excluded_share"
    )


def _outcome(row: Mapping[Any, Any], answer: Answer, limits: FaceLimits) -> FoundFace | str:
    if row["width"] == 0:
        return answer if isinstance(answer, str) and answer.startswith(UNREADABLE) else UNREADABLE
    if isinstance(answer, str):
        return answer
    if not answer:
        return "OpenFace found no face"
    box = _box(row)
    face = choose_face(answer, limits.min_confidence, box)
    column = face.not_finite()
    if column is not None:
        return f"OpenFace's values are no numbers ({column})"
    check_intensities(face)
    if box is not None and overlap(face.landmarks, box) == 0:
        return "no face in the data set's face box"
    if face.confidence < limits.min_confidence:
        return f"confidence below {limits.min_confidence:g} ({face.confidence})"
    try:
        square = crop_square(face.landmarks, limits.margin)
    except InputError:
        return "all landmarks lie on one point"
    padding = float(padding_share(square, (row["width"], row["height"])))
    if padding > limits.max_padding:
        (outside,) = enough_decimals(lambda shown: shown > 100 * limits.max_padding, 100 * padding, least=0)
        return f"more than {100 * limits.max_padding:g}% of the crop outside the photograph ({outside}%)"
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
