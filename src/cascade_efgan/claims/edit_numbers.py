"""Numbers of single edits that only claims need. Not in the paper, which shows pictures of these and measures none.

The expression gap, what an edit leaves behind, error in regions; and what networks do inside: attention, interpolated
AUs, edits along a path (Fig. 3, 7).
"""

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd
import torch

from cascade_efgan.data import AU_MAX, AUS
from cascade_efgan.data.face_crops.patches import PatchBox
from cascade_efgan.evaluation.au_regressor import AuNetwork, read_aus
from cascade_efgan.evaluation.packed_edits import Edits
from cascade_efgan.figures.networks import INTENSITIES, Asked, between, local_attention
from cascade_efgan.figures.scores import au_gaps
from cascade_efgan.models.cascade import Cascade
from cascade_efgan.models.discriminator import AuCritic
from cascade_efgan.models.tensors import to_images

#: An AU of the source should go down where the target asks for so much less (0 to 5).
SHOULD_GO = 1.0

#: Where the paper sees overlapping artifacts (Fig. 1, 4).
REGIONS = ("eyes", "mouth")

#: Shares of the way at which interpolated AUs are compared with real ones.
ON_THE_WAY = (0.25, 0.5, 0.75)

#: A map's attention is concentrated where this share of its pixels holds much of it.
TOP = 0.1


def of_edits(
    made: Edits,
    faces: pd.DataFrame,
    seen: np.ndarray | None,
    truth: np.ndarray | None,
    boxes: Mapping[str, PatchBox],
) -> dict[str, np.ndarray]:
    """Metric -> its number of every edit, `(M,)`.

    Args:
        faces: `crops.csv`, with the AUs of the sources.
        seen: AUs read from the edits, `(M, 17)`, 0..5; None: then what is left over is unknown.
        truth: the true edits, `(M, S, S, 3)` uint8; None: then the error is unknown.
    """
    found = {"gap": au_gaps(made.index, faces)}
    if seen is not None:
        source = faces.set_index("id")[list(AUS)].loc[made.index["source_id"]].to_numpy(np.float64)
        found["left_over"] = left_over(source, made.aus.astype(np.float64) * AU_MAX, seen)
    if truth is not None:
        found["region_error"] = region_error(made.images, truth, boxes)
    return found


def left_over(source: np.ndarray, target: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """Mean excess over the target of AUs that should go down, per edit: `(M,)`, 0..5; NaN where none should.

    All AUs are `(M, 17)`, 0..5: of the sources, of the targets, and those read from the edits.
    """
    goes = source - target >= SHOULD_GO
    excess = np.where(goes, np.clip(seen - target, 0, None), 0).sum(axis=1)
    counts = goes.sum(axis=1)
    means: np.ndarray = np.where(counts > 0, excess / np.maximum(counts, 1), np.nan)
    return means


def region_error(edits: np.ndarray, truth: np.ndarray, boxes: Mapping[str, PatchBox]) -> np.ndarray:
    """Mean absolute difference to the true edit inside the eyes and mouth boxes, per edit: `(M,)`, grey levels 0..255.

    Edits and true edits are `(M, S, S, 3)` uint8.
    """
    inside = _mask(edits.shape[1:3], boxes, REGIONS)
    errors = [
        np.abs(one[inside].astype(np.int16) - other[inside]).mean() for one, other in zip(edits, truth, strict=True)
    ]
    return np.array(errors, dtype=np.float64)


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
    every = {name: maps[:, inside].mean(axis=1) for name, maps in (("local", local), ("global", whole))}
    values = {
        "upper_local": _ratio(local[:, upper].mean(axis=1), every["local"]),
        "upper_global": _ratio(whole[:, upper].mean(axis=1), every["global"]),
        "mouth_global": _ratio(whole[:, mouth & ~upper].mean(axis=1), every["global"]),
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
    from scipy.spatial import KDTree

    source, target = (aus.cpu().numpy().astype(np.float64) * AU_MAX for aus in (asked.source, asked.target))
    points = [aus.float().cpu().numpy() * AU_MAX for aus in between(cascade, asked, ON_THE_WAY)]
    linear = [source + share * (target - source) for share in ON_THE_WAY]
    nearest = KDTree(real).query
    values = {
        "distance_interpolated": np.mean([nearest(aus)[0] for aus in points], axis=0),
        "distance_linear": np.mean([nearest(aus)[0] for aus in linear], axis=0),
        "distance_real": nearest(source)[0],  # targets may be AUs of training images
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
    forward = np.where(np.isnan(total), np.nan, (steps > 0).mean(axis=0))
    largest = _ratio(np.abs(steps).max(axis=0), total)
    return {"steps_forward": forward, "steps_even": _correlations(progress.T, shares), "largest_step": largest}


def _mask(shape: tuple[int, ...], boxes: Mapping[str, PatchBox], names: Iterable[str]) -> np.ndarray:
    mask = np.zeros(shape, dtype=bool)
    for box in (boxes[name] for name in names):
        mask[box.top : box.top + box.height, box.left : box.left + box.width] = True
    return mask


def _top_share(maps: np.ndarray) -> np.ndarray:
    """`(N, P)` -> `(N,)`; NaN for maps without attention."""
    count = max(1, round(TOP * maps.shape[1]))
    return _ratio(np.sort(maps, axis=1)[:, -count:].sum(axis=1), maps.sum(axis=1))


def _correlations(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Pearson correlation of each pair of rows, `(N, P)` twice -> `(N,)`; NaN where one does not vary."""
    a, b = (rows - rows.mean(axis=1, keepdims=True) for rows in (first.astype(np.float64), second))
    return _ratio((a * b).sum(axis=1), np.sqrt((a**2).sum(axis=1) * (b**2).sum(axis=1)))


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio: np.ndarray = part / whole
    return ratio
