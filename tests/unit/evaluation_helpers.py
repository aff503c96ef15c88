"""Tiny data sets and edits for the tests of training and evaluation."""

from pathlib import Path

import numpy as np
import pandas as pd

from cascade_efgan.data import AUS, EXPRESSIONS
from cascade_efgan.data.face_crops.dataset import INDEX_COLUMNS, SQUARE_COLUMNS, Faces
from cascade_efgan.data.records import LANDMARK_COLUMNS
from cascade_efgan.generation.edit_plan import EDIT_TEXT

#: Brightness of the lower half of a test picture, by expression: what a classifier can learn at once.
LEVELS = {"happy": 230, "neutral": 130, "sad": 20}


def picture(expression: str, noise: np.random.Generator, size: int = 32) -> np.ndarray:
    """A noisy grey square whose lower half shows the expression: `(S, S, 3)` uint8."""
    values = np.full((size, size, 3), 128.0)
    values[size // 2 :] = LEVELS[expression]
    return np.clip(values + noise.normal(0, 8, values.shape), 0, 255).astype(np.uint8)


def write_faces(folder: Path, people: int = 8, size: int = 32) -> dict[str, Path]:
    """Write the five files of `FILES`; the last two people are the test part."""
    noise = np.random.default_rng(0)
    rows, images = [], []
    for person in range(people):
        for number, expression in enumerate(LEVELS):
            images.append(picture(expression, noise, size))
            row = {"id": f"p{person:02d}_{expression}", "person": f"{person:02d}", "expression": expression}
            row |= {"gaze": "frontal", "dataset": "rendered", "pixels": f"{folder.name}-{person}-{expression}"}
            places = dict.fromkeys((*SQUARE_COLUMNS, *LANDMARK_COLUMNS), 1.0)
            rows.append({**row, **places, **{name: float((number + place) % 6) for place, name in enumerate(AUS)}})
    index = pd.DataFrame(rows)[list(INDEX_COLUMNS)]
    parts = np.where(index["person"].astype(int) >= people - 2, "test", "train")
    paths = {name: folder / file for name, file in FILES.items()}
    np.save(paths["crops"], np.stack(images))
    index.to_csv(paths["index"], index=False)
    pd.DataFrame({"id": index["id"], "part": parts}).to_csv(paths["split"], index=False)
    paths["excluded"].write_text("id,file,reason\n", encoding="utf-8")
    paths["completeness"].write_text('{"missing": []}', encoding="utf-8")
    return paths


FILES = {
    "crops": "crops.npy", "index": "crops.csv", "split": "split.csv", "excluded": "excluded.csv",
    "completeness": "completeness.json",
}  # fmt: skip


def write_edits(folder: Path, faces: dict[str, Path], part: str, name: str = "edits") -> tuple[Path, Path]:
    """Write edits of a part to every expression that really show it: pictures drawn anew, or the source itself."""
    noise = np.random.default_rng(1)
    index = pd.read_csv(faces["index"], dtype={"person": str})
    split = pd.read_csv(faces["split"])
    crops = np.load(faces["crops"])
    rows, images = [], []
    for number in np.flatnonzero(split["part"] == part):
        source = index.iloc[number]
        for target in LEVELS:
            own = target == source["expression"]
            images.append(crops[number] if own else picture(target, noise, crops.shape[1]))
            counterpart = f"p{source['person']}_{target}"
            goal = index.loc[index["id"] == counterpart, list(AUS)].iloc[0]
            rows.append([*source[["id", "person", "expression"]], target, source["gaze"], counterpart, *goal])
    paths = folder / f"{name}_{part}.npy", folder / f"{name}_{part}.csv"
    np.save(paths[0], np.stack(images))
    pd.DataFrame(rows, columns=[*EDIT_TEXT, *AUS]).to_csv(paths[1], index=False)
    return paths


def random_faces(count: int) -> Faces:
    """Noise, 32 pixels wide, with AUs and expressions, for tests of the training."""
    draw = np.random.default_rng(0)
    index = pd.DataFrame(draw.random((count, len(AUS))) * 5, columns=list(AUS))
    index["expression"] = [EXPRESSIONS[i % 8] for i in range(count)]
    return Faces(draw.integers(0, 256, (count, 32, 32, 3), dtype=np.uint8), index)
