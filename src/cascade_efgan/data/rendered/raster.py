"""The canvas that faces are painted on: units, windows, antialiased masks and blends.

Face units: the origin lies between the pupils, x grows to the right of the picture and y downwards. One unit
is one pixel of the final picture at pose scale 1. The canvas is denser than the picture by `DENSITY` and
larger by a margin, so that pose jitter never shows its edge.
"""

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Points = NDArray[np.float64]

#: Canvas pixels per face unit.
DENSITY = 1.5
#: Canvas borders in face units: left, top, right, bottom.
BORDERS = (-138.0, -132.0, 138.0, 150.0)
WIDTH = int((BORDERS[2] - BORDERS[0]) * DENSITY)
HEIGHT = int((BORDERS[3] - BORDERS[1]) * DENSITY)
#: Masks are filled at this multiple of the canvas and averaged: 1 / 9 of a canvas pixel of coverage.
SUPERSAMPLE = 3
#: Fractional bits of OpenCV's drawing coordinates.
SHIFT = 4


def to_pixels(points: Points) -> Points:
    """Canvas pixel coordinates `(n, 2)` of points `(n, 2)` in face units; pixel centres are whole numbers."""
    return (np.asarray(points, np.float64) - np.array(BORDERS[:2])) * DENSITY - 0.5


@dataclass(frozen=True)
class Window:
    """A rectangle of whole canvas pixels: columns `left..right`, rows `top..bottom` (ends excluded)."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width in canvas pixels."""
        return self.bottom - self.top, self.right - self.left

    @property
    def slices(self) -> tuple[slice, slice]:
        """Index of the rectangle in a canvas array."""
        return self.within(CANVAS)

    def within(self, other: "Window") -> tuple[slice, slice]:
        """Index of the rectangle in an array of a larger window."""
        rows = slice(self.top - other.top, self.bottom - other.top)
        return rows, slice(self.left - other.left, self.right - other.left)

    def grid(self) -> tuple[Floats, Floats]:
        """Face units of the pixel centres: x `(1, w)` and y `(h, 1)`, float32."""
        x = (np.arange(self.left, self.right, dtype=np.float32) + 0.5) / DENSITY + BORDERS[0]
        y = (np.arange(self.top, self.bottom, dtype=np.float32) + 0.5) / DENSITY + BORDERS[1]
        return x[None, :].astype(np.float32), y[:, None].astype(np.float32)

    def local(self, points: Points, zoom: int = 1) -> NDArray[np.int32]:
        """Fixed-point drawing coordinates of `points` (face units) in this window enlarged `zoom` times."""
        pixels = (to_pixels(points) - (self.left, self.top) + 0.5) * zoom - 0.5
        return np.round(pixels * (1 << SHIFT)).astype(np.int32)


def window(left: float, top: float, right: float, bottom: float) -> Window:
    """The canvas pixels that cover a rectangle given in face units, cut at the canvas borders."""
    (x0, y0), (x1, y1) = to_pixels(np.array([[left, top], [right, bottom]]))
    return Window(max(0, int(x0)), max(0, int(y0)), min(WIDTH, int(x1) + 2), min(HEIGHT, int(y1) + 2))


CANVAS = Window(0, 0, WIDTH, HEIGHT)


def around(points: Points, margin: float) -> Window:
    """The window of the bounding box of `points` with a margin, face units."""
    (x0, y0), (x1, y1) = points.min(0) - margin, points.max(0) + margin
    return window(x0, y0, x1, y1)


def fill(area: Window, polygon: Points) -> Floats:
    """Coverage `(h, w)`, float32 in 0..1, of a closed polygon `(n, 2)` in face units."""
    height, width = area.shape
    mask = np.zeros((height * SUPERSAMPLE, width * SUPERSAMPLE), np.uint8)
    cv2.fillPoly(mask, [area.local(polygon, SUPERSAMPLE)], 255, cv2.LINE_8, SHIFT)
    small = cv2.resize(mask, (width, height), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.float32) * np.float32(1 / 255)


def strokes(area: Window, lines: list[tuple[Points, NDArray[np.float64]]], sigma: float) -> Floats:
    """Soft lines `(h, w)`, float32 in 0..1.

    Args:
        lines: polylines `(n, 2)` in face units with the strength (0..1) of each of their points.
        sigma: softness (standard deviation), face units; strengths are peak values after the blur.
    """
    mask = np.zeros(area.shape, np.uint8)
    pixels = area.local(np.concatenate([points for points, _ in lines])).tolist()
    levels = np.round(255 * np.clip(np.concatenate([strength for _, strength in lines]), 0, 1)).tolist()
    first = 0
    for points, _ in lines:
        for k in range(first, first + len(points) - 1):
            level = (levels[k] + levels[k + 1]) / 2
            if level >= 2:
                cv2.line(mask, pixels[k], pixels[k + 1], level, 1, cv2.LINE_AA, SHIFT)
        first += len(points)
    spread = sigma * DENSITY
    soft = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), spread)
    # A line one pixel wide blurred by sigma keeps 1 / (sigma sqrt(2 pi)) of its height.
    return np.asarray(soft, np.float32) * np.float32(spread * 2.5066 / 255 / 1.2)


def hatch(area: Window, starts: Points, ends: Points, sigma: float) -> Floats:
    """Soft straight hairs `(h, w)`, float32 in 0..1, from `starts` to `ends` `(n, 2)` in face units."""
    mask = np.zeros(area.shape, np.uint8)
    pixels = area.local(np.stack([starts, ends], 1).reshape(-1, 2)).reshape(-1, 2, 2)
    cv2.polylines(mask, list(pixels), False, 150, 1, cv2.LINE_AA, SHIFT)
    spread = sigma * DENSITY
    soft = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), spread) * np.float32(spread * 2.0 / 255)
    return np.asarray(np.minimum(soft, 1), np.float32)


@lru_cache(maxsize=64)
def _spline_matrix(count: int, samples: int, closed: bool) -> NDArray[np.float64]:
    """Catmull-Rom weights `(samples, count)`: every curve of one layout is one matrix product."""
    spans = count if closed else count - 1
    position = np.linspace(0, spans, samples, endpoint=not closed)
    first = np.minimum(position.astype(int), spans - 1)
    t = position - first
    weights = (
        (-t + 2 * t**2 - t**3) / 2,
        (2 - 5 * t**2 + 3 * t**3) / 2,
        (t + 4 * t**2 - 3 * t**3) / 2,
        (-(t**2) + t**3) / 2,
    )
    matrix = np.zeros((samples, count))
    for offset, weight in zip((-1, 0, 1, 2), weights, strict=True):
        node = first + offset
        node = node % count if closed else np.clip(node, 0, count - 1)
        np.add.at(matrix, (np.arange(samples), node), weight)
    return matrix


def spline(points: Points, samples: int, closed: bool = False) -> Points:
    """Smooth curve `(samples, 2)` through `points` `(n, 2)` (uniform Catmull-Rom)."""
    points = np.asarray(points, np.float64)
    return _spline_matrix(len(points), samples, closed) @ points


def mirrored(right: Points) -> Points:
    """Closed outline of a right half, from its upper end down to its lower one, and its mirror image."""
    return np.concatenate([right, right[::-1] * (-1, 1)])


def blend(view: Floats, alpha: Floats, color: Floats | np.float32) -> None:
    """Lay a colour, or an image, over a part `(h, w, 3)` of a canvas, or values over a part `(h, w)`, in place."""
    step = np.asarray(color, np.float32) - view
    step *= cv2.merge([alpha, alpha, alpha]) if view.ndim == 3 else alpha
    view += step


def shade(view: Floats, factor: NDArray[np.floating]) -> None:
    """Multiply a part `(h, w, 3)` of a canvas by `factor` `(h, w)` in place."""
    view *= cv2.merge([factor, factor, factor])


def soften(mask: Floats, sigma: float) -> Floats:
    """Gaussian blur by `sigma` face units, computed at half size where that makes no visible difference."""
    spread = sigma * DENSITY
    if spread < 3:
        return np.asarray(cv2.GaussianBlur(mask, (0, 0), spread), np.float32)
    half = cv2.resize(mask, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    half = cv2.GaussianBlur(half, (0, 0), spread / 2)
    return np.asarray(cv2.resize(half, mask.shape[::-1], interpolation=cv2.INTER_LINEAR), np.float32)


def smoothstep(low: float, high: float, value: NDArray[np.floating] | float) -> NDArray[np.float64]:
    """0 below `low`, 1 above `high`, a smooth ramp between."""
    t = np.clip((np.asarray(value, np.float64) - low) / (high - low), 0, 1)
    return np.asarray(t * t * (3 - 2 * t))


@lru_cache(maxsize=64)
def noise(height: int, width: int, sigma_y: float, sigma_x: float, seed: int) -> Floats:
    """Fixed smooth noise `(height, width)` that tiles, mean 0, standard deviation 1, float32."""
    white = np.random.default_rng([seed, 77]).standard_normal((height, width)).astype(np.float32)
    pad_y, pad_x = int(4 * sigma_y) + 1, int(4 * sigma_x) + 1
    tiled = np.pad(white, ((pad_y, pad_y), (pad_x, pad_x)), mode="wrap")
    soft = cv2.GaussianBlur(tiled, (0, 0), sigmaX=max(sigma_x, 1e-3), sigmaY=max(sigma_y, 1e-3))
    soft = np.asarray(soft)[pad_y : pad_y + height, pad_x : pad_x + width]
    out = ((soft - soft.mean()) / soft.std()).astype(np.float32)
    out.flags.writeable = False
    return out
