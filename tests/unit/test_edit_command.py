"""`efgan edit`: what it writes, and what it never writes over."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from picture_files import read_mark
from PIL import Image
from PIL.ExifTags import Base
from rendered_photo import RENDERED

from cascade_efgan.data.rendered import openface_csv
from cascade_efgan.editing.job import EditJob, Plan
from cascade_efgan.errors import InputError


@pytest.fixture
def edit(weights, found_everywhere, efgan, monkeypatch, tmp_path):
    """`efgan edit` in an empty folder, with a finder that knows the rendered face."""
    monkeypatch.chdir(tmp_path)
    return lambda *words: efgan("edit", *words, "--weights", weights)


def save(*names, **options):
    """The rendered face as files."""
    for name in names:
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(RENDERED.image).save(name, **options)


def names(folder="."):
    return sorted(path.name for path in Path(folder).iterdir())


def test_the_command_edits_a_photograph(edit):
    save("face.png")
    edit("face.png", "--expression", "happy", "--au", "AU04=2", "--steps", "--out", "out/edited.png")
    assert names("out") == ["edited.png", "edited_steps.png"]
    assert not np.array_equal(np.asarray(Image.open("out/edited.png")), RENDERED.image)
    assert read_mark(Path("out/edited.png").read_bytes())["target_aus"][0]["AU04"] == 2.0
    assert Image.open("out/edited_steps.png").size == (3 * 192 + 2 * 4, 2 * 192 + 4)


def test_without_out_the_edit_lies_beside_the_photograph_in_its_format(edit):
    exif = Image.Exif()
    exif[Base.Make] = "A camera"
    save("me.jpg", exif=exif, quality=98)
    edit("me.jpg", "--like", "me.jpg", "--au", "AU12=4")
    with Image.open("me_edited.jpg") as edited:
        assert (edited.format, edited.getexif()[Base.Make]) == ("JPEG", "A camera")


def test_a_folder_is_edited_and_one_bad_file_does_not_stop_it(edit):
    save("photos/a.png", "photos/c.bmp")
    Path("photos/b.jpg").write_bytes(b"no picture")
    with pytest.raises(InputError, match="1 of 3 photographs were not edited"):
        edit("photos", "--expression", "sad", "--out", "out")
    assert names("out") == ["a.png", "c.png"]


def test_each_file_of_a_folder_that_is_not_edited_gets_a_line(edit, caplog):
    # A phone's folder: beside the edited photographs, half of it was passed over without a word.
    save("photos/a.jpg", "photos/b.jfif", "photos/d.JPE", format="JPEG", quality=98)
    Path("photos/holiday").mkdir()
    Path("photos/@eaDir").mkdir()  # thumbnails of a NAS, of which a line said to name them too
    Path("photos/c.HEIC").write_bytes(b"\0\0\0\x18ftypheic" + bytes(500))
    Path("photos/film.mov").write_bytes(b"\0\0\0\x14ftypqt  ")
    Path("photos/.hidden").touch()
    Path("photos/~$a.jpg").write_bytes(Path("photos/a.jpg").read_bytes())
    edit("photos", "--expression", "sad", "--out", "out")
    assert names("out") == ["a.jpg", "b.jfif", "d.JPE"]
    warnings = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    others = ["c.HEIC", "film.mov", "holiday", "@eaDir", "~$a.jpg"]
    assert [warning.split(": ")[0] for warning in warnings[:5]] == [f"photos/{name}" for name in others]
    assert "convert it to JPEG" in warnings[0]
    assert all(warning.endswith("another program left it there") for warning in warnings[3:5])
    assert warnings[5:] == ["3 edited, 5 left out, as the lines above say"]
    for out in ([], ["--out", "photos/a.jpg"]):  # whether or not something is in its way
        with pytest.raises(InputError, match="c.HEIC: not a readable image .a HEIC photograph.; convert it to JPEG"):
            edit("photos/c.HEIC", "--expression", "sad", *out)
    for name in ("a.jpg", "b.jfif", "d.JPE"):
        Path("photos", name).unlink()
    with pytest.raises(InputError, match="holds no photograph.*c.HEIC: HEIC is not read"):
        edit("photos", "--expression", "sad", "--out", "out")


@pytest.mark.parametrize("answer", ["", openface_csv(replace(RENDERED, landmarks=RENDERED.landmarks / 20))])
def test_nothing_is_written_when_no_face_can_be_edited(edit, openface_answers, answer):
    save("face.png")
    openface_answers(answer)
    with pytest.raises(InputError, match="no face was found|too small"):
        edit("face.png", "--expression", "happy", "--steps", "--out", "x/a.png")
    assert names() == ["face.png"]


@pytest.fixture
def edit_here(edit):
    """The same in a folder with photographs, one in a folder, a link to one, and an empty folder."""
    save("a.jpg", "a.png", "a_steps.png", "a_edited.jpg", "kept/a.jpg")
    Path("link.jpg").symlink_to("a.jpg")
    Path("empty").mkdir()
    return lambda *words: edit(*words, "--au", "AU12=5")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        # One picture of steps for two photographs; the first one's was lost without a word.
        ("a.jpg a.png --steps --out new", "new/a_steps.png: a.jpg and a.png would both be"),
        # Photographs that were replaced by a picture of steps, by a second edit, by that of another folder.
        ("a.jpg --steps --out a.webp", "a_steps.png: is there already and would be replaced.*--force"),
        ("a.jpg a_steps.png --steps --force --out .", "over the original"),
        ("a.jpg", "a_edited.jpg: is there already"),
        ("a.jpg a.png --out kept", "kept/a.jpg: is there already"),
        ("a.jpg kept --out new", "new/a.jpg: a.jpg and kept/a.jpg would both be written there"),
        ("a.jpg --like a_steps.png --force --out a_steps.png", "over the original"),
        ("a.jpg --out a.jpg", "over the original"),
        ("a.jpg --force --out link.jpg", "over the original"),
        ("a.jpg --continuous 4 --out kept", "--continuous: expected one photograph, and --out with"),
        ("a.jpg --continuous 4", "--continuous: expected one photograph"),
        ("a.jpg --continuous 4 --out new.jpg", "continuous editing is written as"),
        ("a.jpg --out new.bmp", "choose one of these suffixes"),
        ("a.jpg a.jpg --out new.png", "expected a folder"),
        ("a.jpg --out a.png/b/c.jpg", "cannot be written below .*a.png, which is a file"),
        ("absent.png", "no such file"),
        ("empty", "holds no photograph"),
    ],
)
def test_what_cannot_be_written_is_told_before_anything_is(edit_here, words, message):
    before = {path: path.read_bytes() for path in Path().rglob("*.*")}
    with pytest.raises(InputError, match=message):
        edit_here(*words.split())
    assert {path: path.read_bytes() for path in Path().rglob("*.*")} == before


def test_force_replaces_what_is_there_but_a_folder(edit_here):
    before = Path("a_edited.jpg").read_bytes()
    edit_here("a.jpg", "--force")
    assert Path("a_edited.jpg").read_bytes() != before
    edit_here("a.png", "--force", "--out", "link.jpg")
    assert Path("a.jpg").read_bytes() == before != Path("link.jpg").read_bytes()  # the link went, not what it led to
    Path("b_edited.jpg").mkdir()
    Path("a.jpg").rename("b.jpg")
    with pytest.raises(InputError, match="b_edited.jpg: a folder; name a file to write"):
        edit_here("b.jpg", "--force")


def test_a_file_that_appears_while_the_editor_works_is_not_replaced(editor, photo):
    plan, other = Plan(photo, photo.with_name("x.png")), photo.with_name("y.png")
    plan.out.write_text("another program's")
    with pytest.raises(InputError, match="x.png: is there already"):
        EditJob(editor, {"expression": "happy"}).edit(plan)
    assert plan.out.read_text() == "another program's"
    # As on a disk that takes Y.PNG for y.png: not even --force replaces what the same command wrote.
    job = EditJob(editor, {"expression": "happy"}, force=True)
    job.edit(Plan(photo, other))
    photo.with_name("Y.PNG").symlink_to(other)
    with pytest.raises(InputError, match="Y.PNG: this disk takes it for the file of another one"):
        job.edit(Plan(photo, photo.with_name("Y.PNG")))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("", "nothing to do"),
        ("--expression happy --like b.png", "give one of them"),
        ("--expression happy --intensity nan", "expected 0"),
        ("--au AU12=7", "0 to 5"),
    ],
)
def test_a_wrong_wish_is_told_before_anything_is_looked_for(efgan, words, message):
    with pytest.raises(InputError, match=message):
        efgan("edit", "absent.png", "--run", "absent", *words.split())
