"""Where the AUs of each data set come from, and what of it only the user can bring."""

import os
from pathlib import Path

from cascade_efgan.config import Settings
from cascade_efgan.data.sources.licensed import missing_archives
from cascade_efgan.errors import InputError

#: OpenFace's values for the London Set, recorded in this repository.
LONDON_VALUES = "resources/london/openface.csv"


def measured_here(settings: Settings) -> list[str]:
    """The data sets whose AUs come from a run of OpenFace in this workflow."""
    return _with_aus(settings, "openface")


def recorded_values(settings: Settings) -> dict[str, str]:
    """Data set -> OpenFace's CSVs that the user brings (`aus: csv`), or the London Set's.

    Raises:
        InputError: what `openface_csv` of a data set names does not exist.
    """
    found = {}
    for dataset in _with_aus(settings, "csv"):
        named = getattr(settings, dataset).openface_csv
        found[dataset] = LONDON_VALUES if named is None else os.path.expanduser(named)
        if named is not None and not Path(found[dataset]).exists():
            raise InputError(
                f"configuration key {dataset}.openface_csv is {named!r}: no such file or folder; name OpenFace's CSVs, "
                f"or set {dataset}.aus to openface"
            )
    return found


def _with_aus(settings: Settings, source: str) -> list[str]:
    """The data sets with this setting `aus`; those that come with their true AUs have none."""
    return [name for name in settings.all_datasets if getattr(getattr(settings, name), "aus", None) == source]


def installed_program(settings: Settings) -> str:
    """The program that the user installed; empty: none, so that the container's is needed."""
    return os.path.expanduser(settings.openface.program or os.environ.get("OPENFACE_BIN", ""))


def missing_inputs(settings: Settings, contained: bool) -> list[str]:
    """One sentence for everything that is not there: archives, and a program or container of OpenFace."""
    sentences = missing_archives(settings)
    measured = measured_here(settings)
    if measured and not installed_program(settings) and not contained:
        sentences.append(
            f"OpenFace, for {', '.join(measured)}: install it and name FaceLandmarkImg in openface.program or "
            "OPENFACE_BIN, or run its container with --software-deployment-method apptainer"
        )
    return sentences
