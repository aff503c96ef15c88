"""The weights file that FID is defined by: found, fetched and checked."""

import os
import shutil
from pathlib import Path

from cascade_efgan.errors import InputError
from cascade_efgan.files import atomic_path, sha256_file

#: Name, address and SHA-256 of pytorch-fid's Inception (its constant `FID_WEIGHTS_URL`; the name holds the first
#: eight digits of the hash, as torch.hub's convention asks).
INCEPTION_FILE = "pt_inception-2015-12-05-6726825d.pth"
INCEPTION_URL = f"https://github.com/mseitzer/pytorch-fid/releases/download/fid_weights/{INCEPTION_FILE}"
INCEPTION_SHA256 = "6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2"

#: Environment variable with a folder that holds the file.
MIRROR_VARIABLE = "EFGAN_WEIGHTS_MIRROR"


def check_inception_weights(path: Path) -> None:
    """Refuse any file but the one that FID is defined by.

    Raises:
        InputError: missing file or another hash.
    """
    if not path.is_file():
        raise InputError(f"{path}: no such file; run the fetch_weights rule, or put {INCEPTION_FILE} there")
    digest = sha256_file(path)
    if digest != INCEPTION_SHA256:
        raise InputError(
            f"{path}: SHA-256 begins with {digest[:8]}, expected {INCEPTION_SHA256[:8]} of {INCEPTION_FILE}; "
            "delete it and fetch it again"
        )


def local_inception_weights(source: str | None) -> Path | None:
    """The local copy that the setting `fid.inception_weights` or the mirror folder names; None where neither is set.

    Raises:
        InputError: one of them is set, but the file is not there.
    """
    folder = os.environ.get(MIRROR_VARIABLE)
    if source is None and not folder:
        return None
    path = Path(source) if source is not None else Path(str(folder)) / INCEPTION_FILE
    if path.is_dir():
        path = path / INCEPTION_FILE
    if not path.is_file():
        named = "fid.inception_weights" if source is not None else f"environment variable {MIRROR_VARIABLE}"
        raise InputError(f"{named}: no file {path}; put {INCEPTION_FILE} there or unset it")
    return path


def require_inception_weights(source: str | None) -> Path:
    """The local copy, for a stage that downloads nothing.

    Raises:
        InputError: there is none.
    """
    path = local_inception_weights(source)
    if path is None:
        raise InputError(
            f"fid.extractor is inception, but its weights {INCEPTION_FILE} are not here: run the fetch_weights rule, "
            f"set fid.inception_weights or {MIRROR_VARIABLE} to a local copy, or choose another fid.extractor"
        )
    return path


def fetch_inception_weights(out: Path, source: str | None) -> None:
    """Copy the weights from a local place, or download them from pytorch-fid's address; checked either way.

    Args:
        out: file to write.
        source: the setting `fid.inception_weights`.

    Raises:
        InputError: no local copy and no download, or a file with another hash.
    """
    local = local_inception_weights(source)
    with atomic_path(out) as partial:
        if local is not None:
            check_inception_weights(local)
            shutil.copyfile(local, partial)
        else:
            _download(partial)
        check_inception_weights(partial)


def _download(out: Path) -> None:
    import pooch
    import requests

    try:
        pooch.retrieve(INCEPTION_URL, f"sha256:{INCEPTION_SHA256}", fname=out.name, path=out.parent, progressbar=True)
    except (requests.RequestException, OSError, ValueError) as error:
        raise InputError(
            f"fid.inception_weights: {INCEPTION_FILE} could not be downloaded from {INCEPTION_URL} "
            f"({type(error).__name__}); set fid.inception_weights or {MIRROR_VARIABLE} to a local copy"
        ) from None
