"""Where data sets come from: one small function each, under the name that `--dataset` takes.

A new data set is a module with one function, `Request -> SourcePhotos`, and a line in `SOURCES`.
"""

from collections.abc import Callable

from cascade_efgan.data.affectnet import affectnet_photos
from cascade_efgan.data.cfeed import cfeed_photos
from cascade_efgan.data.folder import folder_photos
from cascade_efgan.data.london import london_photos
from cascade_efgan.data.photos import Request, SourcePhotos
from cascade_efgan.data.rafd import rafd_photos
from cascade_efgan.data.rendered_photos import rendered_photos
from cascade_efgan.errors import InputError

Source = Callable[[Request], SourcePhotos]

SOURCES: dict[str, Source] = {
    "rendered": rendered_photos,
    "london": london_photos,
    "rafd": rafd_photos,
    "cfeed": cfeed_photos,
    "affectnet": affectnet_photos,
    "folder": folder_photos,
}


def source_photos(dataset: str, request: Request) -> SourcePhotos:
    """The photographs of a data set.

    Raises:
        InputError: no source of that name, or the source's own complaint.
    """
    if dataset not in SOURCES:
        raise InputError(f"data set {dataset!r} has no source: expected one of {', '.join(SOURCES)}")
    return SOURCES[dataset](request)
