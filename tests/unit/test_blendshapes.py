"""MediaPipe's blendshapes as OpenFace's action units."""

import importlib.util
import json

import numpy as np
import pytest

from cascade_efgan.data import AUS
from cascade_efgan.face_finders.blendshapes import MOVERS, au_lines, aus_from_blendshapes, both_sides, untold_aus


def scores(**given):
    names = {name[1:] for words in MOVERS.values() for name in words.split()}
    return dict.fromkeys(names, 0.0) | given


def test_left_and_right_become_one():
    assert both_sides({"mouthSmileLeft": 0.2, "mouthSmileRight": 0.4, "jawOpen": 1.0}) == pytest.approx(
        {"mouthSmile": 0.3, "jawOpen": 1.0}
    )


def test_a_smile_raises_au12_and_au6_and_nothing_leaves_the_scale():
    neutral, smile = aus_from_blendshapes(scores()), aus_from_blendshapes(scores(mouthSmile=1.0, cheekSquint=1.0))
    assert smile[AUS.index("AU12")] > neutral[AUS.index("AU12")] + 1.5
    assert smile[AUS.index("AU06")] > neutral[AUS.index("AU06")]
    everything = aus_from_blendshapes(dict.fromkeys(scores(), 1.0))
    for aus in (neutral, smile, everything):
        assert aus.shape == (17,)
        assert ((aus >= 0) & (aus <= 5)).all()


def test_weights_have_the_signs_that_anatomy_gives():
    for au, line in au_lines().items():
        allowed = {word[1:]: word[0] for word in MOVERS[au].split()}
        for name, weight in line.weights.items():
            assert (weight > 0) == (allowed[name] == "+")


def test_an_au_that_cannot_be_told_is_that_of_a_neutral_face_whatever_the_scores():
    threshold = 0.5
    assert set(untold_aus()) == {au for au, line in au_lines().items() if line.correlation < threshold}
    for au in untold_aus():
        values = {aus_from_blendshapes(dict.fromkeys(scores(), value))[AUS.index(au)] for value in (0.0, 0.5, 1.0)}
        assert values == {au_lines()[au].neutral}


def test_the_page_says_what_the_coefficients_say(repository):
    page = (repository / "docs" / "blendshapes.md").read_text()
    for au, line in au_lines().items():
        row = next(row for row in page.splitlines() if row.startswith(f"| {au} "))
        assert ("cannot tell" in row) == (not line.told)
        assert float(row.split("|")[3]) == pytest.approx(line.correlation, abs=0.006)


def test_fitting_again_gives_the_stored_coefficients(
    repository, london_mirror, openface_london, models_mirror, monkeypatch
):
    monkeypatch.setenv("EFGAN_MODELS_MIRROR", str(models_mirror))
    place = importlib.util.spec_from_file_location("fit_blendshapes", repository / "benchmarks" / "fit_blendshapes.py")
    script = importlib.util.module_from_spec(place)
    monkeypatch.setitem(__import__("sys").modules, "fit_blendshapes", script)
    place.loader.exec_module(script)
    data = script.read_data(london_mirror, openface_london)
    stored = json.loads(script.mesh.OFFSETS.read_text())["offsets"]
    assert np.allclose(script.mean_offset(script.differences(data)), stored, atol=2e-3)
    for au in ("AU12", "AU25", "AU04"):
        line, _ = script.fit_au(data, au)
        assert line["correlation"] == pytest.approx(au_lines()[au].correlation, abs=0.02)
        assert line["told"] == au_lines()[au].told
