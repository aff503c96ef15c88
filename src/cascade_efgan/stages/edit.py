"""Edit the faces of photographs."""

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from typer import Argument, Option

from cascade_efgan.errors import InputError
from cascade_efgan.stages import options

if TYPE_CHECKING:
    from cascade_efgan.editing.job import EditJob, Plan

log = logging.getLogger("efgan.edit")


def command(
    photos: Annotated[list[Path], Argument(help="photographs, or folders of them")],
    out: Annotated[
        Path | None, Option(help="file to write, or a folder for several; default: NAME_edited beside the photograph")
    ] = None,
    expression: Annotated[str | None, Option(help="target expression, such as happy")] = None,
    au: Annotated[list[str], Option("--au", help="AU=INTENSITY (0 to 5), such as AU12=3; may be repeated")] = [],
    like: Annotated[Path | None, Option(help="another photograph, whose largest face shows the target")] = None,
    intensity: Annotated[float, Option(help="share of the way to the target, 0 to 2")] = 1.0,
    face: Annotated[int | None, Option(min=1, help="edit one face, 1 for the largest; default: all")] = None,
    continuous: Annotated[
        int | None, Option(min=2, help="so many frames from the photograph to the edit; --out is .gif, .mp4 or .png")
    ] = None,
    steps: Annotated[
        bool, Option("--steps", help="also write NAME_steps.png: the cascade's steps and attention")
    ] = False,
    force: Annotated[bool, Option("--force", help="replace files that are there, but no original")] = False,
    run: options.RunFolder = Path("results"),
    weights: options.WeightsFile = None,
    openface: options.OpenFace = None,
    device: options.Device = None,
) -> None:
    """Edit the faces of photographs to an expression, to AUs, or to the face in another photograph."""
    from cascade_efgan.editing.editor import Editor
    from cascade_efgan.editing.inputs import check_intensity, parse_aus
    from cascade_efgan.editing.job import EditJob, left_out, plan_files
    from cascade_efgan.editing.photo import load_photo
    from cascade_efgan.editing.runs import trained_weights
    from cascade_efgan.face_finders.found import find_faces

    if expression is not None and like is not None:
        raise InputError("--expression and --like: give one of them")
    if expression is None and like is None and not au:
        raise InputError("nothing to do: give --expression, --au or --like")
    wish: dict[str, Any] = {"aus": parse_aus(au), "expression": expression, "intensity": check_intensity(intensity)}
    wish["faces"] = "all" if face is None else face - 1
    plans = plan_files(photos, out, continuous=continuous is not None, steps=steps, like=like, force=force)
    finder = find_faces(openface)
    editor = Editor.from_file(trained_weights(run, weights), finder, device)
    if like is not None:
        wish["like"] = editor.find(load_photo(like).image, str(like))[0][0].aus
    # A wrong wish is reported before any photograph is read.
    editor.goal(wish["aus"], wish["expression"], wish.get("like"))
    others = left_out(photos)
    for path, reason in others:
        log.warning("%s: left out: %s", path, reason)
    _edit_all(EditJob(editor, wish, continuous, force), plans, len(others))


def _edit_all(job: "EditJob", plans: list["Plan"], others: int) -> None:
    """Edit all photographs; one of several that cannot be edited does not stop the others."""
    failed = 0
    for plan in plans:
        try:
            for line in job.edit(plan):
                log.info("%s", line)
        except InputError as error:
            if len(plans) == 1:
                raise
            failed += 1
            log.error("%s", error)
    if others:
        log.warning("%d edited, %d left out, as the lines above say", len(plans) - failed, others)
    if failed:
        raise InputError(f"{failed} of {len(plans)} photographs were not edited; the lines above say why")
