"""Numbers of what networks do inside, edit by edit: attention, interpolated AUs, edits along a path (Fig. 3, 7).

Not in the paper, which shows pictures of the first and the last and measures none of them.
"""

from collections.abc import Mapping

import numpy as np
import torch

from cascade_efgan.data import AU_MAX
from cascade_efgan.data.patches import PatchBox
from cascade_efgan.evaluation.au_regressor import AuNetwork, read_aus
from cascade_efgan.figures.networks import INTENSITIES, Asked, between, local_attention
from cascade_efgan.models.cascade import Cascade
from cascade_efgan.models.discriminator import AuCritic
from cascade_efgan.models.tensors import to_images

#: Shares of the way at which interpolated AUs are compared with real ones.
ON_THE_WAY = (0.25, 0.5, 0.75)

#: A map's attention is concentrated where this share of its pixels holds much of it.
TOP = 0.1


@torch.inference_mode()
def attention_values(generator: Cascade, asked: Asked, truth: np.ndarray | None) -> dict[str, np.ndarray]:
    """Attention of the single-step EF-GAN on N edits, by metric, `(N,)` each.

    `truth`: the true edits, `(N, S, S, 3)` uint8, or None where they are unknown: no hits then.
    """
    module = generator.modules_in_order()[0]
    maps = generator(asked.image, asked.source, asked.target)[-1].attention
    local, whole = local_attention(maps, module.boxes), maps["face"][:, 0].float().cpu().numpy()
    change = None if truth is None else np.abs(truth.astype(np.float64) - asked.pictures).mean(axis=3)
    return attention_of_maps(local, whole, module.boxes, change)


def attention_of_maps(
    local: np.ndarray, whole: np.ndarray, boxes: Mapping[str, PatchBox], change: np.ndarray | None
) -> dict[str, np.ndarray]:
    """Numbers of attention maps, on the pixels that have a local branch only, so that both are of the same pixels.

    Args:
        local: stitched local attention, `(N, S, S)`, 0..1, NaN outside the boxes.
        whole: global attention, `(N, S, S)`, 0..1.
        boxes: region -> its box.
        change: where the true edit changes the picture, `(N, S, S)`, or None.

    Returns:
        `(N,)` by metric; NaN for maps without attention. focus: share of a box's attention in the tenth of its pixels
        that have most of it, mean over the boxes, so that a strong branch beside a weak one is not sharp; upper,
        mouth: mean attention in the eyes and nose boxes, in the mouth box, over that in all three, so that how strong
        a map is counts for nothing; hits: Pearson correlation with `change`.
    """
    inside = ~np.isnan(local[0])
    upper, mouth = (_mask(inside.shape, boxes, names) for names in (("eyes", "nose"), ("mouth",)))
    values = {
        "upper_local": _density(local, upper, inside),
        "upper_global": _density(whole, upper, inside),
        "mouth_global": _density(whole, mouth & ~upper, inside),
    }
    for name, maps in (("local", local), ("global", whole)):
        shares = [_top_share(maps[:, _mask(inside.shape, boxes, (box,))]) for box in boxes]
        values[f"focus_{name}"] = np.mean(shares, axis=0)
        if change is not None:
            values[f"hits_{name}"] = _correlations(maps[:, inside], change[:, inside])
    return values


@torch.inference_mode()
def path_values(
    cascade: Cascade, critic: AuCritic, asked: Asked, real: np.ndarray, reader: AuNetwork | None, device: torch.device
) -> dict[str, np.ndarray]:
    """Interpolated AUs against real ones, and AUs read from edits along the path, by metric: `(N,)` each.

    Args:
        critic: D_interp, trained with it.
        real: AUs of training images, `(M, 17)`, 0..5.
        reader: reads AUs from edits, or None: then their numbers are unknown.
    """
    source, target = (aus.cpu().numpy().astype(np.float64) * AU_MAX for aus in (asked.source, asked.target))
    points = [aus.float().cpu().numpy() * AU_MAX for aus in between(cascade, asked, ON_THE_WAY)]
    linear = [source + share * (target - source) for share in ON_THE_WAY]
    values = {
        "distance_interpolated": np.mean([nearest(aus, real) for aus in points], axis=0),
        "distance_linear": np.mean([nearest(aus, real) for aus in linear], axis=0),
        "distance_real": nearest(source, real),  # targets may be AUs of training images
    }
    for name, places in (("interpolated", points), ("linear", linear)):
        stacked = torch.tensor(np.stack(places) / AU_MAX, dtype=torch.float32, device=device)
        values[f"critic_{name}"] = critic(stacked)[..., 0].mean(dim=0).double().cpu().numpy()
    if reader is None:
        return values
    on_the_way = between(cascade, asked, INTENSITIES)
    frames = [to_images(cascade(asked.image, asked.source, aus)[-1].final) for aus in on_the_way]
    rows = np.arange(len(source))
    seen = np.stack([read_aus(reader, frame, rows, device) for frame in frames]).astype(np.float64)
    return values | path_of_readings(seen, source, target)


def nearest(aus: np.ndarray, real: np.ndarray) -> np.ndarray:
    """Euclidean distance of each of `(N, 17)` AUs to the nearest of `(M, 17)` real ones, `(N,)`, all 0..5."""
    from scipy.spatial import KDTree

    distances: np.ndarray = KDTree(real).query(aus)[0]
    return distances


def path_of_readings(seen: np.ndarray, source: np.ndarray, target: np.ndarray) -> dict[str, np.ndarray]:
    """How AUs read along a path move from source to target.

    Args:
        seen: `(K, N, 17)`, 0..5, at evenly spaced intensities.
        source: `(N, 17)`.
        target: `(N, 17)`.

    Returns:
        `(N,)` each. steps_forward: share of steps that go towards the target; steps_even: Pearson correlation of
        progress and intensity; largest_step: share of the largest step in the length of all. NaN where nothing moves.
    """
    way = target - source
    length = (way**2).sum(axis=1)
    progress = (seen * way).sum(axis=2) / np.where(length > 0, length, np.nan)  # (K, N)
    steps = np.diff(progress, axis=0)
    total = np.abs(steps).sum(axis=0)
    shares = np.tile(np.linspace(0, 1, len(seen)), (seen.shape[1], 1))
    with np.errstate(invalid="ignore", divide="ignore"):
        largest = np.abs(steps).max(axis=0) / total
    forward = np.where(np.isnan(total), np.nan, (steps > 0).mean(axis=0))
    return {"steps_forward": forward, "steps_even": _correlations(progress.T, shares), "largest_step": largest}


def _mask(shape: tuple[int, ...], boxes: Mapping[str, PatchBox], names: tuple[str, ...]) -> np.ndarray:
    mask = np.zeros(shape, dtype=bool)
    for box in (boxes[name] for name in names):
        mask[box.top : box.top + box.height, box.left : box.left + box.width] = True
    return mask


def _density(maps: np.ndarray, region: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """Mean of each map over a region by its mean over all boxes, `(N, S, S)` -> `(N,)`; NaN without attention."""
    with np.errstate(invalid="ignore", divide="ignore"):
        found: np.ndarray = maps[:, region].mean(axis=1) / maps[:, inside].mean(axis=1)
    return found


def _top_share(maps: np.ndarray) -> np.ndarray:
    """`(N, P)` -> `(N,)`; NaN for maps without attention."""
    count = max(1, round(TOP * maps.shape[1]))
    with np.errstate(invalid="ignore", divide="ignore"):
        shares: np.ndarray = np.sort(maps, axis=1)[:, -count:].sum(axis=1) / maps.sum(axis=1)
    return shares


def _correlations(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Pearson correlation of each pair of rows, `(N, P)` twice -> `(N,)`; NaN where one does not vary."""
    a, b = (rows - rows.mean(axis=1, keepdims=True) for rows in (first.astype(np.float64), second))
    with np.errstate(invalid="ignore", divide="ignore"):
        found: np.ndarray = (a * b).sum(axis=1) / np.sqrt((a**2).sum(axis=1) * (b**2).sum(axis=1))
    return found
