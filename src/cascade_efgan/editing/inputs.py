"""What is asked of an editor: photographs as arrays, Pillow's images or paths, numbers of faces, and target AUs."""

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from cascade_efgan.data import AU_MAX, AUS
from cascade_efgan.data.photo_files.images import check_size, rgb_pixels
from cascade_efgan.editing.photo import load_photo
from cascade_efgan.errors import InputError
from cascade_efgan.face_finders.found import FoundFace

#: `(H, W, 3)` uint8 RGB, an image of Pillow's, or the path of a photograph. The latter two are turned upright.
Photograph = np.ndarray | Image.Image | str | os.PathLike[str]


def name_of(image: Photograph, otherwise: str = "the photograph") -> str:
    """What messages call a photograph: its path, where it is one."""
    return os.fspath(image) if isinstance(image, str | os.PathLike) else otherwise


def pixels_of(image: Photograph, name: str) -> np.ndarray:
    """`(H, W, 3)` uint8 RGB of a photograph, upright; `InputError` where it is none, or beyond `PhotoLimits`."""
    if isinstance(image, str | os.PathLike):
        return load_photo(Path(image)).image
    if isinstance(image, Image.Image):
        check_size(*image.size, name)
        try:
            return rgb_pixels(image, name)[0]
        except InputError:
            raise
        except Exception as error:  # a lazily read file that is damaged, closed or gone
            raise InputError(f"{name}: cannot be read ({error}); open it again from an intact file") from None
    if not isinstance(image, np.ndarray):
        raise InputError(f"{name}: a {type(image).__name__}; give an array, an image of Pillow's, or a path")
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8:
        shown = f"{image.dtype} of shape {image.shape}"
        raise InputError(f"{name}: an array of {shown}, expected uint8 (H, W, 3) RGB; convert it first")
    check_size(image.shape[1], image.shape[0], name)
    return image


def several(images: Iterable[Photograph], names: Sequence[str] | None) -> list[tuple[Photograph, str]]:
    """(photograph, what messages call it) of each; `InputError` for a single one, or another number of names."""
    single = isinstance(images, str | bytes | os.PathLike | Image.Image)
    if single or not isinstance(images, Iterable) or (isinstance(images, np.ndarray) and images.ndim in (0, 2, 3)):
        raise InputError("images: expected a list of photographs; put a single one into a list, or call `edit`")
    images = list(images)
    names = names or [name_of(image, f"photograph {number}") for number, image in enumerate(images, start=1)]
    if len(names) != len(images):
        raise InputError(f"names: {len(names)} for {len(images)} photographs; give one for each")
    return list(zip(images, names, strict=True))


def chosen(found: list[FoundFace], faces: str | int, name: str) -> list[FoundFace]:
    """All faces, or the one of a number, 0 for the largest; `InputError` where there is no such face."""
    if faces == "all":
        return found
    if isinstance(faces, str) or not 0 <= faces < len(found):
        number = repr(faces) if isinstance(faces, str) else faces + 1
        count = "1 face" if len(found) == 1 else f"{len(found)} faces"
        raise InputError(f"{name}: {count} can be edited, so that there is no face {number}; choose another")
    return [found[faces]]


def parse_aus(words: Iterable[str]) -> dict[str, float]:
    """`AU12=3`, `au6=2` or `6=2` as AU -> intensity; `InputError` for another form, one twice, or by `check_aus`."""
    aus: dict[str, float] = {}
    for word in words:
        match = re.fullmatch(r"(?:AU)?0?(\d{1,2})=([^=]+)", word.strip(), re.IGNORECASE)
        try:
            name, value = f"AU{int(match[1]):02d}", float(match[2])  # type: ignore[index]
        except (TypeError, ValueError):
            raise InputError(f"--au {word}: expected an AU and its intensity, such as AU12=3") from None
        if name in aus:
            raise InputError(f"--au {word}: {name} is given twice; give it once")
        aus[name] = value
    check_aus(aus)
    return aus


def check_aus(aus: Mapping[str, float]) -> None:
    """Refuse AUs that networks do not know, and intensities outside 0..5, by an `InputError`."""
    for name, value in aus.items():
        if name not in AUS:
            raise InputError(f"{name}: not one of the 17 AUs that can be set; choose from {', '.join(AUS)}")
        if not 0 <= value <= AU_MAX:
            raise InputError(f"{name}={value:.15g}: expected an intensity of 0 to {AU_MAX:g}")


def known_aus(values: Any, shape: tuple[int, ...] = (len(AUS),)) -> np.ndarray:
    """AUs as float64 of a shape, 0..5; `InputError` for another shape, or values that are no numbers of 0 to 5."""
    try:
        aus = np.array(values, dtype=np.float64)
    except (TypeError, ValueError):
        aus = np.full(0, np.nan)
    if aus.shape != shape or not ((aus >= 0) & (aus <= AU_MAX)).all():
        raise InputError(f"AUs: expected numbers of 0 to {AU_MAX:g} in an array of shape {shape}, ordered as AUS")
    return aus


def check_intensity(value: float) -> float:
    """The intensity again; `InputError` where it is outside 0..2."""
    if not 0 <= value <= 2:  # beyond 1 the edit goes past its target, up to the end of the scale
        raise InputError(f"intensity {value:.15g}: expected 0 (nothing) to 1 (the target), or up to 2")
    return value


def target_aus(
    present: np.ndarray, goal: np.ndarray | None, aus: Mapping[str, float] | None, intensity: float = 1.0
) -> np.ndarray:
    """The AUs that a face is to show: `(17,)` float64, 0..5.

    Args:
        present: `(17,)`, 0..5, what it shows now.
        goal: `(17,)`, 0..5, of an expression or of another photograph; None: what it shows now.
        aus: AU -> intensity 0..5, set after the goal.
        intensity: share of the way from what is there to the goal, 0..2; the result stays within 0..5.
    """
    wanted = np.array(present if goal is None else goal, dtype=np.float64)
    for name, value in (aus or {}).items():
        wanted[AUS.index(name)] = value
    return np.clip(present + intensity * (wanted - present), 0, AU_MAX)
