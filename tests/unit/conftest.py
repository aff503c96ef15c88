"""Fixtures of the tests that edit photographs."""

import pytest
from PIL import Image
from rendered_photo import RENDERED, TRUE_FACE, Known

from cascade_efgan import Editor
from cascade_efgan.data.rendered import openface_csv


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """Random weights of a small Cascade EF-GAN, as a run leaves them."""
    from small_models import save_random  # PyTorch, which most tests here do without

    return save_random(tmp_path_factory.mktemp("run") / "results" / "rendered" / "seed0" / "cascade_ef_gan")


@pytest.fixture
def editor(weights):
    """Their editor, which finds the rendered face in whatever it is given."""
    return Editor.from_file(weights, Known(TRUE_FACE), device="cpu")


@pytest.fixture
def photo(tmp_path):
    """The rendered face as a file."""
    path = tmp_path / "face.png"
    Image.fromarray(RENDERED.image).save(path)
    return path


@pytest.fixture
def found_everywhere(openface_answers):
    """The command line's finder knows the rendered face."""
    openface_answers(openface_csv(RENDERED))
