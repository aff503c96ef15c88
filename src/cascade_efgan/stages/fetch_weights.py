"""Fetch pytorch-fid's Inception weights, for FID."""

import logging
from pathlib import Path
from typing import Annotated

from typer import Option

from cascade_efgan.config import settings_from_flags
from cascade_efgan.evaluation.inception_weights import INCEPTION, fetch_inception_weights

log = logging.getLogger("efgan.fetch_weights")


def command(
    weights: Annotated[Path, Option(help="weights to write (PTH)")],
    settings: Annotated[list[str], Option("--set", help="section.key=value; section fid")] = [],
) -> None:
    """Fetch pytorch-fid's Inception weights: from fid.inception_weights, a mirror folder, or their public address."""
    fetch_inception_weights(weights, settings_from_flags(settings).fid.inception_weights)
    log.info("%s checked and written to %s", INCEPTION.name, weights)
