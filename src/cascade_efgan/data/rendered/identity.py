"""Who a rendered person is: a vector drawn from the seed and the person's number."""

from functools import lru_cache

import numpy as np
from numpy.random import Generator

from cascade_efgan.data import AUS

RGB = tuple[float, float, float]

#: Skin from light to dark, sRGB 0..255; a person's tone is between two neighbours.
SKINS = (
    (252, 218, 196), (243, 199, 168), (229, 176, 138), (205, 150, 110),
    (168, 113, 78), (134, 89, 64), (110, 73, 55),
)  # fmt: skip
#: Hair colours, sRGB: black, dark brown, brown, chestnut, auburn, ginger, dark blond, blond.
HAIRS = (
    (30, 26, 28), (54, 37, 28), (86, 58, 38), (112, 70, 42),
    (124, 55, 32), (176, 92, 42), (160, 124, 78), (214, 180, 116),
)  # fmt: skip
#: Irises, sRGB: dark brown, brown, amber, hazel, green, grey, light blue, blue.
IRISES = (
    (58, 34, 20), (92, 54, 28), (136, 88, 36), (116, 104, 56),
    (92, 128, 84), (122, 136, 144), (122, 164, 196), (70, 116, 172),
)  # fmt: skip
#: Shirts, sRGB.
SHIRTS = (
    (56, 62, 74), (36, 38, 44), (120, 48, 52), (52, 84, 78),
    (58, 72, 116), (150, 132, 106), (96, 84, 110), (184, 186, 190),
)  # fmt: skip
BEARDS = ("none", "stubble", "moustache", "goatee", "full")


def between(value: float, low: float, high: float) -> float:
    """The value, or the limit that it passes."""
    return float(min(max(value, low), high))


def _color(values: np.ndarray) -> RGB:
    red, green, blue = (float(v) for v in np.clip(values, 0, 255))
    return red, green, blue


def _skin(rng: Generator) -> tuple[RGB, float]:
    """Skin colour and its tone (0 light .. 1 dark)."""
    tone = float(rng.beta(0.95, 1.4))
    place = tone * (len(SKINS) - 1)
    low = min(int(place), len(SKINS) - 2)
    color = np.array(SKINS[low]) + (place - low) * (np.array(SKINS[low + 1]) - np.array(SKINS[low]))
    # Undertone: pink against olive, at constant lightness.
    return _color(color + rng.normal(0, 1) * np.array([2.0, -1.0, -4.0])), tone


def _hair(rng: Generator, tone: float, age: float) -> RGB:
    """Hair colour: dark skins mostly go with dark hair; the old turn grey."""
    last = len(HAIRS) if tone < 0.35 else 3
    color = np.array(HAIRS[int(rng.integers(last))], float) * rng.uniform(0.85, 1.15)
    grey = float(np.clip((age - 0.6) / 0.4, 0, 1)) * rng.uniform(0.2, 1.0)
    return _color(color + grey * (np.array([196.0, 194.0, 192.0]) - color))


class Identity:
    """The person `number` (from 1) of the data set `seed`; depends on nothing else.

    Lengths are face units (see raster.py), colours sRGB 0..255, the rest 0..1 or -1..1. One long table of draws: the
    order of the lines is the order of the random numbers, so a new trait goes last.

    Not in the paper: the project's own faces, so that every stage can run without a licensed data set.
    """

    def __init__(self, seed: int, number: int) -> None:
        rng = np.random.default_rng([seed, number, 1])
        self.seed, self.number = seed, number
        male = float(rng.uniform() < 0.5)
        self.age = age = rng.beta(1.1, 1.5)
        self.skin, tone = _skin(rng)
        self.hair = hair = _hair(rng, tone, age)
        self.hair_style = _style(rng, male, age)
        shade = rng.uniform(0.55, 0.75)
        self.brow_color = _color(np.array(hair) * shade * np.array([0.92, 0.9, 0.9]) * (1 - 0.22 * hair[0] / 255))
        # Lips against skin: redder and darker, pinker against dark skin; women's more so.
        red = rng.uniform(0.6, 1.0) * (1 - 0.25 * male)
        self.lip = _color(
            np.array(self.skin) * (1 - red * np.array([0.15, 0.46, 0.42])) + red * tone * np.array([38.0, 12.0, 16.0])
        )
        self.beard = str(rng.choice(BEARDS, p=(0.4, 0.22, 0.1, 0.12, 0.16))) if male else "none"
        self.face_width = rng.normal(54 + 1.5 * male, 2.6)
        self.face_length = between(rng.normal(86 + 3 * male, 3.6), 78, 97)
        self.forehead = between(rng.normal(57, 3.5), 50, 65)
        self.jaw = between(rng.normal(0.75 * male - 0.35, 0.5), -1.2, 1.4)
        self.chin = between(rng.normal(0.5 * male - 0.2, 0.5), -1.1, 1.3)
        self.redness = rng.uniform(0.3, 1.0)
        self.eye_spacing = between(rng.normal(25.5, 1.2), 23.4, 28.5)
        self.eye_width = rng.normal(14.0 - 0.3 * male, 0.8)
        self.eye_height = between(rng.normal(1.0 - 0.08 * male, 0.12), 0.74, 1.28)
        self.eye_tilt = rng.normal(1.2 - 0.5 * male, 1.0)
        self.lid_fold = rng.uniform(0.1, 1.0)
        self.iris = _iris(rng, tone)
        self.lashes = float(rng.uniform(0.55, 1.0) if not male else rng.uniform(0.1, 0.5))
        self.brow_height = rng.normal(20.5 - 1.6 * male, 1.4)
        self.brow_thickness = between(rng.normal(2.3 + 1.2 * male, 0.5), 1.5, 4.8)
        self.brow_arch = between(rng.normal(3.4 - 1.4 * male, 1.0), 0.5, 6)
        self.brow_tilt = rng.normal(0.5, 1.2)
        self.nose_width = between(rng.normal(12.2 + 0.9 * male + 2.0 * tone, 1.3), 9.6, 17)
        self.nose_length = between(rng.normal(37.5 + 1.5 * male, 2.4), 32, 44)
        self.nose_bridge = rng.uniform(0.6, 1.3)
        self.nose_tip = rng.uniform(0.6, 1.4)
        self.mouth_width = between(rng.normal(20.0, 1.5), 16.5, 24)
        self.mouth_height = rng.normal(0.47, 0.03)
        self.upper_lip = between(rng.normal(5.0 - 1.0 * male + 1.4 * tone, 0.9), 2.4, 8)
        self.lower_lip = between(rng.normal(6.9 - 0.9 * male + 1.4 * tone, 1.0), 4, 10)
        self.cupid = rng.uniform(0.4, 1.3)
        self.cheekbones = rng.uniform(0.3, 1.3)
        self.freckles = float(max(0.0, rng.uniform(-1.2, 1.0))) * (1.0 if tone < 0.45 else 0.25)
        self.hair_volume = rng.uniform(0.6, 1.4)
        self.hair_part = float(rng.uniform(14, 26) * rng.choice((-1.0, 1.0)))
        self.ears = rng.uniform(0.7, 1.3)
        self.neck = rng.normal(31 + 5 * male, 1.5)
        self.shirt = _color(np.array(SHIRTS[int(rng.integers(len(SHIRTS)))], float) * rng.uniform(0.85, 1.15))
        self.backdrop = _color(np.array([214.0, 216.0, 219.0]) + rng.normal(0, 7) + rng.normal(0, 4, 3))
        self.dimple_side = float(rng.choice((-1.0, 1.0)))
        self.asymmetry = tuple(float(v) for v in rng.normal(0, 1, 4))
        # How strongly this person shows each AU: everybody smiles in their own way.
        self.au_gain = tuple(
            float(v) for v in np.clip(rng.normal(1, 0.13, len(AUS)), 0.7, 1.3) * rng.uniform(0.88, 1.1)
        )


#: The person of a seed and a number, drawn once.
identity_of = lru_cache(maxsize=256)(Identity)


def _style(rng: Generator, male: float, age: float) -> str:
    """A hair style; receding hair is for older men."""
    men = {"short": 3, "side_part": 3, "quiff": 3, "fringe": 1, "curly": 2, "buzz": 2, "receding": 4 * age, "long": 0.5}
    women = {"long": 4, "bob": 3, "bun": 3, "curly": 2, "fringe": 2.5, "side_part": 1, "short": 0.5}
    weights = men if male else women
    share = np.array(list(weights.values()), float)
    return str(rng.choice(list(weights), p=share / share.sum()))


def _iris(rng: Generator, tone: float) -> RGB:
    """Iris colour; dark skins go with brown eyes."""
    last = len(IRISES) if tone < 0.4 else 3
    return _color(np.array(IRISES[int(rng.integers(last))], float) * rng.uniform(0.9, 1.12))
