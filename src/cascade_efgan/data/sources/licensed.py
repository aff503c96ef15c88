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
    source, path = _named(settings, dataset)
    if path is None:
        licence = DATASETS[dataset].licence
        about = f"{licence.title} is licensed by its owners; " if licence else ""
        raise InputError(f"{dataset}.archive is not set: {about}{_advice(dataset)}")
    if not os.path.exists(path):
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
    _, path = _named(settings, dataset)
    if path is None or not os.path.exists(path):
        return {"archive": "missing"}
    labels = getattr(section, "labels", None)
    of_labels = {"labels": fingerprint(os.path.expanduser(labels), cache)} if labels else {}
    return {"archive": str(path), "state": fingerprint(path, cache), **of_labels}


def _named(settings: Settings, dataset: str) -> tuple[str, Path | None]:
    """(what names the archive, its path; None where nobody names one)."""
    source, named = f"{dataset}.archive", getattr(settings, dataset).archive
    if not named:
        source = f"EFGAN_{dataset.upper()}"
        named = os.environ.get(source)
    return source, Path(os.path.expanduser(named)) if named else None


def _advice(dataset: str) -> str:
    """What to do without an archive."""
    place = f"as {dataset}.archive in config.yaml or in EFGAN_{dataset.upper()}"
    licence = DATASETS[dataset].licence
    if licence is None:
        return f"name a folder, zip or tar of your own photographs {place}"
    left_out = ", and 'wild={dataset: null}' leaves it out" if dataset == "affectnet" else ""
    return (
        f"request the data set at {licence.request_at} and name the folder, zip or tar that you received "
        f"{place} (the presets laptop, full and london run without it{left_out})"
    )
