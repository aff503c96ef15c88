"""`efgan fid`: distance between the features of real images and of edits."""

import logging
from pathlib import Path
from typing import Annotated

from typer import Option

from cascade_efgan.evaluation.fid import distance
from cascade_efgan.evaluation.metric import Metric, write_metric
from cascade_efgan.evaluation.statistics import DISTANCE_NAMES, load_statistics

log = logging.getLogger("efgan.fid")


def command(
    method: Annotated[str, Option(help="method or control")],
    dataset: Annotated[str, Option(help="data set")],
    seed: Annotated[int, Option(min=0, help="training seed")],
    real: Annotated[Path, Option(help="feature statistics of real images (safetensors)")],
    edits: Annotated[Path, Option(help="feature statistics of the edits of the test images (safetensors)")],
    metric: Annotated[Path, Option(help="number to write (JSON)")],
) -> None:
    """Fréchet distance between real images and edits; it is FID only with pytorch-fid's Inception."""
    first, second = load_statistics(real), load_statistics(edits)
    value = distance(first, second)
    details = {
        "extractor": first.extractor,
        "column": DISTANCE_NAMES[first.extractor],
        "features": len(first.mean),
        "n_real": first.n,
        "real_part": first.origin.get("part", "all"),
    }
    number = Metric(
        "fid", value, second.n, dataset, method, seed, details=details, settings={"extractor": first.extractor}
    )
    write_metric(metric, number, [real, edits])
    log.info(
        "%s of %s on %s: %.2f (%d edits, %d real images)", details["column"], method, dataset, value, second.n, first.n
    )
