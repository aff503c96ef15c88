"""What is painted before light falls on it: colour, slopes and gloss of every canvas pixel."""

from dataclasses import dataclass

import cv2
import numpy as np

from cascade_efgan.data.rendered import raster
from cascade_efgan.data.rendered.pose import LightAndPose
from cascade_efgan.data.rendered.raster import DENSITY, Floats, Window, blend

#: Steepest slope kept: beyond it a pixel faces sideways anyway.
STEEPEST = 2.6


@dataclass
class Surface:
    """Canvas maps, float32: albedo `(H, W, 3)` in 0..255; slopes `(2, H, W)` (dz/dx, dz/dy); gloss `(H, W)`."""

    albedo: Floats
    slopes: Floats
    gloss: Floats

    def copy(self) -> "Surface":
        """A surface of its own, to paint on."""
        return Surface(self.albedo.copy(), self.slopes.copy(), self.gloss.copy())


@dataclass(frozen=True)
class Layer:
    """A painted shape over a window: coverage `(h, w)` and the maps of a `Surface` under it."""

    area: Window
    alpha: Floats
    albedo: Floats
    slopes: Floats
    gloss: Floats


def blank(backdrop: tuple[float, float, float]) -> Surface:
    """A plain backdrop, a little darker towards the corners."""
    x, y = raster.CANVAS.grid()
    fade = 1.0 - 0.10 * np.minimum((x / 150) ** 2 + ((y + 15) / 170) ** 2, 1.5)
    albedo = (fade[..., None] * np.array(backdrop, np.float32) * 1.02).astype(np.float32)
    shape = (raster.HEIGHT, raster.WIDTH)
    return Surface(albedo, np.zeros((2, *shape), np.float32), np.zeros(shape, np.float32))


def slopes_of(height: Floats) -> Floats:
    """Slopes `(2, h, w)` of a height map (face units), no steeper than `STEEPEST`."""
    found = np.empty((2, *height.shape), np.float32)
    found[0] = cv2.Sobel(height, cv2.CV_32F, 1, 0, ksize=3, scale=DENSITY / 8)
    found[1] = cv2.Sobel(height, cv2.CV_32F, 0, 1, ksize=3, scale=DENSITY / 8)
    return np.clip(found, -STEEPEST, STEEPEST, out=found)


def lay(surface: Surface, layer: Layer) -> None:
    """Lay a layer over a surface in place."""
    where = layer.area.slices
    blend(surface.albedo[where], layer.alpha, layer.albedo)
    blend(surface.gloss[where], layer.alpha, layer.gloss)
    for target, source in zip(surface.slopes, layer.slopes, strict=True):
        blend(target[where], layer.alpha, source)


def light(surface: Surface, photo: LightAndPose) -> Floats:
    """The lit canvas `(H, W, 3)`, float32, 0..255 or a little above.

    Diffuse light wraps around the edge of shadow, more so in red, as light does that travels under skin;
    a soft highlight follows the mirror direction.
    """
    sx, sy = surface.slopes
    lx, ly, lz = (np.float32(v) for v in photo.light)
    inverse = 1 / np.sqrt(sx * sx + sy * sy + np.float32(1))
    facing = (lz - lx * sx - ly * sy) * inverse
    # The normal's share of the half-way vector between lamp and camera, from the light's share.
    mirror = np.maximum((facing + inverse) * (1 / np.sqrt(2 + 2 * lz)), 0)
    power = mirror * mirror
    for _ in range(3):
        power *= power
    shine = (power * (np.float32(0.35) + np.float32(0.65) * power)) * surface.gloss
    gains = []
    for wrap, warm in zip((0.42, 0.30, 0.26), (1 + photo.warmth, 1.0, 1 - photo.warmth), strict=True):
        key = np.float32(photo.key * warm / (1 + wrap))
        gain = facing * key
        gain += np.float32(photo.ambient + key * wrap)
        gains.append(np.maximum(gain, np.float32(photo.ambient), out=gain))
    lit = cv2.merge(gains)
    cv2.multiply(lit, surface.albedo, dst=lit)
    shine *= np.float32(95)
    cv2.add(lit, cv2.merge([shine, shine, shine]), dst=lit)
    return np.asarray(lit, np.float32)
