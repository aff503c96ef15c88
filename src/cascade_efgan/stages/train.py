"""Train a method, from scratch or from trained weights."""

from pathlib import Path
from typing import Annotated, Literal

from typer import Option

import cascade_efgan
from cascade_efgan.config import settings_from_flags
from cascade_efgan.data.face_crops.dataset import load_faces, part_rows
from cascade_efgan.orchestration.code_graph import stage_sources
from cascade_efgan.training.start import (
    Outputs,
    Trained,
    checkpoint_beside,
    model_spec,
    prepare,
    schedule_of,
    train_and_save,
)


def command(
    method: Annotated[str, Option(help="a method of the paper, or cascade_from_scratch")],
    seed: Annotated[int, Option(min=0, help="seed of new weights, data order and targets")],
    crops: Annotated[Path, Option(help="crops.npy")],
    index: Annotated[Path, Option(help="crops.csv")],
    split: Annotated[Path, Option(help="split.csv")],
    weights: Annotated[Path, Option(help="generator's weights to write (safetensors)")],
    discriminators: Annotated[Path, Option(help="discriminators' weights to write (safetensors)")],
    model: Annotated[Path, Option(help="model description to write (JSON)")],
    curves: Annotated[Path, Option(help="losses by epoch to write (CSV)")],
    centers: Annotated[Path | None, Option(help="patch_centers.json, for local focuses from scratch")] = None,
    init_from: Annotated[
        Path | None, Option(help="weights.safetensors, with its discriminators and model.json beside it, to start from")
    ] = None,
    schedule: Annotated[
        Literal["train", "finetune", "wild"], Option(help="section of the settings that says how long and how fast")
    ] = "train",
    tensorboard: Annotated[Path | None, Option(help="folder of TensorBoard records")] = None,
    checkpoint_minutes: Annotated[
        float, Option(min=0, envvar="EFGAN_CHECKPOINT_MINUTES", help="minimum minutes between checkpoints")
    ] = 10,
    settings: Annotated[
        list[str], Option("--set", help="section.key=value; sections crop patches network losses train finetune wild")
    ] = [],
) -> None:
    """Train a method (Sec. 8).

    From scratch; or every module of a cascade from the weights of its single-step method (Sec. 3.3, Training Scheme);
    or on wild images from the weights of the same method (Sec. 4.5), where generator, discriminators and patch places
    are those of the pre-training. Not in the paper: it gives no schedule for the latter, and does not say what becomes
    of the discriminators.
    """
    config = settings_from_flags(settings)
    faces = load_faces(crops, index)
    faces = faces.take(part_rows(faces.index, split, "train"))
    trained = None if init_from is None else Trained(init_from)
    spec = (
        model_spec(method, faces, config, centers) if trained is None else trained.spec_for(method, crops, faces.size)
    )
    run = prepare(spec, faces, config, schedule_of(spec, config, schedule), seed)
    if trained is not None:
        trained.restore(run.objective, spec)
    code = stage_sources("train", Path(cascade_efgan.__file__).parents[1])
    inputs = [crops, index, split, centers, *(trained.files if trained else ()), *code]
    checkpoint = checkpoint_beside(weights, inputs, [method, seed, schedule, sorted(settings)])
    outputs = Outputs(weights, discriminators, model, curves)
    train_and_save(run, spec, checkpoint, outputs, tensorboard, checkpoint_minutes)
