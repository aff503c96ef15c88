"""Several data sets as one, for the pre-training of wild images (Sec. 4.5)."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from cascade_efgan.data.face_crops.dataset import PIXELS, load_faces, part_rows
from cascade_efgan.data.records import write_records
from cascade_efgan.errors import InputError
from cascade_efgan.files import atomic_path

#: Crops copied at a time: memory does not grow with the data sets.
_COPIED = 1024


@dataclass(frozen=True)
class Cropped:
    """The files of a data set after cropping and splitting."""

    crops: Path
    index: Path
    split: Path


def combine(sources: dict[str, Cropped], out: Cropped) -> int:
    """Put data sets one after the other, each with its own train and test parts; a photograph of two keeps to test.

    They keep their order. Ids and people get the data set's name in front: person 01 of one set is not person 01 of
    the other. The number of images is returned.

    Raises:
        InputError: a missing or wrong file, or crops of different sizes.

    Source: Sec. 4.5 (pre-trained on RaFD and CFEED images). Not in the paper: whether together or one after the other;
    together, because a network forgets the set that it saw first.
    """
    faces = {name: load_faces(files.crops, files.index) for name, files in sources.items()}
    sizes = {name: part.size for name, part in faces.items()}
    if len(set(sizes.values())) != 1:
        shown = ", ".join(f"{name} {size}" for name, size in sizes.items())
        raise InputError(f"{out.crops}: the crops have different sides ({shown} pixels); crop all data sets alike")
    indices, splits = [], []
    for name, part in faces.items():
        index = part.index.assign(id=f"{name}." + part.index["id"], person=f"{name}." + part.index["person"])
        indices.append(index)
        split = index[["id"]].assign(part="test")
        split.loc[part_rows(part.index, sources[name].split, "train"), "part"] = "train"
        splits.append(split)
    whole, parts = pd.concat(indices, ignore_index=True), pd.concat(splits, ignore_index=True)
    tested = whole[PIXELS].isin(whole.loc[parts["part"] == "test", PIXELS])
    parts.loc[tested, "part"] = "test"
    count, side = sum(map(len, faces.values())), next(iter(sizes.values()))
    with atomic_path(out.crops) as partial:
        packed = np.lib.format.open_memmap(partial, mode="w+", dtype=np.uint8, shape=(count, side, side, 3))
        done = 0
        for part in faces.values():
            for start in range(0, len(part), _COPIED):
                block = part.images[start : start + _COPIED]
                packed[done : done + len(block)] = block
                done += len(block)
        packed.flush()
        write_records(out.index, whole)
        write_records(out.split, parts)
    return count
