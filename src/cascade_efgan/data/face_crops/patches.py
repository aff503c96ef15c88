"""Where the local focuses are: one box per region, the same for every image of a data set (Sec. 4.1)."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cascade_efgan.data import REGION_POINTS, REGIONS
from cascade_efgan.errors import InputError
from cascade_efgan.files import read_json


@dataclass(frozen=True)
class PatchBox:
    """A box of whole pixels in a crop: rows `top..top+height-1`, columns `left..left+width-1`."""

    top: int
    left: int
    height: int
    width: int


def patch_box(center: tuple[float, float], patch: tuple[int, int], crop_size: int) -> PatchBox:
    """The box of whole pixels nearest to a centre, moved as little as needed to stay inside the crop.

    `center` is (x, y), pixel centres at integers; `patch` (height, width), at most `crop_size` each; all in pixels.

    Source: Sec. 4.1. Not in the paper: the clamping.
    """
    height, width = patch
    x, y = center
    # The pixels left .. left + width - 1 have their centre at left + (width - 1) / 2.
    top, left = (
        min(max(int(np.floor(place - (side - 1) / 2 + 0.5)), 0), crop_size - side)
        for place, side in ((y, height), (x, width))
    )
    return PatchBox(top, left, height, width)


def patch_report(landmarks: np.ndarray, patches: Mapping[str, tuple[int, int]], crop_size: int) -> dict[str, Any]:
    """What `patch_centers.json` holds: crop size, number of images, and centre and box of every region.

    A region's centre is the average (x, y) of its points over `(N, 68, 2)` landmarks of N training images, at least 1;
    patches are (height, width); all in pixels of the crop, pixel centres at integers.

    Source: Sec. 4.1 (average position of the key points). Not in the paper: which points (`REGION_POINTS`).
    """
    report: dict[str, Any] = {"crop_size": crop_size, "images": len(landmarks)}
    for region, points in REGION_POINTS.items():
        x, y = map(float, landmarks[:, list(points)].mean(axis=(0, 1)))
        box = patch_box((x, y), patches[region], crop_size)
        report[region] = {"x": round(x, 4), "y": round(y, 4), **asdict(box)}
    return report


def load_patch_boxes(path: str | Path) -> dict[str, PatchBox]:
    """Boxes of eyes, nose and mouth from `patch_centers.json`, in the order of `REGIONS`.

    Raises:
        InputError: missing file, missing region or number, or a box that leaves the crop.
    """
    report = read_json(path)
    boxes = {}
    for region in REGIONS:
        try:
            size = int(report["crop_size"])
            box = PatchBox(*(int(report[region][key]) for key in ("top", "left", "height", "width")))
        except (KeyError, TypeError, ValueError):
            raise InputError(
                f"{path}: {region} lacks whole numbers top, left, height and width; run the patch_centers rule again"
            ) from None
        fits = box.height > 0 and box.width > 0 and box.top >= 0 and box.left >= 0
        if not fits or box.top + box.height > size or box.left + box.width > size:
            raise InputError(
                f"{path}: the box of {region} leaves the {size}x{size} crop; run the patch_centers rule again"
            )
        boxes[region] = box
    return boxes
