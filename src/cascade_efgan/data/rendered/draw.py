"""From a person, AUs and light to the picture and its landmarks."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from cascade_efgan.data import AU_MAX, AUS
from cascade_efgan.data.rendered import raster
from cascade_efgan.data.rendered.body import figure_of
from cascade_efgan.data.rendered.features import paint_eye, paint_mouth
from cascade_efgan.data.rendered.geometry import face_shape
from cascade_efgan.data.rendered.identity import Identity
from cascade_efgan.data.rendered.pose import LightAndPose, photograph, project
from cascade_efgan.data.rendered.raster import fill, shade, soften
from cascade_efgan.data.rendered.skin import skin_layer
from cascade_efgan.data.rendered.surface import lay, light


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
    a = dict(zip(AUS, (aus / AU_MAX).tolist(), strict=True))  # activations, 0..1
    shape = face_shape(person, a, gaze)
    figure = figure_of(person)
    surface = figure.behind.copy()
    # The head's shadow on the neck, and the hair's on the face.
    neck = figure.neck
    head = soften(fill(neck.area, shape.contour * (0.97, 1) + (0, 9)), 5.0)
    shade(surface.albedo[neck.area.slices], 1 - np.float32(0.42) * head * neck.alpha)
    layer, relief = skin_layer(person, shape, a)
    shade(layer.albedo, figure.shadow[layer.area.slices])
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
