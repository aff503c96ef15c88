"""Write a run's trained generator as the package carries it."""

import logging
from pathlib import Path
from typing import Annotated

from typer import Option

log = logging.getLogger("efgan.publish_weights")


def command(
    dataset: Annotated[str, Option(help="data set whose weights are published: london or rendered")],
    out: Annotated[
        Path, Option(help="folder to write; src/cascade_efgan/pretrained/NAME goes with the package as NAME")
    ],
    results: Annotated[Path, Option(help="a whole finished run, with its provenance.json")] = Path("results"),
    method: Annotated[str, Option(help="method whose weights are published")] = "cascade_ef_gan",
    seed: Annotated[int, Option(min=0, help="training seed of the weights")] = 0,
) -> None:
    """Write the weights of a finished run in bfloat16, with model card, samples and the record of its origin."""
    from cascade_efgan.publishing.publish import publish

    psnr = publish(results, dataset, method, seed, out)
    log.info("%s: PSNR of all test edits %.3f dB, %.3f dB in float32", out, psnr["bfloat16"], psnr["float32"])
