"""Square face crops: where the square is, how it is resized, and what becomes of the landmarks.

Coordinates are (x, y) with the centre of pixel (column i, row j) at (i, j), in photographs and in crops alike, as in
OpenCV and OpenFace: pixel i covers i - 0.5 to i + 0.5. A square is (left, top, side): outer edges, not pixel centres.
"""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from cascade_efgan.data import AUS
from cascade_efgan.data.face_crops.dataset import INDEX_COLUMNS, INDEX_TEXT, PIXELS, SQUARE_COLUMNS
from cascade_efgan.data.photo_files.images import decode_image
from cascade_efgan.data.photo_files.photos import PhotoZip, sha256
from cascade_efgan.data.records import LANDMARK_COLUMNS, POINTS, landmarks_of, read_rows
from cascade_efgan.errors import InputError

#: Squares and landmarks are rounded to 10^-3 and 10^-4 pixel: far below what is visible, and short in a CSV.
_SQUARE_DECIMALS, _LANDMARK_DECIMALS = 3, 4
#: Faces whose landmarks are rearranged at a time: those of a million are never copied as a whole.
_BLOCK = 4096


class Square(NamedTuple):
    """A square in a photograph: left and top edge, and its side above 0, pixels."""

    x: float
    y: float
    side: float


def crop_square(landmarks: np.ndarray, margin: float) -> Square:
    """The square around a face: centred on the box of its `(68, 2)` landmarks, side = longer side x (1 + 2 margin).

    It is rounded to a thousandth of a pixel: the index then holds exactly what was cut out.

    Raises:
        InputError: all landmarks lie on one point.

    Not in the paper: Sec. 4.1 only says that faces are in the centre of 128x128 crops.
    """
    low, high = landmarks.min(axis=0), landmarks.max(axis=0)
    side = round(float((high - low).max()) * (1 + 2 * margin), _SQUARE_DECIMALS)
    if side <= 0:
        raise InputError("all 68 landmarks lie on one point; run OpenFace again")
    x, y = (low + high) / 2 - side / 2
    return Square(round(float(x), _SQUARE_DECIMALS), round(float(y), _SQUARE_DECIMALS), side)


def padding_share(square: ArrayLike, size: ArrayLike) -> np.ndarray:
    """Share of a square's area that is outside its photograph, 0..1 float64; exactly 0 for a square inside it.

    `square` is (left, top, side), or any box (left, top, width, height), `size` (width, height) of the photograph; or
    `(N, 3)` and `(N, 2)`, one each; all in pixels.

    Not in the paper: what is outside repeats the border, so that a crop with much of it is hardly a photograph.
    """
    square = np.asarray(square, dtype=np.float64)
    corner, side = square[..., :2], square[..., 2:]
    # The photograph covers -0.5 to length - 0.5 (see the top of this module).
    outside = (-0.5 - corner).clip(min=0) + (corner + side - (np.asarray(size) - 0.5)).clip(min=0)
    share: np.ndarray = 1 - ((side - outside).clip(min=0) / side).prod(axis=-1)
    return share


def crop_image(image: np.ndarray, square: tuple[float, float, float], size: int) -> np.ndarray:
    """Cut a square out of an `(H, W, C)` uint8 image and resize it to `(size, size, C)`, at its sub-pixel place.

    An area filter: every pixel of the crop is the mean of the image over the area that it covers (when enlarging:
    over one image pixel, which is linear interpolation). Where the square leaves the image, the border is repeated.

    Not in the paper: it names no filter; the area filter keeps fine texture from aliasing at any scale.
    """
    x, y, side = square
    columns, across = _area_weights(x, side, size, image.shape[1])
    rows, down = _area_weights(y, side, size, image.shape[0])
    part = image[rows, columns].astype(np.float32)  # (h, w, C)
    narrow = np.tensordot(down, part, axes=(1, 0))  # (size, w, C)
    crop = np.tensordot(across, narrow, axes=(1, 1)).transpose(1, 0, 2)  # (size, size, C)
    return np.ascontiguousarray(np.rint(crop).clip(0, 255).astype(np.uint8))


def to_crop(points: np.ndarray, square: np.ndarray | tuple[float, float, float], size: int) -> np.ndarray:
    """Carry points `(N, 2)` from a photograph into its crop, float64; `square` is that of all or `(N, 3)`, one each."""
    square = np.asarray(square, dtype=np.float64)
    return (np.asarray(points, dtype=np.float64) - square[..., :2]) * (size / square[..., 2:]) - 0.5


def read_faces(path: str | Path) -> pd.DataFrame:
    """Read `faces.csv`: `id` as string, confidence, AUs (0..5) and landmarks (pixels of the photograph) as float64.

    Raises:
        InputError: missing file, column or number, no row, or an id twice.
    """
    return read_rows(path, ("id",), ("confidence", *AUS, *LANDMARK_COLUMNS), "face")


def photographs_of(faces: pd.DataFrame, manifest: pd.DataFrame) -> pd.DataFrame:
    """The manifest's row of every face, in the order of `faces`.

    Raises:
        InputError: an id that the manifest lacks.
    """
    places = pd.Index(manifest["id"]).get_indexer(faces["id"])
    if (places < 0).any():
        name = faces["id"].iloc[int(np.argmax(places < 0))]
        raise InputError(f"id {name} has a face but no line in the manifest; run the extract_aus rule again")
    return manifest.iloc[places]


def face_squares(faces: pd.DataFrame, files: pd.Series, margin: float) -> np.ndarray:
    """The square of every face, `(N, 3)` float64 (left, top, side), in the order of `faces` and of their `files`.

    No photograph is read: squares that later checks refuse are known before the first crop is made.

    Raises:
        InputError: a face whose landmarks lie on one point.
    """
    squares = np.empty((len(faces), len(Square._fields)))
    for start in range(0, len(faces), _BLOCK):
        for place, points in enumerate(landmarks_of(faces.iloc[start : start + _BLOCK]), start=start):
            try:
                squares[place] = crop_square(points, margin)
            except InputError as error:
                raise InputError(f"{files.iloc[place]}: {error}") from None
    return squares


def make_crops(
    archive: PhotoZip, photographs: pd.DataFrame, squares: np.ndarray, size: int
) -> Iterator[tuple[np.ndarray, str]]:
    """(crop, `(size, size, 3)` uint8; `pixel_hash` of its photograph) of all, each decoded once.

    `photographs` are as `photographs_of`, `squares` as `face_squares` gives them; `size` is in pixels.

    Raises:
        InputError: a photograph is missing, unreadable, or differs from the manifest in hash or size.
    """
    rows = photographs[["file", "sha256", "width", "height"]].itertuples(index=False, name=None)
    for (file, digest, *expected), square in zip(rows, squares, strict=True):
        data = archive.read(file)
        if sha256(data) != digest:
            raise InputError(
                f"{file}: its SHA-256 is {sha256(data)}, but the manifest says {digest}; run the download rule again"
            )
        image = decode_image(data, file)
        height, width = image.shape[:2]
        if [width, height] != expected:
            raise InputError(
                f"{file}: the image is {width}x{height} pixels, but the manifest says {expected[0]}x{expected[1]}; fix "
                "the manifest or run the download rule again"
            )
        yield crop_image(image, tuple(square), size), pixel_hash(image)


def pixel_hash(image: np.ndarray) -> str:
    """32 hexadecimal digits that equal images, `(H, W, 3)` uint8, share and others do not."""
    # Of the size too: 2x3 and 3x2 pixels may be the same bytes.
    return hashlib.sha256(str(image.shape).encode() + image.tobytes()).hexdigest()[:32]


def crops_index(photographs: pd.DataFrame, faces: pd.DataFrame, squares: np.ndarray, size: int) -> pd.DataFrame:
    """The table `crops.csv`: manifest and AUs of every face, its square, and its landmarks in the crop.

    Its column `pixels` is empty: no photograph is read.
    """
    columns: dict[str, np.ndarray] = {name: photographs[name].to_numpy() for name in INDEX_TEXT}
    columns |= {name: faces[name].to_numpy() for name in AUS}
    columns |= dict(zip(SQUARE_COLUMNS, squares.T, strict=True))
    columns[PIXELS] = np.full(len(faces), "", dtype=object)
    for point in range(POINTS):  # not all at once: no second copy of the landmarks of a million faces
        names = [f"x_{point}", f"y_{point}"]
        columns |= zip(names, to_crop(faces[names].to_numpy(), squares, size).round(_LANDMARK_DECIMALS).T, strict=True)
    return pd.DataFrame(columns)[list(INDEX_COLUMNS)]


def _area_weights(start: float, side: float, size: int, length: int) -> tuple[slice, np.ndarray]:
    """One axis of the area filter: the image pixels that the square touches, first to last, and their weights.

    These are `(size, last - first + 1)` float32, for each pixel of the crop; every row sums to 1.
    """
    step = side / size
    centres = start + (np.arange(size) + 0.5) * step
    # At least one image pixel wide: that box makes enlarging linear interpolation.
    half = max(step, 1.0) / 2
    low, high = centres - half, centres + half  # (size,)
    pixels = np.arange(np.floor(low[0] - 0.5), np.ceil(high[-1] + 0.5) + 1)  # beyond the image too
    overlap = np.minimum(high[:, None], pixels + 0.5) - np.maximum(low[:, None], pixels - 0.5)  # (size, P)
    weights = overlap.clip(min=0) / (2 * half)
    # Pixels beyond the border give their weight to the border pixel, which is what repeating it means.
    inside = pixels.clip(0, length - 1).astype(np.int64)
    first, last = int(inside[0]), int(inside[-1]) + 1
    gathered = np.zeros((last - first, size))
    np.add.at(gathered, inside - first, weights.T)
    return slice(first, last), gathered.T.astype(np.float32)
