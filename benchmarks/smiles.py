"""How much London photographs smile when asked to: `python -m benchmarks.smiles WEIGHTS LONDON SPLIT [--intensity I]`.

WEIGHTS is a weights.safetensors, LONDON the folder of the photographs, SPLIT the run's `split.csv`. The neutral
photographs of the people in its test part are edited to happy as the package's weights know it, whatever WEIGHTS were
trained on: to the mean happy AUs of London itself (AU12 of 1.4 instead of 4.1) every weights' smiles are timid. AUs of
all are read by MediaPipe, or by OpenFace where OPENFACE_BIN names it. A line each for the photographs, their edits, and
the same people's real smiles: means.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

from cascade_efgan.data import AUS
from cascade_efgan.data.photo_files.images import decode_image
from cascade_efgan.editing.editor import Editor
from cascade_efgan.face_finders.found import FaceFinder, find_faces

SHOWN = ("AU06", "AU12", "AU25")


def aus_of(images: list[np.ndarray], finder: FaceFinder) -> np.ndarray:
    """Mean AUs of the largest faces, `(17,)`, 0..5."""
    return np.stack([finder.find(image)[0].aus for image in images]).mean(axis=0)


def main() -> None:
    """Print the three lines."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("weights", "london", "split"):
        parser.add_argument(name, type=Path)
    parser.add_argument("--intensity", type=float, default=0.75, help="share of the way to happy")
    given = parser.parse_args()
    split = pd.read_csv(given.split, dtype=str)
    people = sorted({name.partition("_")[0] for name in split.loc[split["part"] == "test", "id"]})
    neutral, smiling = (
        [decode_image(path.read_bytes(), path.name) for person in people for path in folder.glob(f"{person}_*.jpg")]
        for folder in (given.london / "neutral_front", given.london / "smiling_front")
    )
    finder = find_faces()
    editor = Editor.from_file(given.weights, finder)
    happy = Editor.pretrained(finder=finder).expressions()["happy"]
    edits = [photo.image for photo in editor.edit_many(neutral, like=happy, intensity=given.intensity)]
    print(f"{len(people)} people", *SHOWN, sep="\t")
    for title, images in (("neutral", neutral), (f"edited, {given.intensity:g}", edits), ("real smile", smiling)):
        aus = aus_of(images, finder)
        print(title, *(f"{aus[AUS.index(name)]:.2f}" for name in SHOWN), sep="\t")


if __name__ == "__main__":
    main()
