"""Fréchet distance of two Gaussians (FID, Sec. 4.3, Table 2)."""

import numpy as np

from cascade_efgan.errors import InputError
from cascade_efgan.evaluation.statistics import FeatureStatistics, statistics


def frechet_distance(mean1: np.ndarray, covariance1: np.ndarray, mean2: np.ndarray, covariance2: np.ndarray) -> float:
    """Squared Fréchet distance `|m1 - m2|^2 + tr(C1 + C2 - 2 (C1 C2)^(1/2))`, 0 or more.

    pytorch-fid takes the square root of the unsymmetric product `C1 C2`, which is unstable where covariances are
    singular, as they are with fewer images than features (it gives small negative distances of equal statistics).
    The eigenvalues of `C1 C2` are those of the symmetric `C1^(1/2) C2 C1^(1/2)`, which are never negative; the
    tests hold both to within 0.01.

    Means are `(D,)`, covariances `(D, D)` and symmetric, all float64.
    """
    values, vectors = np.linalg.eigh(covariance1)
    root = (vectors * np.sqrt(_clean(values))) @ vectors.T
    trace = np.trace(covariance1) + np.trace(covariance2) - 2 * _sum_of_roots(root @ covariance2 @ root)
    shift = mean1 - mean2
    return max(0.0, float(shift @ shift + trace))


class DistanceTo:
    """Fréchet distances of parts of a set of vectors to one set of real images.

    With fewer vectors than features, the eigenvalues of `C1 C2` are those of the small matrix `X C2 X' / (n - 1)` of
    the centred vectors X, and that of a part is cut out of it: a part then costs milliseconds in place of seconds.
    """

    def __init__(self, vectors: np.ndarray, real: FeatureStatistics) -> None:
        """`vectors`: `(N, D)` features; `real`: mean and covariance of those of real images."""
        # A shift changes no covariance; without it, products of large means would drown their differences.
        self._vectors = np.asarray(vectors, dtype=np.float64) - real.mean
        self._real = real
        self._small = len(vectors) < vectors.shape[1]
        self._gram = self._vectors @ real.covariance @ self._vectors.T if self._small else np.zeros((0, 0))

    def __call__(self, rows: np.ndarray) -> float:
        """Distance of the vectors of some rows, two or more."""
        chosen = self._vectors[rows]
        mean = chosen.mean(axis=0)
        if not self._small:
            found = statistics([chosen], self._real.extractor)
            return frechet_distance(found.mean, found.covariance, np.zeros_like(mean), self._real.covariance)
        gram = self._gram[np.ix_(rows, rows)]
        across = gram.mean(axis=0)
        centred = (gram - across - across[:, None] + gram.mean()) / (len(rows) - 1)
        own = np.sum((chosen - mean) ** 2) / (len(rows) - 1)
        other = np.trace(self._real.covariance)
        return max(0.0, float(mean @ mean + own + other - 2 * _sum_of_roots(centred)))


def distance(real: FeatureStatistics, edits: FeatureStatistics) -> float:
    """Distance between the features of real images and of edits.

    Raises:
        InputError: the two were made by different extractors.
    """
    if real.extractor != edits.extractor:
        raise InputError(
            f"features of {real.extractor} (real images) and of {edits.extractor} (edits) cannot be compared; "
            "run the features rule of both with the same fid.extractor"
        )
    return frechet_distance(real.mean, real.covariance, edits.mean, edits.covariance)


def _sum_of_roots(matrix: np.ndarray) -> float:
    """Trace of the square root of a positive semi-definite matrix, symmetric but for rounding."""
    return float(np.sqrt(_clean(np.linalg.eigvalsh((matrix + matrix.T) / 2))).sum())


def _clean(eigenvalues: np.ndarray) -> np.ndarray:
    """Eigenvalues with those of rounding size set to 0: the root of 1e-16 is 1e-8, and a thousand of them add up."""
    noise = np.abs(eigenvalues).max() * len(eigenvalues) * np.finfo(np.float64).eps
    return np.where(eigenvalues > noise, eigenvalues, 0.0)
