"""Distances against the number of images: how far FID is biased, measured (beyond the paper).

The paper's test part has about 160 images. The Fréchet distance falls with the number of images towards the distance of
the two distributions; the kernel distance (KID) does not move (Chong and Forsyth, CVPR 2020; Binkowski et al. 2018).
Real images drawn at random against the other real images of the same data set show the bias alone: their true distance
is 0.
"""

from collections.abc import Callable, Iterator, Mapping

import numpy as np
import pandas as pd

from cascade_efgan.evaluation.fid import DistanceTo
from cascade_efgan.evaluation.kernel import kernel_sums
from cascade_efgan.evaluation.statistics import statistics

#: Numbers of images to try, with that of the paper's test part.
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
    lines = []
    for n in _sizes(len(real) // 2):
        splits = [np.split(draw.permutation(len(real)), [n]) for _ in range(DRAWS)]
        found = [_distances(real[own], real[others], extractor)(np.arange(n)) for own, others in splits]
        lines.append(_line(REAL, n, len(real) - n, found))
    for method, vectors in edits.items():
        chosen = _limited(vectors, draw)
        measure = _distances(chosen, real, extractor)
        for n in _sizes(len(chosen)):
            times = 1 if n == len(chosen) else DRAWS
            found = [measure(draw.permutation(len(chosen))[:n]) for _ in range(times)]
            lines.append(_line(method, n, len(real), found))
    return pd.DataFrame(lines)


def _distances(vectors: np.ndarray, real: np.ndarray, extractor: str) -> Callable[[np.ndarray], tuple[float, float]]:
    """Rows of a set of vectors -> Fréchet and kernel distance of these to real images."""
    frechet = DistanceTo(vectors, statistics([real], extractor))
    kernel = kernel_sums(vectors, np.arange(len(vectors)), real)
    return lambda rows: (frechet(rows), kernel.distance(rows))


def _line(name: str, n: int, n_real: int, found: list[tuple[float, float]]) -> dict[str, object]:
    frechet, kernel = zip(*found, strict=True)
    counts = {"set": name, "n": n, "n_real": n_real, "draws": len(found)}
    fid = {"fid": float(np.mean(frechet)), "fid_deviation": float(np.std(frechet))}
    return {**counts, **fid, "kid": float(np.mean(kernel)), "kid_deviation": float(np.std(kernel))}


def _sizes(most: int) -> Iterator[int]:
    """Numbers of images up to the most there are, which comes last."""
    yield from (size for size in SIZES if size < most)
    if most >= 2:
        yield most


def _limited(vectors: np.ndarray, draw: np.random.Generator) -> np.ndarray:
    rows = np.sort(draw.permutation(len(vectors))[:MOST])
    return np.asarray(vectors[rows], dtype=np.float64)
