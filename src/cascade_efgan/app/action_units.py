"""The 17 action units in plain words, as the page's sliders show them."""

from typing import NamedTuple

from cascade_efgan.data import AUS


class ActionUnit(NamedTuple):
    """One slider of the page: part of the face, what it does in plain words, what to look for in one short sentence."""

    group: str
    name: str
    help: str


#: AU -> its words, in the order of `AUS`. Source of the meanings: FACS (Ekman and Friesen); the wording is ours.
ACTION_UNITS = {
    "AU01": ActionUnit("Brows and eyes", "Raise inner brows", "Brows go up in the middle, as in worry."),
    "AU02": ActionUnit("Brows and eyes", "Raise outer brows", "Brow ends go up, as in surprise."),
    "AU04": ActionUnit("Brows and eyes", "Lower brows", "Brows go down and together: a frown."),
    "AU05": ActionUnit("Brows and eyes", "Raise upper lids", "Eyes open wide."),
    "AU06": ActionUnit("Cheeks and nose", "Raise cheeks", "The crow's feet of a hearty smile."),
    "AU07": ActionUnit("Brows and eyes", "Tighten lids", "Eyes narrow, as in a squint."),
    "AU09": ActionUnit("Cheeks and nose", "Wrinkle nose", "Nose wrinkles, as at a bad smell."),
    "AU10": ActionUnit("Cheeks and nose", "Raise upper lip", "Upper lip goes up, as in disgust."),
    "AU12": ActionUnit("Mouth and chin", "Pull lip corners up", "The smile."),
    "AU14": ActionUnit("Mouth and chin", "Dimple lip corners", "Lip corners pull inwards."),
    "AU15": ActionUnit("Mouth and chin", "Pull lip corners down", "The sad mouth."),
    "AU17": ActionUnit("Mouth and chin", "Raise chin", "Chin pushes the lower lip up."),
    "AU20": ActionUnit("Mouth and chin", "Stretch lips", "Lips go sideways, as in fear."),
    "AU23": ActionUnit("Mouth and chin", "Tighten lips", "Lips press thin, as in anger."),
    "AU25": ActionUnit("Mouth and chin", "Part lips", "Lips open a little."),
    "AU26": ActionUnit("Mouth and chin", "Drop jaw", "Mouth opens as the jaw falls."),
    "AU45": ActionUnit("Brows and eyes", "Close eyes", "Both eyes shut, as in a blink."),
}
if tuple(ACTION_UNITS) != AUS:  # pragma: no cover - a slider for every column, or none at all
    raise RuntimeError("ACTION_UNITS and AUS differ")
