"""Distances against the number of images: how far FID is biased, measured (beyond the paper).

The paper's test part has about 160 images. The Fréchet distance falls with the number of images towards the distance of
the two distributions; the kernel distance (KID) does not move (Chong and Forsyth, CVPR 2020; Binkowski et al. 2018).
Real images drawn at random against the other real images of the same data set show the bias alone: their true distance
is 0.
"""

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd

from cascade_efgan.evaluation.fid import DistanceTo
from cascade_efgan.evaluation.kernel import kernel_sums
from cascade_efgan.evaluation.statistics import statistics

#: Numbers of images to try, with that of the paper's test part; and all there are.
SIZES = (20, 40, 80, 160, 320, 640, 1280, 2560)

#: Draws of each number of images, and the most images of a set: more would change no curve, and cost minutes.
DRAWS = 10
MOST = 5000

#: Name of the curve of real images against other real images.
REAL = "real"


def measure_curves(real: np.ndarray, edits: Mapping[str, np.ndarray], extractor: str, seed: int) -> pd.DataFrame:
    """Both distances of random parts of every size, from `(N, D)` features of real images and of each method's edits.

    Returns:
        One line per set and number of images: `set` (a method, or `REAL`), `n`, `n_real` (images it is compared with),
        `draws`, `fid`, `fid_deviation`, `kid`, `kid_deviation`.
    """
    draw = np.random.default_rng(seed)
    real = _limited(real, draw)
    found: list[tuple[str, int, int, float, float]] = []
    for n in _sizes(len(real) // 2):
        for _ in range(DRAWS):
            own, others = np.split(draw.permutation(len(real)), [n])
            found.append((REAL, n, len(others), *_distances(real[own], real[others], extractor)(np.arange(n))))
    for method, vectors in edits.items():
        chosen = _limited(vectors, draw)
        measure = _distances(chosen, real, extractor)
        for n in _sizes(len(chosen)):
            for _ in range(1 if n == len(chosen) else DRAWS):
                found.append((method, n, len(real), *measure(draw.permutation(len(chosen))[:n])))
    lines = pd.DataFrame(found, columns=["set", "n", "n_real", "fid", "kid"])
    groups = lines.groupby(["set", "n", "n_real"], sort=False)
    spread = groups[["fid", "kid"]].std(ddof=0).add_suffix("_deviation")
    curves = groups[["fid", "kid"]].mean().join(spread).assign(draws=groups.size()).reset_index()
    return curves[["set", "n", "n_real", "draws", "fid", "fid_deviation", "kid", "kid_deviation"]]


def _distances(vectors: np.ndarray, real: np.ndarray, extractor: str) -> Callable[[np.ndarray], tuple[float, float]]:
    """Rows of a set of vectors -> Fréchet and kernel distance of these to real images."""
    frechet = DistanceTo(vectors, statistics([real], extractor))
    kernel = kernel_sums(vectors, np.arange(len(vectors)), real)
    return lambda rows: (frechet(rows), kernel.distance(rows))


def _sizes(most: int) -> list[int]:
    return [*(size for size in SIZES if size < most), *([most] if most >= 2 else [])]


def _limited(vectors: np.ndarray, draw: np.random.Generator) -> np.ndarray:
    rows = np.sort(draw.permutation(len(vectors))[:MOST])
    return np.asarray(vectors[rows], dtype=np.float64)
