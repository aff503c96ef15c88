"""Photographs in the form that OpenFace reads right, a chunk of them in one tar."""

import io
import tarfile
import warnings
from pathlib import Path

import pandas as pd
from PIL import Image
from PIL.ExifTags import Base

from cascade_efgan.data.photo_files.images import UNREADABLE, decode_image
from cascade_efgan.data.photo_files.manifest import read_manifest, read_manifest_rows
from cascade_efgan.data.photo_files.photos import PhotoZip, encode_png
from cascade_efgan.errors import InputError
from cascade_efgan.files import atomic_path

#: OpenFace aborts on sides of up to 42 pixels: below this side a photograph is not given to it.
MIN_SIDE = 43
#: What OpenFace reads, by Pillow's name of the format; it looks at lower-case suffixes only.
_SUFFIXES = {"JPEG": ".jpg", "PNG": ".png", "BMP": ".bmp"}


def chunk_rows(path: Path, number: int, size: int) -> pd.DataFrame:
    """Rows number x size up to the next chunk of the manifest `path`, in its order; the others are not read.

    Raises:
        InputError: as `read_manifest_rows`; or the manifest has no such chunk.
    """
    rows = read_manifest_rows(path, number * size, size)
    if rows.empty:
        total = len(read_manifest(path))
        raise InputError(
            f"{path}: has no chunk {number}: its {total} photographs make the chunks 0 to {-(-total // size) - 1} of "
            f"{size} (openface.chunk)"
        )
    return rows


def prepare_chunk(photos: PhotoZip, rows: pd.DataFrame, path: Path) -> list[tuple[str, str]]:
    """Write the images of a chunk as one tar, one photograph in memory at a time.

    The tar depends on nothing but the photographs: images by id, then `failed.tsv` (id, tab, reason) for photographs
    that OpenFace must not see; these are given back. Ids are unique: equal stems cannot overwrite each other's CSV.

    Raises:
        InputError: a photograph is missing in the zip.
    """
    failed = []
    with atomic_path(path) as partial, tarfile.open(partial, "w", format=tarfile.GNU_FORMAT) as archive:
        for name, file in sorted(zip(rows["id"], rows["file"], strict=True)):
            prepared = prepare_image(name, file, photos.read(file))
            if isinstance(prepared, str):
                failed.append((name, prepared))
            else:
                _add(archive, *prepared)
        lines = (f"{name}\t{' '.join(reason.split())}\n" for name, reason in failed)
        _add(archive, "failed.tsv", "".join(lines).encode())
    return failed


def prepare_image(name: str, file: str, data: bytes) -> tuple[str, bytes] | str:
    """Name (id and suffix) and bytes of a photograph for OpenFace, or the reason why it cannot be given to it.

    Bytes stay as they are where OpenFace reads them as this project does: 8-bit RGB or gray, upright, JPEG, PNG or
    BMP, whatever the suffix of `file` says. All others become PNGs of the pixels that the crop is cut from.

    `name` is the id of the photograph, which messages call `file`.
    """
    try:
        # Decoded in full: OpenFace would take a truncated JPEG for a picture without a face.
        image = decode_image(data, file)
    except InputError as error:
        return unreadable_reason(error, file)
    height, width = image.shape[:2]
    if min(height, width) < MIN_SIDE:
        return f"smaller than {MIN_SIDE} pixels ({width}x{height})"
    suffix = _kept_suffix(data)
    return (name + suffix, data) if suffix else (f"{name}.png", encode_png(image))


def unreadable_reason(error: InputError, file: str) -> str:
    """Why a photograph is excluded, from the sentence about its file: what is wrong, without what to do."""
    reason = str(error).removeprefix(f"{file}: ").partition(";")[0]
    return reason if reason.startswith(UNREADABLE) else f"{UNREADABLE} ({reason})"


def _kept_suffix(data: bytes) -> str | None:
    """The suffix under which OpenFace reads these bytes right; None where it would not."""
    try:
        with warnings.catch_warnings(action="ignore"), Image.open(io.BytesIO(data)) as image:
            suffix = _SUFFIXES.get(image.format or "")
            plain = image.mode in ("RGB", "L") and "transparency" not in image.info
            still = getattr(image, "n_frames", 1) == 1
            # Another reader may take an orientation of an odd type at its word: only none, or a plain 1, is left.
            turn = image.getexif().get(Base.Orientation, 1)
    except Exception:  # odd metadata, on which OpenFace need not fail in the same way
        return None
    # From the header, since Pillow also calls 16-bit colours and 2-bit grays RGB and L.
    eight_bits = {".png": data[24] == 8, ".bmp": int.from_bytes(data[28:30], "little") == 24}.get(suffix or "", True)
    return suffix if plain and still and turn == 1 and eight_bits else None


def _add(archive: tarfile.TarFile, name: str, data: bytes) -> None:
    # A TarInfo of its own has time 0, owner 0 and mode 644, so that equal photographs give equal bytes.
    member = tarfile.TarInfo(name)
    member.size = len(data)
    archive.addfile(member, io.BytesIO(data))
