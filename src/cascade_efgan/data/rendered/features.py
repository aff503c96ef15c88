"""Eyes and the inside of the mouth: painted over the lit skin with light of their own."""

import numpy as np

from cascade_efgan.data.rendered import raster
from cascade_efgan.data.rendered.geometry import Eye, FaceShape
from cascade_efgan.data.rendered.identity import Identity
from cascade_efgan.data.rendered.pose import LightAndPose
from cascade_efgan.data.rendered.raster import Floats, Window, blend, fill, smoothstep, soften, strokes


def paint_eye(canvas: Floats, person: Identity, eye: Eye, photo: LightAndPose, gain: float) -> None:
    """Eyeball, iris, lid shadow, lashes and fold of one eye."""
    outline = np.concatenate([eye.upper, eye.lower[::-1]])
    area = raster.around(np.concatenate([outline, eye.fold]), 6)
    view = canvas[area.slices]
    if eye.openness > 0.02:
        opening = fill(area, outline)
        blend(view, soften(opening, 0.25), _eyeball(person, eye, photo, area, opening) * np.float32(gain))
    _paint_lids(view, person, eye, area)


def _eyeball(person: Identity, eye: Eye, photo: LightAndPose, area: Window, opening: Floats) -> Floats:
    """Colours of the eyeball `(h, w, 3)`, as if the lids were not there."""
    x, y = area.grid()
    center_x = eye.side * person.eye_spacing
    ball = ((x - center_x) / 15.5) ** 2 + ((y + 0.5) / 12.5) ** 2
    white = np.array([236, 230, 226], np.float32) * (1 - 0.30 * np.minimum(ball, 1.3))[..., None]
    inner = np.exp(-((x - eye.upper[0, 0]) ** 2 + (y - eye.upper[0, 1]) ** 2) / 7.0)[..., None]
    color = white + inner * (np.array([214, 140, 128], np.float32) - white)
    color = _iris(color, person, eye, x, y)
    # The upper lid shades the top of the ball.
    shade = soften(1 - np.roll(opening, 3, axis=0), 1.2)
    color = color * (1 - 0.55 * np.clip(shade, 0, 1))[..., None]
    gx, gy = eye.iris + np.array([2.3 * np.sign(photo.light[0]), -2.4])
    glint = np.clip(1.75 - np.hypot(x - gx, y - gy) * 1.1, 0, 1)
    glint += 0.35 * np.clip(1.6 - np.hypot(x - 2 * eye.iris[0] + gx, y - 2 * eye.iris[1] + gy), 0, 1)
    return np.asarray(color + glint[..., None] * (255 - color) * 0.92, np.float32)


def _iris(color: Floats, person: Identity, eye: Eye, x: Floats, y: Floats) -> Floats:
    dx, dy = x - np.float32(eye.iris[0]), y - np.float32(eye.iris[1])
    radius = np.hypot(dx, dy) / np.float32(eye.iris_radius)
    inside = np.clip((1.0 - radius) * eye.iris_radius * 1.4 + 0.5, 0, 1)[..., None]
    base = np.array(person.iris, np.float32)
    # Brighter below (light falls through the cornea), streaked, dark at the rim.
    rays = 1 + 0.10 * np.sin(np.arctan2(dy, dx) * 17 + 2 * np.sin(np.arctan2(dy, dx) * 5))
    below, rim = smoothstep(-1, 1, dy / eye.iris_radius), smoothstep(0.72, 1.02, radius)
    bright = (0.80 + 0.42 * below) * rays * (1.12 - 0.75 * rim)
    pupil = np.clip((radius - 0.40) * eye.iris_radius * 1.4 + 0.5, 0, 1)
    stain = base * bright[..., None] + 10
    stain = stain * pupil[..., None] + 12 * (1 - pupil[..., None])
    return np.asarray(color + inside * (stain - color), np.float32)


def _paint_lids(view: Floats, person: Identity, eye: Eye, area: Window) -> None:
    """Lash lines and the fold of the upper lid."""
    dark = np.array([38, 26, 24], np.float32)
    t = np.linspace(0, 1, 25)
    thick = (0.65 + 1.0 * person.lashes) * (0.35 + 0.75 * t) * np.sin(np.pi * np.clip(t * 0.93 + 0.07, 0, 1)) ** 0.35
    upper = eye.upper.copy()
    # Lashes sweep out a little beyond the outer corner.
    upper[-1] += (eye.side * 1.8 * person.lashes, -0.9 * person.lashes)
    thick = thick * (1 + 0.5 * (1 - min(eye.openness, 1.0)))
    up = np.stack([np.zeros(len(upper)), thick], 1)
    band = np.concatenate([upper - up + (0, 0.2), (upper + (0, 0.37))[::-1]])
    blend(view, soften(fill(area, band), 0.35) * np.float32(0.9), dark)
    lower = strokes(area, [(eye.lower, 0.25 + 0.45 * t)], 0.45)
    blend(view, np.minimum(lower * np.float32(0.5), 0.6), dark + 30)
    fold = strokes(area, [(eye.fold, 0.9 * np.sin(np.pi * (0.08 + 0.87 * t)) ** 0.7)], 0.6)
    skin = np.array(person.skin, np.float32) * np.array([0.52, 0.40, 0.38], np.float32)
    blend(view, np.minimum(fold * np.float32(0.62), 0.7), skin)


def paint_mouth(canvas: Floats, person: Identity, shape: FaceShape, gain: float) -> None:
    """The dark of an open mouth with tongue and teeth."""
    mouth = shape.mouth
    if mouth.gap < 0.3:
        return
    outline = np.concatenate([mouth.inner_upper, mouth.inner_lower[::-1]])
    area = raster.around(outline, 3)
    opening = fill(area, outline)
    x, y = area.grid()
    half = float(mouth.corners[1, 0] - mouth.corners[0, 0]) / 2
    middle = float(mouth.corners[:, 0].mean())
    u = np.clip((x - middle) / half, -1, 1)
    inside = np.ones((*area.shape, 1)) * np.array([62.0, 22.0, 22.0])
    floor = float(mouth.inner_lower[16, 1])
    tongue = np.clip(1.5 - np.hypot((x - middle) / 10.5, (y - floor) / (0.22 * mouth.gap + 1.5)), 0, 1)[..., None]
    inside += 0.85 * np.minimum(1.4 * tongue, 1) * (np.array([176, 78, 80], np.float32) - inside)
    enamel = np.array([240, 233, 220], np.float32) * (1 - 0.45 * np.abs(u[..., None]) ** 2.2)
    gaps = 1 - 0.13 * np.exp(-(((np.abs(x - middle) % 5.4) / 0.6) ** 2)) * (np.abs(u) < 0.9)
    upper_edge = mouth.upper_teeth - 0.9 * u**2 * 2 + 0.3
    upper = smoothstep(0.5, -0.5, y - upper_edge)
    lower_top = mouth.lower_teeth + 1.2 * u**2
    lower = smoothstep(-0.5, 0.5, y - lower_top) * smoothstep(7.5, 6.0, y - lower_top) * 0.85
    for teeth, tone in ((lower, 0.80), (upper, 1.0)):
        alpha = np.asarray(teeth * smoothstep(1.0, 0.75, np.abs(u)), np.float32)[..., None]
        inside = inside + alpha * (enamel * gaps[..., None] * tone - inside)
    shadow = soften(1 - np.roll(opening, 2, axis=0), 1.1)
    inside = inside * (1 - 0.6 * np.clip(shadow, 0, 1))[..., None] * gain
    blend(canvas[area.slices], soften(opening, 0.25), np.asarray(inside, np.float32))
