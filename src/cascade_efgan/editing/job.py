"""What `efgan edit` does with one photograph, and where its files go."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from cascade_efgan.data.sources.file_names import side_file
from cascade_efgan.editing.animation import marked_png, steps_picture, write_animation
from cascade_efgan.editing.editor import Editor
from cascade_efgan.editing.mark import named_aus
from cascade_efgan.editing.photo import FORMATS, READ_SUFFIXES, load_photo, written_format
from cascade_efgan.editing.photo_writing import SUFFIXES, output_format, write_photo
from cascade_efgan.errors import InputError
from cascade_efgan.files import atomic_path, check_target


class Plan(NamedTuple):
    """The files of one photograph."""

    source: Path
    out: Path  # to write; its suffix gives the format
    steps: Path | None = None  # picture of the cascade's steps

    @property
    def written(self) -> list[Path]:
        """All files to write."""
        return [self.out, *([] if self.steps is None else [self.steps])]


@dataclass(frozen=True)
class EditJob:
    """One wish for many photographs."""

    editor: Editor
    wish: dict[str, Any]  # keyword arguments of `Editor.edit`: aus, expression, like, intensity, faces
    frames: int | None = None  # of continuous editing; None: one edited photograph
    force: bool = False  # whether files that are there may be replaced; those that this job wrote never are
    _written: set[object] = field(default_factory=set, init=False)

    def edit(self, plan: Plan) -> list[str]:
        """Edit one photograph and write what was asked for, each file whole or not at all; lines say what was done.

        `InputError`: it cannot be read, no face of it can be edited, or a file has come to be where one would be
        written; nothing is written then.
        """
        source, out, shown = plan
        photo = load_photo(source)
        lines, profile = [photo.note] if photo.note else [], photo.metadata.get("icc_profile")
        if self.frames is None:
            made = [self.editor.edit(photo.image, name=str(source), **self.wish)]
        else:
            made = self.editor.animate(photo.image, self.frames, name=str(source), **self.wish)
        faces = made[-1].faces
        targets = [named_aus(face.target) for face in faces]
        self._check_again(plan)
        if self.frames is None:
            with atomic_path(out) as partial:
                partial.write_bytes(write_photo(photo, made[-1].image, targets, output_format(out))[0])
        else:
            write_animation(out, [one.image for one in made], targets, profile)
        if shown is not None:
            with atomic_path(shown) as partial:
                partial.write_bytes(marked_png(steps_picture(faces, profile), targets))
            lines.append(f"{shown}: the cascade's steps, and where each repainted")
        self._written.update(map(_identity, plan.written))
        lines.append(f"{out}: {len(faces)} face{'s' if len(faces) > 1 else ''} of {source} edited")
        return lines + [f"{source}: another face was left as it was: it {reason}" for reason in made[-1].skipped]

    def _check_again(self, plan: Plan) -> None:
        """Disks that do not distinguish case or Unicode forms may show only now that two names are one file."""
        for path in plan.written:
            if _identity(path) in self._written:
                raise InputError(
                    f"{path}: this disk takes it for the file of another one; rename {plan.source}, edit it alone"
                )
            check_target(path, self.force)


def plan_files(
    photos: Sequence[Path],
    out: Path | None = None,
    *,
    continuous: bool = False,
    steps: bool = False,
    like: Path | None = None,
    force: bool = False,
) -> list[Plan]:
    """The files of every photograph that the paths name, folders by name of file; nothing is written.

    `out`, `like` and `force` are the command's flags. `InputError`: no such path, a folder without photographs, a file
    to write for several of them, a wrong suffix, or a file that would be written over.
    """
    files = [file for path in photos for file in _photos(path)]
    several = len(files) > 1 or any(path.is_dir() for path in photos)
    if several and (out is None or out.is_file() or out.suffix.lower() in (*READ_SUFFIXES, ".mp4")):
        raise InputError("--out: expected a folder for several photographs; name one, and it is created if missing")
    if continuous and (several or out is None or out.is_dir()):
        raise InputError("--continuous: expected one photograph, and --out with .gif, .mp4 or .png")
    if not several:
        written_format(files[0])  # what is no photograph is reported before what is in its way
    if out is None:
        outs = [files[0].with_name(f"{files[0].stem}_edited{SUFFIXES[written_format(files[0])]}")]
    elif several or out.is_dir():
        # Formats that are read only are written as PNG.
        outs = [out / (file.name if file.suffix.lower() in FORMATS else f"{file.stem}.png") for file in files]
    else:
        if not continuous:
            output_format(out)
        elif out.suffix.lower() not in (".gif", ".mp4", ".png"):
            raise InputError(
                f"{out}: continuous editing is written as .gif, .mp4 or .png (a strip); choose one of these"
            )
        outs = [out]
    shown = [one.with_name(f"{one.stem}_steps.png") if steps else None for one in outs]
    plans = [Plan(*three) for three in zip(files, outs, shown, strict=True)]
    _refuse_clashes(plans, [*files, *([] if like is None else [like])], force)
    return plans


def _photos(path: Path) -> list[Path]:
    if not path.is_dir():
        if not path.exists():
            raise InputError(f"{path}: no such file or folder; give a photograph, or a folder of them")
        return [path]
    files = sorted(file for file in path.iterdir() if _is_read(file))
    if not files:
        others = "".join(f"; {other}: {reason}" for other, reason in left_out([path])[:1])
        raise InputError(f"{path}: holds no photograph; expected files that end in {', '.join(READ_SUFFIXES)}{others}")
    return files


def left_out(paths: Sequence[Path]) -> list[tuple[Path, str]]:
    """(file, why it is left out) of all others in folders, by name, other programs' last; hidden ones do not count."""
    others = [
        file
        for path in paths
        if path.is_dir()
        for file in sorted(path.iterdir())
        if not file.name.startswith(".") and not _is_read(file)
    ]
    return [(file, _why_left_out(file)) for file in sorted(others, key=lambda file: bool(side_file(file.name)))]


def _is_read(path: Path) -> bool:
    return path.suffix.lower() in READ_SUFFIXES and not side_file(path.name) and not path.is_dir()


def _why_left_out(path: Path) -> str:
    if side_file(path.name):
        return "another program left it there"
    if path.is_dir():
        return "a folder in a folder; name it too to have its photographs edited"
    if path.suffix.lower() in (".heic", ".heif", ".hif"):
        return "HEIC is not read; convert it to JPEG first, for instance by `heif-convert NAME.heic NAME.jpg`"
    return f"not a photograph that is read; expected a name that ends in {', '.join(READ_SUFFIXES)}"


def _refuse_clashes(plans: Sequence[Plan], originals: Sequence[Path], force: bool) -> None:
    read = {_identity(path) for path in originals}
    sources: dict[object, Path] = {}
    for plan in plans:
        for path in plan.written:
            identity = _identity(path)
            if identity in read:
                raise InputError(f"{path}: would be written over the original; name another --out")
            if identity in sources:
                raise InputError(
                    f"{path}: {sources[identity]} and {plan.source} would both be written there; rename one of them"
                )
            check_target(path, force)
            sources[identity] = plan.source


def _identity(path: Path) -> object:
    """Equal for two names of one file."""
    try:
        found = path.stat()
    except OSError:
        return path.resolve()
    return found.st_dev, found.st_ino
