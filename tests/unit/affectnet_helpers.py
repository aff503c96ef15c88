"""AffectNet as the reader sees it, for its tests."""

from programs import write_files

from cascade_efgan.config import settings_from_flags
from cascade_efgan.data.photos import Request
from cascade_efgan.data.sources.affectnet import affectnet_photos


def source(archive, **affectnet_settings):
    """What the archive holds, by these settings of the data set."""
    flags = [f"affectnet.{key}={value}" for key, value in {"archive": archive, **affectnet_settings}.items()]
    return affectnet_photos(Request(settings_from_flags(flags), archive.parent / ".download"))


def photos(archive, **affectnet_settings):
    return list(source(archive, **affectnet_settings).photos)


def write_images(folder, names):
    write_files(folder, {name: name for name in names})
