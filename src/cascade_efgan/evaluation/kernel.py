"""Kernel distance of two sets of features (KID; Binkowski et al. 2018): beyond the paper, unbiased where FID is not.

torchmetrics has it too, and a test holds this one against it. It is written out here because importing torchmetrics
takes ten seconds per job, and because leaving people out in turn needs the sums of the kernel, not its mean.
"""

from dataclasses import dataclass

import numpy as np

#: Rows of the kernel that are in memory at a time.
BLOCK = 1024


def polynomial_kernel(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """`(x . y / D + 1)^3` of `(N, D)` and `(M, D)` vectors: `(N, M)` float64. KID's own kernel."""
    kernel: np.ndarray = (first @ second.T / first.shape[1] + 1) ** 3
    return kernel


@dataclass(frozen=True)
class KernelSums:
    """Sums of the kernel over pairs, by group of the first set.

    Attributes:
        sizes: `(G,)` images of each group.
        inner: `(G, G)` over pairs of different images of the first set.
        cross: `(G,)` over pairs of an image of the first set and one of the second.
        other: mean over pairs of different images of the second set, which has `n_other`.
    """

    sizes: np.ndarray
    inner: np.ndarray
    cross: np.ndarray
    other: float
    n_other: int

    def distance(self, kept: np.ndarray | None = None) -> float:
        """Unbiased squared maximum mean discrepancy of some groups (all by default) and the second set.

        It may be below 0, and is 0 in the mean for two sets of the same distribution.
        """
        groups = np.arange(len(self.sizes)) if kept is None else kept
        n = self.sizes[groups].sum()
        inner = self.inner[np.ix_(groups, groups)].sum() / (n * (n - 1))
        return float(inner + self.other - 2 * self.cross[groups].sum() / (n * self.n_other))


def kernel_sums(first: np.ndarray, groups: np.ndarray, second: np.ndarray) -> KernelSums:
    """Sum the kernel once; every distance without some groups is then arithmetic.

    Args:
        first: `(N, D)` features.
        groups: `(N,)` int64, group of each, 0 to G - 1.
        second: `(M, D)` features, two or more.
    """
    count = int(groups.max()) + 1
    membership = np.eye(count)[groups]  # (N, G)
    first, second = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    inner, cross = np.zeros((count, count)), np.zeros(count)
    for start in range(0, len(first), BLOCK):
        rows = slice(start, start + BLOCK)
        kernel = polynomial_kernel(first[rows], first)
        kernel[np.arange(len(kernel)), start + np.arange(len(kernel))] = 0
        inner += membership[rows].T @ kernel @ membership
        cross += membership[rows].T @ polynomial_kernel(first[rows], second).sum(axis=1)
    return KernelSums(membership.sum(axis=0), inner, cross, _own_mean(second), len(second))


def _own_mean(values: np.ndarray) -> float:
    n, total = len(values), 0.0
    for start in range(0, n, BLOCK):
        kernel = polynomial_kernel(values[start : start + BLOCK], values)
        total += kernel.sum() - kernel[np.arange(len(kernel)), start + np.arange(len(kernel))].sum()
    return total / (n * (n - 1))
