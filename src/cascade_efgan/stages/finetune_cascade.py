"""`efgan finetune_cascade`: a cascade, end to end, from trained single-step weights."""

from pathlib import Path
from typing import Annotated

from typer import Option

from cascade_efgan.config import settings_from_flags
from cascade_efgan.models.build import load_weights, start_from_single_step
from cascade_efgan.training.start import (
    Outputs,
    checkpoint_beside,
    model_spec,
    prepare,
    train_and_save,
    training_faces,
)


def command(
    method: Annotated[str, Option(help="baseline_cascade or cascade_ef_gan")],
    seed: Annotated[int, Option(min=0, help="seed of the Interpolator, data order and targets")],
    crops: Annotated[Path, Option(help="crops.npy")],
    index: Annotated[Path, Option(help="crops.csv")],
    split: Annotated[Path, Option(help="split.csv")],
    pretrained: Annotated[Path, Option(help="weights of the single-step method's generator")],
    pretrained_discriminators: Annotated[Path, Option(help="weights of its discriminators")],
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
        list[str], Option("--set", help="section.key=value; sections crop patches network losses finetune")
    ] = [],
) -> None:
    """Fine-tune a cascade of modules that all start from the single-step weights (Sec. 3.3, Sec. 8)."""
    config = settings_from_flags(settings)
    faces = training_faces(crops, index, split)
    spec = model_spec(method, faces, config, centers)
    run = prepare(spec, faces, config, config.finetune, seed)
    start_from_single_step(run.objective.generator, load_weights(pretrained))
    start_from_single_step(run.objective.discriminators, load_weights(pretrained_discriminators))
    inputs = [crops, index, split, centers, pretrained, pretrained_discriminators]
    checkpoint = checkpoint_beside("finetune_cascade", weights, inputs, [method, seed, sorted(settings)])
    outputs = Outputs(weights, discriminators, model, curves)
    train_and_save(run, spec, checkpoint, outputs, tensorboard, checkpoint_minutes)
