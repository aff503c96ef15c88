"""From a person, AUs and light to the picture and its landmarks, and to OpenFace's file of them."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from cascade_efgan.data import AU_MAX, AUS
from cascade_efgan.data.rendered import raster
from cascade_efgan.data.rendered.body import figure_of
from cascade_efgan.data.rendered.features import paint_eye, paint_mouth
from cascade_efgan.data.rendered.geometry import face_shape
from cascade_efgan.data.rendered.identity import identity_of
from cascade_efgan.data.rendered.photographs import RenderedFace
from cascade_efgan.data.rendered.pose import LightAndPose, photograph, project
from cascade_efgan.data.rendered.raster import fill, shade, soften
from cascade_efgan.data.rendered.skin import skin_layer
from cascade_efgan.data.rendered.surface import lay, light
from cascade_efgan.errors import InputError


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


def render(face: RenderedFace, aus: NDArray[np.floating] | None = None) -> Rendering:
    """The photograph of a face, or its true edit.

    Args:
        aus: `(17,)`, intensities 0..5; None: the face's own. Other AUs give the *true edit*: the same person,
            gaze, pose and light, and only the expression changes. Two decimals are kept, as in OpenFace's
            files, so that AUs that went through such a file give the same bytes.

    Raises:
        InputError: `aus` has another shape or values outside 0..5.
    """
    wanted = np.array(face.aus if aus is None else aus, np.float64).round(2)
    if wanted.shape != (len(AUS),) or not np.all((wanted >= 0) & (wanted <= AU_MAX)):
        raise InputError(f"{face.id}: expected {len(AUS)} AU intensities from 0 to {AU_MAX:g} to render it")
    person = identity_of(face.seed, face.number)
    photo = LightAndPose(face.seed, face.number, face.expression, face.gaze)
    a = dict(zip(AUS, (wanted / AU_MAX).tolist(), strict=True))  # activations, 0..1
    shape = face_shape(person, a, face.gaze)
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
    return Rendering(photograph(canvas, height, photo), landmarks, wanted)


def openface_csv(rendering: Rendering) -> str:
    """The true landmarks and AUs as OpenFace 2.2's FaceLandmarkImg writes them for one picture (`-2Dfp -aus`).

    Columns: face, confidence, x_0..x_67, y_0..y_67 (pixels, one decimal), 17 intensities AUxx_r (two decimals)
    and 18 presences AUxx_c (0.0 or 1.0; AU28, which has no intensity, is never shown). An AU is present from
    intensity 1 (FACS level B: slight). Source: OpenFace's output format page.
    """
    present = {au: float(value >= 1) for au, value in zip(AUS, rendering.aus, strict=True)} | {"AU28": 0.0}
    axes = [f"{axis}_{k}" for axis in "xy" for k in range(68)]
    header = ["face", "confidence", *axes, *(f"{au}_r" for au in AUS), *(f"{au}_c" for au in sorted(present))]
    values = ["0", "1.000", *(f"{v:.1f}" for v in rendering.landmarks.T.ravel()), *(f"{v:.2f}" for v in rendering.aus)]
    values += [f"{present[au]:.1f}" for au in sorted(present)]
    return ",".join(header) + "\n" + ",".join(values) + "\n"
