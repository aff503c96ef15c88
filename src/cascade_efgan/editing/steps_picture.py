"""A picture of what the cascade did: a face before and after each step, and each step's attention map below."""

from collections.abc import Sequence

import cv2
import numpy as np

from cascade_efgan.data.colours import to_srgb
from cascade_efgan.editing.animation import joined
from cascade_efgan.editing.editor import EditedFace

#: Faces are enlarged to at least this side, pixels.
_SIDE = 192


def steps_picture(faces: Sequence[EditedFace], profile: bytes | None) -> np.ndarray:
    """`(H, W, 3)` uint8 sRGB: of every face a row (before, step 1, step 2, ...), and a row of attention maps.

    Attention is grey: black was kept, white was repainted. Below the face before there is none, hence white paper.
    The faces are converted from the colours of the ICC profile of their photograph.
    """
    rows = []
    for face in faces:
        blank = np.full_like(face.crop, 255)
        maps = [np.repeat(np.rint(one * 255).astype(np.uint8)[..., None], 3, axis=2) for one in face.attention]
        rows += [_row([to_srgb(one, profile) for one in (face.crop, *face.steps)]), _row([blank, *maps])]
    return joined(rows, axis=0)


def _row(pictures: Sequence[np.ndarray]) -> np.ndarray:
    times = max(1, -(-_SIDE // pictures[0].shape[0]))
    large = [cv2.resize(one, None, fx=times, fy=times, interpolation=cv2.INTER_CUBIC) for one in pictures]
    return joined(large, axis=1)
