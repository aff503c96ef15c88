"""Fixtures of several modules: an editor of small networks, and chunks of images for OpenFace."""

import pytest
from openface_chunk import Chunk, csv_of, picture
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


@pytest.fixture
def make_chunk(tmp_path, repository):
    """`make_chunk(recordings)`: stem -> CSV text."""
    return lambda recordings: Chunk(tmp_path, repository / "workflow" / "scripts" / "openface.sh", recordings)


@pytest.fixture
def eight(make_chunk):
    """Eight good images, a to h."""
    chunk = make_chunk({name: csv_of(number) for number, name in enumerate("abcdefgh")})
    chunk.pack({f"{name}.png": picture() for name in "abcdefgh"})
    return chunk
