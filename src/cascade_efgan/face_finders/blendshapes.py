"""From MediaPipe's 52 blendshapes to OpenFace's 17 AU intensities: a small regression, fitted on the London Set.

The coefficients are in `blendshapes.json` beside this module; `benchmarks/fit_blendshapes.py` makes them, and
`docs/blendshapes.md` says how good they are. Not in the paper: its AUs are OpenFace's.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from cascade_efgan.data import AU_MAX, AUS
from cascade_efgan.files import read_json

COEFFICIENTS = Path(__file__).with_name("blendshapes.json")

#: AU -> the blendshapes that may move it, and in which direction: what the muscles of the AU do (Ekman and Friesen),
#: in ARKit's names without Left and Right. The signs hold the fit: with two expressions in the data, a free regression
#: learns that whatever happens in a smile goes with AU12, and fails on the first frown.
MOVERS = {
    "AU01": "+browInnerUp",
    "AU02": "+browOuterUp +browInnerUp -browDown",
    "AU04": "+browDown",
    "AU05": "+eyeWide -eyeSquint -eyeBlink -eyeLookDown +eyeLookUp",
    "AU06": "+cheekSquint +eyeSquint +mouthSmile",
    "AU07": "+eyeSquint +eyeBlink +cheekSquint -eyeWide",
    "AU09": "+noseSneer",
    "AU10": "+mouthUpperUp +noseSneer -mouthRollUpper",
    "AU12": "+mouthSmile -mouthFrown",
    "AU14": "+mouthDimple +mouthPress +mouthSmile",
    "AU15": "+mouthFrown -mouthSmile",
    "AU17": "+mouthShrugLower +mouthShrugUpper",
    "AU20": "+mouthStretch",
    "AU23": "+mouthPress +mouthRollLower +mouthRollUpper +mouthPucker -mouthFunnel",
    "AU25": "+jawOpen +mouthLowerDown +mouthUpperUp +mouthFunnel "
    "-mouthClose -mouthPress -mouthRollLower -mouthRollUpper -mouthShrugLower",
    "AU26": "+jawOpen -mouthClose",
    "AU45": "+eyeBlink +eyeLookDown -eyeWide",
}


@dataclass(frozen=True)
class AuLine:
    """How one AU is read."""

    intercept: float  # intensity where all blendshapes are 0
    weights: Mapping[str, float]  # blendshape without Left and Right -> intensity for a score of 1
    correlation: float  # with OpenFace, over people that the fit did not see, -1..1
    mean_absolute_error: float  # likewise, 0..5
    neutral: float  # OpenFace's mean over neutral faces, which stands for an AU that cannot be told
    told: bool  # whether the correlation reaches the threshold


@cache
def au_lines() -> dict[str, AuLine]:
    """AU -> how it is read, in the order of `AUS`."""
    stored = read_json(COEFFICIENTS)["aus"]
    return {au: AuLine(**stored[au]) for au in AUS}


def untold_aus() -> tuple[str, ...]:
    """The AUs that blendshapes cannot read: they are taken to be those of a neutral face."""
    return tuple(au for au, line in au_lines().items() if not line.told)


def both_sides(scores: Mapping[str, float]) -> dict[str, float]:
    """Blendshape scores 0..1 with Left and Right averaged into one: OpenFace's AUs have no sides either."""
    sides: dict[str, list[float]] = {}
    for name, score in scores.items():
        sides.setdefault(name.removesuffix("Left").removesuffix("Right"), []).append(score)
    return {name: sum(values) / len(values) for name, values in sides.items()}


def aus_from_blendshapes(scores: Mapping[str, float]) -> np.ndarray:
    """AU intensities `(17,)` float64, 0..5, of MediaPipe's scores 0..1 by name (`mouthSmileLeft`, ...)."""
    mean = both_sides(scores)
    values = [
        line.intercept + sum(weight * mean[name] for name, weight in line.weights.items())
        if line.told
        else line.neutral
        for line in au_lines().values()
    ]
    return np.clip(np.array(values, dtype=np.float64), 0, AU_MAX)
