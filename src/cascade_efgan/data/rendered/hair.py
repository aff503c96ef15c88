"""Hair and backdrop figure: the parts of a person that no AU moves, painted once per person."""

from dataclasses import dataclass

import cv2
import numpy as np

from cascade_efgan.data.rendered import raster
from cascade_efgan.data.rendered.geometry import SIDES, crown
from cascade_efgan.data.rendered.identity import Identity
from cascade_efgan.data.rendered.raster import Floats, Points, Window, fill, mirrored, noise, smoothstep, soften, spline
from cascade_efgan.data.rendered.surface import Layer, slopes_of


@dataclass(frozen=True)
class Cut:
    """A hair style: how far hair stands off the skull, where it ends, how it flows.

    Attributes:
        top, side: distance of the outline from the skull above and beside, face units.
        back: lower end of the hair behind the head (None: none is seen), and its half-width there.
        ears: False where hair covers them.
        flow: "radial" strands leave a parting, "curls" have no direction, "stubble" is very short.
    """

    top: float
    side: float
    back: tuple[float, float] | None = None
    ears: bool = True
    flow: str = "radial"


CUTS = {
    "short": Cut(7, 3.0),
    "side_part": Cut(8.5, 4.0),
    "quiff": Cut(13, 2.0),
    "fringe": Cut(8, 6.5, back=(44, 60), ears=False),
    "bob": Cut(8, 9.0, back=(72, 66), ears=False),
    "long": Cut(7.5, 8.0, back=(150, 74), ears=False),
    "bun": Cut(4.5, 2.0),
    "curly": Cut(17, 14.0, back=(30, 66), ears=False, flow="curls"),
    "buzz": Cut(1.8, 0.8, flow="stubble"),
    "receding": Cut(3.5, 3.0),
}


#: Side of the tiles of noise that hair is made of, pixels.
TILE = 512


def _skull(person: Identity, top: float, side: float) -> Points:
    """Right half of the hair's outline, from above the vertex to the ear, `(7, 2)`."""
    w, v = person.face_width, person.hair_volume
    top, side = top * v, side * v
    away = np.array([(0, -top), (0.2 * top, -0.97 * top), (0.45 * top + 0.3 * side, -0.72 * top)])
    away = np.concatenate([away, [(0.8 * side + 0.1 * top + 0.5, -0.32 * top), (side + 0.5, 0)]])
    return np.concatenate([np.array(crown(person)) + away, [(w + 0.8 + side, -14), (w + 0.5 + 0.8 * side, 2)]])


def _hairline(person: Identity) -> Points:
    """Where hair meets the face, from the left ear over the forehead to the right ear."""
    w, f, style = person.face_width, person.forehead, person.hair_style
    half = [(0, -f), (16, -f + 1), (31, -f + 7), (40, -f + 19), (w - 7, -29), (w - 4.5, -14), (w - 3.5, 0)]
    if style == "fringe":
        half = [(0, -39), (15, -39), (30, -36), (41, -29), (w - 7, -18), (w - 4, 4), (w - 3, 24)]
    elif style in ("bob", "long"):
        half = [(0, -f - 2), (14, -f + 2), (28, -f + 12), (40, -f + 28), (w - 7, -14), (w - 3, 8), (w - 1, 30)]
    elif style == "receding":
        half = [(0, -f - 10), (14, -f - 12), (28, -f - 16), (40, -f + 4), (w - 5, -30), (w - 3.5, -14), (w - 3, 0)]
    elif style == "curly":
        half = [(0, -f + 2), (16, -f + 4), (31, -f + 11), (42, -f + 26), (w - 6, -22), (w - 3, 0), (w - 1, 18)]
    right = np.array(half, float)
    left = right[:0:-1] * (-1, 1)
    line = np.concatenate([left, right])
    if style in ("side_part", "bob", "long") or (style == "fringe" and person.age < 0.3):
        # Hair swept from the parting over one side of the forehead.
        sweep = np.sign(person.hair_part) * line[:, 0]
        line[:, 1] += np.where(sweep < 0, 7.0, -2.0) * np.exp(-(((np.abs(line[:, 0]) - 24) / 15) ** 2))
    return line


def _flow(person: Identity, area: Window, flow: str, below: bool) -> tuple[Floats, Floats]:
    """Texture of hair `(h, w)`, about -2..2, and a coarser one for locks of hair."""
    x, y = np.broadcast_arrays(*area.grid())
    if flow == "curls":
        maps = x * 1.6 + 200, y * 1.6 + 200
        return _sample((3.2, 3.2, person.number % 7), *maps), _sample((5.5, 5.5, 3), *maps)
    if flow == "stubble":
        maps = x * 2 + 256, y * 2 + 256
        return _sample((0.8, 0.8, 5), *maps) * 0.5, _sample((6, 6, 6), *maps) * 0.3
    if below:
        across, along = x * 3.2 + 9 * np.sin(y / 17 + person.number), y
    else:
        cx = person.hair_part if person.hair_style in ("side_part", "bob", "long", "fringe") else 0.0
        cy = -(person.forehead + 24.0)
        if person.hair_style in ("bun", "quiff", "receding", "short"):
            cy = 30.0 if person.hair_style != "bun" else -(person.forehead + 70.0)
        along = np.hypot(x - cx, y - cy)
        across = np.arctan2(x - cx, y - cy) * (TILE / (2 * np.pi)) * 2 + 4 * np.sin(along / 14)
    maps = along, across + 256
    # Where strands meet they would be finer than a pixel.
    calm = np.asarray(1.0 if below else smoothstep(4.0, 40.0, along), np.float32)
    fine, coarse = (1.5, 22.0, person.number % 7), (7.0, 40.0, person.number % 5)
    return _sample(fine, *maps) * calm, _sample(coarse, *maps) * calm


def _sample(texture: tuple[float, float, int], x: np.ndarray, y: np.ndarray) -> Floats:
    """Noise of two spreads and a seed at given places of its tile."""
    x, y = (axis.astype(np.float32) % 511 for axis in (x, y))
    found = cv2.remap(noise(TILE, TILE, *texture), x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)
    return np.asarray(found, np.float32)


def _layer(person: Identity, area: Window, shape: Floats, flow: str, below: bool, edge: float) -> Layer:
    """Hair of a person inside a soft outline."""
    fine, coarse = _flow(person, area, flow, below)
    rough = {"curls": 0.30, "stubble": 0.1}.get(flow, 0.16)
    soft = soften(shape, edge)
    # Strands roughen the edge, and only the edge.
    ragged = soft + rough * (fine + coarse) * 0.5 * (1 - np.abs(2 * soft - 1))
    alpha = np.asarray(smoothstep(0.32, 0.68, ragged), np.float32)
    depth = soften(shape, 9.0) * 26 + soften(shape, 4.0) * 5
    bump = {"curls": 1.5, "stubble": 0.12}.get(flow, 0.34)
    height = depth + bump * fine + (2.2 if flow == "radial" else 1.0) * bump * coarse
    tone = 1 + (0.05 if flow == "stubble" else 0.13) * fine + 0.10 * coarse
    color = np.array(person.hair, np.float32) * (0.62 if below else 1.0) + (4.0 if below else 9.0)
    albedo = np.clip(tone, 0.5, 1.5)[..., None] * color
    # Dark hair shines most: light hair is bright enough without.
    strength = {"curls": 0.4, "stubble": 0.08}.get(flow, 0.7) * (0.5 if below else 1.0) * (1.1 - max(person.hair) / 300)
    gloss = np.full(area.shape, strength, np.float32) * np.clip(1 + 0.5 * fine, 0.2, 2).astype(np.float32)
    if flow == "stubble":
        alpha = alpha * np.float32(0.82)
    return Layer(area, alpha, albedo.astype(np.float32), slopes_of(height.astype(np.float32)), gloss)


def back_hair(person: Identity) -> Layer | None:
    """Hair behind neck and shoulders, or None."""
    cut = CUTS[person.hair_style]
    if person.hair_style == "bun":
        area = raster.window(-40, -132, 40, -50)
        angle = np.linspace(0, 2 * np.pi, 40)
        ball = np.stack([21 * np.cos(angle), -(person.forehead + 40) + 19 * np.sin(angle)], 1)
        return _layer(person, area, fill(area, ball), cut.flow, False, 1.0)
    if cut.back is None:
        return None
    end, half = cut.back
    top = _skull(person, cut.top, cut.side)[3:6]
    wide = np.array([(half, 0.35 * end + 5), (half + 1, 0.8 * end), (half - 8, end), (0, end + 3)])
    right = spline(np.concatenate([top, wide]), 40)
    area = raster.window(-100, -100, 100, min(end + 8, 150))
    return _layer(person, area, fill(area, mirrored(right)), cut.flow, True, 1.2)


def locks(person: Identity) -> list[Layer]:
    """Long hair that falls over the shoulders in front of the shirt, one lock a side."""
    if person.hair_style != "long":
        return []
    n, w = person.neck, person.face_width
    found = []
    for side in SIDES:
        inner = np.array([(n + 5, 40), (n + 4, 85), (n + 6, 115), (n + 14, 150)])
        outer = np.array([(w + 24, 152), (w + 22, 110), (w + 17, 70), (w + 10, 30)])
        outline = np.concatenate([spline(inner, 24), spline(outer, 24)]) * (side, 1)
        area = raster.around(outline, 6)
        found.append(_layer(person, area, fill(area, outline), "radial", True, 1.5))
    return found


def front_hair(person: Identity) -> Layer:
    """Hair above and beside the face."""
    cut = CUTS[person.hair_style]
    outer = _skull(person, cut.top, cut.side)
    if not cut.ears and cut.back is not None:
        w, side = person.face_width, cut.side * person.hair_volume
        fall = min(cut.back[0] - 6, 62.0)
        lock = [(w + 2 + side, 0.45 * fall), (w + 1 + 0.8 * side, 0.8 * fall), (w + 2, fall)]
        outer = np.concatenate([outer[:-1], np.array(lock)])
    right = spline(outer, 60)
    outline = np.concatenate([right[:0:-1] * (-1, 1), right])
    line = spline(_hairline(person), 90)
    area = raster.window(-100, -132, 100, 80)
    shape = fill(area, np.concatenate([outline, line[::-1]]))
    edge = 1.6 if person.hair_style in ("short", "buzz", "receding", "curly") else 1.0
    return _layer(person, area, shape, cut.flow, False, edge)
