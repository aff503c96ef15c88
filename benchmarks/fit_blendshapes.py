"""Fit MediaPipe to OpenFace on the London Set: `python benchmarks/fit_blendshapes.py LONDON OPENFACE`.

LONDON is the folder of the photographs (`neutral_front/`, `smiling_front/`), OPENFACE a folder of OpenFace's CSVs of
them. Writes `mesh_landmarks.json` (offsets of the 68 landmarks), `blendshapes.json` (coefficients of the 17 AUs) into
`src/cascade_efgan/face_finders/` and the page `docs/blendshapes.md`. Every figure of the page is over people that the
fit had not seen. EFGAN_MODELS_MIRROR may name a folder with MediaPipe's model. About 20 seconds on two cores.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mediapipe
import numpy as np
from scipy.optimize import nnls

from cascade_efgan.config.data_sections import OpenFace
from cascade_efgan.data import AU_MAX, AUS
from cascade_efgan.data.face_crops.crops import crop_square
from cascade_efgan.data.openface.csv_files import read_openface
from cascade_efgan.data.openface.detected import choose_face
from cascade_efgan.data.photo_files.images import decode_image
from cascade_efgan.data.sources.london import CHECKSUMS, london_files, mirror_reader
from cascade_efgan.face_finders import blendshapes, mesh
from cascade_efgan.face_finders.blendshapes import MOVERS, both_sides
from cascade_efgan.face_finders.mediapipe_finder import LANDMARKER, model_path
from cascade_efgan.files import write_json, write_text

FOLDS = 10
#: Ridge penalty on standardised scores. From 0.003 to 0.1 no correlation moves by more than 0.02.
PENALTY = 0.02
#: An AU whose correlation over unseen people is lower explains less than a quarter of what OpenFace sees.
THRESHOLD = 0.5
MARGIN = 0.15

PARTS = {"jaw": slice(0, 17), "brows": slice(17, 27), "nose": slice(27, 36), "eyes": slice(36, 48),
         "mouth": slice(48, 68), "all": slice(0, 68)}  # fmt: skip


@dataclass(frozen=True)
class Measurements:
    """What both programs say of N photographs.

    Attributes:
        meshes: `(N, 478, 2)` vertices of MediaPipe, pixels.
        scores: of each photograph, blendshape (both sides averaged) -> 0..1.
        landmarks: `(N, 68, 2)` of OpenFace, pixels.
        aus: `(N, 17)` of OpenFace, 0..5.
        neutral: `(N,)` bool.
        fold: `(N,)` number of the fold of each photograph's person.
    """

    meshes: np.ndarray
    scores: list[dict[str, float]]
    landmarks: np.ndarray
    aus: np.ndarray
    neutral: np.ndarray
    fold: np.ndarray


def read_data(london: Path, openface: Path) -> Measurements:
    """Run MediaPipe over the photographs and read OpenFace's values."""
    tasks = mediapipe.tasks
    options = tasks.vision.FaceLandmarkerOptions(
        base_options=tasks.BaseOptions(model_asset_path=str(model_path())), output_face_blendshapes=True
    )
    files, read, known = london_files(CHECKSUMS, None), mirror_reader(london), read_openface(openface)
    people = sorted({file.person for file in files})
    meshes, scores = [], []
    with tasks.vision.FaceLandmarker.create_from_options(options) as landmarker:
        for file in files:
            image = decode_image(read(file), file.path)
            result = landmarker.detect(mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=image))
            size = np.array([image.shape[1], image.shape[0]])
            meshes.append(np.array([(point.x, point.y) for point in result.face_landmarks[0]]) * size - 0.5)
            scores.append(both_sides({shape.category_name: shape.score for shape in result.face_blendshapes[0]}))
    faces = [choose_face(known[file.id], OpenFace().min_confidence) for file in files]
    return Measurements(
        np.array(meshes), scores, np.array([face.landmarks for face in faces]), np.array([face.aus for face in faces]),
        np.array([file.expression == "neutral" for file in files]),
        np.array([people.index(file.person) % FOLDS for file in files]),
    )  # fmt: skip


def differences(data: Measurements) -> np.ndarray:
    """MediaPipe's landmark less OpenFace's, `(N, 68, 2)`, in the frame of the eyes."""
    chosen = data.meshes[:, list(mesh.VERTICES)]
    pairs = zip(chosen, data.landmarks, strict=True)
    return np.stack([mesh.to_eye_frame(ours - theirs, mesh.eye_line(ours)) for ours, theirs in pairs])


def mean_offset(difference: np.ndarray) -> np.ndarray:
    """Mean over photographs and their mirror images, `(68, 2)`: people are symmetric, 102 of them only nearly."""
    mean = difference.mean(axis=0)
    return (mean + mean[list(mesh.MIRRORED)] * (-1, 1)) / 2


def landmark_table(data: Measurements) -> list[str]:
    """Errors in percent of the distance between the outer eye corners, as found and less the offset of other people."""
    difference = differences(data)
    corrected = np.empty_like(difference)
    for fold in range(FOLDS):
        unseen = data.fold == fold
        corrected[unseen] = difference[unseen] - mean_offset(difference[~unseen])
    across = [mesh.eye_line(points) for points in data.meshes[:, list(mesh.VERTICES)]]
    outer = np.linalg.norm(data.landmarks[:, 45] - data.landmarks[:, 36], axis=1)
    lines = ["| part | as found (%) | offset removed (%) |", "|---|---:|---:|"]
    for part, points in PARTS.items():
        errors = [
            np.mean([np.linalg.norm(mesh.from_eye_frame(rows[points], axis), axis=1).mean() / scale
                     for rows, axis, scale in zip(some, across, outer, strict=True)])
            for some in (difference, corrected)
        ]  # fmt: skip
        lines.append(f"| {part} | {100 * errors[0]:.2f} | {100 * errors[1]:.2f} |")
    ours = data.meshes[:, list(mesh.VERTICES)] - np.stack(
        [mesh.from_eye_frame(rows, axis) for rows, axis in zip(difference - corrected, across, strict=True)]
    )
    squares = np.array([[crop_square(points, MARGIN) for points in some] for some in (ours, data.landmarks)])
    ratio = squares[0, :, 2] / squares[1, :, 2]
    centres = squares[..., :2] + squares[..., 2:] / 2
    off = np.linalg.norm(centres[0] - centres[1], axis=1) / squares[1, :, 2]
    lines += ["", f"The squares that are cut out then have {100 * ratio.mean():.1f} % (standard deviation "
              f"{100 * ratio.std():.1f}) of the side that OpenFace's landmarks give, and centres that differ by "
              f"{100 * off.mean():.1f} % of it."]  # fmt: skip
    return lines


def movers(data: Measurements, au: str) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Names, signs and `(N, k)` scores, turned so that each should raise the AU."""
    words = MOVERS[au].split()
    names, signs = [word[1:] for word in words], np.array([1.0 if word[0] == "+" else -1.0 for word in words])
    return names, signs, np.array([[row[name] for name in names] for row in data.scores]) * signs


def fit(scores: np.ndarray, target: np.ndarray) -> tuple[float, np.ndarray]:
    """Intercept and weights >= 0 of the ridge regression of `(N,)` intensities on `(N, k)` scores."""
    spread = scores.std(axis=0) + 1e-3
    standard = (scores - scores.mean(axis=0)) / spread
    rows = np.vstack([standard, np.sqrt(PENALTY * len(scores)) * np.eye(scores.shape[1])])
    weights = nnls(rows, np.r_[target - target.mean(), np.zeros(scores.shape[1])])[0] / spread
    return float(target.mean() - scores.mean(axis=0) @ weights), weights


def correlation(first: np.ndarray, second: np.ndarray) -> float:
    """Pearson's; 0 where one does not vary."""
    return float(np.corrcoef(first, second)[0, 1]) if first.std() > 0 and second.std() > 0 else 0.0


def fit_au(data: Measurements, au: str) -> tuple[dict[str, Any], str]:
    """The stored line of an AU, and its row of the page."""
    names, signs, scores = movers(data, au)
    truth = data.aus[:, AUS.index(au)]
    unseen = np.empty_like(truth)
    for fold in range(FOLDS):
        test = data.fold == fold
        intercept, weights = fit(scores[~test], truth[~test])
        unseen[test] = np.clip(intercept + scores[test] @ weights, 0, AU_MAX)
    overall = correlation(unseen, truth)
    within = np.mean([correlation(unseen[some], truth[some]) for some in (data.neutral, ~data.neutral)])
    error, constant = np.abs(unseen - truth).mean(), np.abs(truth - truth.mean()).mean()
    intercept, weights = fit(scores, truth)
    neutral = float(truth[data.neutral].mean())
    told = overall >= THRESHOLD
    line = {
        "intercept": round(intercept, 4),
        "weights": {name: round(float(w), 4) for name, w in zip(names, signs * weights, strict=True) if w > 0},
        "correlation": round(overall, 3),
        "mean_absolute_error": round(float(error), 3),
        "neutral": round(neutral, 3),
        "told": bool(told),
    }
    word = "yes" if told else "**cannot tell**"
    row = f"| {au} | {truth.mean():.2f} ± {truth.std():.2f} | {overall:.2f} | {within:.2f} | {error:.2f} | "
    return line, row + f"{constant:.2f} | {word} |"


PAGE = """# MediaPipe instead of OpenFace

The networks know AUs and landmarks as OpenFace gives them. `efgan edit` and `efgan app` take them from OpenFace where
it is configured. Elsewhere MediaPipe's face landmarker stands in, with two corrections that
`benchmarks/fit_blendshapes.py` fitted on the London Set: {count} photographs of {people} people, neutral and smiling,
against the values of the real OpenFace. Every figure is over people whom the fit had not seen ({folds} folds by
person).

## Landmarks

Each of the 68 landmarks is one vertex of MediaPipe's mesh (`src/cascade_efgan/face_finders/mesh.py`) less a constant
offset in the frame of the eyes. The mean error, in percent of the distance between the outer eye corners:

{landmarks}

## Action units

Each AU is a ridge regression on the few blendshapes that its muscles move, left and right averaged, with signs that
anatomy gives: a mover of an AU can only raise it. With two expressions in the data, a regression on all of them would
learn that whatever happens in a smile is AU12.

- *mean ± sd*: OpenFace's intensities, 0 to 5;
- *r*: correlation with OpenFace; *r within*: the same among neutral and among smiling faces, then the mean: an AU of
  which only the first is high is little more than "smiles or not";
- *error*: mean absolute error; *constant*: that of always saying the mean.

| AU | mean ± sd | r | r within | error | constant | told |
|---|---|---:|---:|---:|---:|---|
{rows}

An AU with r below {threshold} is one that **MediaPipe cannot tell**: {untold}.
It is taken to be that of the mean neutral face. The London Set shows neutral and smiling faces only, so that this says
as much about the data as about MediaPipe. Use OpenFace where these AUs matter.
"""


def main() -> None:
    """Fit, and write the two files and the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("london", type=Path)
    parser.add_argument("openface", type=Path)
    parser.add_argument("--page", type=Path, default=Path(__file__).parents[1] / "docs" / "blendshapes.md")
    flags = parser.parse_args()
    data = read_data(flags.london, flags.openface)
    source = {"data": "Face Research Lab London Set", "photographs": len(data.aus), "model_sha256": LANDMARKER.sha256}
    write_json(mesh.OFFSETS, source | {"offsets": mean_offset(differences(data)).round(5).tolist()})
    fitted = {au: fit_au(data, au) for au in AUS}
    settings = {"penalty": PENALTY, "folds": FOLDS, "threshold": THRESHOLD}
    write_json(blendshapes.COEFFICIENTS, source | settings | {"aus": {au: line for au, (line, _) in fitted.items()}})
    page = PAGE.format(
        count=len(data.aus), people=len(data.aus) // 2, folds=FOLDS, threshold=THRESHOLD,
        landmarks="\n".join(landmark_table(data)), rows="\n".join(row for _, row in fitted.values()),
        untold=", ".join(au for au, (line, _) in fitted.items() if not line["told"]),
    )  # fmt: skip
    write_text(flags.page, page)
    print(page)


if __name__ == "__main__":
    main()
