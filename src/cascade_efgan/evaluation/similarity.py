"""Does an edit still look like its person, and like the real image it should become? Beyond the paper.

Identity: cosine between the features of an edit and of its input, by the network of the Fréchet distance. It was
trained on objects, not on faces; a face recognition network would be better, but none comes in a maintained package
with weights that may be used freely and without a network connection. So the same cosine of pairs of real images stands
below it, and the share of pairs that it orders right (AUC) says how far it can tell people apart.
"""

import numpy as np
import pandas as pd

from cascade_efgan.evaluation.packed_edits import edit_id


def ssim(first: np.ndarray, second: np.ndarray) -> float:
    """Structural similarity of two `(S, S, 3)` uint8 images (Wang et al. 2004): -1..1, 1 for identical ones.

    Gaussian window of deviation 1.5, mean over channels.
    """
    from skimage.metrics import structural_similarity

    return float(
        structural_similarity(
            first, second, data_range=255, channel_axis=-1, gaussian_weights=True, sigma=1.5,
            use_sample_covariance=False,
        )
    )  # fmt: skip


def directions(vectors: np.ndarray, middle: np.ndarray) -> np.ndarray:
    """Features `(N, D)` as unit vectors from the middle `(D,)` of the real images, float64.

    Without the middle all faces lie in one direction: on rendered faces cosines of real pairs then go from 0.81 to
    0.91, with it from 0.08 to 0.54 (other person, same person).
    """
    moved = np.asarray(vectors, dtype=np.float64) - middle
    length = np.linalg.norm(moved, axis=1, keepdims=True)
    unit: np.ndarray = moved / np.where(length > 0, length, 1)
    return unit


def identity_of_edits(edits: pd.DataFrame, unit: np.ndarray, sources: np.ndarray) -> pd.DataFrame:
    """Cosine of each edit to another expression with its input: columns `id`, `person`, `value`.

    `edits` is `edits_test.csv`; `unit` and `sources` are `(M, D)` directions of the edits and of their inputs.
    """
    cosines = np.einsum("nd,nd->n", unit, sources)
    ids = [edit_id(*key) for key in zip(edits["source_id"], edits["target_expression"], strict=True)]
    table = pd.DataFrame({"id": ids, "person": edits["person"].tolist(), "value": cosines})
    changes = (edits["target_expression"] != edits["source_expression"]).to_numpy()
    return table[changes].reset_index(drop=True)


def identity_of_pairs(index: pd.DataFrame, unit: np.ndarray, rows: np.ndarray) -> dict[str, list[tuple[int, float]]]:
    """Cosines of real test images with other real images of the same gaze.

    Args:
        index: `crops.csv` of the whole data set.
        unit: `(N, D)` directions of all its images.
        rows: rows of the test images.

    Returns:
        `same_person` (another expression) and `other_person` (the same expression): (row of the test image, cosine).
    """
    pairs: dict[str, list[tuple[int, float]]] = {"same_person": [], "other_person": []}
    person, expression, gaze = (
        np.array(index[name].tolist(), dtype=object) for name in ("person", "expression", "gaze")
    )
    for row in rows.tolist():
        cosines, same_gaze = unit @ unit[row], gaze == gaze[row]
        same_person, same_expression = person == person[row], expression == expression[row]
        for kind, fits in (
            ("same_person", same_person & ~same_expression),
            ("other_person", ~same_person & same_expression),
        ):
            pairs[kind] += [(row, float(cosine)) for cosine in cosines[fits & same_gaze]]
    return pairs


def mean_by_image(pairs: list[tuple[int, float]], index: pd.DataFrame) -> pd.DataFrame:
    """Mean cosine of each test image: columns `id`, `person`, `value`."""
    table = pd.DataFrame(pairs, columns=["row", "value"]).groupby("row", sort=True)["value"].mean()
    about = index.iloc[table.index]
    return pd.DataFrame({"id": about["id"].tolist(), "person": about["person"].tolist(), "value": table.tolist()})


def ordered_share(high: np.ndarray, low: np.ndarray) -> float:
    """Share of pairs (one of each list) in which the first is the higher, ties half (AUC), 0..1."""
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(np.repeat([1, 0], [len(high), len(low)]), np.concatenate([high, low])))
