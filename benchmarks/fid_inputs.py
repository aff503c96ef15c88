"""Inputs of the FID comparison: pictures, full-size features, and Inception weights where the real file is absent."""

import os
from pathlib import Path
from unittest.mock import patch

import numpy as np
from PIL import Image

from cascade_efgan.data.photo_files.photos import encode_png
from cascade_efgan.files import atomic_path

#: Images of the comparison: RaFD's size, and the edits of its test images (161 x 8).
REAL, EDITS = 1608, 1288
DIMS = 2048

#: Images on which the batch norms of the random network are set.
CALIBRATION = 32


def write_pictures(folder: Path, size: int, real: int, edits: int) -> None:
    """Smooth random pictures as `real/*.png` and `edits/*.png`, and the same pixels packed as `.npy`."""
    draw = np.random.default_rng(0)
    for name, count, contrast in (("real", real, 1.0), ("edits", edits, 0.8)):
        (folder / name).mkdir(parents=True)
        packed = np.stack([smooth_picture(draw, size, contrast) for _ in range(count)])
        np.save(folder / f"{name}.npy", packed)
        for number, picture in enumerate(packed):
            (folder / name / f"{number:05d}.png").write_bytes(encode_png(picture))


def smooth_picture(draw: np.random.Generator, size: int, contrast: float) -> np.ndarray:
    """Eight by eight random colours, enlarged smoothly: `(size, size, 3)` uint8."""
    colors = 128 + contrast * (draw.integers(0, 256, (8, 8, 3)) - 128.0)
    return np.asarray(Image.fromarray(colors.astype(np.uint8)).resize((size, size), Image.Resampling.BICUBIC))


def png_files(folder: Path) -> list[Path]:
    """PNG files of a folder, sorted by name."""
    return sorted(folder.glob("*.png"))


def full_size_features() -> tuple[np.ndarray, np.ndarray]:
    """Random features as Inception's are, never negative: (1608, 2048) and (1288, 2048) float64."""
    draw = np.random.default_rng(0)
    mixing = draw.standard_normal((DIMS, DIMS)) / np.sqrt(DIMS)
    real, edits = (draw.standard_normal((count, DIMS)) @ mixing for count in (REAL, EDITS))
    return np.maximum(real, 0), np.maximum(edits + 0.1, 0)


def inception_weights(cache: Path) -> Path:
    """The weights file that FID_WEIGHTS names, else a cached one of random but fixed values.

    The running time does not depend on the values. For a distance worth comparing, the batch norms' statistics are
    those of random pictures, so that features vary as a trained network's do.
    """
    given = os.environ.get("FID_WEIGHTS")
    if given:
        return Path(given)
    path = cache / "inception_random_seed0.pth"
    if not path.exists():
        _write_random_weights(path)
    return path


def _write_random_weights(path: Path) -> None:
    import torch
    from pytorch_fid import inception

    torch.manual_seed(0)
    # pytorch-fid builds its network without weights: it keeps its initial values.
    with (
        patch.object(inception, "load_state_dict_from_url", lambda *_, **__: {}),
        patch.object(torch.nn.Module, "load_state_dict", lambda *_, **__: None),
    ):
        network = inception.fid_inception_v3()
        with patch.object(inception, "fid_inception_v3", lambda: network):
            extractor = inception.InceptionV3([3]).train()
    for module in extractor.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = None  # a plain mean over what it sees
    draw = np.random.default_rng(1)
    pictures = np.stack([smooth_picture(draw, 128, 1.0) for _ in range(CALIBRATION)])
    with torch.no_grad():
        extractor(torch.from_numpy(pictures).permute(0, 3, 1, 2).float() / 255)
    with atomic_path(path) as partial:
        torch.save(network.state_dict(), partial)
