"""Figures 3, 4 and 7: attention, the cascade's steps, continuous editing."""

from pathlib import Path
from typing import Annotated

from typer import Option

from cascade_efgan.data import AUS
from cascade_efgan.data.face_crops.dataset import load_faces
from cascade_efgan.data.records import read_records
from cascade_efgan.devices import pick_device
from cascade_efgan.figures.caption import drawing
from cascade_efgan.figures.networks import (
    attention_generator,
    choose_asked,
    draw_attention,
    draw_continuous,
    draw_steps,
)
from cascade_efgan.generation.edit_plan import EDIT_TEXT
from cascade_efgan.stages import options


def command(
    dataset: options.Dataset,
    seed: options.Seed,
    crops: options.Crops,
    index: options.Index,
    edits_index: Annotated[Path, Option(help="edits_test.csv, whose edits are drawn from")],
    weights: Annotated[Path, Option(help="EF-GAN's weights")],
    model: Annotated[Path, Option(help="EF-GAN's description")],
    attention: Annotated[tuple[Path, Path, Path], Option(help="Fig. 3 to write: PNG PDF JSON")],
    cascade_weights: Annotated[Path | None, Option(help="Cascade EF-GAN's weights")] = None,
    cascade_model: Annotated[Path | None, Option(help="Cascade EF-GAN's description")] = None,
    steps: Annotated[tuple[Path, Path, Path] | None, Option(help="Fig. 4 to write: PNG PDF JSON")] = None,
    continuous: Annotated[tuple[Path, Path, Path] | None, Option(help="Fig. 7 to write: PNG PDF JSON")] = None,
    settings: options.FigureSettings = [],
) -> None:
    """Draw attention maps, the cascade's steps and continuous editing of test images chosen at random."""
    faces = load_faces(crops, index)
    plan = read_records(edits_index, EDIT_TEXT, AUS)
    device = pick_device()
    single = attention_generator(weights, model).to(device)
    with drawing(dataset, seed, settings) as (made, config, write):
        people, drawn = config.figures.people, made.drawn
        asked = choose_asked(faces, plan, config.figures.edits, drawn, device)
        write(attention, draw_attention(single, asked, made, plan))
        if cascade_weights is None or cascade_model is None or steps is None or continuous is None:
            return
        cascade = attention_generator(cascade_weights, cascade_model).to(device)
        asked = choose_asked(faces, plan, people, drawn, device, far=True)
        write(steps, draw_steps(cascade, single, asked, faces, made, plan))
        asked = choose_asked(faces, plan, people, drawn, device)
        write(continuous, draw_continuous(cascade, asked, made, plan))
