"""The typed configuration: every setting, its default, unit and source."""

from cascade_efgan.config.resolve import overrides_from_flags, resolve, settings_flags, settings_from_flags
from cascade_efgan.config.settings import PRESETS, Settings

__all__ = ["PRESETS", "Settings", "overrides_from_flags", "resolve", "settings_flags", "settings_from_flags"]
