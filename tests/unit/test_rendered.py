"""Rendered faces: determinism, true edits, and that every AU moves what FACS says it moves."""

from dataclasses import replace
from io import StringIO

import cv2
import numpy as np
import pandas as pd
import pytest

from cascade_efgan.data import AUS, EXPRESSIONS
from cascade_efgan.data.rendered import GAZES, RenderedFace, face_of_id, openface_csv, render, sample_plan
from cascade_efgan.data.rendered.expression import PROTOTYPES
from cascade_efgan.errors import InputError

PEOPLE = ("r001", "r005", "r018")


def neutral(person: str) -> RenderedFace:
    return face_of_id(f"{person}_neutral_frontal", seed=0)


def only(**intensities: float) -> np.ndarray:
    """AUs `(17,)`: the named ones, all others 0."""
    return np.array([intensities.get(au, 0.0) for au in AUS])


def landmarks(person: str, **intensities: float) -> np.ndarray:
    return render(neutral(person), only(**intensities)).landmarks


@pytest.fixture(scope="module")
def plan() -> list[RenderedFace]:
    return sample_plan(3, GAZES, seed=0)


def test_plan_holds_every_person_expression_and_gaze_once(plan):
    made = [(face.id, face.person, face.expression, face.gaze) for face in plan]
    people = ("r001", "r002", "r003")
    assert made == [(f"{p}_{e}_{g}", p, e, g) for p in people for e in EXPRESSIONS for g in GAZES]


def test_more_people_or_fewer_gazes_leave_a_face_as_it_is(plan):
    wider = {face.id: face for face in sample_plan(5, ["frontal"], seed=0)}
    shared = [face for face in plan if face.id in wider]
    assert len(shared) == 24
    assert all(np.array_equal(face.aus, wider[face.id].aus) for face in shared)
    assert np.array_equal(render(shared[9]).image, render(wider[shared[9].id]).image)


def test_same_seed_gives_the_same_bytes_and_another_seed_does_not(plan):
    first, *_, again, other = [
        render(face) for face in (plan[30], *plan[:3], *(face_of_id(plan[30].id, seed) for seed in (0, 1)))
    ]
    assert first.image.dtype == np.uint8 and first.image.tobytes() == again.image.tobytes()
    assert np.array_equal(first.landmarks, again.landmarks)
    assert not np.array_equal(first.image, other.image)


def test_picture_does_not_depend_on_threads(plan):
    threads = cv2.getNumThreads()
    try:
        cv2.setNumThreads(1)
        one = render(plan[4]).image
        cv2.setNumThreads(4)
        assert np.array_equal(render(plan[4]).image, one)
    finally:
        cv2.setNumThreads(threads)


def test_true_edit_with_own_aus_is_the_image_itself(plan):
    for face in plan[::17]:
        assert np.array_equal(render(face, face.aus).image, render(face).image)
        # The same after a trip through crops.csv and the networks' 0..1 float32.
        assert np.array_equal(render(face, (face.aus / 5).astype(np.float32) * 5).image, render(face).image)


def test_true_edit_changes_the_face_and_leaves_the_backdrop(plan):
    for face in plan[::11]:
        if face.expression == "surprised":
            continue
        target = face_of_id(f"{face.person}_surprised_{face.gaze}", seed=0)
        change = np.abs(render(face, target.aus).image.astype(int) - render(face).image).max(2)
        assert change[60:230, 70:190].mean() > 3
        assert change[:, :24].max() == change[:, -24:].max() == 0


def test_aus_follow_the_prototypes_with_jitter():
    faces = sample_plan(12, ["frontal"], seed=3)
    for expression in EXPRESSIONS:
        aus = np.array([face.aus for face in faces if face.expression == expression])
        prototype = np.array([PROTOTYPES[expression].get(au, 0.0) for au in AUS])
        assert np.all((aus >= 0) & (aus <= 5))
        assert np.abs(aus.mean(0) - prototype).max() < 0.5
        assert aus[:, prototype > 1].std(0).min(initial=9) > 0.1
        assert aus[:, prototype == 0].max() < 1


@pytest.mark.parametrize("person", PEOPLE)
@pytest.mark.parametrize("au", AUS)
def test_every_au_changes_its_own_region_most(person, au):
    base = render(neutral(person), only())
    moved = render(neutral(person), only(**{au: 5.0}))
    x, y = base.landmarks.T
    brows, eyes, nose, mouth = y[17:27].min(), y[36:48].mean(), y[33], y[48:68].mean()
    rows = {
        ("AU01", "AU02", "AU04"): (brows - 32, eyes + 6),
        ("AU05", "AU07", "AU45"): (eyes - 16, eyes + 16),
        ("AU06",): (eyes - 12, nose + 14),
        ("AU09",): (brows - 8, mouth + 8),
    }
    top, bottom = next((span for aus, span in rows.items() if au in aus), (nose - 26, y[8] + 20))
    region = np.zeros((256, 256), bool)
    region[max(0, int(top)) : int(bottom) + 1, int(x.min()) - 2 : int(x.max()) + 3] = True
    change = np.abs(moved.image.astype(int) - base.image).max(2)
    assert np.count_nonzero(change[region] > 12) > 60
    assert change[region].mean() > 8 * change[~region].mean()


@pytest.mark.parametrize("person", PEOPLE)
def test_landmarks_move_as_facs_describes(person):
    rest = landmarks(person)

    def rise(points: list[int], **aus: float) -> float:
        """How far points go up, in pixels."""
        return float((rest[points, 1] - landmarks(person, **aus)[points, 1]).mean())

    assert rise([21, 22], AU01=5) > 5 > 2 > rise([17, 26], AU01=5)
    assert rise([18, 25], AU02=5) > 5 > 3 > rise([21, 22], AU02=5)
    for points, au, least in (
        ([37, 38, 43, 44], "AU05", 2), ([40, 41, 46, 47], "AU06", 1), ([40, 41, 46, 47], "AU07", 1),
        ([31, 35], "AU09", 1.5), ([50, 52], "AU10", 3), ([48, 54], "AU12", 6), ([57], "AU17", 1.5),
    ):  # fmt: skip
        assert rise(points, **{au: 5}) > least, au
    for points, au, least in (([21, 22], "AU04", 4), ([48, 54], "AU15", 4), ([8], "AU26", 8)):
        assert rise(points, **{au: 5}) < -least, au
    pinched = landmarks(person, AU04=5)
    assert pinched[22, 0] - pinched[21, 0] < rest[22, 0] - rest[21, 0] - 5

    def width(marks: np.ndarray) -> float:
        return float(np.hypot(*(marks[54] - marks[48])))

    def lips(marks: np.ndarray) -> float:
        """Thickness of both lips in the middle of the mouth."""
        return float(marks[62, 1] - marks[51, 1] + marks[57, 1] - marks[66, 1])

    assert min(width(landmarks(person, **{au: 5})) for au in ("AU12", "AU20")) > width(rest) + 8
    assert lips(landmarks(person, AU23=5)) < 0.7 * lips(rest)
    open_mouth = landmarks(person, AU25=5)
    assert open_mouth[66, 1] - open_mouth[62, 1] > 5 > 1 > rest[66, 1] - rest[62, 1]
    sides = np.abs(landmarks(person, AU14=5)[[48, 54], 1] - rest[[48, 54], 1])
    assert sides.max() > 4 * sides.min()


@pytest.mark.parametrize("person", PEOPLE)
def test_closed_lids_hide_the_eyes(person):
    shut = landmarks(person, AU45=5)
    assert np.abs(shut[[37, 38, 43, 44], 1] - shut[[41, 40, 47, 46], 1]).max() < 0.5
    rest = landmarks(person)
    assert np.abs(rest[[37, 38, 43, 44], 1] - rest[[41, 40, 47, 46], 1]).min() > 5


def test_gaze_moves_the_irises_only():
    """The dark of the iris lies further left, between or further right; the landmarks stay."""
    centers = []
    face = neutral("r007")
    for gaze in GAZES:
        rendering = render(replace(face, gaze=gaze), face.aus)
        x0, y0, x1, y1 = (*rendering.landmarks[36:42].min(0), *rendering.landmarks[36:42].max(0))
        eye = rendering.image[round(y0) : round(y1) + 1, round(x0) : round(x1) + 1].astype(float)
        dark = (255 - eye[..., 0]) ** 2
        centers.append((dark * np.arange(eye.shape[1])).sum() / dark.sum())
    assert centers[0] < centers[1] - 0.5 < centers[2] - 1.0


def test_landmarks_lie_inside_the_picture_in_order(plan):
    for face in plan:
        marks = render(face).landmarks
        assert marks.min() > 4 and marks.max() < 252
        x, y = marks.T
        # Jaws bulge below the temples, and heads roll: only the ends may turn back a little.
        assert np.all(np.diff(x[2:15]) > 0) and np.all(np.diff(x[:17]) > -2)
        rows = x[17:27], y[27:31], x[31:36], x[[36, 39, 42, 45]], x[48:55], -x[54:60]
        assert all(np.all(np.diff(row) > 0) for row in rows)
        assert y[8] == y[:17].max() == y.max()
        assert y[17:27].max() < y[36:48].min() + 8 < y[33] < y[51] < y[57] < y[8]
        assert np.all(y[[61, 62, 63]] <= y[[67, 66, 65]] + 1e-9)


def test_people_differ(plan):
    """Any two people's neutral faces differ more than two photographs of one person."""

    def distance(a: np.ndarray, b: np.ndarray) -> float:
        return float(np.abs(a.astype(float) - b)[40:230, 60:200].mean())

    images = {(f.number, f.gaze): render(f).image for f in plan if f.expression == "neutral"}
    across = [distance(images[a, "frontal"], images[b, "frontal"]) for a, b in ((1, 2), (1, 3), (2, 3))]
    within = [distance(images[a, "frontal"], images[a, "left"]) for a in (1, 2, 3)]
    assert min(across) > 1.5 * max(within)


def test_csv_is_openfaces(plan):
    rendering = render(plan[5])
    table = pd.read_csv(StringIO(openface_csv(rendering)))
    places = [f"{axis}_{k}" for axis in "xy" for k in range(68)]
    presences = [f"{au}_c" for au in (*AUS[:-1], "AU28", AUS[-1])]
    assert list(table) == ["face", "confidence", *places, *(f"{au}_r" for au in AUS), *presences]
    (found,) = table.to_dict("records")
    assert np.abs([found[place] for place in places] - rendering.landmarks.T.ravel()).max() <= 0.0501
    assert [found[f"{au}_r"] for au in AUS] == rendering.aus.tolist()
    assert [found[f"{au}_c"] for au in AUS] == (rendering.aus >= 1).tolist() and found["AU28_c"] == 0


def test_csv_header_equals_a_recorded_one(plan, openface_london):
    recorded = (openface_london / "001_03.csv").read_text().splitlines()[0]
    assert openface_csv(render(plan[0])).splitlines()[0] == recorded


@pytest.mark.parametrize("wrong", ["r003_happy", "r000_happy_left", "x3_happy_left", "r003_glad_left", "r003_happy_up"])
def test_unknown_ids_are_refused(wrong):
    with pytest.raises(InputError, match="not the id of a rendered face"):
        face_of_id(wrong, seed=0)


@pytest.mark.parametrize(
    ("people", "gazes", "seed", "key"),
    [
        (0, ["left"], 0, "rendered.people"),
        (1, [], 0, "rendered.gazes"),
        (1, ["up"], 0, "rendered.gazes"),
        (1, ["left", "left"], 0, "rendered.gazes"),
        (1, ["left"], -1, "rendered.seed"),
    ],
)
def test_impossible_plans_are_refused(people, gazes, seed, key):
    with pytest.raises(InputError, match=key):
        sample_plan(people, gazes, seed)


@pytest.mark.parametrize("aus", [np.zeros(16), np.full(17, 5.2), np.full(17, np.nan), np.full(17, -0.1)])
def test_impossible_aus_are_refused(plan, aus):
    with pytest.raises(InputError, match="17 AU intensities from 0 to 5"):
        render(plan[0], aus)
