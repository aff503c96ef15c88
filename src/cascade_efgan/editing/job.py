"""What `efgan edit` does with one photograph, and where its files go."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cascade_efgan.editing.animation import check_animation_suffix, marked_png, write_animation
from cascade_efgan.editing.editor import EditedPhoto, Editor
from cascade_efgan.editing.mark import named_aus
from cascade_efgan.editing.photo import FORMATS, READ_SUFFIXES, load_photo
from cascade_efgan.editing.photo_writing import SUFFIXES, output_format, write_photo
from cascade_efgan.editing.steps_picture import steps_picture
from cascade_efgan.errors import InputError
from cascade_efgan.files import atomic_path


@dataclass(frozen=True)
class Job:
    """One wish for many photographs.

    Attributes:
        editor: what edits.
        wish: keyword arguments of `Editor.edit`: aus, expression, like, intensity, faces.
        frames: number of frames of continuous editing; None: one edited photograph.
        steps: whether to write a picture of the cascade's steps too.
    """

    editor: Editor
    wish: dict[str, Any]
    frames: int | None = None
    steps: bool = False

    def edit(self, source: Path, out: Path) -> list[str]:
        """Edit one photograph and write what was asked for, each file whole or not at all.

        Args:
            source: the photograph.
            out: file to write; without a suffix it gets that of the photograph's own format.

        Returns:
            Lines that tell what was done.

        Raises:
            InputError: the photograph cannot be read, or has no face that can be edited; nothing is written then.
        """
        photo = load_photo(source)
        lines = [photo.note] if photo.note else []
        if self.frames is not None:
            made = self.editor.animate(photo.image, self.frames, name=str(source), **self.wish)
            write_animation(out, [one.image for one in made], _targets(made[-1]))
        else:
            out = out if out.suffix.lower() in READ_SUFFIXES else out.with_name(out.name + SUFFIXES[photo.format])
            made = [self.editor.edit(photo.image, name=str(source), **self.wish)]
            data, _ = write_photo(photo, made[-1].image, _targets(made[-1]), output_format(out))
            with atomic_path(out) as partial:
                partial.write_bytes(data)
        if self.steps:
            shown = out.with_name(f"{out.stem}_steps.png")
            with atomic_path(shown) as partial:
                partial.write_bytes(marked_png(steps_picture(made[-1].faces), _targets(made[-1])))
            lines.append(f"{shown}: the cascade's steps, and where each painted anew")
        count = len(made[-1].faces)
        lines.append(f"{out}: {count} face{'s' if count > 1 else ''} of {source} edited")
        return lines + [f"{source}: another face was left as it was: it {reason}" for reason in made[-1].skipped]


def plan_files(photos: Sequence[Path], out: Path | None, continuous: bool) -> list[tuple[Path, Path]]:
    """(photograph, file to write) of every photograph that the paths name, folders by name of file.

    A file to write without a suffix gets one when the format of its photograph is known.

    Raises:
        InputError: no such path, a folder without photographs, a file to write for several photographs, a wrong suffix,
            or an original that would be written over.
    """
    files = [file for path in photos for file in _photos(path)]
    several = len(files) > 1 or any(path.is_dir() for path in photos)
    if several and (out is None or out.is_file() or out.suffix.lower() in (*READ_SUFFIXES, ".mp4")):
        raise InputError("--out: expected a folder for several photographs; name one, it is made where it is not there")
    if continuous and (several or out is None):
        raise InputError("--continuous: expected one photograph, and --out with .gif, .mp4 or .png")
    if out is None:
        pairs = [(files[0], files[0].with_name(f"{files[0].stem}_edited"))]
    elif several or out.is_dir():
        pairs = [(file, out / _written_name(file)) for file in files]
    else:
        check_animation_suffix(out) if continuous else output_format(out)
        pairs = [(files[0], out)]
    _refuse_clashes(pairs)
    return pairs


def _photos(path: Path) -> list[Path]:
    if not path.is_dir():
        if not path.exists():
            raise InputError(f"{path}: no such file or folder; give a photograph, or a folder of them")
        return [path]
    files = sorted(
        file
        for file in path.iterdir()
        if file.suffix.lower() in READ_SUFFIXES and not file.name.startswith(".") and not file.is_dir()
    )
    if not files:
        others = "".join(f"; {other}: {reason}" for other, reason in left_out([path])[:1])
        raise InputError(f"{path}: holds no photograph; expected files that end in {', '.join(READ_SUFFIXES)}{others}")
    return files


def left_out(paths: Sequence[Path]) -> list[tuple[Path, str]]:
    """(file, why it is left out) of all others in the folders among the paths, but hidden ones, by name."""
    others = [
        other
        for path in paths
        if path.is_dir()
        for other in sorted(path.iterdir())
        if not other.name.startswith(".") and (other.is_dir() or other.suffix.lower() not in READ_SUFFIXES)
    ]
    return [(other, _why_left_out(other)) for other in others]


def _why_left_out(path: Path) -> str:
    if path.is_dir():
        return "a folder in a folder; name it too to have its photographs edited"
    if path.suffix.lower() in (".heic", ".heif", ".hif"):
        return "HEIC is not read; convert it to JPEG first, for instance by `heif-convert NAME.heic NAME.jpg`"
    return f"not a photograph that is read; expected a name that ends in {', '.join(READ_SUFFIXES)}"


def _written_name(file: Path) -> str:
    """Formats that are read only are written as PNG."""
    return file.name if file.suffix.lower() in FORMATS else f"{file.stem}.png"


def _refuse_clashes(pairs: Sequence[tuple[Path, Path]]) -> None:
    originals = {source.resolve() for source, _ in pairs}
    outs: dict[Path, Path] = {}
    for source, out in pairs:
        if out.resolve() in originals:
            raise InputError(f"{out}: would be written over the original; name another --out")
        if out.resolve() in outs:
            raise InputError(
                f"{out}: {outs[out.resolve()]} and {source} would both be written there; rename one of them"
            )
        outs[out.resolve()] = source


def _targets(made: EditedPhoto) -> list[dict[str, float]]:
    return [named_aus(face.target) for face in made.faces]
