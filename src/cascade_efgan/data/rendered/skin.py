"""The skin of the face: height, folds, colour, brows, lips and beard."""

from collections.abc import Sequence
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from cascade_efgan.data.rendered import raster
from cascade_efgan.data.rendered.geometry import SIDES, Activation, FaceShape, Mouth, head_box
from cascade_efgan.data.rendered.identity import Identity
from cascade_efgan.data.rendered.raster import (
    Floats,
    Points,
    Window,
    blend,
    fill,
    hatch,
    noise,
    shade,
    smoothstep,
    soften,
    spline,
    strokes,
)
from cascade_efgan.data.rendered.relief import bump_height, bumps, creases, head_height
from cascade_efgan.data.rendered.surface import Layer, slopes_of


def skin_layer(person: Identity, shape: FaceShape, a: Activation) -> tuple[Layer, Floats]:
    """The face without eyes and the inside of the mouth, and the height of its soft relief `(h, w)`."""
    area = raster.window(*head_box(person))
    mask = fill(area, shape.contour)
    relief = head_height(shape, area) + bump_height(bumps(person, shape, a), area)
    fine, broad = creases(person, shape, a)
    fine_map, broad_map = strokes(area, fine, 0.6), strokes(area, broad, 1.7)
    slopes = slopes_of(relief - 1.3 * fine_map - 2.7 * broad_map)
    albedo = _complexion(person, shape, a, area)
    shade(albedo, 1 - 0.40 * np.minimum(fine_map, 1.2) - 0.22 * np.minimum(broad_map, 1.2))
    gloss = _gloss(person, shape, area)
    _paint_beard(albedo, person, shape, area)
    _paint_lips(albedo, gloss, person, shape.mouth, area)
    _paint_brows(albedo, person, shape, area)
    return Layer(area, mask, albedo, slopes, gloss), relief


def _spots(area: Window, places: Sequence[tuple[float, ...]]) -> Floats:
    """Sum of Gaussian spots (x, y, sigma x, sigma y, strength)."""
    return bump_height(np.array(places, float), area)


@lru_cache(maxsize=4)
def _bare_skin(person: Identity) -> Floats:
    """Colour of skin `(h, w, 3)` before anything moves: pores, mottling, eye hollows and freckles."""
    area = raster.window(*head_box(person))
    e = person.eye_spacing
    hollow = [(s * e, -4, 14, 8, 0.10) for s in SIDES] + [(s * (e - 13), -1, 5, 7, 0.10) for s in SIDES]
    hollow += [(s * (e - 2), 10, 9, 3, 0.05 + 0.06 * person.age) for s in SIDES]
    dark = _spots(area, hollow)
    pores, mottle = (noise(512, 512, s, s, k)[: area.shape[0], : area.shape[1]] for k, s in ((1, 1.0), (2, 9.0)))
    tone = (1 - dark) * (1 + 0.010 * pores + 0.012 * mottle)
    albedo = tone[..., None] + dark[..., None] * np.array([0.06, -0.04, -0.05])
    dots = noise(512, 512, 1.3, 1.3, 10 + person.number % 5)[: area.shape[0], : area.shape[1]]
    where = _spots(area, [(s * 22, 20.0, 17.0, 10.0, 1.0) for s in SIDES] + [(0, 14, 10, 10, 0.8)])
    amount = smoothstep(1.25, 2.1, dots) * np.minimum(where, 1) * 0.5 * person.freckles
    albedo = albedo * (1 - amount[..., None] * np.array([0.30, 0.48, 0.62]))
    return np.asarray(albedo * np.array(person.skin), np.float32)


def _complexion(person: Identity, shape: FaceShape, a: Activation, area: Window) -> Floats:
    """Colour of the skin `(h, w, 3)`: redder cheeks, nose and chin, dark nostrils and hollows around the lips."""
    tip, chin_y = shape.nose["tip"], shape.chin
    red = [(s * 33, 24 - 4 * a["AU12"], 11, 9, 0.9 + 0.4 * a["AU12"]) for s in SIDES]
    red += [(tip[0], tip[1], 9, 7, 0.8), (0, chin_y - 10, 12, 7, 0.35), (0, 2, 60, 70, 0.12)]
    blood = np.minimum(_spots(area, red), 1.4) * np.float32(0.5 + 0.5 * person.redness)
    hollow = [(float(px), float(py), 2.6, 1.6, 0.75) for px, py in shape.nose["nostrils"]]
    hollow += [(0, float(shape.nose["base"][1]) + 2, 0.8 * person.nose_width, 2.2, 0.15)]
    hollow += [(0, float(shape.mouth.outer_lower[16, 1]) + 3.0, 11, 2.2, 0.13)]
    dark = np.minimum(_spots(area, hollow), 0.85)
    tints = ((0.02, 0.94), (-0.13, 1.04), (-0.12, 1.05))
    planes = [(1 + np.float32(b) * blood) * (1 - np.float32(d) * dark) for b, d in tints]
    return np.asarray(cv2.multiply(cv2.merge(planes), _bare_skin(person)), np.float32)


def _gloss(person: Identity, shape: FaceShape, area: Window) -> Floats:
    """Oily skin shines on nose, forehead and cheekbones; highlights stand out most on dark skin."""
    tip = shape.nose["tip"]
    places = [(float(tip[0]), float(tip[1]), 6.0, 5.0, 0.55), (0, 8, 4, 12, 0.25), (0, -40, 24, 10, 0.15)]
    places += [(s * 34, 13.0, 9.0, 6.0, 0.25) for s in SIDES]
    strength = 1.5 - 0.6 * sum(person.skin) / 765
    return np.asarray(strength * (_spots(area, places) + 0.06), np.float32)


def _paint_lips(albedo: Floats, gloss: Floats, person: Identity, mouth: Mouth, area: Window) -> None:
    """Red of the lips, darker towards the line between them, soft at the outer edge."""
    color = np.array(person.lip, np.float32)
    for outer, inner, tone in (
        (mouth.outer_upper, mouth.inner_upper, 0.82),
        (mouth.outer_lower, mouth.inner_lower, 1.0),
    ):
        polygon = np.concatenate([outer, inner[::-1]])
        small = raster.around(polygon, 3)
        alpha = soften(fill(small, polygon), 0.55) * np.float32(0.92)
        where = small.within(area)
        blend(albedo[where], alpha, color * tone)
        blend(gloss[where], alpha, np.float32(0.5 if tone == 1.0 else 0.2))
    line = (mouth.inner_upper + mouth.inner_lower) / 2
    small = raster.around(line, 5)
    ends = np.ones(33)
    ends[[0, 1, 31, 32]] = 0.6
    seam = strokes(small, [(line, ends)], 0.55) if mouth.gap < 1.2 else np.zeros(small.shape, np.float32)
    corner = [(float(x), float(y), 1.6, 1.3, 0.5) for x, y in mouth.corners]
    dark = np.minimum(0.85 * seam + bump_height(np.array(corner), small), 0.8)
    blend(albedo[small.within(area)], dark, color * 0.32)


def brow_outline(person: Identity, brow: Points) -> Points:
    """Closed outline of a brow: fullest in its inner third, pointed outside."""
    line = spline(brow, 21)
    t = np.linspace(0, 1, 21)
    thick = person.brow_thickness * (0.72 + 0.5 * np.sin(np.pi * np.minimum(t * 1.25 + 0.12, 1)) - 0.62 * t**3)
    across = np.stack([np.zeros(21), thick], 1)
    return np.concatenate([line - across * 0.55, (line + across * 0.45)[::-1]])


def _paint_brows(albedo: Floats, person: Identity, shape: FaceShape, area: Window) -> None:
    """Brows: a soft shape under single hairs that turn outwards."""
    color = np.array(person.brow_color, np.float32)
    where, up, size = _brow_hairs(person)
    for brow in shape.brows:
        outline = brow_outline(person, brow)
        small = raster.around(outline, 5)
        base = soften(fill(small, outline), 0.8) * np.float32(0.6)
        t = where / 40
        raised = (up * (1.15 - 0.6 * t**2) + 0.25) * person.brow_thickness
        start = spline(brow, 41)[where] + np.stack([0 * t, raised], 1)
        side = np.sign(brow[2, 0])
        lean = np.stack([side * (1.2 + 3.4 * t), 3.6 * t - 3.0], 1) * size[:, None]
        fur = hatch(small, start, start + lean, 0.45)
        blend(albedo[small.within(area)], np.minimum(base + np.float32(0.7) * fur, np.float32(0.95)), color)


@lru_cache(maxsize=4)
def _brow_hairs(person: Identity) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Single hairs of a brow: place along it (0..40), height in it (-0.5..0.5) and length."""
    rng = np.random.default_rng([person.seed, person.number, 5])
    size = (0.75 + 0.1 * person.brow_thickness) * rng.uniform(0.8, 1.2, 50)
    return rng.integers(0, 39, 50), rng.uniform(-0.5, 0.5, 50), size


def _paint_beard(albedo: Floats, person: Identity, shape: FaceShape, area: Window) -> None:
    """Beard of a person, if any: it follows lips and jaw."""
    if person.beard == "none":
        return
    outlines = {"moustache": [_moustache], "goatee": [_moustache, _goatee]}.get(person.beard, [_moustache, _full_beard])
    masks = [fill(area, outline(person, shape)) for outline in outlines]
    mask = np.minimum(soften(np.maximum.reduce(masks), 1.8), 1)
    hairs = noise(512, 512, 1.5, 0.7, 21)[: area.shape[0], : area.shape[1]]
    color = np.array(person.brow_color, np.float32)
    if person.beard == "stubble":
        strength, rough, color = 0.27, 0.055, 0.5 * color + np.array([35, 34, 36], np.float32)
    else:
        strength, rough = 0.86, 0.13
    alpha = np.asarray(np.clip(mask * (strength + rough * hairs), 0, 0.96), np.float32)
    blend(albedo, alpha, color)


def _moustache(person: Identity, shape: FaceShape) -> Points:
    lip = shape.mouth.outer_upper
    rise = 6.5 * (1 - 0.55 * np.abs(np.linspace(-1, 1, 33)) ** 2)
    return np.concatenate([lip - np.stack([0 * rise, rise], 1), (lip - (0, 0.6))[::-1]])


def _goatee(person: Identity, shape: FaceShape) -> Points:
    lower, chin = shape.mouth.outer_lower, shape.chin
    around = [(-17, chin - 12), (-12, chin + 2), (12, chin + 2), (17, chin - 12)]
    reach = np.array([lower[2] + (-4, -2), *around, lower[30] + (4, -2)])
    return np.concatenate([spline(reach, 30), (lower[4:29] + (0, 2.5))[::-1]])


def _full_beard(person: Identity, shape: FaceShape) -> Points:
    w, chin, mouth = person.face_width, shape.chin, shape.mouth
    x, y = mouth.corners[1]
    cheek = np.array([(w + 4, -6), (w - 6, 14), (w - 13, 33), (x + 9, y - 5), (x + 2, y + 1)])
    edge = spline(cheek, 24)
    below = np.array([(-w - 9, chin + 9), (w + 9, chin + 9)])
    return np.concatenate([edge, mouth.outer_lower[::-1] + (0, 2.0), edge[::-1] * (-1, 1), below])
