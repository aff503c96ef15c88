"""`efgan train`: one method from scratch."""

from pathlib import Path
from typing import Annotated

from typer import Option

from cascade_efgan.config import settings_from_flags
from cascade_efgan.training.start import (
    Outputs,
    checkpoint_beside,
    model_spec,
    prepare,
    train_and_save,
    training_faces,
)


def command(
    method: Annotated[str, Option(help="stargan, ganimation, baseline, ef_gan or cascade_from_scratch")],
    seed: Annotated[int, Option(min=0, help="seed of weights, data order and targets")],
    crops: Annotated[Path, Option(help="crops.npy")],
    index: Annotated[Path, Option(help="crops.csv")],
    split: Annotated[Path, Option(help="split.csv")],
    weights: Annotated[Path, Option(help="generator's weights to write (safetensors)")],
    discriminators: Annotated[Path, Option(help="discriminators' weights to write (safetensors)")],
    model: Annotated[Path, Option(help="model description to write (JSON)")],
    curves: Annotated[Path, Option(help="losses by epoch to write (CSV)")],
    centers: Annotated[Path | None, Option(help="patch_centers.json, for methods with local focuses")] = None,
    tensorboard: Annotated[Path | None, Option(help="folder of TensorBoard records")] = None,
    checkpoint_minutes: Annotated[
        float, Option(min=0, envvar="EFGAN_CHECKPOINT_MINUTES", help="least minutes between checkpoints")
    ] = 10,
    settings: Annotated[
        list[str], Option("--set", help="section.key=value; sections crop patches network losses train finetune")
    ] = [],
) -> None:
    """Train a single-step method (Sec. 8), or a cascade from scratch for as many epochs as both of its runs take."""
    config = settings_from_flags(settings)
    faces = training_faces(crops, index, split)
    spec = model_spec(method, faces, config, centers)
    plan = config.train
    if spec.info.is_cascade:
        plan = plan.model_copy(update={"epochs": plan.epochs + config.finetune.epochs})
    run = prepare(spec, faces, config, plan, seed)
    checkpoint = checkpoint_beside("train", weights, [crops, index, split, centers], [method, seed, sorted(settings)])
    outputs = Outputs(weights, discriminators, model, curves)
    train_and_save(run, spec, checkpoint, outputs, tensorboard, checkpoint_minutes)
