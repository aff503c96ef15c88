"""Distances against the number of images: how far FID is biased, measured (beyond the paper).

The paper's test part has about 160 images. The Fréchet distance falls with the number of images towards the distance of
the two distributions; the kernel distance (KID) does not move (Chong and Forsyth, CVPR 2020; Binkowski et al. 2018).
Real images drawn at random against the other real images of the same data set show the bias alone: their true distance
is 0.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cascade_efgan.evaluation.fid import clean_eigenvalues

#: Numbers of images to try, with that of the paper's test part.
SIZES = (20, 40, 80, 160, 320, 640, 1280, 2560)

#: Draws of each number of images, and the most images of a set: more would change no curve, and cost minutes.
DRAWS = 10
MOST = 5000

#: Name of the curve of real images against other real images.
REAL = "real"


@dataclass(frozen=True)
class Products:
    """Inner products of two joined sets of features, from which every distance of their parts follows.

    Attributes:
        centred: `(N, N)` of the features minus a common mean, for the Fréchet distance.
        kernel: `(N, N)` KID's polynomial kernel.
    """

    centred: np.ndarray
    kernel: np.ndarray


def products(vectors: np.ndarray) -> Products:
    """All inner products of `(N, D)` features."""
    values = np.asarray(vectors, dtype=np.float64)
    moved = values - values.mean(axis=0)
    return Products(moved @ moved.T, (values @ values.T / values.shape[1] + 1) ** 3)


def frechet_of_products(gram: np.ndarray, first: np.ndarray, second: np.ndarray) -> float:
    """Fréchet distance of two parts, each of two images or more.

    The trace of `(C1 C2)^(1/2)` is the sum of the singular values of the centred products between the two parts.

    Args:
        gram: `Products.centred`.
        first: rows of the first part.
        second: rows of the second part.
    """
    own, other, across = (gram[np.ix_(a, b)] for a, b in ((first, first), (second, second), (first, second)))
    shift = own.mean() + other.mean() - 2 * across.mean()
    spread = sum((np.trace(part) - len(part) * part.mean()) / (len(part) - 1) for part in (own, other))
    centred = across - across.mean(axis=0) - across.mean(axis=1, keepdims=True) + across.mean()
    small = centred @ centred.T if len(first) <= len(second) else centred.T @ centred
    eigenvalues = clean_eigenvalues(np.linalg.eigvalsh(small / ((len(first) - 1) * (len(second) - 1))))
    return max(0.0, float(shift + spread - 2 * np.sqrt(eigenvalues).sum()))


def kernel_of_products(kernel: np.ndarray, first: np.ndarray, second: np.ndarray) -> float:
    """Unbiased kernel distance (KID) of two parts, each of two images or more; `kernel` is `Products.kernel`."""
    total = -2 * kernel[np.ix_(first, second)].mean()
    for part in (first, second):
        own = kernel[np.ix_(part, part)]
        total += (own.sum() - np.trace(own)) / (len(part) * (len(part) - 1))
    return float(total)


def measure_curves(real: np.ndarray, edits: Mapping[str, np.ndarray], seed: int) -> pd.DataFrame:
    """Both distances of random parts of every size.

    Args:
        real: `(N, D)` features of the real images.
        edits: method -> `(M, D)` features of its edits.
        seed: seed of the draws.

    Returns:
        One line a set and number of images: `set` (a method, or `REAL`), `n`, `n_real` (images it is compared with),
        `draws`, `fid`, `fid_deviation`, `kid`, `kid_deviation`.
    """
    draw = np.random.default_rng(seed)
    real = _limited(real, draw)
    lines = []
    joined = products(real)
    for n in _sizes(len(real) // 2):
        splits = [np.split(draw.permutation(len(real)), [n]) for _ in range(DRAWS)]
        lines.append(_line(REAL, n, len(real) - n, joined, splits))
    for method, vectors in edits.items():
        chosen = _limited(vectors, draw)
        joined = products(np.concatenate([real, chosen]))
        everything = np.arange(len(real))
        for n in _sizes(len(chosen)):
            times = 1 if n == len(chosen) else DRAWS
            splits = [[len(real) + draw.permutation(len(chosen))[:n], everything] for _ in range(times)]
            lines.append(_line(method, n, len(real), joined, splits))
    return pd.DataFrame(lines)


def _line(name: str, n: int, n_real: int, joined: Products, splits: list[list[np.ndarray]]) -> dict[str, object]:
    frechet = [frechet_of_products(joined.centred, *split) for split in splits]
    kernel = [kernel_of_products(joined.kernel, *split) for split in splits]
    counts = {"set": name, "n": n, "n_real": n_real, "draws": len(splits)}
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
