"""From a person, AUs and light to the picture and its landmarks."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from cascade_efgan.data.rendered import raster
from cascade_efgan.data.rendered.body import figure_of
from cascade_efgan.data.rendered.expression import activation
from cascade_efgan.data.rendered.features import paint_eye, paint_mouth
from cascade_efgan.data.rendered.geometry import FaceShape, face_shape
from cascade_efgan.data.rendered.identity import Identity
from cascade_efgan.data.rendered.pose import LightAndPose, photograph, project
from cascade_efgan.data.rendered.raster import Floats, fill, shade, soften
from cascade_efgan.data.rendered.skin import skin_layer
from cascade_efgan.data.rendered.surface import Layer, Surface, lay, light


@dataclass(frozen=True, eq=False)
class Rendering:
    """One photograph.

    Attributes:
        image: `(256, 256, 3)` uint8, sRGB.
        landmarks: `(68, 2)` float64, x and y in pixels of the picture, iBUG/OpenFace order.
        aus: `(17,)` float64, intensities 0..5 in the order of `cascade_efgan.data.AUS`.
    """

    image: NDArray[np.uint8]
    landmarks: NDArray[np.float64]
    aus: NDArray[np.float64]


def paint(person: Identity, aus: NDArray[np.float64], gaze: str, photo: LightAndPose) -> Rendering:
    """Paint one photograph of `person` with `aus` `(17,)` in 0..5."""
    a = activation(aus)
    shape = face_shape(person, a, gaze)
    figure = figure_of(person)
    surface = figure.behind.copy()
    _shade_neck(surface, shape, figure.neck)
    layer, relief = skin_layer(person, shape, a)
    _shade_by_hair(layer.albedo, layer.area, figure.shadow, figure.hair.area)
    lay(surface, layer)
    lay(surface, figure.hair)
    canvas = light(surface, photo)
    gain = photo.ambient + 0.8 * photo.key
    for eye in shape.eyes:
        paint_eye(canvas, person, eye, photo, gain)
    paint_mouth(canvas, person, shape, gain)
    height = np.zeros((raster.HEIGHT, raster.WIDTH), np.float32)
    height[layer.area.slices] = cv2.GaussianBlur(relief * layer.alpha, (0, 0), 3.0)
    landmarks = project(shape.landmarks, height, photo)
    return Rendering(photograph(canvas, height, photo), landmarks, aus)


def _shade_neck(surface: Surface, shape: FaceShape, neck: Layer) -> None:
    """The head's shadow on the neck."""
    head = fill(neck.area, shape.contour * (0.97, 1) + (0, 9))
    shade(surface.albedo, neck.area, 1 - np.float32(0.42) * soften(head, 5.0) * neck.alpha)


def _shade_by_hair(albedo: Floats, area: raster.Window, shadow: Floats, shadow_area: raster.Window) -> None:
    """Multiply the part of the face's colour that is in the window of the hair by the hair's shadow."""
    top, left = max(area.top, shadow_area.top), max(area.left, shadow_area.left)
    bottom, right = min(area.bottom, shadow_area.bottom), min(area.right, shadow_area.right)
    view = albedo[top - area.top : bottom - area.top, left - area.left : right - area.left]
    rows = slice(top - shadow_area.top, bottom - shadow_area.top)
    view *= shadow[rows, left - shadow_area.left : right - shadow_area.left, None]
