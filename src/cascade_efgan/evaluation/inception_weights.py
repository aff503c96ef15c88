"""The weights file that FID is defined by: found, fetched and checked."""

import shutil
from pathlib import Path

from cascade_efgan.data.pinned_file import PinnedFile
from cascade_efgan.errors import InputError
from cascade_efgan.files import atomic_path

#: pytorch-fid's Inception (its constant `FID_WEIGHTS_URL`; the name holds the first eight digits of the hash, as
#: torch.hub's convention asks).
INCEPTION = PinnedFile(
    name="pt_inception-2015-12-05-6726825d.pth",
    url="https://github.com/mseitzer/pytorch-fid/releases/download/fid_weights/pt_inception-2015-12-05-6726825d.pth",
    sha256="6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2",
    variable="EFGAN_WEIGHTS_MIRROR",
)


def check_inception_weights(path: Path) -> None:
    """Refuse any file but the one that FID is defined by.

    Raises:
        InputError: missing file or another hash.
    """
    if not path.is_file():
        raise InputError(f"{path}: no such file; run the fetch_weights rule, or put {INCEPTION.name} there")
    INCEPTION.check(path)


def local_inception_weights(source: str | None) -> Path | None:
    """The local copy that the setting `fid.inception_weights` or the mirror folder names; None where neither is set.

    Raises:
        InputError: one of them is set, but the file is not there.
    """
    if source is None:
        return INCEPTION.mirrored()
    path = Path(source)
    if path.is_dir():
        path = path / INCEPTION.name
    if not path.is_file():
        raise InputError(f"fid.inception_weights: no file {path}; put {INCEPTION.name} there or unset it")
    return path


def require_inception_weights(source: str | None) -> Path:
    """The local copy, for a stage that downloads nothing.

    Raises:
        InputError: there is none.
    """
    path = local_inception_weights(source)
    if path is None:
        raise InputError(
            f"fid.extractor is inception, but its weights {INCEPTION.name} are not here: run the fetch_weights rule, "
            f"set fid.inception_weights or {INCEPTION.variable} to a local copy, or choose another fid.extractor"
        )
    return path


def fetch_inception_weights(out: Path, source: str | None) -> None:
    """Copy the weights from a local place, or download them from pytorch-fid's address; checked either way.

    Raises:
        InputError: no local copy and no download, or a file with another hash.
    """
    local = local_inception_weights(source)
    with atomic_path(out) as partial:
        if local is not None:
            shutil.copyfile(INCEPTION.check(local), partial)
        else:
            INCEPTION.fetch(
                partial, f"set fid.inception_weights or {INCEPTION.variable} to a local copy", progress=True
            )
        INCEPTION.check(partial)
