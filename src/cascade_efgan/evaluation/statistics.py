"""Mean and covariance of features: all that the Fréchet distance needs of a set of images."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from cascade_efgan.data.face_crops.dataset import Part
from cascade_efgan.errors import InputError
from cascade_efgan.files import atomic_path

#: Extractor -> heading of the Fréchet and of the kernel distance. Only pytorch-fid's Inception gives what is called FID
#: and KID in the literature.
DISTANCE_NAMES = {"inception": "FID", "efficientnet_lite0": "Fréchet distance (EfficientNet-Lite0)"}
KERNEL_NAMES = {"inception": "KID", "efficientnet_lite0": "kernel distance (EfficientNet-Lite0)"}


@dataclass(frozen=True)
class FeatureStatistics:
    """Mean and covariance of features.

    Attributes:
        mean: `(D,)` float64.
        covariance: `(D, D)` float64, divided by n - 1.
        extractor: key of `DISTANCE_NAMES`.
        origin: further text values: which images, which part, hashes.
    """

    mean: np.ndarray
    covariance: np.ndarray
    n: int
    extractor: str
    origin: Mapping[str, str] = field(default_factory=dict)

    @property
    def part(self) -> Part:
        """The part of the data set whose images these are."""
        return self.origin.get("part", "all")  # type: ignore[return-value]

    def about(self, names: Mapping[str, str]) -> dict[str, Any]:
        """What a distance to these real images reports; `names`: heading of its column by extractor."""
        return {
            "extractor": self.extractor,
            "column": names[self.extractor],
            "features": len(self.mean),
            "n_real": self.n,
            "real_part": self.part,
        }


def statistics(
    batches: Iterable[np.ndarray], extractor: str, origin: Mapping[str, str] | None = None
) -> FeatureStatistics:
    """Mean and covariance of `(B, D)` batches, without keeping them: Chan's update of the two moments.

    Raises:
        InputError: fewer than two images.
    """
    n, mean, scatter = 0, np.zeros(0), np.zeros((0, 0))
    for values in batches:
        values = np.asarray(values, dtype=np.float64)
        count, own_mean = len(values), values.mean(axis=0)
        own = (values - own_mean).T @ (values - own_mean)
        if n == 0:
            n, mean, scatter = count, own_mean, own
            continue
        shift = own_mean - mean
        scatter = scatter + own + np.outer(shift, shift) * (n * count / (n + count))
        mean = mean + shift * (count / (n + count))
        n += count
    if n < 2:
        raise InputError(
            f"feature statistics: {n} images, but a covariance needs two; enlarge this part of the data set"
        )
    return FeatureStatistics(mean, scatter / (n - 1), n, extractor, dict(origin or {}))


def save_statistics(path: str | Path, values: FeatureStatistics) -> None:
    """Write statistics as safetensors; extractor, n and origin are its metadata."""
    about = {"extractor": values.extractor, "n": values.n, "origin": dict(values.origin)}
    # One key: the order of several keys in a safetensors header is not fixed, and files must be byte-identical.
    data = save({"mean": values.mean, "covariance": values.covariance}, metadata={"statistics": json.dumps(about)})
    with atomic_path(path) as partial:
        partial.write_bytes(data)  # save_file lets only the owner read it


def load_vectors(path: str | Path) -> np.ndarray:
    """Features of every image, as the features stage writes them: `(N, D)` float32, memory-mapped.

    Raises:
        InputError: missing file, or no packed features.
    """
    try:
        vectors: np.ndarray = np.load(path, mmap_mode="r", allow_pickle=False)
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; run the features rule first") from None
    except (ValueError, OSError, EOFError):
        raise InputError(f"{path}: no packed features; delete it and run the features rule again") from None
    if vectors.ndim != 2:
        raise InputError(f"{path}: an array of {vectors.ndim} axes, expected (images, features); make it again")
    return vectors


def load_statistics(path: str | Path) -> FeatureStatistics:
    """Read statistics.

    Raises:
        InputError: missing file, or none of `save_statistics`.
    """
    try:
        with safe_open(path, framework="numpy") as file:
            about = json.loads((file.metadata() or {})["statistics"])
            mean, covariance = file.get_tensor("mean"), file.get_tensor("covariance")
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; run the features rule first") from None
    except (SafetensorError, KeyError, OSError, json.JSONDecodeError):
        raise InputError(f"{path}: holds no feature statistics; delete it and run the features rule again") from None
    return FeatureStatistics(mean, covariance, about["n"], about["extractor"], about["origin"])
