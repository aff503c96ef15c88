"""ONNX files compute what PyTorch computes, for any batch, or are not written."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from small_models import save_random, small_spec

from cascade_efgan.data import AUS
from cascade_efgan.editing import onnx_export
from cascade_efgan.editing.crop_editor import fix_weights
from cascade_efgan.errors import InputError
from cascade_efgan.models.build import load_generator


@pytest.mark.parametrize("method", ["baseline", "cascade_ef_gan"])
def test_the_exported_file_edits_any_batch_as_pytorch_does(tmp_path, efgan, method):
    weights, spec = save_random(tmp_path, method), small_spec(method)
    out = tmp_path / "model.onnx"
    efgan("export", "--onnx", out, "--weights", weights)
    with pytest.raises(InputError, match="model.onnx: is there already.*--force"):
        efgan("export", "--onnx", out, "--weights", weights)
    generator, _ = load_generator(weights, weights.with_name("model.json"))
    session = onnx_export.onnx_session(out)
    for batch in (1, 5):
        given = onnx_export.inputs(spec, batch, seed=9)
        with torch.inference_mode():
            expected = generator(*given.values())[-1]
        edited, attention = onnx_export.run_onnx(session, given)
        assert np.abs(edited - expected.final.numpy()).max() < onnx_export.TOLERANCE
        assert np.abs(attention - expected.attention["face"].numpy()).max() < onnx_export.TOLERANCE
    properties = session.get_modelmeta().custom_metadata_map
    assert json.loads(properties["aus"]) == list(AUS)
    assert (properties["method"], properties["crop_size"], properties["margin"]) == (method, "32", "0.15")


def test_a_file_that_computes_something_else_is_not_written(tmp_path):
    weights, spec = save_random(tmp_path, "baseline"), small_spec("baseline")
    generator, _ = load_generator(weights, weights.with_name("model.json"))

    def noisy(_generator, _given, edits):
        if not torch.compiler.is_exporting():
            return [*edits[:-1], replace(edits[-1], final=edits[-1].final + 0.01)]

    generator.register_forward_hook(noisy)
    with pytest.raises(RuntimeError, match="differs from PyTorch by 0.01"):
        onnx_export.export_onnx(generator, spec, 0.15, tmp_path / "out" / "model.onnx")
    assert list((tmp_path / "out").iterdir()) == []


def test_fixed_weights_compute_the_same_without_spectral_normalisation(tmp_path):
    weights, spec = save_random(tmp_path), small_spec("cascade_ef_gan")
    given = onnx_export.inputs(spec, 2)
    generator, _ = load_generator(weights, weights.with_name("model.json"))
    with torch.inference_mode():
        before = generator(*given.values())[-1].final
        after = fix_weights(generator)(*given.values())[-1].final
    assert torch.allclose(before, after, atol=1e-5)
    assert not any("parametrizations" in name for name in generator.state_dict())
