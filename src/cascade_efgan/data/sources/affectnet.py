"""AffectNet: faces from the web, manually labelled, in both of its releases, told apart by what the archive holds.

Mollahosseini, A., Hasani, B., & Mahoor, M. H. (2017). AffectNet: A Database for Facial Expression, Valence, and Arousal
Computing in the Wild. Sec. 4.5 fine-tunes on it; licensed by its owners, on request.

Known layouts: the full release lists its photographs in `training.csv` and `validation.csv`, wherever these and the
photographs' folders are. The small one has `train_set/images/N.jpg` beside `train_set/annotations/N_exp.npy`, and the
same in `val_set`; one part alone may be named itself, and `images` beside `annotations` in a folder of any other name
are taken for `train_set`.
"""

import hashlib
import heapq
import io
import logging
import math
import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

import numpy as np

from cascade_efgan.data import UNKNOWN
from cascade_efgan.data.photos import Photo, Request, SourcePhotos
from cascade_efgan.data.sources.affectnet_lists import BOX, DISPUTED, LISTS, PATH, one_row_each, photo_ids, read_lists
from cascade_efgan.data.sources.archive_contents import (
    check_complete,
    is_image,
    one_file_each,
    open_photographs,
    read_while_open,
)
from cascade_efgan.data.sources.archives import ArchiveReader
from cascade_efgan.errors import InputError

log = logging.getLogger("efgan.download")

#: Expression id of the data set -> name here.
_EXPRESSIONS = ("neutral", "happy", "sad", "surprised", "fearful", "disgusted", "angry", "contemptuous")
#: The ids after them, photographs that show no single expression; the last is this project's own.
_LEFT_OUT = ("none", "uncertain", "non-face", "listed with two expressions")

#: Folder of the small release -> what the ids of its photographs begin with.
_PARTS = {"train_set": "train", "val_set": "val"}
_ANNOTATION = re.compile(r"(?P<folder>.*/|)annotations/(?P<number>\d+)_exp\.npy", re.IGNORECASE)
_IMAGE = re.compile(r"(?P<folder>.*/|)images/(?P<number>\d+)\.\w+", re.IGNORECASE)
_ANY_ANNOTATION = re.compile(r"(?:.*/)?\d+_exp\.npy", re.IGNORECASE)

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class PhotoLabel:
    """What a release says of one photograph: an expression's name here, and (left, top, width, height) in pixels."""

    expression: str
    face_box: Box | None = None


@dataclass(frozen=True)
class AffectNetRelease:
    """What an archive holds of AffectNet.

    Attributes:
        labels: id -> label of every listed photograph of the eight expressions.
        names: id -> name in the archive of those of them that are there.
        unexpected: photographs that no list names.
        left_out: why -> how many photographs are not used.
        parts: how many parts of a name, from its end, are the same wherever the release is unpacked.
    """

    labels: dict[str, PhotoLabel]
    names: dict[str, str]
    unexpected: list[str]
    left_out: dict[str, int]
    parts: int


def affectnet_photos(request: Request) -> SourcePhotos:
    """The manually labelled photographs of AffectNet in order of id, all or a seeded draw of `affectnet.limit`.

    Nobody knows who they show, so each is a person of its own. In `completeness`, `expected` counts all listed
    photographs of the eight expressions, drawn or not.

    Raises:
        InputError: no archive, neither release or both in it, a list or annotation that cannot be right, or listed
            photographs are missing and `affectnet.partial` is false.
    """
    wanted = request.settings.affectnet
    with ExitStack() as stack:
        archive = stack.enter_context(open_photographs(request, "affectnet"))
        release = read_release(archive)
        expected = {name: (UNKNOWN, label.expression, UNKNOWN) for name, label in release.labels.items()}
        complete = check_complete(
            "affectnet", archive, expected, release.names, release.unexpected, release.left_out, wanted.partial
        )
        ids = sorted(draw(release.names, wanted.limit, wanted.seed))
        if len(ids) < len(release.names):
            left_out = complete.left_out | {"not drawn (affectnet.limit)": len(release.names) - len(ids)}
            complete = replace(complete, found=len(ids), left_out=dict(sorted(left_out.items())))
        return SourcePhotos(read_while_open(stack.pop_all(), _photos(archive, release, ids)), complete)


def read_release(archive: ArchiveReader) -> AffectNetRelease:
    """Labels and photographs of an archive of either release.

    Raises:
        InputError: neither release or both are there, or a list or annotation cannot be right.
    """
    names = archive.names()
    lists = [name for name in names if PurePosixPath(name).name.lower() in LISTS]
    annotations = [name for name in names if _ANY_ANNOTATION.fullmatch(name)]
    if lists and annotations:
        raise InputError(
            f"{archive.path}: holds two releases of AffectNet, {lists[0]} of the full one and {annotations[0]} of the "
            "small one; expected one: name its own folder in affectnet.archive"
        )
    if lists:
        return _full_release(archive, names, lists)
    if annotations:
        return _small_release(archive, names, annotations)
    raise InputError(
        f"{archive.path}: not AffectNet; expected {' and '.join(LISTS)} with the manually annotated photographs, or "
        "train_set/ and val_set/ with images/ and annotations/: correct affectnet.archive"
    )


def draw(ids: Iterable[str], limit: int | None, seed: int) -> list[str]:
    """`limit` of the ids (None: all), drawn by `seed`; a larger limit adds to the draw and takes nothing away.

    Each id has a place of its own in the draw, its hash with the seed, so that neither order nor company matters.
    """
    if limit is None:
        return list(ids)
    return heapq.nsmallest(limit, ids, key=lambda name: hashlib.sha256(f"{seed} {name}".encode()).digest())


def _full_release(archive: ArchiveReader, names: Sequence[str], lists: Sequence[str]) -> AffectNetRelease:
    listing = one_row_each(read_lists(archive, lists))
    ids = dict(zip(listing[PATH], photo_ids(listing[PATH]), strict=True))
    files, unexpected, automatic = [], [], 0
    for name in names:
        end = "/".join(name.split("/")[-2:])
        if "automatically_annotated" in name.lower():
            automatic += is_image(name)
        elif end in ids:
            files.append((ids[end], name))
        elif is_image(name):
            unexpected.append(name)
    expressions = dict(zip(ids.values(), listing["expression"].tolist(), strict=True))
    boxes = dict(zip(ids.values(), map(_box, *(listing[name].tolist() for name in BOX)), strict=True))
    left_out = {"automatically annotated": automatic} if automatic else {}
    return _release(archive, expressions, boxes, files, unexpected, left_out, parts=2)


def _small_release(archive: ArchiveReader, names: Sequence[str], annotations: Sequence[str]) -> AffectNetRelease:
    bare = _bare_folder(annotations)
    own_name = Path(os.path.abspath(archive.path)).name.partition(".")[0].lower()
    bare_part = _PARTS.get(own_name, "train")

    def photo_of(form: re.Pattern[str], name: str) -> str | None:
        """Id of the photograph that an image or annotation belongs to, `train-12`; None where it is in no part."""
        match = form.fullmatch(name)
        part = match and (bare_part if match["folder"] == bare else _part(match["folder"]))
        return f"{part}-{match['number']}" if match and part else None

    listed = {}
    for name in annotations:
        photo = photo_of(_ANNOTATION, name)
        if photo is None:
            raise InputError(
                f"{archive.path}: {name} does not lie in train_set/annotations/ or val_set/annotations/; name the "
                "folder that holds train_set/ and val_set/ in affectnet.archive"
            )
        listed[photo] = name
    files, unexpected = [], []
    for name in filter(is_image, names):
        photo = photo_of(_IMAGE, name)
        if photo in listed:
            files.append((photo, name))
        else:
            unexpected.append(name)
    expressions = {photo: _annotated(archive, name) for photo, name in listed.items()}
    return _release(archive, expressions, {}, files, unexpected, {}, parts=3 if bare is None else 2)


def _release(
    archive: ArchiveReader,
    expressions: Mapping[str, int],
    boxes: Mapping[str, Box | None],
    files: Iterable[tuple[str, str]],
    unexpected: list[str],
    left_out: dict[str, int],
    parts: int,
) -> AffectNetRelease:
    """Labels by expression id, and the (id, name) pairs of those that have one of the eight expressions."""
    labels = {
        photo: PhotoLabel(_EXPRESSIONS[expression], boxes.get(photo))
        for photo, expression in expressions.items()
        if expression < len(_EXPRESSIONS)
    }
    others = Counter(expression for expression in expressions.values() if expression >= len(_EXPRESSIONS))
    left_out = left_out | {_LEFT_OUT[expression - len(_EXPRESSIONS)]: count for expression, count in others.items()}
    names = one_file_each(archive, ((photo, name) for photo, name in files if photo in labels))
    return AffectNetRelease(labels, names, unexpected, left_out, parts)


def _part(folder: str) -> str | None:
    """`train` or `val` by the name of a part's folder."""
    return _PARTS.get(PurePosixPath(folder).name.lower())


def _bare_folder(annotations: Sequence[str]) -> str | None:
    """The folder of the only part, where its name does not say which part it is; else None."""
    folders = {match and match["folder"] for match in map(_ANNOTATION.fullmatch, annotations)}
    folder = folders.pop()
    return None if folders or folder is None or _part(folder) else folder


def _box(left: float, top: float, width: float, height: float) -> Box | None:
    return None if math.isnan(left) else (left, top, width, height)


def _annotated(archive: ArchiveReader, name: str) -> int:
    """The expression id in an `N_exp.npy`: one number, or its digits as a string."""
    try:
        value = np.load(io.BytesIO(archive.read(name)), allow_pickle=False)
        expression = int(str(value.item()))
    except (ValueError, EOFError, OSError):
        expression = -1
    if expression not in range(DISPUTED):
        raise InputError(f"{archive.path}: {name}: expected one number from 0 to 10, the expression; restore the file")
    return expression


def _photos(archive: ArchiveReader, release: AffectNetRelease, ids: Sequence[str]) -> Iterator[Photo]:
    for photo in ids:
        name, label = release.names[photo], release.labels[photo]
        yield Photo(
            id=photo,
            file="/".join(name.split("/")[-release.parts :]),
            person=photo,
            expression=label.expression,
            gaze=UNKNOWN,
            data=archive.read(name),
            face_box=label.face_box,
        )
