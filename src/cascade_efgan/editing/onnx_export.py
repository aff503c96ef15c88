"""A generator as an ONNX file, checked against PyTorch before it is given a name."""

import json
import warnings
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from torch import Tensor, nn

from cascade_efgan import __version__
from cascade_efgan.data import AU_MAX, AUS
from cascade_efgan.editing.crop_editor import fix_weights
from cascade_efgan.files import atomic_path
from cascade_efgan.models.build import ModelSpec
from cascade_efgan.models.cascade import Cascade

#: Largest difference from PyTorch that is allowed, in units of [-1, 1]: an eighth of one of 256 grey levels.
TOLERANCE = 1e-3


class Exported(nn.Module):
    """What the file computes: the last step's faces, and where the face branch of that step repainted."""

    def __init__(self, generator: Cascade) -> None:
        super().__init__()
        self.generator = generator

    def forward(self, image: Tensor, present: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        """Image (N, 3, S, S) in [-1, 1], AUs (N, 17) in [0, 1] -> edited like image, attention (N, 1, S, S) in [0, 1].

        A single-step generator does not look at `present`; it is an input all the same, so that callers need not care.
        """
        last = self.generator(image, present, target)[-1]
        return last.final, last.attention["face"]


def inputs(spec: ModelSpec, batch: int, seed: int = 0) -> dict[str, Tensor]:
    """Smooth random pictures with some noise, and random AUs, as the file's inputs for a batch."""
    random = torch.Generator().manual_seed(seed)
    coarse = torch.rand((batch, 3, 4, 4), generator=random) * 2 - 1
    image = nn.functional.interpolate(coarse, size=(spec.crop_size,) * 2, mode="bicubic", align_corners=False)
    image = (image + 0.1 * torch.randn(image.shape, generator=random)).clamp(-1, 1)
    present, target = torch.rand((2, batch, len(AUS)), generator=random)
    return {"image": image, "present": present, "target": target}


def export_onnx(generator: Cascade, spec: ModelSpec, margin: float, out: Path) -> float:
    """Write an ONNX file with a dynamic batch, unless ONNX Runtime computes something else from it than PyTorch does.

    Inputs and outputs are those of `Exported.forward`; the file's metadata name method, crop size, margin (as in
    `crop_square`), AUs and their largest intensity. The generator's weights are fixed in place.

    Returns:
        The largest difference over both outputs and the checked batches, in units of [-1, 1].

    Raises:
        RuntimeError: the difference is above `TOLERANCE`; nothing is written.
    """
    module, given = Exported(fix_weights(generator)).eval(), inputs(spec, 2)
    batch = torch.export.Dim("batch")
    with warnings.catch_warnings(), torch.no_grad():
        # The exporter warns that three inputs share one dynamic axis, which is what is meant.
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            module,
            tuple(given.values()),
            input_names=list(given),
            output_names=["edited", "attention"],
            dynamic_shapes=({0: batch},) * 3,
            opset_version=18,  # ONNX Runtime 1.14 and later read it
            dynamo=True,
            verbose=False,
        )
    model = program.model_proto  # type: ignore[union-attr]
    onnx.helper.set_model_props(
        model,
        {
            "tool": "cascade-efgan", "version": __version__, "method": spec.method, "crop_size": str(spec.crop_size),
            "margin": str(margin), "aus": json.dumps(list(AUS)), "au_max": str(AU_MAX),
        },
    )  # fmt: skip
    onnx.checker.check_model(model)
    with atomic_path(out) as partial:
        onnx.save(model, str(partial))
        difference = _largest_difference(module, spec, onnx_session(partial))
        if not difference <= TOLERANCE:
            raise RuntimeError(f"{out}: ONNX Runtime differs from PyTorch by {difference:.2g}, above {TOLERANCE:.2g}")
    return difference


def onnx_session(path: Path, threads: int | None = None) -> onnxruntime.InferenceSession:
    """ONNX Runtime on the CPU with `threads` threads; None: as many as PyTorch has."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads or torch.get_num_threads()
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def run_onnx(session: onnxruntime.InferenceSession, given: Mapping[str, Tensor]) -> tuple[np.ndarray, np.ndarray]:
    """The file's outputs, edited and attention."""
    edited, attention = session.run(None, {name: values.numpy() for name, values in given.items()})
    return edited, attention


def _largest_difference(module: Exported, spec: ModelSpec, session: onnxruntime.InferenceSession) -> float:
    """Largest absolute difference of both outputs between PyTorch and ONNX Runtime, in units of [-1, 1]."""
    differences = []
    for batch in (1, 3):  # the export must not have frozen the batch that it was made with
        given = inputs(spec, batch, seed=batch)
        with torch.inference_mode():
            expected = module(**given)
        pairs = zip(expected, run_onnx(session, given), strict=True)
        differences += [float(np.abs(ours.numpy() - theirs).max()) for ours, theirs in pairs]
    return max(differences)
