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
import os
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

import numpy as np

from cascade_efgan.data import UNKNOWN
from cascade_efgan.data.photo_files.photos import Photo
from cascade_efgan.data.sources.affectnet_lists import BOX, DISPUTED, LISTS, PATH, read_lists
from cascade_efgan.data.sources.archive_contents import Contents, archive_photos, is_image, one_file_each, recognize
from cascade_efgan.data.sources.archives import ArchiveReader
from cascade_efgan.data.sources.source import Request, SourcePhotos
from cascade_efgan.errors import InputError

#: Expression id of the data set -> name here. After eight expressions, photographs that show no single one; the last id
#: is this project's own (`DISPUTED`).
_CLASSES = ("neutral", "happy", "sad", "surprised", "fearful", "disgusted", "angry", "contemptuous",
            "none", "uncertain", "non-face", "listed with two expressions")  # fmt: skip
_EXPRESSIONS = 8

#: Folder of the small release -> what the ids of its photographs begin with.
_PARTS = {"train_set": "train", "val_set": "val"}
_ANNOTATION = re.compile(r"(?P<folder>.*/|)annotations/(?P<number>\d+)_exp\.npy", re.IGNORECASE)
_IMAGE = re.compile(r"(?P<folder>.*/|)images/(?P<number>\d+)\.\w+", re.IGNORECASE)
_ANY_ANNOTATION = re.compile(r"(?:.*/)?\d+_exp\.npy", re.IGNORECASE)


def affectnet_photos(request: Request) -> SourcePhotos:
    """The manually labelled photographs of AffectNet in order of id, all or a seeded draw of `affectnet.limit`.

    Nobody knows who they show, so each is a person of its own. In `completeness`, `expected` counts all listed
    photographs of the eight expressions, drawn or not.

    Raises:
        InputError: as `archive_photos`; neither release or both in it, or a list or annotation that cannot be right.
    """
    wanted = request.settings.affectnet

    def drawn(archive: ArchiveReader) -> Contents:
        contents = _release(archive)
        names = {photo.id: name for name, photo in contents.photos.items()}
        ids = draw(names, wanted.limit, wanted.seed)
        if len(ids) == len(names):
            return contents
        return replace(
            contents,
            photos={names[photo]: contents.photos[names[photo]] for photo in ids},
            left_out={**contents.left_out, "not drawn (affectnet.limit)": len(names) - len(ids)},
        )

    return archive_photos(request, "affectnet", drawn)


def _release(archive: ArchiveReader) -> Contents:
    """Labels and photographs of an archive of either release."""
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


def _full_release(archive: ArchiveReader, names: Sequence[str], lists: Sequence[str]) -> Contents:
    listing = read_lists(archive, lists)
    ids = dict(zip(listing[PATH], listing.index, strict=True))
    automatic = {name for name in names if "automatically_annotated" in name.lower()}
    files, unexpected = recognize(
        (name for name in names if name not in automatic), lambda name: ids.get(_end(name, 2))
    )
    boxes = {photo: (left, top, width, height)
             for photo, left, top, width, height in listing[list(BOX)].dropna().itertuples(name=None)}  # fmt: skip
    left_out = {"automatically annotated": sum(map(is_image, automatic))}
    expressions = dict(zip(listing.index, listing["expression"].tolist(), strict=True))
    return _contents(archive, expressions, files, unexpected, boxes, left_out, parts=2)


def _small_release(archive: ArchiveReader, names: Sequence[str], annotations: Sequence[str]) -> Contents:
    bare = _bare_folder(annotations)
    own_name = Path(os.path.abspath(archive.path)).name.partition(".")[0].lower()
    bare_part = _PARTS.get(own_name, "train")

    def photo_of(form: re.Pattern[str], name: str) -> str | None:
        """Id of the photograph that an image or annotation belongs to, `train-12`; None where it is in no part."""
        match = form.fullmatch(name)
        part = match and (bare_part if match["folder"] == bare else _part(match["folder"]))
        return f"{part}-{match['number']}" if match and part else None

    def listed_photo(name: str) -> str | None:
        photo = photo_of(_IMAGE, name)
        return photo if photo in listed and is_image(name) else None

    listed = {}
    for name in annotations:
        photo = photo_of(_ANNOTATION, name)
        if photo is None:
            raise InputError(
                f"{archive.path}: {name} does not lie in train_set/annotations/ or val_set/annotations/; name the "
                "folder that holds train_set/ and val_set/ in affectnet.archive"
            )
        listed[photo] = name
    files, unexpected = recognize(names, listed_photo)
    expressions = {photo: _annotated(archive, name) for photo, name in listed.items()}
    return _contents(archive, expressions, files, unexpected, {}, {}, parts=3 if bare is None else 2)


def _contents(
    archive: ArchiveReader,
    expressions: Mapping[str, int],
    files: Mapping[str, str],
    unexpected: Sequence[str],
    boxes: Mapping[str, tuple[float, float, float, float]],
    left_out: Mapping[str, int],
    parts: int,
) -> Contents:
    """What a release holds, by the expression id of every listed photograph and the names of files -> their ids.

    `parts`: how many parts of a name, from its end, are the same wherever the release is unpacked.
    """
    others = Counter(_CLASSES[expression] for expression in expressions.values() if expression >= _EXPRESSIONS)
    labels = {photo: _CLASSES[expression] for photo, expression in expressions.items() if expression < _EXPRESSIONS}
    names = one_file_each(archive, ((photo, name) for name, photo in files.items() if photo in labels))
    photos = {
        name: Photo(photo, _end(name, parts), photo, labels[photo], UNKNOWN, b"", face_box=boxes.get(photo))
        for photo, name in names.items()
    }
    expected = {photo: (UNKNOWN, expression, UNKNOWN) for photo, expression in labels.items()}
    return Contents(photos, expected, names, unexpected, others + Counter(left_out))  # a sum has no zeros


def _end(name: str, parts: int) -> str:
    return "/".join(name.split("/")[-parts:])


def _part(folder: str) -> str | None:
    """`train` or `val` by the name of a part's folder."""
    return _PARTS.get(PurePosixPath(folder).name.lower())


def _bare_folder(annotations: Sequence[str]) -> str | None:
    """The folder of the only part, where its name does not say which part it is; else None."""
    folders = {match and match["folder"] for match in map(_ANNOTATION.fullmatch, annotations)}
    folder = folders.pop()
    return None if folders or folder is None or _part(folder) else folder


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
