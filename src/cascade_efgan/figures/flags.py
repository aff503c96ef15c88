"""What the stages that draw figures have in common."""

from cascade_efgan.config import Settings, settings_from_flags
from cascade_efgan.figures.caption import Made


def made_by(dataset: str, seed: int, words: list[str]) -> tuple[Made, Settings]:
    """What made a figure, from a stage's flags, and its settings.

    Raises:
        InputError: a wrong setting.
    """
    settings = settings_from_flags(words)
    return Made(dataset, settings.preset, seed, settings.figures.seed), settings
