"""Write a trained generator as ONNX."""

import logging
from pathlib import Path
from typing import Annotated

from typer import Option

from cascade_efgan.stages import options

log = logging.getLogger("efgan.export")


def command(
    onnx: Annotated[Path, Option(help="ONNX file to write")],
    run: options.RunFolder = Path("results"),
    weights: options.WeightsFile = None,
    force: Annotated[bool, Option("--force", help="replace a file that is there")] = False,
) -> None:
    """Write a trained generator as ONNX, checked against PyTorch in ONNX Runtime."""
    from cascade_efgan.editing.onnx_export import TOLERANCE, export_onnx
    from cascade_efgan.editing.runs import load_editor_model, run_facts, trained_weights
    from cascade_efgan.files import check_target

    check_target(onnx, force)
    path = trained_weights(run, weights)
    generator, spec = load_editor_model(path)
    margin, _ = run_facts(path, spec.crop_size)
    difference = export_onnx(generator, spec, margin, onnx)
    log.info("%s: %s; largest difference from PyTorch %.1e, allowed %.1e", onnx, spec.info.title, difference, TOLERANCE)
