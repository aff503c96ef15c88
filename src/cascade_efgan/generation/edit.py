"""Make edits: by a trained method, by doing nothing, or by rendering the truth."""

from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd
import torch
from torch import nn

from cascade_efgan.data import AU_MAX, AUS, EXPRESSIONS
from cascade_efgan.data.face_crops.crops import crop_image
from cascade_efgan.data.face_crops.dataset import SQUARE_COLUMNS, Faces
from cascade_efgan.data.rendered import face_of_id, render
from cascade_efgan.errors import InputError
from cascade_efgan.models.stargan import StarGANGenerator, one_hot
from cascade_efgan.models.tensors import to_images, to_tensor

#: Most images of one forward pass on a CPU: at the paper's widths 16 at once need 240 MiB more and are 2 % faster.
CPU_BATCH = 8

#: Makes the edits of some rows of a plan: (plan rows, row numbers of their sources) -> (n, S, S, 3) uint8.
EditBatch = Callable[[pd.DataFrame, np.ndarray], np.ndarray]


def edit_all(plan: pd.DataFrame, faces: Faces, edit_batch: EditBatch, batch: int) -> Iterator[np.ndarray]:
    """Edits of a plan in batches (n, S, S, 3) uint8, in its order; memory does not grow with its length."""
    sources = np.array([faces.places[name] for name in plan["source_id"]], dtype=np.int64)
    for start in range(0, len(plan), batch):
        yield edit_batch(plan.iloc[start : start + batch], sources[start : start + batch])


def unchanged(faces: Faces) -> EditBatch:
    """The edit that does nothing: every method's edits must beat it to have edited at all."""
    return lambda _plan, sources: faces.images[sources]


def true_edit(faces: Faces, seed: int) -> EditBatch:
    """The perfect edit of rendered faces: same person, pose and light, with the target AUs.

    It is cropped by the source's own square, as the input of every method is.

    Args:
        seed: the setting rendered.seed that made the faces.
    """
    if set(faces.index["dataset"]) != {"rendered"}:
        raise InputError("--method true_edit: only rendered faces have a true edit; choose another method")
    squares = faces.index[list(SQUARE_COLUMNS)].to_numpy(dtype=float)

    def edit_batch(plan: pd.DataFrame, sources: np.ndarray) -> np.ndarray:
        images = []
        for name, aus, source in zip(plan["source_id"], plan[list(AUS)].to_numpy(float), sources, strict=True):
            photo = render(face_of_id(name, seed), aus).image
            images.append(crop_image(photo, tuple(squares[source]), faces.size))
        return np.stack(images)

    return edit_batch


def trained(generator: nn.Module, faces: Faces, device: torch.device) -> EditBatch:
    """A trained method; `generator` is a `StarGANGenerator` or a `Cascade`."""
    generator = generator.to(device).eval()
    aus = faces.aus

    @torch.inference_mode()
    def edits_of(plan: pd.DataFrame, sources: np.ndarray) -> np.ndarray:
        image = to_tensor(faces.images[sources], device)
        if isinstance(generator, StarGANGenerator):
            labels = [EXPRESSIONS.index(target) for target in plan["target_expression"]]
            return to_images(generator(image, one_hot(torch.tensor(labels, device=device))))
        target = torch.tensor(plan[list(AUS)].to_numpy(np.float32) / AU_MAX, device=device)
        return to_images(generator(image, torch.from_numpy(aus[sources]).to(device), target)[-1].final)

    def edit_batch(plan: pd.DataFrame, sources: np.ndarray) -> np.ndarray:
        size = CPU_BATCH if device.type == "cpu" else len(plan)
        starts = range(0, len(plan), size)
        return np.concatenate([edits_of(plan.iloc[at : at + size], sources[at : at + size]) for at in starts])

    return edit_batch
