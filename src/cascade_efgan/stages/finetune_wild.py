"""`efgan finetune_wild`: Cascade EF-GAN on wild images, from its pre-trained weights."""

from pathlib import Path
from typing import Annotated

from typer import Option

from cascade_efgan.config import settings_from_flags
from cascade_efgan.errors import InputError
from cascade_efgan.models.build import ModelSpec, restore
from cascade_efgan.training.start import Outputs, checkpoint_beside, prepare, train_and_save, training_faces


def command(
    seed: Annotated[int, Option(min=0, help="seed of data order and targets")],
    crops: Annotated[Path, Option(help="crops.npy of the wild images")],
    index: Annotated[Path, Option(help="crops.csv of the wild images")],
    split: Annotated[Path, Option(help="split.csv of the wild images")],
    pretrained: Annotated[Path, Option(help="weights of the pre-trained cascade")],
    pretrained_discriminators: Annotated[Path, Option(help="weights of its discriminators")],
    pretrained_model: Annotated[Path, Option(help="its model description")],
    weights: Annotated[Path, Option(help="generator's weights to write (safetensors)")],
    discriminators: Annotated[Path, Option(help="discriminators' weights to write (safetensors)")],
    model: Annotated[Path, Option(help="model description to write (JSON)")],
    curves: Annotated[Path, Option(help="losses by epoch to write (CSV)")],
    tensorboard: Annotated[Path | None, Option(help="folder of TensorBoard records")] = None,
    checkpoint_minutes: Annotated[
        float, Option(min=0, envvar="EFGAN_CHECKPOINT_MINUTES", help="least minutes between checkpoints")
    ] = 10,
    settings: Annotated[list[str], Option("--set", help="section.key=value; sections losses wild")] = [],
) -> None:
    """Fine-tune the pre-trained Cascade EF-GAN on wild images (Sec. 4.5).

    Generator and discriminators go on from their pre-trained weights, with the patch places of the pre-training. Not
    in the paper: it gives no schedule for this step, and does not say what becomes of the discriminators.
    """
    config = settings_from_flags(settings)
    faces = training_faces(crops, index, split)
    spec = ModelSpec.from_json(pretrained_model)
    if faces.size != spec.crop_size:
        raise InputError(
            f"{crops}: the crops are {faces.size} pixels wide, but {pretrained_model} was trained on {spec.crop_size}: "
            "crop both alike"
        )
    run = prepare(spec, faces, config, config.wild, seed)
    restore(run.objective.generator, pretrained, pretrained_model)
    restore(run.objective.discriminators, pretrained_discriminators, pretrained_model)
    inputs: list[Path | None] = [crops, index, split, pretrained, pretrained_discriminators]
    checkpoint = checkpoint_beside("finetune_wild", weights, inputs, [seed, sorted(settings)])
    outputs = Outputs(weights, discriminators, model, curves)
    train_and_save(run, spec, checkpoint, outputs, tensorboard, checkpoint_minutes)
