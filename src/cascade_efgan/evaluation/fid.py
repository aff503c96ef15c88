"""Fréchet distance of two Gaussians (FID, Sec. 4.3, Table 2)."""

import numpy as np

from cascade_efgan.errors import InputError
from cascade_efgan.evaluation.statistics import Statistics


def frechet_distance(mean1: np.ndarray, covariance1: np.ndarray, mean2: np.ndarray, covariance2: np.ndarray) -> float:
    """Squared Fréchet distance `|m1 - m2|^2 + tr(C1 + C2 - 2 (C1 C2)^(1/2))`.

    pytorch-fid takes the square root of the unsymmetric product `C1 C2`, which is unstable where covariances are
    singular, as they are with fewer images than features (it gives small negative distances of equal statistics).
    The eigenvalues of `C1 C2` are those of the symmetric `C1^(1/2) C2 C1^(1/2)`, which are never negative; the
    tests hold both to within 0.01.

    Args:
        mean1: `(D,)` float64.
        covariance1: `(D, D)` float64, symmetric.
        mean2: `(D,)` float64.
        covariance2: `(D, D)` float64, symmetric.

    Returns:
        The distance, 0 or more.
    """
    root = _square_root(covariance1)
    inner = root @ covariance2 @ root
    eigenvalues = _cleaned(np.linalg.eigvalsh((inner + inner.T) / 2))
    trace = np.trace(covariance1) + np.trace(covariance2) - 2 * np.sqrt(eigenvalues).sum()
    shift = mean1 - mean2
    return max(0.0, float(shift @ shift + trace))


def distance(real: Statistics, edits: Statistics) -> float:
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


def _square_root(matrix: np.ndarray) -> np.ndarray:
    """Symmetric square root of a positive semi-definite matrix."""
    values, vectors = np.linalg.eigh(matrix)
    root: np.ndarray = (vectors * np.sqrt(_cleaned(values))) @ vectors.T
    return root


def _cleaned(eigenvalues: np.ndarray) -> np.ndarray:
    """Eigenvalues with those of rounding size set to 0: the root of 1e-16 is 1e-8, and a thousand of them add up."""
    noise = np.abs(eigenvalues).max() * len(eigenvalues) * np.finfo(np.float64).eps
    return np.where(eigenvalues > noise, eigenvalues, 0.0)
