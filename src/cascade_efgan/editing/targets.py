"""From what a user asks for to the AUs that a face is to show."""

import re
from collections.abc import Iterable, Mapping

import numpy as np

from cascade_efgan.data import AU_MAX, AUS
from cascade_efgan.errors import InputError


def parse_aus(words: Iterable[str]) -> dict[str, float]:
    """`AU12=3`, `au6=2` or `6=2` as AU -> intensity; `InputError` for another form, one twice, or by `check_aus`."""
    aus: dict[str, float] = {}
    for word in words:
        match = re.fullmatch(r"(?:AU)?0?(\d{1,2})=([^=]+)", word.strip(), re.IGNORECASE)
        try:
            name, value = f"AU{int(match[1]):02d}", float(match[2])  # type: ignore[index]
        except (TypeError, ValueError):
            raise InputError(f"--au {word}: expected an AU and its intensity, such as AU12=3") from None
        if name in aus:
            raise InputError(f"--au {word}: {name} is given twice; give it once")
        aus[name] = value
    check_aus(aus)
    return aus


def check_aus(aus: Mapping[str, float]) -> None:
    """Refuse AUs that networks do not know, and intensities outside 0..5, by an `InputError`."""
    for name, value in aus.items():
        if name not in AUS:
            raise InputError(f"{name}: not one of the 17 AUs that can be set; choose from {', '.join(AUS)}")
        if not 0 <= value <= AU_MAX:
            raise InputError(f"{name}={value:.15g}: expected an intensity of 0 to {AU_MAX:g}")


def check_intensity(value: float) -> float:
    """The intensity again; `InputError` where it is outside 0..2."""
    if not 0 <= value <= 2:  # beyond 1 the edit goes past its target, up to the end of the scale
        raise InputError(f"intensity {value:.15g}: expected 0 (nothing) to 1 (the target), or up to 2")
    return value


def target_aus(
    present: np.ndarray, goal: np.ndarray | None, aus: Mapping[str, float] | None, intensity: float = 1.0
) -> np.ndarray:
    """The AUs that a face is to show: `(17,)` float64, 0..5.

    Args:
        present: `(17,)`, 0..5, what it shows now.
        goal: `(17,)`, 0..5, of an expression or of another photograph; None: what it shows now.
        aus: AU -> intensity 0..5, set after the goal.
        intensity: share of the way from what is there to the goal, 0..2; the result stays within 0..5.
    """
    wanted = np.array(present if goal is None else goal, dtype=np.float64)
    for name, value in (aus or {}).items():
        wanted[AUS.index(name)] = value
    return np.clip(present + intensity * (wanted - present), 0, AU_MAX)
