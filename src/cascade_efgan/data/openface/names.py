"""Which of OpenFace's CSVs belongs to which photograph, by their names."""

import re
from collections import defaultdict
from collections.abc import Collection
from pathlib import Path, PurePosixPath

import pandas as pd

from cascade_efgan.data.photo_files.images import SUFFIXES
from cascade_efgan.data.sources.file_names import composed
from cascade_efgan.errors import InputError

#: Of what photographs are, or were when OpenFace saw them.
_IMAGE_SUFFIX = re.compile("|".join(rf"\{suffix}\Z" for suffix in (*SUFFIXES, ".heic", ".heif")), re.IGNORECASE)


class _Index:
    """Names by (a part of) their path: as it is, and without the suffix of an image."""

    def __init__(self) -> None:
        self.whole: dict[str, list[str]] = defaultdict(list)
        self.stems: dict[str, list[str]] = defaultdict(list)

    def add(self, path: str, name: str) -> None:
        self.whole[path].append(name)
        if _IMAGE_SUFFIX.search(path):
            self.stems[_IMAGE_SUFFIX.sub("", path)].append(name)

    def find(self, path: str) -> list[str]:
        """Names for that photograph, by the closest form of its path that has any."""
        # OpenFace writes a.csv for a.jpg, so that the photograph's stem is looked for among whole names too.
        stem = str(PurePosixPath(path).with_suffix(""))
        return self.whole.get(path) or self.whole.get(stem) or self.stems.get(stem) or []


def match_names(manifest: pd.DataFrame, names: Collection[str], source: Path) -> list[str | None]:
    """The name of the values of every photograph (`id, file`); None where it has none.

    Names are paths of CSVs without `.csv`, or cells of the column that names the photographs; messages call all of them
    `source`.

    The closest form wins: the photograph's path (`train_set/images/0.jpg`, at the end of a longer one too), then its
    name, its stem, and the manifest's id. Where paths with folders match, a name with other folders belongs to another
    photograph, and is not taken for one that only has the same name.

    Raises:
        InputError: two names match one photograph, or two photographs one name.
    """
    parts = {name: _parts(name) for name in names}
    paths = [_parts(file) for file in manifest["file"]]
    by_path = _by_path(parts, {len(path) for path in paths})
    found = [by_path.find("/".join(path)) for path in paths]
    with_folders = any(close and len(path) > 1 for close, path in zip(found, paths, strict=True))
    by_name, by_id = _Index(), _Index()
    for name, path in parts.items():
        if len(path) == 1 or not with_folders:
            by_name.add(path[-1], name)
        by_id.add(path[-1], name)
    matched: list[str | None] = []
    owners: dict[str, str] = {}
    for file, path, own_id, close in zip(manifest["file"], paths, manifest["id"], found, strict=True):
        candidates = close or by_name.find(path[-1]) or by_id.whole.get(own_id) or by_id.stems.get(own_id) or []
        if len(candidates) > 1:
            raise InputError(
                f"{source}: {candidates[0]} and {candidates[1]} both match {file}; use the relative path or the id "
                f"({own_id}) as names, or keep one of them"
            )
        for name in candidates:
            if owners.setdefault(name, file) != file:
                raise InputError(
                    f"{source}: {name} matches both {owners[name]} and {file}; use the relative path or the id as names"
                )
        matched.append(candidates[0] if candidates else None)
    return matched


def _by_path(parts: dict[str, list[str]], depths: set[int]) -> _Index:
    """Names by as many of their last parts as a photograph's path has; a bare file name only by a bare name."""
    index = _Index()
    for name, path in parts.items():
        for depth in depths:
            if depth == len(path) or 1 < depth < len(path):
                index.add("/".join(path[-depth:]), name)
    return index


def _parts(path: str) -> list[str]:
    """Folders and name; also of a path that Windows or a Mac wrote."""
    path = composed(path).replace("\\", "/")
    return [part for part in path.split("/") if part not in ("", ".")] or [path]
