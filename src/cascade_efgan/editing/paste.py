"""Putting an edited crop back into its photograph: the inverse of `crop_image`, blended."""

import numpy as np

from cascade_efgan.data.face_crops.crops import crop_image

#: Width of the rim over which the edit fades out, as a share of the square's side. At the very edge nothing changes,
#: so that no seam can show.
RIM = 0.12


def paste(
    image: np.ndarray,
    square: tuple[float, float, float],
    edited: np.ndarray,
    attention: np.ndarray | None = None,
    unchanged: np.ndarray | None = None,
) -> np.ndarray:
    """A copy of a photograph, of its shape, with an edited face in it; outside the square every pixel is as it was.

    What is added is the *change* that the AUs make (`agreed_change`), enlarged: a 1000-pixel face would lose its skin
    and hair if a 128-pixel crop took its place, and whatever the network cannot reproduce (after minutes of training:
    much) would cover the face. A target that the face shows already changes nothing at all.

    With attention A, the photograph's detail beyond the crop's resolution stays at 1 - A: where the network painted
    anew (an opened mouth), the fine lines of what was there before go. The edit fades out over a rim of `RIM`. So for a
    pixel of the rim's weight m, with c from 0 where nothing changes to 1, and all enlarged but I:

        I' = I + m (change - A c (I - crop))

    Args:
        image: `(H, W, 3)` uint8 RGB.
        square: (left, top, side) of the crop in pixels of `image`, as `crop_square` gives it.
        edited: `(S, S, 3)` uint8 RGB, the edit of `crop_image(image, square, S)`.
        attention: `(S, S)`, 0 (kept) to 1 (repainted); None: 0 everywhere.
        unchanged: `(S, S, 3)` uint8 RGB, the network's edit to the AUs that the crop shows; None: the crop itself.

    Not in the paper: it shows crops.
    """
    size = edited.shape[0]
    crop = crop_image(image, square, size)
    left, top, count, inverse = _pixels(square, size)
    rows, columns = _inside(top, count, image.shape[0]), _inside(left, count, image.shape[1])
    here = np.s_[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left]

    def enlarged(small: np.ndarray) -> np.ndarray:
        return crop_image(small, inverse, count).astype(np.float32)[here]

    weight = _rim(left, square[0], square[2], count)[None, :] * _rim(top, square[1], square[2], count)[:, None]
    old = image[rows, columns].astype(np.float32)
    change = np.rint(agreed_change(crop, edited, unchanged))
    # In two pictures of 8 bits, more and less light: that is what `crop_image` takes.
    change = enlarged(change.clip(min=0).astype(np.uint8)) - enlarged((-change).clip(min=0).astype(np.uint8))
    if attention is not None:
        painted = np.rint(np.clip(attention, 0, 1) * 255).astype(np.uint8)[..., None]
        # Attention to a place where nothing changes is no reason to smooth it; 16 grey levels are a change.
        changed = np.clip(np.abs(change).max(axis=2, keepdims=True) / 16, 0, 1)
        change -= enlarged(painted) / 255 * changed * (old - enlarged(crop))
    result = image.copy()
    result[rows, columns] = np.rint(old + weight[here][..., None] * change).clip(0, 255).astype(np.uint8)
    return result


def agreed_change(crop: np.ndarray, edited: np.ndarray, unchanged: np.ndarray | None = None) -> np.ndarray:
    """What an edit changes in a crop, in the crop's own tones: `(S, S, 3)` float32, -255 to 255.

    There are two readings of it: the edit less the crop, which also holds what the network cannot reproduce, and the
    edit less what the network gives when it is asked to change nothing, which is too strong where that is unlike the
    crop (white teeth less a dark mouth, put on lips). Where both have one sign the smaller is taken, elsewhere nothing.
    A network that reproduces its input loses nothing by that. Before, the network's tones are fitted to the crop's,
    each channel by one line, so that a face that comes out darker does not darken the photograph.

    Args:
        crop: `(S, S, 3)` uint8 RGB.
        edited: its edit, likewise.
        unchanged: its edit to the AUs that it shows, likewise; None: the network reproduces the crop.

    Not in the paper. Measured in docs/editing.md: less than half of the damage, for the same expression.
    """
    crop, edited = crop.astype(np.float32), edited.astype(np.float32)
    if unchanged is None:
        return edited - crop
    same = unchanged.astype(np.float32)
    spread = same - same.mean(axis=(0, 1))
    gain = (spread * (crop - crop.mean(axis=(0, 1)))).mean(axis=(0, 1)) / np.square(spread).mean(axis=(0, 1)).clip(1)
    gain = gain.clip(0.25, 2)  # beyond, the network's output has little to do with the crop
    asked = gain * (edited - same)
    whole = gain * (edited - same.mean(axis=(0, 1))) + crop.mean(axis=(0, 1)) - crop
    # One grey level is rounding, which differs with the size of the batch.
    real = (asked * whole > 0) & (np.abs(edited - same) > 1)
    agreed = np.where(real, np.sign(asked) * np.minimum(np.abs(asked), np.abs(whole)), 0)
    return agreed.clip(-255, 255).astype(np.float32)


def _pixels(square: tuple[float, float, float], size: int) -> tuple[int, int, int, tuple[float, float, float]]:
    """The square of whole pixels that covers `square`: left, top, count, and where it lies in the crop."""
    x, y, side = square
    left, top = int(np.floor(x + 0.5)), int(np.floor(y + 0.5))
    count = int(np.ceil(max(x + side + 0.5 - left, y + side + 0.5 - top)))
    scale = size / side
    return left, top, count, ((left - 0.5 - x) * scale - 0.5, (top - 0.5 - y) * scale - 0.5, count * scale)


def _rim(first: int, start: float, side: float, count: int) -> np.ndarray:
    """Weight `(count,)` of pixels first, first + 1, ...: 0 at the square's edges, 1 within, smooth at both ends."""
    place = (first + np.arange(count) - start) / side  # 0..1 inside the square
    distance = np.clip(np.minimum(place, 1 - place) / RIM, 0, 1)
    return (distance * distance * (3 - 2 * distance)).astype(np.float32)


def _inside(first: int, count: int, length: int) -> slice:
    return slice(max(first, 0), min(max(first + count, 0), length))
