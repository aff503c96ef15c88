"""From the colours of an ICC profile to sRGB, which everything means that has no profile. Not in the paper."""

import io
from functools import lru_cache

import numpy as np
from PIL import Image, ImageCms


def to_srgb(image: np.ndarray, profile: bytes | None) -> np.ndarray:
    """`(H, W, 3)` uint8 in sRGB.

    Args:
        image: `(H, W, 3)` uint8 RGB.
        profile: the ICC profile that says which colours these are. Without one, with sRGB's, another than for RGB, or
            one that cannot be read, the image is given back as it is.
    """
    transform = srgb_transform(profile, "RGB") if profile else None
    if transform is None:
        return image
    return np.asarray(ImageCms.applyTransform(Image.fromarray(image), transform))


@lru_cache(maxsize=8)
def srgb_transform(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    """From images of Pillow's `mode` to RGB; None where the profile is damaged, is for other modes, or is sRGB's."""
    try:
        given = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        transform = ImageCms.buildTransform(given, ImageCms.createProfile("sRGB"), mode, "RGB")
        if mode != "RGB":
            return transform
        levels = np.stack(np.meshgrid(*[np.arange(0, 256, 51, dtype=np.uint8)] * 3), axis=-1).reshape(6, -1, 3)
        made = np.asarray(ImageCms.applyTransform(Image.fromarray(levels), transform))
    except Exception:  # profiles are the work of many programs, and Pillow fails on odd ones in ways of its own
        return None
    # sRGB's own comes in many spellings; a change by rounding only would soften a picture for nothing.
    return transform if np.abs(made.astype(int) - levels).max() > 1 else None
