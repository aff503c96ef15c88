"""The height of the face: soft bumps and folds whose slopes catch the light, moved by the AUs."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from cascade_efgan.data.rendered.geometry import SIDES, Activation, Eye, FaceShape
from cascade_efgan.data.rendered.identity import Identity
from cascade_efgan.data.rendered.raster import Floats, Points, Window, spline

Crease = tuple[Points, NDArray[np.float64]]


#: Pits of the chin's skin when its muscle (mentalis, AU17) bunches: x, and y above the chin.
_CHIN_PITS = ((-7.0, 9.0), (-3.0, 12.5), (-2.0, 7.0), (2.5, 10.0), (4.5, 5.5), (7.5, 11.0), (-6.0, 4.5))


def head_height(shape: FaceShape, area: Window) -> Floats:
    """Height of the bare head `(h, w)`, float32: round in width, as deep as it is wide at each level."""
    x, y = area.grid()
    right = shape.contour[: len(shape.contour) // 2 + 1]
    rows = y[:, 0].astype(float)
    top, chin = right[0, 1], right[-1, 1]
    half = np.interp(rows, right[:, 1], right[:, 0])
    kernel = np.hanning(25)
    half = np.convolve(np.pad(half, 12, mode="edge"), kernel / kernel.sum(), "valid")
    half = np.maximum(half, 1e-3).astype(np.float32)[:, None]
    across = np.minimum(np.abs(x / half), 1)
    height = 0.8 * half * np.sqrt(1 - across**2.3)
    # Outside the outline the surface goes on falling, so that slopes at the very edge face outwards.
    beyond = np.maximum(np.abs(x) - half, 0) + np.maximum(y - np.float32(chin), 0) + np.maximum(np.float32(top) - y, 0)
    return np.asarray(height - 1.5 * beyond, np.float32)


def bump_height(bumps: NDArray[np.float64], area: Window) -> Floats:
    """Sum of Gaussian bumps `(k, 5)` (x, y, sigma x, sigma y, height) over a window, float32 `(h, w)`."""
    x, y = area.grid()
    cx, cy, sx, sy, height = bumps.astype(np.float32).T[:, :, None]
    across = np.exp(-0.5 * ((x - cx) / sx) ** 2)
    down = np.exp(-0.5 * ((y.T - cy) / sy) ** 2) * height
    return np.asarray(down.T @ across, np.float32)


def _pair(x: float, y: float, sx: float, sy: float, height: float) -> list[tuple[float, ...]]:
    return [(s * x, y, sx, sy, height) for s in SIDES]


def bumps(person: Identity, shape: FaceShape, a: Activation) -> NDArray[np.float64]:
    """Bumps `(k, 5)` of the whole face."""
    cheek = 0.6 * a["AU06"] + 0.8 * a["AU12"]
    length = person.face_length
    found: list[tuple[float, ...]] = [(0, -40, 30, 18, 5.0)]
    found += _pair(person.eye_spacing - 2, -17, 13, 5, 2.6 + 1.2 * a["AU04"])
    found += _pair(person.eye_spacing, -4, 13, 9, -7.5)
    found += _pair(person.eye_spacing, 0, 10, 6.5, 4.0)
    bag = 0.8 + 0.9 * person.age + 2.2 * a["AU06"] + 1.0 * a["AU07"]
    found += _pair(person.eye_spacing + 2, 11 - 2 * a["AU06"], 12, 4, bag)
    found += _pair(36, 19 - 3 * cheek, 12, 10, 2.8 * person.cheekbones + 1.0)
    found += _pair(32, 25 - 6 * cheek, 11, 8.5, 7.0 * cheek)
    # A closed lid shows the round of the eyeball.
    found += _pair(person.eye_spacing, 0.5, 8, 5, 2.6 * a["AU45"])
    found += _pair(33, 0.62 * length, 9, 13, -1.5 * person.cheekbones)
    found += [(0, length * 0.80 + shape.jaw, 13, 4.5, -2.0)]
    found += [(0, shape.chin - 10, 12 + 2 * person.chin, 8, 5.0 + 3.0 * a["AU17"])]
    found += [(x, shape.chin - y, 1.5, 1.4, -1.1 * a["AU17"]) for x, y in _CHIN_PITS]
    found += _pair(7, shape.chin - 9, 5, 4, 2.0 * a["AU17"])
    found += _nose_bumps(person, shape, a) + _mouth_bumps(person, shape, a)
    for (x, y), side in zip(shape.mouth.corners, SIDES, strict=True):
        dimple = a["AU14"] * (1 + 0.8 * person.dimple_side * side)
        found += [(x + side * 8, y, 4.5, 7, 2.4 * dimple), (x + side * 2.0, y, 2.4, 3.4, -2.4 * dimple)]
        found += [(x + side * 5, y + 9, 6, 5, 3.0 * a["AU15"] + 1.5 * a["AU20"])]
    # Corrugator bunches the skin between the brows.
    found += _pair(5.5, -21, 3.0, 5.0, 3.4 * a["AU04"])
    return np.array(found, float)


def _nose_bumps(person: Identity, shape: FaceShape, a: Activation) -> list[tuple[float, ...]]:
    tip, root = shape.nose["tip"], shape.nose["root"]
    found: list[tuple[float, ...]] = []
    for step in np.linspace(0, 1, 7):
        x, y = root + step * (tip - root) * (1, 0.93)
        found.append((x, y, 4.6 + 1.8 * step, 5.0, (2.4 * person.nose_bridge + 3.4 * step)))
    found += [(tip[0], tip[1], 6.0 + person.nose_tip, 5.6, 5.0 + 1.6 * person.nose_tip)]
    found += [(x * 0.86, y, 4.2, 4.4, 4.8 + 1.0 * a["AU09"]) for x, y in shape.nose["wings"]]
    found += [(x * 1.25, y + 1, 3.5, 5, -1.4) for x, y in shape.nose["wings"]]
    found += [(0, shape.nose["base"][1] + 2.5, 0.75 * person.nose_width, 2.8, -2.2)]
    return found


def _mouth_bumps(person: Identity, shape: FaceShape, a: Activation) -> list[tuple[float, ...]]:
    mouth = shape.mouth
    found: list[tuple[float, ...]] = [(0.0, float(mouth.inner_upper[16, 1]), 23, 13, 2.8)]
    lips = ((mouth.outer_upper, mouth.inner_upper, 0.9), (mouth.outer_lower, mouth.inner_lower, 1.25))
    for outer, inner, share in lips:
        for k in range(4, 29, 4):
            middle = (outer[k] + inner[k]) / 2
            thick = abs(outer[k, 1] - inner[k, 1])
            found.append((middle[0], middle[1], 4.2, 0.3 * thick + 0.7, share * (0.25 * thick + 0.3)))
    top, base = mouth.outer_upper[16, 1], shape.nose["base"][1]
    found += [(0, (top + base) / 2 + 1, 2.2, 4.5, -1.3 * person.cupid), *_pair(4.5, (top + base) / 2 + 1, 2, 4.5, 0.7)]
    found += [(0, mouth.outer_lower[16, 1] + 2.5, 10, 2.2, -2.2 - 1.5 * a["AU17"])]
    found += _pair(9, mouth.outer_upper[9, 1] - 4, 6, 4, 1.6 * a["AU10"])
    return found


@lru_cache(maxsize=16)
def _fade(samples: int) -> NDArray[np.float64]:
    return np.asarray(np.sin(np.pi * np.linspace(0.04, 0.96, samples)) ** 0.8)


def _taper(points: Points, samples: int, strength: float) -> Crease:
    """A smooth line that fades at both ends."""
    return spline(points, samples), strength * _fade(samples)


def creases(person: Identity, shape: FaceShape, a: Activation) -> tuple[list[Crease], list[Crease]]:
    """Fine and broad folds: lines in face units with strengths 0..1."""
    fine: list[Crease] = _forehead_lines(person, shape, a) + _lip_lines(shape, a)
    broad: list[Crease] = []
    for side, eye, corner in zip(SIDES, shape.eyes, shape.mouth.corners, strict=True):
        mirror = np.array([side, 1.0])
        feet, bag = _eye_folds(person, eye, a, mirror)
        fine += feet
        (fine if a["AU06"] + a["AU07"] > 0.4 else broad).append(bag)
        fine += _nose_folds(shape, a, mirror)
        dimple = a["AU14"] * (1 + 0.8 * person.dimple_side * side)
        folds = _mouth_folds(person, a, corner * mirror, mirror, dimple)
        fine.append(folds[0])
        broad += [*folds[1:], _nasolabial(person, shape, a, corner * mirror, mirror)]
    under = shape.mouth.outer_lower[[9, 12, 16, 20, 23]] + (0, 4.0)
    broad.append(_taper(under, 9, 0.12 + 0.7 * a["AU17"]))
    return fine, broad


def _eye_folds(person: Identity, eye: Eye, a: Activation, mirror: Points) -> tuple[list[Crease], Crease]:
    """Crow's feet (AU06) and the furrow below the lower lid (AU06, AU07) of one eye."""
    old = max(0.0, person.age - 0.35)
    strength = 0.9 * a["AU06"] + 0.3 * a["AU07"] * old + 0.35 * old
    feet = []
    for angle, reach in ((-0.45, 9.0), (-0.05, 10.5), (0.38, 9.5)):
        start = eye.upper[24] * mirror + (3.0, 0.3 + 3.0 * angle)
        end = start + reach * np.array([np.cos(angle), np.sin(angle)])
        feet.append(_taper(np.array([start, (start + end) / 2 + (0, 0.8), end]) * mirror, 6, strength))
    low = eye.lower[[3, 8, 13, 18, 22]] + (0, 3.4 + 0.6 * a["AU06"])
    return feet, _taper(low, 9, min(1.0, 0.17 + 0.53 * a["AU06"] + 0.42 * a["AU07"] + 0.38 * old))


def _nose_folds(shape: FaceShape, a: Activation, mirror: Points) -> list[Crease]:
    """The edge of one wing, and the wrinkles of AU09 on one side of the bridge."""
    curl = np.array([(-1.0, -4.5), (1.2, -2.0), (1.5, 1.2), (-1.0, 3.8)])
    found = [_taper((shape.nose["wings"][1] + curl) * mirror, 9, 0.6)]
    for k in range(3):
        y = shape.nose["root"][1] + 4 + 5.0 * k
        slope = np.array([(1.0, y + 1.5), (4.5, y), (8.0 + k, y + 3.5)])
        found.append(_taper(slope * mirror, 6, 0.85 * a["AU09"]))
    return found


def _mouth_folds(person: Identity, a: Activation, corner: Points, mirror: Points, dimple: float) -> list[Crease]:
    """Beside one corner of the mouth (mirrored to the right): dimple, line of AU15 and age, fold of AU20."""
    droop = 0.85 * a["AU15"] + 0.45 * max(0.0, person.age - 0.35) + 0.25 * a["AU20"]
    arc = np.array([(2.2, -6.5), (5.0, -2.0), (5.2, 2.5), (3.0, 7.0)])
    hang = np.array([(0.5, 0.5), (3.0, 6.0), (3.5, 13.0)])
    stretch = np.array([(7.0, -7.0), (9.0, 0.0), (8.0, 9.0)])
    return [
        _taper((corner + arc) * mirror, 9, min(1.0, 0.75 * dimple)),
        _taper((corner + hang) * mirror, 7, droop),
        _taper((corner + stretch) * mirror, 7, 0.6 * a["AU20"]),
    ]


def _nasolabial(person: Identity, shape: FaceShape, a: Activation, corner: Points, mirror: Points) -> Crease:
    """The fold from the wing of the nose past the corner of the mouth."""
    wing = np.abs(shape.nose["wings"][1]) * (1, 1) + (2.6, -0.5)
    out = 4.0 + 3.0 * a["AU12"] + 2.0 * a["AU10"]
    middle = (wing + corner) / 2 + (out, -2.0 - 1.5 * a["AU10"])
    below = [corner + (out + 1.5, -2.0), corner + (out + 1.0, 5.0)]
    points = np.array([wing + (-1.5, -3.0 - 2 * a["AU09"]), wing + (2.5, 2.0), middle, *below])
    strength = 0.10 + 0.45 * person.age**2 + 0.75 * a["AU12"] + 0.6 * a["AU10"] + 0.5 * a["AU09"] + 0.25 * a["AU06"]
    return _taper(points * mirror, 14, min(1.0, strength))


def _forehead_lines(person: Identity, shape: FaceShape, a: Activation) -> list[Crease]:
    """Horizontal lines above raised brows (AU01 in the middle, AU02 at the sides), upright ones for AU04."""
    found: list[Crease] = []
    old = 0.5 * max(0.0, person.age - 0.45)
    brows = np.concatenate([shape.brows[0][::-1], shape.brows[1]])
    for k, height in enumerate((8.5, 15.5, 22.5)):
        x = np.array([-37.0, -26.0, -13.0, 0.0, 13.0, 26.0, 37.0])
        y = 0.55 * np.interp(x, brows[:, 0], brows[:, 1]) + 0.45 * brows[:, 1].mean() - height
        # Sad brows (AU01 without AU02) pull the middle of the lines up.
        y = y - 1.5 * (a["AU01"] - a["AU02"]) * np.exp(-((x / 14) ** 2))
        line = spline(np.stack([x, y], 1), 21)
        middle = np.exp(-((line[:, 0] / 15) ** 2))
        raised = 0.95 * a["AU01"] * middle + 0.9 * a["AU02"] * (1 - 0.55 * middle) * (1 - (line[:, 0] / 38) ** 4)
        found.append((line, (1 - 0.12 * k) * np.minimum(raised + old * (1 - (line[:, 0] / 38) ** 2), 1)))
    frown = 1.0 * a["AU04"] + 0.25 * a["AU09"] + 0.4 * max(0.0, person.age - 0.5)
    for side, brow in zip(SIDES, shape.brows, strict=True):
        x, y = brow[0]
        points = np.array([(x - side * 3.4, y + 4), (x - side * 4.4, y - 2), (x - side * 3.6, y - 10)])
        found.append(_taper(points, 8, frown))
    bridge = np.array([(-6.0, -9.0), (0.0, -7.6), (6.0, -9.0)]) + shape.nose["root"] * (1, 0) + (0, 1.0)
    found.append(_taper(bridge, 7, 0.8 * a["AU09"] + 0.5 * a["AU04"]))
    return found


def _lip_lines(shape: FaceShape, a: Activation) -> list[Crease]:
    """Short upright lines around tightened lips (AU23), pits of a raised chin (AU17)."""
    found: list[Crease] = []
    for k in range(6, 27, 4):
        for curve, step in ((shape.mouth.outer_upper, -1), (shape.mouth.outer_lower, 1)):
            x, y = curve[k]
            points = np.array([(x, y + 0.5 * step), (x * 1.03, y + 2.5 * step), (x * 1.06, y + 4.8 * step)])
            found.append(_taper(points, 4, 0.55 * a["AU23"]))
    return found
