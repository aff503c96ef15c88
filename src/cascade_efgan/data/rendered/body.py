"""The figure around the face: backdrop, shoulders, neck, ears and hair. No AU moves it."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from cascade_efgan.data.rendered import raster
from cascade_efgan.data.rendered.geometry import SIDES
from cascade_efgan.data.rendered.hair import CUTS, back_hair, front_hair, locks
from cascade_efgan.data.rendered.identity import Identity
from cascade_efgan.data.rendered.raster import Floats, Points, Window, fill, mirrored, smoothstep, soften, spline
from cascade_efgan.data.rendered.surface import Layer, Surface, blank, lay, slopes_of


@dataclass(frozen=True)
class Figure:
    """Everything still: the surface behind the face, the neck in it, the hair before it, and what its shadow leaves.

    The last is a share of the light on each pixel of the canvas.
    """

    behind: Surface
    neck: Layer
    hair: Layer
    shadow: Floats


@lru_cache(maxsize=4)
def figure_of(person: Identity) -> Figure:
    """The still parts of a person, kept for the photographs that follow (callers must not write to them)."""
    surface = blank(person.backdrop)
    back = back_hair(person)
    if back is not None:
        lay(surface, back)
    lay(surface, _shirt(person))
    neck = _neck(person)
    lay(surface, neck)
    for lock in locks(person):
        lay(surface, lock)
    if CUTS[person.hair_style].ears:
        for side in SIDES:
            lay(surface, _ear(person, side))
    hair = front_hair(person)
    cast = np.roll(soften(hair.alpha, 3.5), 7, axis=0)
    strength = 0.15 if person.hair_style in ("buzz", "receding") else 0.36
    shadow = np.ones((raster.HEIGHT, raster.WIDTH), np.float32)
    shadow[hair.area.slices] = 1 - strength * cast
    return Figure(surface, neck, hair, shadow)


def _skin_layer(person: Identity, area: Window, shape: Floats, height: Floats, tone: Floats | float) -> Layer:
    albedo = np.ones((*area.shape, 1), np.float32) * np.array(person.skin, np.float32)
    albedo *= np.broadcast_to(np.asarray(tone, np.float32), area.shape)[..., None]
    return Layer(area, shape, albedo, slopes_of(height), np.full(area.shape, 0.1, np.float32))


def _shirt(person: Identity) -> Layer:
    area = raster.CANVAS
    n, low = person.neck, person.face_length
    rise = np.array([(n - 6, 18), (n + 10, 24), (78, 34), (108, 48), (124, 80), (128, 120)])
    shape = soften(fill(area, mirrored(spline(rise + (0, low), 40))), 0.4)
    height = soften(shape, 12.0) * 30
    folds = raster.noise(256, 256, 10, 5, 11)
    fold = np.tile(folds, (2, 2))[: area.shape[0], : area.shape[1]]
    albedo = (1 + 0.04 * fold)[..., None] * np.array(person.shirt, np.float32)
    gloss = np.full(area.shape, 0.05, np.float32)
    return Layer(area, shape, albedo.astype(np.float32), slopes_of(height + 0.8 * fold), gloss)


def _neckline(person: Identity) -> Points:
    """Outline of neck and the opening of the shirt."""
    n, low = person.neck, person.face_length
    deep = low + 42 + 9 * person.chin
    side = [(n + 2, 20), (n, 0.75 * low), (n + 0.5, low + 10), (n + 6, low + 21), (n + 1, low + 28)]
    right = np.array([*side, (16, deep - 4), (0, deep)])
    return mirrored(spline(right, 40))


def _neck(person: Identity) -> Layer:
    area = raster.window(-70, 10, 70, 150)
    x, y = area.grid()
    shape = fill(area, _neckline(person))
    half = person.neck + 4 + 22 * smoothstep(0, 44, y - person.face_length)
    round_neck = 0.75 * half * np.sqrt(np.maximum(1 - np.minimum(np.abs(x / half), 1) ** 2.2, 0))
    # Collar bones and the notch between them; tendons run down to it.
    tendon = np.exp(-(((np.abs(x) - 19 + 0.22 * (y - person.face_length)) / 4) ** 2)) * 1.6
    notch = -2.5 * np.exp(-((x / 7) ** 2) - ((y - person.face_length - 31) / 6) ** 2)
    return _skin_layer(person, area, shape, np.asarray(round_neck + tendon + notch, np.float32), 0.93)


def _ear(person: Identity, side: int) -> Layer:
    w, size = person.face_width, person.ears
    points = np.array([(-4, -9), (3, -12), (7.5, -7), (7, 3), (4.8, 12), (2.5, 21), (-1, 22), (-5, 10)]) + (w, 0)
    center = np.array([w - 2, 4])
    points = (center + (points - center) * (0.75 + 0.25 * size)) * (side, 1)
    area = raster.around(points, 6)
    outline = spline(points, 48, closed=True)
    shape = fill(area, outline)
    inner = fill(area, (np.array([side * (w + 1.5), 3.0]) + (outline - outline.mean(0)) * (0.5, 0.62)))
    height = soften(shape, 2.0) * 7 - soften(inner, 1.2) * 4
    layer = _skin_layer(person, area, shape, np.asarray(height, np.float32), 1 - 0.22 * soften(inner, 1.0))
    # Thin skin lets red through.
    layer.albedo[...] *= np.array([1.01, 0.93, 0.90], np.float32)
    return layer
