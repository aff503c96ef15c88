"""Inside the networks: attention (Fig. 3), the cascade's steps (Fig. 4), continuous editing (Fig. 7)."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from cascade_efgan.data import AU_MAX, AUS
from cascade_efgan.data.face_crops.dataset import Faces
from cascade_efgan.data.face_crops.patches import PatchBox
from cascade_efgan.errors import InputError
from cascade_efgan.figures.caption import Caption, Drawn, Made, people_drawn
from cascade_efgan.figures.choose import choose_edits, far_edits, from_to
from cascade_efgan.figures.mosaic import Mosaic, draw_mosaic, grouped
from cascade_efgan.figures.scores import au_gaps
from cascade_efgan.models.build import load_generator
from cascade_efgan.models.cascade import Cascade, pseudo_target
from cascade_efgan.models.generator import stitch
from cascade_efgan.models.tensors import to_images, to_tensor

#: Columns of continuous editing beside the input: shares of the way to the target.
INTENSITIES = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)


class Asked:
    """Some edits of a plan as tensors.

    Attributes:
        index: rows of the plan.
        pictures: `(N, S, S, 3)` uint8, the sources.
        image: the same as `(N, 3, S, S)` float32 in -1..1.
        source: AUs of the sources, `(N, 17)` float32 in 0..1.
        target: target AUs, alike.
    """

    def __init__(self, faces: Faces, index: pd.DataFrame, device: torch.device) -> None:
        rows = np.array([faces.places[name] for name in index["source_id"]], dtype=np.int64)
        self.index = index
        self.pictures = np.asarray(faces.images[rows])
        self.image = to_tensor(self.pictures, device)
        self.source = torch.from_numpy(faces.aus[rows]).to(device)
        self.target = torch.tensor(index[list(AUS)].to_numpy(np.float32) / AU_MAX, device=device)


def attention_generator(weights: Path, model: Path) -> Cascade:
    """A trained generator with attention maps.

    Raises:
        InputError: as `load_generator`, or a method that has none.
    """
    generator, spec = load_generator(weights, model)
    if not isinstance(generator, Cascade):
        raise InputError(f"{weights}: {spec.info.title} has no attention maps; give the weights of EF-GAN")
    return generator


def local_attention(maps: dict[str, Tensor], boxes: dict[str, PatchBox]) -> np.ndarray:
    """Attention maps of the local branches at their places: (N, S, S), NaN outside the patches.

    Args:
        maps: branch -> (N, 1, h, w) in 0..1, `face` among them.
        boxes: region -> its place.
    """
    canvas = torch.full_like(maps["face"], torch.nan)
    stitched = stitch({name: maps[name] for name in boxes}, boxes, canvas)
    values: np.ndarray = stitched[:, 0].float().cpu().numpy()
    return values


def choose_asked(
    faces: Faces, index: pd.DataFrame, count: int, seed: int, device: torch.device, far: bool = False
) -> Asked:
    """Some edits drawn from a plan; `far`: from those with the largest gaps (`far_edits`)."""
    pool = far_edits(index, au_gaps(index, faces.index)) if far else index
    return Asked(faces, index.loc[choose_edits(pool, count, seed)], device)


@torch.inference_mode()
def draw_attention(generator: Cascade, asked: Asked, made: Made, tested: pd.DataFrame) -> Drawn:
    """Input, edit, stitched local attention, global attention of the single-step EF-GAN; two edits a row (Fig. 3)."""
    module = generator.modules_in_order()[0]
    edit = generator(asked.image, asked.source, asked.target)[-1]
    pictures, local = to_images(edit.final), local_attention(edit.attention, module.boxes)
    whole = edit.attention["face"][:, 0].float().cpu().numpy()
    largest = round(float(max(np.nanmax(local), whole.max())), 2)
    figure = draw_mosaic(
        grouped(
            list(zip(asked.pictures, pictures, local, whole, strict=True)),
            ["Input", "Edit", "Local\nattention", "Global\nattention"],
            from_to(asked.index, " "), 2, 0.5, largest=largest or 1.0, scale="attention (1: painted anew, 0: kept)",
        )
    )  # fmt: skip
    inside = {"local": float(np.nanmean(local)), "global": float(whole.mean())}
    return figure, Caption(
        title="Global and local attention",
        text=f"""Global and local attention of EF-GAN in one step. For each edit: input, edit, attention maps of the
            eyes, nose and mouth branches stitched at their places (their mean where patches overlap, grey where there
            is no branch), and the attention map of the face branch. Bright: painted anew; dark: kept from the input;
            all maps share one scale, whose end is the largest value shown ({largest:.2f}). Mean over the maps shown:
            local {inside["local"]:.3f}, global {inside["global"]:.3f}. {_drawn(asked, tested, made)}""",
        n={"edits shown": len(asked.index)},
        paper_figure="3",
        numbers={"mean_attention": inside, "largest_attention": largest},
    )


@torch.inference_mode()
def draw_steps(
    cascade: Cascade, single: Cascade, asked: Asked, faces: Faces, made: Made, tested: pd.DataFrame
) -> Drawn:
    """Input, the steps of Cascade EF-GAN, the single-step edit, the target's photograph; large gaps (Fig. 4)."""
    steps = [to_images(edit.final) for edit in cascade(asked.image, asked.source, asked.target)]
    alone = to_images(single(asked.image, asked.source, asked.target)[-1].final)
    photographs = map(faces.image, asked.index["counterpart_id"])
    rows = list(zip(asked.pictures, *steps, alone, photographs, strict=True))
    numbers = [f"Step {step}" for step in range(1, len(steps) + 1)]
    heads = ["Input", *numbers, "EF-GAN,\none step", "Photograph with\nthe target AUs"]
    mosaic = Mosaic(rows, heads, from_to(asked.index, "\n"), column_groups=[1, 1 + len(steps)])
    return draw_mosaic(mosaic), Caption(
        title="The cascade's steps",
        text=f"""The cascade's steps. Input, the edit after each of the {len(steps)} modules of Cascade EF-GAN (the last
            is its edit), for comparison the edit by the single-step EF-GAN that every module starts from, and the real
            photograph of the same person whose AUs are the target. Edits are drawn from the quarter with the largest
            expression gap, the distance between source and target AUs. {_drawn(asked, tested, made)}""",
        n={"edits shown": len(asked.index)},
        paper_figure="4",
    )


@torch.inference_mode()
def draw_continuous(cascade: Cascade, asked: Asked, made: Made, tested: pd.DataFrame) -> Drawn:
    """People in rows, intensity in columns: AUs between source and target come from the Interpolator (Fig. 7)."""
    on_the_way = between(cascade, asked, INTENSITIES)
    frames = [to_images(cascade(asked.image, asked.source, aus)[-1].final) for aus in on_the_way]
    heads = ["Input", *(f"{100 * share:.0f} %" for share in INTENSITIES)]
    rows = list(zip(asked.pictures, *frames, strict=True))
    return draw_mosaic(Mosaic(rows, heads, from_to(asked.index, "\n"), column_groups=[1])), Caption(
        title="Continuous editing",
        text=f"""Continuous editing by Cascade EF-GAN. Rows: people; columns: share of the way from the source's AUs to
            the target's. As in Sec. 4.5, the AUs on the way come from the Interpolator, the last column has the
            target's own, and every edit starts from the input. {_drawn(asked, tested, made)}""",
        n={"people shown": len(asked.index)},
        paper_figure="7",
    )


def between(cascade: Cascade, asked: Asked, shares: Sequence[float]) -> list[Tensor]:
    """AUs (N, 17) at these shares of the way to the target: the Interpolator's; the target's own at 1."""
    assert cascade.interpolator is not None, "a cascade has an Interpolator"
    pseudo = [pseudo_target(asked.source, asked.target, share, 1) for share in shares]  # type: ignore[arg-type]
    return [
        asked.target if share == 1 else cascade.interpolator(asked.source, aus - asked.source)
        for share, aus in zip(shares, pseudo, strict=True)
    ]


def _drawn(asked: Asked, tested: pd.DataFrame, made: Made) -> str:
    return f"{len(asked.index)} edits of test images, of {people_drawn(asked.index, tested, made)}."
