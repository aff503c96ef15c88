"""How a rendered face is photographed: light, small movements of the head, and the final picture."""

import cv2
import numpy as np
from numpy.typing import NDArray

from cascade_efgan.data import EXPRESSIONS
from cascade_efgan.data.rendered import raster
from cascade_efgan.data.rendered.expression import GAZES
from cascade_efgan.data.rendered.identity import between
from cascade_efgan.data.rendered.raster import DENSITY, Floats, Points

#: Side of the picture in pixels, and where the point between the pupils is at zero shift.
SIDE = 256
CENTER = (128.0, 120.0)


class LightAndPose:
    """Light (unit vector towards the lamp, strengths) and pose (roll in radians, rest in pixels) of one photograph.

    Mild, as in a studio series; not in the paper. The lamp's side is the person's (one session, one set-up); everything
    varies a little between photographs.
    """

    def __init__(self, seed: int, number: int, expression: str, gaze: str) -> None:
        rng = np.random.default_rng([seed, number, EXPRESSIONS.index(expression), GAZES.index(gaze), 3])
        side = np.random.default_rng([seed, number, 4]).choice((-0.45, 0.45))
        azimuth, height = side + rng.normal(0, 0.13), rng.uniform(0.48, 0.68)
        light = np.array([np.sin(azimuth) * np.cos(height), -np.sin(height), np.cos(azimuth) * np.cos(height)])
        self.light: list[float] = light.tolist()
        self.shift = np.clip(rng.normal(0, 1.3, 2), -4, 4)
        self.key = rng.uniform(0.61, 0.67)
        self.ambient = rng.uniform(0.40, 0.43)
        self.warmth = rng.normal(0, 0.008)
        roll = between(rng.normal(0, 0.018), -0.05, 0.05)
        scale = between(rng.normal(1.0, 0.012), 0.96, 1.04)
        self.yaw = between(rng.normal(0, 0.045), -0.1, 0.1)
        c, s = np.cos(roll) * scale, np.sin(roll) * scale
        #: Rotation by the roll and scale `(2, 2)`.
        self.turn = np.array([[c, -s], [s, c]])


def project(points: Points, height: Floats, photo: LightAndPose) -> NDArray[np.float64]:
    """Picture pixels `(n, 2)` of points on the face: what stands out moves sideways with the yaw."""
    x, y = raster.to_pixels(points).astype(np.float32).T
    above = cv2.remap(height, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    moved = points + photo.yaw * above.astype(np.float64).reshape(-1, 1) * (1, 0)
    return np.asarray(moved @ photo.turn.T + CENTER + photo.shift)


def photograph(canvas: Floats, height: Floats, photo: LightAndPose) -> NDArray[np.uint8]:
    """The picture `(256, 256, 3)`, uint8 sRGB, of a painted canvas (float32, 0..255).

    `height` (canvas map, face units) gives the parallax of a small yaw: the inverse of `project` by one
    fixed-point step, exact enough for shifts of a few pixels.
    """
    inverse = np.linalg.inv(photo.turn)
    axis = np.arange(SIDE, dtype=np.float64)
    origin = inverse @ -(np.array(CENTER) + photo.shift)
    x, y = (
        ((along * axis + across * axis[:, None] + start - border) * DENSITY - 0.5).astype(np.float32)
        for (along, across), start, border in zip(inverse, origin, raster.BORDERS, strict=False)
    )
    pull = np.float32(photo.yaw * DENSITY)
    back = x
    for _ in range(2):
        back = x - pull * cv2.remap(height, back, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    picture = cv2.remap(canvas, back, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(np.clip(picture + 0.5, 0, 255), np.uint8)
