"""A rendered photograph, and a finder that knows its face."""

import numpy as np

from cascade_efgan.data.rendered import render, sample_plan
from cascade_efgan.face_finders.found import FoundFace

RENDERED = render(sample_plan(1, ["frontal"], 0)[5])
TRUE_FACE = FoundFace(RENDERED.landmarks, RENDERED.aus, 1.0, "rendered")


class Known:
    """A finder that knows where the faces are, and what it was shown."""

    def __init__(self, *faces):
        self.faces, self.seen = list(faces), []

    def find(self, image):
        self.seen.append(image)
        return self.faces


def outside(image, square):
    """Mask of the pixels that a square does not touch."""
    rows, columns = np.mgrid[: image.shape[0], : image.shape[1]]
    x, y, side = square
    return (columns + 0.5 < x) | (columns - 0.5 > x + side) | (rows + 0.5 < y) | (rows - 0.5 > y + side)
