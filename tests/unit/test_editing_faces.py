"""Who finds faces, which of them can be edited, and what is said about the others."""

import re

import numpy as np
import pytest
from made_faces import landmarks, openface_text
from PIL import Image

from cascade_efgan.data import AUS
from cascade_efgan.data.photo_files.images import decode_image
from cascade_efgan.errors import InputError
from cascade_efgan.face_finders import mediapipe_finder
from cascade_efgan.face_finders.found import FoundFace, find_faces, usable_faces, why_unusable
from cascade_efgan.face_finders.mediapipe_finder import LANDMARKER, MediaPipeFaces
from cascade_efgan.face_finders.mesh import MIRRORED, VERTICES, from_eye_frame, to_eye_frame
from cascade_efgan.face_finders.openface_finder import OpenFaceFaces


def face(points, aus=None):
    return FoundFace(np.asarray(points, dtype=np.float64), np.zeros(len(AUS)) if aus is None else aus, 1.0, "test")


@pytest.fixture
def finder(monkeypatch, models_mirror):
    """MediaPipe, where its model is beside the repository."""
    monkeypatch.setenv(LANDMARKER.variable, str(models_mirror))
    return MediaPipeFaces()


@pytest.fixture
def upright():
    """Landmarks with eyes and nose where a face that looks at the camera has them."""
    points = landmarks(20, 30, 60)
    points[36], points[45], points[30] = (35, 50), (65, 50), (50, 62)
    return points


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda points: points / 4, "too small"),
        # "32 pixels; expected at least 32"
        (lambda points: points * 31.7 / np.ptp(points, axis=0).max(), r"too small .31\.7 pixels; expected at least 32"),
        (lambda points: np.where(np.arange(68)[:, None] == 30, [63.0, 60.0], points), "turned away"),
        (lambda points: points[:, ::-1] * (-1, 1) + (120, 0), "tilted by 90"),
        (lambda points: points + (70, 0), "outside the photograph"),
        (lambda points: points * np.nan, "no numbers"),
    ],
)
def test_a_face_that_cannot_be_edited_is_named_by_its_reason(upright, change, words):
    bad = face(change(upright))
    assert re.search(words, why_unusable(bad, (120, 120), 32))
    with pytest.raises(InputError, match=f"photo.jpg: the face .*{words}"):
        usable_faces([bad], (120, 120), 32, "photo.jpg")
    usable, skipped = usable_faces([bad, face(upright)], (120, 120), 32, "photo.jpg")
    assert [one.side for one in usable] == [60] and len(skipped) == 1


def test_openface_is_used_where_it_is_configured(upright, openface_answers):
    aus = np.linspace(0, 5, len(AUS)).round(2)
    # A large face, a small one, and one of OpenFace's phantoms.
    openface_answers(openface_text([(0.9, aus, upright / 2), (0.98, aus, upright), (0.2, aus, upright * 2)]))
    finder = find_faces()
    assert isinstance(finder, OpenFaceFaces)
    found = finder.find(np.zeros((120, 120, 3), dtype=np.uint8))
    assert [(one.side, one.confidence) for one in found] == [(60, 0.98), (30, 0.9)]
    assert np.array_equal(found[0].aus, aus)


def test_openface_without_a_face_gives_none_and_a_failure_is_told(openface_answers, tmp_path):
    program, image = openface_answers(""), np.zeros((43, 43, 3), dtype=np.uint8)
    assert OpenFaceFaces(program).find(image) == []
    # OpenFace aborts on it: "failed with status 134; fix it first".
    with pytest.raises(InputError, match="90x42 pixels are too few for OpenFace; expected at least 43 on each side"):
        OpenFaceFaces(program).find(np.zeros((42, 90, 3), dtype=np.uint8))
    program.write_text("#!/bin/sh\necho Could not load the landmark detector\nexit 1\n")
    with pytest.raises(InputError, match="status 1 .Could not load the landmark detector"):
        OpenFaceFaces(program).find(image)
    with pytest.raises(InputError, match="not OpenFace's FaceLandmarkImg"):
        find_faces(tmp_path / "FaceLandmarkImg")


def test_a_mirror_without_the_model_or_with_another_file_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv(LANDMARKER.variable, str(tmp_path))
    with pytest.raises(InputError, match=f"no file .*{LANDMARKER.name}"):
        find_faces()
    (tmp_path / LANDMARKER.name).write_bytes(b"something else")
    with pytest.raises(InputError, match="SHA-256"):
        find_faces()


def test_without_a_mirror_the_shared_folder_beside_the_checkout_is_one_else_the_model_is_fetched(
    request, monkeypatch, tmp_path
):
    monkeypatch.delenv(LANDMARKER.variable, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")  # nobody answers there
    (tmp_path / "checkout").mkdir()
    monkeypatch.chdir(tmp_path / "checkout")
    with pytest.raises(InputError, match=r"could not be downloaded from https://storage.*EFGAN_MODELS_MIRROR"):
        mediapipe_finder.model_path()
    assert not list(tmp_path.rglob("*.task"))
    models_mirror = request.getfixturevalue("models_mirror")  # skipped from here where it is absent
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "models").symlink_to(models_mirror)
    assert mediapipe_finder.model_path().samefile(models_mirror / LANDMARKER.name)


def test_the_mirror_image_of_the_landmarks_and_the_frame_of_the_eyes_go_there_and_back():
    assert len(set(VERTICES)) == len(MIRRORED) == 68
    assert [MIRRORED[MIRRORED[point]] for point in range(68)] == list(range(68))
    across = np.array([3.0, 4.0])
    assert np.allclose(to_eye_frame(across[None], across), [[1, 0]])
    vectors = np.random.default_rng(0).normal(size=(5, 2))
    assert np.allclose(from_eye_frame(to_eye_frame(vectors, across), across), vectors)


def test_mediapipe_finds_the_landmarks_that_openface_finds(finder, london_mirror, openface_london):
    from cascade_efgan.data.openface.csv_files import read_openface
    from cascade_efgan.data.openface.detected import choose_face

    known = read_openface(openface_london)
    for name in ("neutral_front/001_03", "smiling_front/005_08"):
        image = decode_image((london_mirror / f"{name}.jpg").read_bytes(), name)
        found = finder.find(image)
        assert len(found) == 1
        truth = choose_face(known[name[-6:]], 0.5).landmarks
        scale = np.linalg.norm(truth[45] - truth[36])
        assert np.linalg.norm(found[0].landmarks - truth, axis=1).mean() < 0.035 * scale


def test_mediapipe_finds_every_face_of_a_group_once_and_a_small_one_in_a_wide_photograph(finder, london_mirror):
    names = sorted(london_mirror.glob("neutral_front/*.jpg"))[:6]
    rows = [decode_image(name.read_bytes(), name.name)[::2, ::2] for name in names]
    assert len(finder.find(np.vstack([np.hstack(rows[:3]), np.hstack(rows[3:])]))) == 6
    wide = np.full((1200, 2400, 3), 128, dtype=np.uint8)
    wide[500:800, 1900:2200] = np.asarray(Image.fromarray(rows[0]).resize((300, 300)))
    (face,) = finder.find(wide)
    assert ((face.landmarks > (1900, 500)) & (face.landmarks < (2200, 800))).all()


def test_after_a_failure_of_mediapipe_the_next_photograph_is_searched_as_ever(finder, london_mirror):
    # One empty slice of a video's frame made every later call of the same `Editor` fail.
    good = decode_image(next(london_mirror.glob("neutral_front/*.jpg")).read_bytes(), "good")
    for bad in (good[:0], good[:, :0], good[..., 0]):
        with pytest.raises(InputError, match="MediaPipe's face landmarker failed on it .*; give another photograph"):
            finder.find(bad)
        assert len(finder.find(good)) == 1
    assert finder.find(np.random.default_rng(0).integers(0, 256, (200, 200, 3), dtype=np.uint8)) == []
