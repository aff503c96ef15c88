"""Continuous editing as a file: GIF, MP4, or a strip of pictures (Fig. 7); and a picture of the cascade's steps."""

import io
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from cascade_efgan.data.photo_files.images import to_srgb
from cascade_efgan.editing.face_edits import EditedFace
from cascade_efgan.editing.mark import PNG_KEY, mark_text
from cascade_efgan.files import atomic_path

#: Longer side of the frames, pixels: of a film, and of each picture in a strip.
FILM_SIDE, STRIP_SIDE = 512, 256
FRAME_SECONDS = 0.08
#: White between joined pictures, pixels.
_GAP = 4

#: AU -> intensity, for each edited face.
Targets = Sequence[Mapping[str, float]]


def write_animation(path: Path, frames: Sequence[np.ndarray], targets: Targets, profile: bytes | None = None) -> None:
    """Write frames by the suffix of `path`: .gif and .mp4 run there and back, .png is a strip of all side by side.

    Args:
        frames: `(H, W, 3)` uint8 RGB each, from the original to the full edit; made smaller where they are large.
        targets: what the mark says.
        profile: ICC profile of the photograph; what is written is in sRGB, since films have no place for another.
    """
    suffix = path.suffix.lower()
    side = STRIP_SIDE if suffix == ".png" else FILM_SIDE
    small = [to_srgb(shrink(frame, side), profile) for frame in frames]
    with atomic_path(path) as partial:
        if suffix == ".mp4":
            write_mp4(partial, small, targets)
        elif suffix == ".gif":
            partial.write_bytes(gif_bytes(small, targets))
        else:
            partial.write_bytes(marked_png(joined(small, axis=1), targets))


def shrink(image: np.ndarray, side: int) -> np.ndarray:
    """`(H, W, 3)` uint8 with a longer side of at most `side` pixels."""
    scale = side / max(image.shape[:2])
    if scale >= 1:
        return image
    height, width = (max(1, round(length * scale)) for length in image.shape[:2])
    return cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)


def gif_bytes(frames: Sequence[np.ndarray], targets: Targets) -> bytes:
    """An endless GIF that goes through `(H, W, 3)` uint8 RGB frames and back, with the mark as its comment.

    All frames share one palette of 256 colours, of the first and the last: what does not change then does not flicker.
    """
    both = Image.fromarray(np.concatenate([frames[0], frames[-1]]))
    palette = both.quantize(256, method=Image.Quantize.MEDIANCUT)
    first, *others = [
        Image.fromarray(frame).quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG)
        for frame in _there_and_back(frames)
    ]
    buffer = io.BytesIO()
    first.save(
        buffer, "GIF", save_all=True, append_images=others, duration=round(1000 * FRAME_SECONDS), loop=0,
        comment=mark_text(targets).encode(), optimize=False,
    )  # fmt: skip
    return buffer.getvalue()


def write_mp4(path: Path, frames: Sequence[np.ndarray], targets: Targets) -> None:
    """H.264 that goes three times through `(H, W, 3)` uint8 RGB frames and back, with the mark as its comment."""
    import av  # only this needs FFmpeg's libraries

    # The colours of H.264 have half the resolution: an odd last row or column is left out.
    height, width = (length // 2 * 2 for length in frames[0].shape[:2])
    # PyAV names encoders and their options at run time only.
    with av.open(str(path), "w", options={"movflags": "+use_metadata_tags+faststart"}) as film:
        film.metadata["comment"] = mark_text(targets)
        stream: Any = film.add_stream("libx264", rate=Fraction(1 / FRAME_SECONDS).limit_denominator(1000))
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.options = {"crf": "16"}
        for frame in _there_and_back(frames) * 3:
            picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(frame[:height, :width]), format="rgb24")
            film.mux(stream.encode(picture))
        film.mux(stream.encode())


def _there_and_back(frames: Sequence[np.ndarray]) -> list[np.ndarray]:
    return [*frames, *frames[-2:0:-1]]


def joined(pictures: Sequence[np.ndarray], axis: int) -> np.ndarray:
    """`(H, W, 3)` uint8 pictures below (0) or beside (1) each other, white between them."""
    shape = list(pictures[0].shape)
    shape[axis] = _GAP
    gap = np.full(shape, 255, dtype=np.uint8)
    return np.concatenate([part for picture in pictures for part in (picture, gap)][:-1], axis=axis)


def marked_png(image: np.ndarray, targets: Targets) -> bytes:
    """PNG bytes of `(H, W, 3)` uint8 RGB with the mark."""
    texts = PngInfo()
    texts.add_text(PNG_KEY, mark_text(targets))
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "PNG", pnginfo=texts)
    return buffer.getvalue()


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
    times = max(1, -(-192 // pictures[0].shape[0]))  # at least 192 pixels a side
    large = [cv2.resize(one, None, fx=times, fy=times, interpolation=cv2.INTER_CUBIC) for one in pictures]
    return joined(large, axis=1)
