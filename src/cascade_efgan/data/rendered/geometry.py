"""Where the features of a face are: its curves and 68 landmarks, for one person and 17 AUs.

Each AU moves the points that its muscle pulls, as FACS (Ekman, Friesen and Hager 2002) describes the change.
All points are `(n, 2)` in face units (see raster.py); `a` holds AU activations 0..1 by name. "Side" is -1 for
the left of the picture and 1 for the right.
"""

from dataclasses import dataclass

import numpy as np

from cascade_efgan.data.rendered.identity import Identity
from cascade_efgan.data.rendered.raster import Points, smoothstep, spline

Activation = dict[str, float]
SIDES = (-1, 1)
#: How far the jaw drops, and the irises turn, at most (face units).
JAW_DROP, GAZE_SHIFT = 16.0, 4.6


@dataclass(frozen=True)
class Eye:
    """One eye; curves run from the inner to the outer corner, `openness` is 0 (closed) to 1."""

    side: int
    upper: Points
    lower: Points
    fold: Points
    iris: Points
    iris_radius: float
    openness: float


@dataclass(frozen=True)
class Mouth:
    """Lip curves, all from the left corner to the right one with the same number of points."""

    outer_upper: Points
    inner_upper: Points
    inner_lower: Points
    outer_lower: Points
    upper_teeth: float
    lower_teeth: float
    gap: float

    @property
    def corners(self) -> Points:
        """Left and right corner, `(2, 2)`."""
        return self.outer_upper[[0, -1]]


@dataclass(frozen=True)
class FaceShape:
    """All curves of one face."""

    contour: Points
    brows: tuple[Points, Points]
    eyes: tuple[Eye, Eye]
    nose: dict[str, Points]
    mouth: Mouth
    jaw: float
    chin: float
    landmarks: Points


def face_shape(person: Identity, a: Activation, gaze: str) -> FaceShape:
    """The curves of `person` with activations `a`, looking to `gaze`."""
    jaw = JAW_DROP * a["AU26"]
    contour, side_points = _contour(person, a, jaw)
    brows = (_brow(person, a, -1), _brow(person, a, 1))
    eyes = (_eye(person, a, gaze, -1), _eye(person, a, gaze, 1))
    nose = _nose(person, a)
    mouth = _mouth(person, a, jaw)
    landmarks = np.concatenate(
        [side_points, brows[0][::-1], brows[1], _nose_landmarks(nose), _eye_landmarks(eyes), _mouth_landmarks(mouth)]
    )
    chin = person.face_length + jaw - 4.0 * a["AU17"]
    return FaceShape(contour, brows, eyes, nose, mouth, jaw, chin, landmarks)


def crown(person: Identity) -> list[tuple[float, float]]:
    """Right half of the skull's outline from the vertex to the temple, five points."""
    w, vertex = person.face_width, person.forehead + 30.0
    arc = ((0.0, 1.0), (0.45, 0.925), (0.755, 0.74), (0.925, 0.46), (0.99, 0.16))
    return [(x * w, -20 - y * (vertex - 20)) for x, y in arc]


def head_box(person: Identity) -> tuple[float, float, float, float]:
    """Left, top, right and bottom of the head whatever its expression."""
    half = person.face_width + 5.0
    return -half, -(person.forehead + 34.0), half, person.face_length + JAW_DROP + 4.0


def _half_contour(person: Identity, a: Activation, jaw: float) -> Points:
    """Right half of the head's outline `(13, 2)`, from the vertex down to the chin; the jaw has dropped by `jaw`."""
    w, length, j, c = person.face_width, person.face_length, person.jaw, person.chin
    cheeks = 1.6 * a["AU12"] + 0.8 * a["AU06"]
    upper = [*crown(person), (w, -8), (w - 0.3, 10)]
    lower = [
        ((0.972 + 0.006 * j) * w + cheeks, 0.30 * length),
        ((0.895 + 0.03 * j) * w + cheeks, 0.51 * length),
        ((0.745 + 0.055 * j) * w + 0.8 * a["AU20"], 0.715 * length),
        ((0.515 + 0.05 * j + 0.035 * c) * w, 0.89 * length),
        ((0.27 + 0.02 * j + 0.04 * c) * w, 0.975 * length),
        (0, length - 3.0 * a["AU17"]),
    ]
    x, y = np.array(upper + lower, float).T
    narrow = 1 - 0.006 * jaw * smoothstep(0.4 * length, 0.8 * length, y)
    return np.stack([x * narrow, y + jaw * smoothstep(0.15 * length, 0.85 * length, y)], 1)


def _contour(person: Identity, a: Activation, jaw: float) -> tuple[Points, Points]:
    """Closed outline of the head `(96, 2)`, and landmarks 0-16 spaced evenly along its lower part."""
    half = _half_contour(person, a, jaw)
    other = half[-2:0:-1] * (-1, 1)
    contour = spline(np.concatenate([half, other]), 96, closed=True)
    right = spline(np.concatenate([half, other[:2]]), 8 * (len(half) + 1) + 1)[: 8 * (len(half) - 1) + 1]
    right = right[right[:, 1] > -2.0]
    length = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(right, axis=0).T))])
    marks = np.stack([np.interp(np.linspace(0, length[-1], 9), length, right[:, i]) for i in (0, 1)], 1)
    return contour, np.concatenate([marks * (-1, 1), marks[-2::-1]])


def _brow(person: Identity, a: Activation, side: int) -> Points:
    """Centre line of a brow `(5, 2)`, inner end first: frontalis lifts it, corrugator pulls it down and in."""
    x = person.eye_spacing + np.array([-16.5, -8.0, 1.0, 9.5, 17.0])
    arch = np.array([0.0, 0.55, 1.0, 0.85, 0.0]) * person.brow_arch
    tilt = np.linspace(0.5, -0.5, 5) * person.brow_tilt
    inner_up = np.array([1.0, 0.85, 0.45, 0.1, 0.0])
    outer_up = np.array([0.1, 0.3, 0.75, 1.0, 0.85])
    down = np.array([1.0, 0.95, 0.7, 0.4, 0.15])
    uneven = 1 + 0.1 * person.asymmetry[0] * side
    lift = 10.0 * a["AU01"] * inner_up + 9.0 * a["AU02"] * outer_up * uneven
    # Corrugator against frontalis: the pull downwards fades where AU01 lifts (as in sadness and fear).
    lower = 8.5 * a["AU04"] * down * (1 - 0.6 * a["AU01"]) + 4.5 * a["AU09"] * np.array([1.0, 0.7, 0.3, 0.0, 0.0])
    lower = lower + 1.0 * a["AU06"] * np.array([0.0, 0.0, 0.3, 0.8, 1.0])
    inward = (5.0 * a["AU04"] + 1.5 * a["AU09"]) * np.array([1.0, 0.8, 0.45, 0.2, 0.05])
    y = -person.brow_height - arch + tilt - lift + lower + 0.35 * person.asymmetry[1] * side
    return np.stack([side * (x - inward), y], 1)


def _eye(person: Identity, a: Activation, gaze: str, side: int) -> Eye:
    """Lids and iris: AU05 opens, AU07 and AU06 raise the lower lid, AU45 closes."""
    x0, half = person.eye_spacing, person.eye_width
    inner = np.array([x0 - half, 1.4])
    outer = np.array([x0 + half, 0.6 - person.eye_tilt])
    t = np.array([-1.0, -0.68, -0.28, 0.2, 0.65, 1.0])
    base = inner + (t[:, None] + 1) / 2 * (outer - inner)
    scale = person.eye_height
    up = 6.3 * scale + 4.6 * a["AU05"] - 2.0 * a["AU07"] - 1.2 * a["AU06"] - 0.8 * a["AU09"] + 0.8 * a["AU02"]
    low = 4.6 * scale + 0.5 * a["AU05"] - 2.7 * a["AU07"] - 2.2 * a["AU06"] - 1.6 * a["AU09"] - 0.5 * a["AU12"]
    up, low = max(up, 1.6), max(low, 0.9)
    upper_shape = np.array([0.0, 0.62, 0.96, 1.0, 0.7, 0.0])
    # Frontalis pulls the inner half of the upper lid up, corrugator lowers it.
    upper_shape = upper_shape + np.array([0.0, 0.25, 0.2, 0.0, -0.08, 0.0]) * (a["AU01"] - 0.8 * a["AU04"])
    lower_shape = np.array([0.0, 0.5, 0.85, 1.0, 0.78, 0.0])
    shut = float(smoothstep(0, 1, a["AU45"]))
    closed = 0.72 * 4.6 * scale * lower_shape
    upper_y = (1 - shut) * -up * upper_shape + shut * closed
    lower_y = (1 - shut) * low * lower_shape + shut * closed
    fold_y = -(6.3 * scale + 2.2 + 2.4 * person.lid_fold) * np.array([0.28, 0.72, 0.98, 1.0, 0.74, 0.3])
    fold_y = fold_y - 1.5 * a["AU02"] - 2.0 * a["AU01"] * np.array([1, 1, 0.6, 0.2, 0, 0]) + 2.2 * a["AU04"]
    fold_y = np.minimum(fold_y, upper_y - 1.3 - 1.6 * a["AU05"])
    mirror = np.array([side, 1.0])
    upper, lower, fold = (spline((base + np.stack([0 * t, y], 1)) * mirror, 25) for y in (upper_y, lower_y, fold_y))
    turn = {"left": -GAZE_SHIFT, "frontal": 0.0, "right": GAZE_SHIFT}[gaze]
    iris = np.array([side * x0 + turn, 0.1])
    openness = (1 - shut) * (up + low) / 10.9
    return Eye(side, upper, lower, fold, iris, 6.1 * (0.5 + 0.5 * scale), openness)


def _nose(person: Identity, a: Activation) -> dict[str, Points]:
    """Key points of the nose; AU09 and AU10 raise and flare the wings."""
    length, width = person.nose_length, person.nose_width
    up = 3.2 * a["AU09"] + 1.6 * a["AU10"]
    flare = 1.3 * a["AU09"] + 0.9 * a["AU10"] + 1.0 * a["AU12"]
    base = length - 0.45 * up
    return {
        "root": np.array([0.0, -3.0]),
        "tip": np.array([0.35 * person.asymmetry[2], length - 8.0 - 0.6 * up]),
        "base": np.array([0.0, base]),
        "wings": np.array([[s * (width + flare), length - 6.0 - up] for s in SIDES]),
        "nostrils": np.array([[s * (0.5 * width + 0.4 * flare), length - 2.6 - 0.7 * up] for s in SIDES]),
    }


def _mouth_line(person: Identity, a: Activation, jaw: float, s: np.ndarray) -> Points:
    """The line between closed lips `(n, 2)`; `s` runs from -1 (left corner) to 1 (right corner)."""
    side = (s > 0).astype(int)
    sides = np.array(SIDES)
    level = mouth_level(person)
    # AU14 is mostly one-sided, as in contempt; which side is the person's own.
    pull = 1 + 0.9 * person.dimple_side * sides
    out = 7.5 * a["AU12"] + 6.5 * a["AU20"] + 1.2 * a["AU15"] + 4.0 * a["AU14"] * pull
    out = out - 2.2 * a["AU23"] - 3.0 * a["AU26"] - 1.2 * a["AU17"]
    uneven = 1 + 0.12 * np.clip(person.asymmetry[3], -2, 2) * sides
    rise = 11.0 * a["AU12"] * uneven + 5.6 * a["AU14"] * pull - 8.0 * a["AU15"] - 2.2 * a["AU20"]
    rise = rise - 1.0 * a["AU17"] - 0.32 * jaw
    line = level - rise[side] * np.abs(s) ** (1.7 + 1.0 * a["AU15"])
    line = line - 1.5 * a["AU12"] - 4.4 * a["AU17"] * (1 - s**2)
    line = line + 0.5 * np.cos(np.pi * s * 1.5) * (1 - np.abs(s))
    return np.stack([s * (person.mouth_width + out)[side], line], 1)


def mouth_level(person: Identity) -> float:
    """Height of the closed mouth at rest."""
    return person.nose_length + 0.86 * person.mouth_height * (person.face_length - person.nose_length)


def _mouth(person: Identity, a: Activation, jaw: float) -> Mouth:
    """Lip curves: where the lips part (AU10, AU25, AU26), and how thick they are (AU12, AU20, AU23)."""
    s = np.linspace(-1, 1, 33)
    x, line = _mouth_line(person, a, jaw, s).T
    lifted = (5.5 * a["AU10"] + 2.6 * a["AU09"]) * np.interp(np.abs(s), [0, 0.3, 0.6, 0.85, 1], [0.75, 0.9, 1, 0.55, 0])
    apart = 2.0 * a["AU25"] + 1.4 * a["AU10"] * a["AU25"] + 0.06 * jaw
    lower_gap = max(0.0, 6.2 * a["AU25"] + 0.9 * jaw - 1.5 * a["AU17"] * a["AU25"])
    bow = 1 - s**2
    inner_upper = line - lifted - apart * bow**0.8
    # A lifted upper lip takes the lower one along unless the lips are parted.
    parted = min(1.0, a["AU25"] + a["AU26"])
    gap = apart * bow**0.8 + lower_gap * bow**0.75 + parted * lifted
    inner_lower = inner_upper + gap
    thin = (1 - 0.55 * a["AU23"]) * (1 - 0.3 * a["AU20"]) * (1 - 0.12 * a["AU26"])
    upper = person.upper_lip * thin * (1 - 0.4 * a["AU12"]) * (1 + 0.12 * a["AU10"])
    lower = person.lower_lip * thin * (1 - 0.2 * a["AU12"]) * (1 + 0.2 * a["AU17"])
    bows = [1 - 0.16 * person.cupid, 1 + 0.12 * person.cupid, 0.72, 0.36, 0.0]
    outer_upper = inner_upper - upper * np.interp(np.abs(s), [0, 0.24, 0.58, 0.82, 1], bows)
    outer_upper = np.convolve(np.pad(outer_upper, 1, mode="edge"), [0.25, 0.5, 0.25], "valid")
    outer_lower = inner_lower + lower * (1 - np.abs(s) ** 2.3)
    ends = [0, -1]
    outer_upper[ends] = outer_lower[ends] = inner_upper[ends] = inner_lower[ends] = line[ends]
    teeth = mouth_level(person) + 2.2
    heights = (outer_upper, inner_upper, inner_lower, outer_lower)
    above, upper_edge, lower_edge, below = (np.stack([x, height], 1) for height in heights)
    return Mouth(above, upper_edge, lower_edge, below, teeth, teeth + 1.6 + 0.95 * jaw, float(gap.max()))


def _nose_landmarks(nose: dict[str, Points]) -> Points:
    """Points 27-35: four down the bridge, five along the base from left to right."""
    bridge = nose["root"] + np.linspace(0, 1, 4)[:, None] * (nose["tip"] - nose["root"])
    left, right = nose["wings"] * (0.8, 1) + (0, 3.6)
    base = nose["base"]
    lower = [left, (left + 1.2 * base) / 2.2 + (0, 0.6), base, (right + 1.2 * base) / 2.2 + (0, 0.6), right]
    return np.concatenate([bridge, np.array(lower)])


def _eye_landmarks(eyes: tuple[Eye, Eye]) -> Points:
    """Points 36-47: outer corner first on the left, inner corner first on the right, clockwise."""
    left, right = eyes
    first = [*left.upper[[24, 16, 8, 0]], *left.lower[[8, 16]]]
    return np.array([*first, *right.upper[[0, 8, 16, 24]], *right.lower[[16, 8]]])


def _mouth_landmarks(mouth: Mouth) -> Points:
    """Points 48-67: outer lip clockwise from the left corner, then the inner lip."""
    outer = [*mouth.outer_upper[[0, 6, 12, 16, 20, 26, 32]], *mouth.outer_lower[[26, 20, 16, 12, 6]]]
    inner = [*mouth.inner_upper[[2, 11, 16, 21, 30]], *mouth.inner_lower[[21, 16, 11]]]
    return np.array(outer + inner)
