"""Data sets that only their user can obtain: where the archive is, and whether it changed.

The workflow asks at every start, so this module imports no array library and reads no photograph.
"""

import os
from pathlib import Path

from cascade_efgan.config.data_sections import Archive
from cascade_efgan.config.settings import Settings
from cascade_efgan.data.sources.fingerprints import fingerprint
from cascade_efgan.datasets import DATASETS
from cascade_efgan.errors import InputError
from cascade_efgan.files import not_the_file


def archive_of(settings: Settings, dataset: str) -> Path:
    """The archive of rafd, cfeed, affectnet or folder: its setting `archive`, else the variable EFGAN_<DATA SET>.

    Raises:
        InputError: neither is set, or what is named does not exist; the sentence says where to request the data set.
    """
    named = _named(settings, dataset)
    if not named:
        raise InputError(f"{dataset}.archive is not set: {_about(dataset)}{_advice(dataset)}")
    path = Path(os.path.expanduser(named))
    if not os.path.exists(path):
        source = f"{dataset}.archive" if getattr(settings, dataset).archive else _variable(dataset)
        raise InputError(
            not_the_file(path)
            or f"{path}: no such file or folder, though {source} names it; correct it, or {_advice(dataset)}"
        )
    return path


def missing_archives(settings: Settings) -> list[str]:
    """One sentence for every data set of the run whose archive is not there, in the order of `all_datasets`."""
    sentences = []
    for dataset in settings.all_datasets:
        if isinstance(getattr(settings, dataset), Archive):
            try:
                archive_of(settings, dataset)
            except InputError as error:
                sentences.append(str(error))
    return sentences


def archive_fingerprint(settings: Settings, dataset: str, cache: Path | None = None) -> dict[str, str]:
    """What shows that the archive of a data set, or `folder.labels`, is another than before (`fingerprint`).

    Returns:
        `archive`: its path, or "missing"; `state` and `labels`: fingerprints of it and of `folder.labels`. Empty for a
        data set that needs no archive.
    """
    section = getattr(settings, dataset, None)
    if not isinstance(section, Archive):
        return {}
    path = os.path.expanduser(_named(settings, dataset))
    if not os.path.exists(path):
        return {"archive": "missing"}
    labels = getattr(section, "labels", None)
    of_labels = {"labels": fingerprint(os.path.expanduser(labels), cache)} if labels else {}
    return {"archive": path, "state": fingerprint(path, cache), **of_labels}


def _variable(dataset: str) -> str:
    return f"EFGAN_{dataset.upper()}"


def _named(settings: Settings, dataset: str) -> str:
    """The archive as the user wrote it; empty where nobody names one."""
    return getattr(settings, dataset).archive or os.environ.get(_variable(dataset), "")


def _about(dataset: str) -> str:
    licence = DATASETS[dataset].licence
    return f"{licence.title} is licensed by its owners; " if licence else ""


def _advice(dataset: str) -> str:
    """What to do without an archive."""
    place = f"as {dataset}.archive in config.yaml or in {_variable(dataset)}"
    licence = DATASETS[dataset].licence
    if licence is None:
        return f"name a folder, zip or tar of your own photographs {place}"
    left_out = ", and 'wild={dataset: null}' leaves it out" if dataset == "affectnet" else ""
    return (
        f"request the data set at {licence.request_at} and name the folder, zip or tar that you received "
        f"{place} (the presets laptop, full and london run without it{left_out})"
    )
