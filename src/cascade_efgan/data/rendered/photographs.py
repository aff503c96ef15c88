"""Which photographs a rendered data set holds, and how they reach the rest of the pipeline."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from cascade_efgan.data import AU_MAX, AUS, EXPRESSIONS
from cascade_efgan.data.rendered.draw import Rendering, paint
from cascade_efgan.data.rendered.expression import GAZES, sample_aus
from cascade_efgan.data.rendered.identity import identity_of
from cascade_efgan.data.rendered.pose import LightAndPose
from cascade_efgan.errors import InputError

_ID = re.compile(rf"r(\d{{3,}})_({'|'.join(EXPRESSIONS)})_({'|'.join(GAZES)})")


@dataclass(frozen=True)
class RenderedFace:
    """One photograph to render.

    Attributes:
        seed, number: seed of the data set and the person's number, from 1.
        expression, gaze: of `EXPRESSIONS` and `GAZES`; "left" is the left of the picture.
    """

    seed: int
    number: int
    expression: str
    gaze: str

    @property
    def person(self) -> str:
        """For instance `r003`."""
        return f"r{self.number:03d}"

    @property
    def id(self) -> str:
        """For instance `r003_happy_left`."""
        return f"{self.person}_{self.expression}_{self.gaze}"

    @cached_property
    def aus(self) -> NDArray[np.float64]:
        """`(17,)` intensities 0..5 with two decimals."""
        places = EXPRESSIONS.index(self.expression), GAZES.index(self.gaze)
        rng = np.random.default_rng([self.seed, self.number, *places, 2])
        return sample_aus(identity_of(self.seed, self.number), self.expression, rng)


def sample_plan(people: int, gazes: Sequence[str], seed: int) -> list[RenderedFace]:
    """Every person with every expression and gaze, in this order.

    A face depends on (seed, person, expression, gaze) only: more people or gazes leave it as it is.

    Raises:
        InputError: fewer than one person, a negative seed, no gaze, an unknown gaze or one listed twice.
    """
    if people < 1:
        raise InputError(f"rendered.people: expected at least 1 person, not {people}")
    if seed < 0:
        raise InputError(f"rendered.seed: expected a whole number from 0, not {seed}")
    if not gazes or len(set(gazes)) != len(gazes) or not set(gazes) <= set(GAZES):
        raise InputError(f"rendered.gazes: expected one or more of {', '.join(GAZES)}, each once, not {list(gazes)}")
    numbers = range(1, people + 1)
    return [RenderedFace(seed, number, name, gaze) for number in numbers for name in EXPRESSIONS for gaze in gazes]


def face_of_id(face_id: str, seed: int) -> RenderedFace:
    """The face of an id as `sample_plan` made it from the same seed.

    Raises:
        InputError: the id is not one of a rendered face.
    """
    match = _ID.fullmatch(face_id)
    if match is None or int(match[1]) < 1:
        raise InputError(f"{face_id}: not the id of a rendered face; expected one like r003_happy_left")
    return RenderedFace(seed, int(match[1]), match[2], match[3])


def render(face: RenderedFace, aus: NDArray[np.floating] | None = None) -> Rendering:
    """The photograph of a face, or its true edit.

    Args:
        aus: `(17,)`, intensities 0..5; None: the face's own. Other AUs give the *true edit*: the same person,
            gaze, pose and light, and only the expression changes. Two decimals are kept, as in OpenFace's
            files, so that AUs that went through such a file give the same bytes.

    Raises:
        InputError: `aus` has another shape or values outside 0..5.
    """
    wanted = np.array(face.aus if aus is None else aus, np.float64).round(2)
    if wanted.shape != (len(AUS),) or not np.all((wanted >= 0) & (wanted <= AU_MAX)):
        raise InputError(f"{face.id}: expected {len(AUS)} AU intensities from 0 to {AU_MAX:g} to render it")
    photo = LightAndPose(face.seed, face.number, face.expression, face.gaze)
    return paint(identity_of(face.seed, face.number), wanted, face.gaze, photo)


def openface_csv(rendering: Rendering) -> str:
    """The true landmarks and AUs as OpenFace 2.2's FaceLandmarkImg writes them for one picture (`-2Dfp -aus`).

    Columns: face, confidence, x_0..x_67, y_0..y_67 (pixels, one decimal), 17 intensities AUxx_r (two decimals)
    and 18 presences AUxx_c (0.0 or 1.0; AU28, which has no intensity, is never shown). An AU is present from
    intensity 1 (FACS level B: slight). Source: OpenFace's output format page.
    """
    present = {au: float(value >= 1) for au, value in zip(AUS, rendering.aus, strict=True)} | {"AU28": 0.0}
    axes = [f"{axis}_{k}" for axis in "xy" for k in range(68)]
    header = ["face", "confidence", *axes, *(f"{au}_r" for au in AUS), *(f"{au}_c" for au in sorted(present))]
    values = ["0", "1.000", *(f"{v:.1f}" for v in rendering.landmarks.T.ravel()), *(f"{v:.2f}" for v in rendering.aus)]
    values += [f"{present[au]:.1f}" for au in sorted(present)]
    return ",".join(header) + "\n" + ",".join(values) + "\n"
