"""Which photographs a rendered data set holds."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from cascade_efgan.data import AU_MAX, AUS, EXPRESSIONS
from cascade_efgan.data.rendered.expression import GAZES, PROTOTYPES
from cascade_efgan.data.rendered.identity import identity_of
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
        """`(17,)` intensities 0..5, with two decimals as OpenFace writes them.

        The prototype times the person's gains, a common strength and a jitter per AU; absent AUs stay near 0.
        Not in the paper: spreads chosen so that classes overlap little and no two photographs agree.
        """
        places = EXPRESSIONS.index(self.expression), GAZES.index(self.gaze)
        rng = np.random.default_rng([self.seed, self.number, *places, 2])
        prototype = np.array([PROTOTYPES[self.expression].get(au, 0.0) for au in AUS])
        strength = rng.uniform(0.86, 1.1)
        gain = np.array(identity_of(self.seed, self.number).au_gain)
        shown = prototype * gain * strength * rng.normal(1, 0.07, len(AUS))
        stray = np.abs(rng.normal(0, 0.12, len(AUS)))
        # A stray blink of 0.1 is fine, stray jaw drop or lip opening would show teeth on every neutral face.
        stray[[AUS.index("AU25"), AUS.index("AU26")]] *= 0.3
        return np.round(np.clip(shown + stray, 0, AU_MAX), 2)


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
