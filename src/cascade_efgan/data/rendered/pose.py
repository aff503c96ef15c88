"""How a rendered face is photographed: light, small movements of the head, and the final picture."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from cascade_efgan.data import EXPRESSIONS
from cascade_efgan.data.rendered import raster
from cascade_efgan.data.rendered.expression import GAZES
from cascade_efgan.data.rendered.raster import DENSITY, Floats, Points

#: Side of the picture in pixels, and where the point between the pupils is at zero shift.
SIDE = 256
CENTER = (128.0, 120.0)


@dataclass(frozen=True)
class LightAndPose:
    """Light (unit vector towards the lamp, strengths) and pose (roll in radians, rest in pixels)."""

    light: tuple[float, float, float]
    key: float
    ambient: float
    warmth: float
    roll: float
    scale: float
    shift: tuple[float, float]
    yaw: float


def photo_of(seed: int, number: int, expression: str, gaze: str) -> LightAndPose:
    """Light and pose of one photograph; mild, as in a studio series. Not in the paper.

    The lamp's side is the person's (one session, one set-up); everything varies a little between photographs.
    """
    rng = np.random.default_rng([seed, number, EXPRESSIONS.index(expression), GAZES.index(gaze), 3])
    side = np.random.default_rng([seed, number, 4]).choice((-0.45, 0.45))
    azimuth, height = side + rng.normal(0, 0.13), rng.uniform(0.48, 0.68)
    light = np.array([np.sin(azimuth) * np.cos(height), -np.sin(height), np.cos(azimuth) * np.cos(height)])
    x, y = (float(v) for v in rng.normal(0, 1.3, 2))
    return LightAndPose(
        light=(float(light[0]), float(light[1]), float(light[2])),
        key=float(rng.uniform(0.61, 0.67)),
        ambient=float(rng.uniform(0.40, 0.43)),
        warmth=float(rng.normal(0, 0.008)),
        roll=float(np.clip(rng.normal(0, 0.018), -0.05, 0.05)),
        scale=float(np.clip(rng.normal(1.0, 0.012), 0.96, 1.04)),
        shift=(float(np.clip(x, -4, 4)), float(np.clip(y, -4, 4))),
        yaw=float(np.clip(rng.normal(0, 0.045), -0.1, 0.1)),
    )


def _turn(photo: LightAndPose) -> NDArray[np.float64]:
    """Rotation by the roll and scale `(2, 2)`."""
    c, s = np.cos(photo.roll) * photo.scale, np.sin(photo.roll) * photo.scale
    return np.array([[c, -s], [s, c]])


def _height_at(height: Floats, points: Points) -> NDArray[np.float64]:
    """Bilinear samples of a canvas map at points in face units."""
    pixels = raster.to_pixels(points).astype(np.float32)
    found = cv2.remap(height, pixels[:, 0], pixels[:, 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(found, np.float64).reshape(-1)


def project(points: Points, height: Floats, photo: LightAndPose) -> NDArray[np.float64]:
    """Picture pixels `(n, 2)` of points on the face: what stands out moves sideways with the yaw."""
    moved = points + np.stack([photo.yaw * _height_at(height, points), np.zeros(len(points))], 1)
    return np.asarray(moved @ _turn(photo).T + CENTER + photo.shift)


def photograph(canvas: Floats, height: Floats, photo: LightAndPose) -> NDArray[np.uint8]:
    """The picture `(256, 256, 3)`, uint8 sRGB, of a painted canvas (float32, 0..255).

    `height` (canvas map, face units) gives the parallax of a small yaw: the inverse of `project` by one
    fixed-point step, exact enough for shifts of a few pixels.
    """
    inverse = np.linalg.inv(_turn(photo))
    axis = np.arange(SIDE, dtype=np.float64)
    origin = inverse @ -(np.array(CENTER) + photo.shift)
    x = (inverse[0, 0] * axis[None, :] + inverse[0, 1] * axis[:, None] + origin[0] - raster.BORDERS[0]) * DENSITY - 0.5
    y = (inverse[1, 0] * axis[None, :] + inverse[1, 1] * axis[:, None] + origin[1] - raster.BORDERS[1]) * DENSITY - 0.5
    x, y = x.astype(np.float32), y.astype(np.float32)
    pull = np.float32(photo.yaw * DENSITY)
    back = x
    for _ in range(2):
        back = x - pull * cv2.remap(height, back, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    picture = cv2.remap(canvas, back, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(np.clip(picture + 0.5, 0, 255), np.uint8)
