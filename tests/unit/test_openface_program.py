"""`openface.sh` around a program with the manners of the real OpenFace: one test or more per way in which it fails."""

import os
import platform
import shutil
import subprocess
import tarfile
import time
from pathlib import Path

import pytest
from made_faces import landmarks, openface_text
from openface_chunk import PLAIN, Chunk, csv_of, failures, picture, stems
from openface_replay import AU_NUMBERS, MODELS, au_model

ABORTED = "OpenFace failed (status 134, what():  cannot create std::vector larger than max_size())"


def broken(program, script):
    """The stand-in, replaced by a shell script."""
    program.write_text(f"#!/bin/sh\n{script}\n")


@pytest.mark.parametrize("shell", [shell for shell in ("sh", "dash", "bash") if shutil.which(shell)])
def test_every_image_gets_its_csv_in_one_run(eight, shell):
    result = eight.result(shell=shell)
    assert stems(result) == list("abcdefgh")
    assert result["c.csv"] == csv_of(2)
    assert result["failed.tsv"] == ""
    assert result["command.txt"] == f"{eight.program} {PLAIN}\n"
    assert len(eight.runs()) == 1


def test_the_same_chunk_gives_the_same_bytes(eight):
    eight.result()
    first = eight.out.read_bytes()
    time.sleep(1.1)
    eight.result()
    assert eight.out.read_bytes() == first
    with tarfile.open(eight.out) as archive:
        members = archive.getmembers()
    assert [member.name for member in members] == sorted(member.name for member in members)
    assert {(m.mtime, m.mode, m.uid, m.gid, m.uname, m.gname) for m in members} == {(0, 0o644, 0, 0, "", "")}


@pytest.mark.parametrize("bad", ["a", "gh", "abc", "bdf", "abcdefg"])
@pytest.mark.parametrize("kind", ["unreadable", "abort"])
def test_bad_images_cost_no_good_one_wherever_they_stand(eight, bad, kind):
    if kind == "unreadable":
        eight.pack({f"{name}.png": b"words" if name in bad else picture() for name in "abcdefgh"})
        result, reason = eight.result(), "OpenFace failed (status 1, Error: Could not open the image: IN/{}.png)"
    else:
        result, reason = eight.result(EFGAN_REPLAY_ABORT=" ".join(bad)), ABORTED
    assert stems(result) == [name for name in "abcdefgh" if name not in bad]
    assert failures(result) == {name: reason.format(name) for name in bad}
    # Halving eight images takes two runs a level, and there are three levels; two runs ask whether anything works.
    assert len(eight.runs()) <= 3 + 6 * len(bad)


def test_images_without_a_face_are_tried_once_more_alone_and_every_reason_is_kept_in_order(eight):
    recordings = eight.program.parent / "recordings"
    for name in ("a", "f"):
        (recordings / f"{name}.csv").unlink()
    (recordings / "b.csv").write_text(csv_of(1).splitlines()[0] + "\n")  # no row
    # The real program leaves an old CSV where it finds no face, so that every run has folders of its own.
    for folder in (eight.folder / "OUT", eight.program.parent / "OUT"):
        folder.mkdir()
        (folder / "f.csv").write_text(csv_of(5))
    prepared = "z\tsmaller than 43 pixels (32x32)\nc\tnot a readable image (truncated)\n"
    images = {f"{name}.png": picture() for name in "abdefgh"}
    eight.pack(images, prepared)
    result = eight.result()
    assert stems(result) == list("degh")
    no_face = "OpenFace found no face"
    reasons = {"a": no_face, "b": no_face, "c": "not a readable image (truncated)", "f": no_face,
               "z": "smaller than 43 pixels (32x32)"}  # fmt: skip
    assert result["failed.tsv"] == "".join(f"{name}\t{reason}\n" for name, reason in reasons.items())
    assert sorted(eight.runs()[1:]) == [["a.png"], ["b.png"], ["f.png"]]
    eight.pack({**images, "d.png": b"words"}, prepared)
    result = eight.result()
    failed = failures(result)
    assert failed.pop("d").startswith("OpenFace failed (status 1")
    assert (stems(result), failed) == (list("egh"), reasons)
    runs = eight.runs()
    eight.pack({}, prepared)  # no image at all
    result = eight.result()
    assert (stems(result), set(failures(result)), eight.runs()) == ([], {"c", "z"}, runs)


def test_a_csv_that_was_cut_off_does_not_count(eight):
    whole = eight.folder / "whole.csv"
    whole.write_text(csv_of(1))
    # Killed in the middle of its second CSV, and of the first one when it is alone.
    broken(eight.program, f"[ -f IN/b.png ] && [ -f IN/a.png ] && cp {whole} OUT/a.csv\n"
           f"head -c 900 {whole} >OUT/b.csv\necho Killed >&2\nexit 137")  # fmt: skip
    eight.pack({f"{name}.png": picture() for name in "ab"})
    result = eight.result()
    assert stems(result) == ["a"]
    assert failures(result) == {"b": "OpenFace failed (status 137, killed, probably for want of memory)"}


@pytest.mark.parametrize("name", ["with.dots", "-aus", ".hidden", "failed", "openface.sha256"])
def test_odd_ids_and_spaces_in_every_path_are_only_names(tmp_path, repository, name):
    folder = tmp_path / "my own data"
    folder.mkdir()
    chunk = Chunk(folder, repository / "workflow" / "scripts" / "openface.sh", {name: csv_of(1)})
    chunk.pack({f"{name}.png": picture()})
    assert stems(chunk.result()) == [name]


def test_a_symlink_and_a_bare_name_find_the_models(eight, tmp_path):
    link = tmp_path / "bin" / "FaceLandmarkImg"
    link.parent.mkdir()
    link.symlink_to(eight.program)
    # The real program, and so its stand-in, fails when it is started through the link itself.
    done = subprocess.run([link, "-f", "x.png"], capture_output=True, text=True)
    assert done.returncode == 1 and "Could not find the landmark detection model" in done.stdout
    assert eight.result(program=link)["command.txt"] == f"{eight.program} {PLAIN}\n"
    path = f"{link.parent}{os.pathsep}{os.environ['PATH']}"
    assert stems(eight.result(program="FaceLandmarkImg", PATH=path)) == list("abcdefgh")


def test_processor_and_kernel_are_written_down_and_are_no_reason_of_a_failure(eight):
    result = eight.result(EFGAN_REPLAY_CORE="SkylakeX", EFGAN_REPLAY_ABORT="a")
    processor, kernel = result["machine.txt"].splitlines()
    assert (kernel, failures(result)) == ("SkylakeX", {"a": ABORTED})
    cpuinfo = Path("/proc/cpuinfo").read_text()
    assert processor == platform.machine() if "model name" not in cpuinfo else f"model name\t: {processor}\n" in cpuinfo


def test_the_version_is_the_hash_of_the_program_and_of_every_model(eight):
    before = eight.result()["openface.sha256"]
    listed = [line.split("  ")[1] for line in before.splitlines()]
    assert listed == sorted(listed)
    models = [f"AU_predictors/{au_model(number)}" for number in AU_NUMBERS]
    assert {"FaceLandmarkImg", *MODELS, *models, "AU_predictors/AU_all_static.txt"} <= set(listed)
    (eight.program.parent / MODELS[0]).write_text("another model\n")
    after = eight.result(model=MODELS[0])
    changed = set(after["openface.sha256"].splitlines()) - set(before.splitlines())
    assert [line.split("  ")[1] for line in changed] == [MODELS[0]]
    assert after["command.txt"] == f"{eight.program} {PLAIN} -mloc {MODELS[0]}\n"


@pytest.mark.parametrize(
    ("absent", "model", "messages"),
    [
        (None, "model/nope.txt", ["status 1: Could not find the landmark detection model to load", "run OpenFace's own "
         "download_models.sh, or set openface.landmark_model to model/main_clnf_general"]),
        ("AU_predictors", "-", ["status 134: Could not find the face analysis module to load"]),
        (MODELS[2], "-", ["Could not find CEN patch experts"]),
        *((f"AU_predictors/{au_model(number)}", "-", [f"leaves out AU{number:02d}_r (1 of 17 columns are missing), "
           f"probably for want of AU_predictors/{au_model(number)} (listed in"]) for number in (1, 12, 45)),
    ],
)  # fmt: skip
def test_a_wrong_or_missing_model_stops_the_chunk_at_its_first_run(eight, absent, model, messages):
    path = eight.program.parent / (absent or "no such file")
    if path.is_dir():
        shutil.rmtree(path)
    path.unlink(missing_ok=True)
    refused = eight.refused(model=model)
    assert all(message in refused for message in messages)
    assert len(eight.runs()) == 1 or absent == "AU_predictors"


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ("AU", "writes no AU intensities"),
        ("x_", "no landmark column x_0 or y_0"),
        ("y_6", "no landmark column x_6 or y"),
    ],
)
def test_a_program_that_does_not_write_what_it_was_asked_for_stops_the_chunk(eight, columns, message):
    lines = [line.split(",") for line in csv_of(1).splitlines()]
    kept = [place for place, column in enumerate(lines[0]) if not column.startswith(columns)]
    whole = eight.folder / "whole.csv"
    whole.write_text("".join(",".join(line[place] for place in kept) + "\n" for line in lines))
    broken(eight.program, f"for image in IN/*; do cp {whole} OUT/$(basename $image .png).csv; done")
    assert message in eight.refused()


def test_headers_with_a_space_after_each_comma_have_all_columns(make_chunk):
    text = openface_text([(0.98, [1] * 17, landmarks())], "spaced").replace("\n", "\r\n")
    chunk = make_chunk({})
    whole = chunk.folder / "whole.csv"
    whole.write_bytes(text.encode())
    broken(chunk.program, f"cp {whole} OUT/a.csv")
    chunk.pack({"a.png": picture()})
    assert chunk.result()["a.csv"] == text


@pytest.mark.parametrize(
    ("said", "status", "message"),
    [
        ("Illegal instruction", 132, "OpenFace cannot work on this machine (status 132: Illegal instruction)"),
        ("libopencv.so: cannot open", 126, "libopencv.so: cannot open"),  # it cannot be started
        ("libopencv.so: cannot open", 127, "libopencv.so: cannot open"),
        ("", 137, "killed on every photograph (status 137), probably for want of memory"),
    ],
)
def test_a_program_that_fails_on_everything_alike_stops_the_chunk(eight, said, status, message):
    broken(eight.program, f"echo '{said}' >&2\nexit {status}")
    refused = eight.refused()
    assert message in refused and ("AU_predictors" in refused) == (status != 137)


def test_broken_images_alone_do_not_blame_the_program(eight):
    """A chunk of nothing but tiny photographs stopped the run: "OpenFace cannot work on this machine"."""
    eight.pack({f"{name}.png": picture(42) for name in "abcdefgh"})
    assert failures(eight.result()) == dict.fromkeys("abcdefgh", ABORTED)
    assert ["+gray.bmp"] in eight.runs()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("FeatureExtraction", "OpenFace's program for videos, whose AU models calibrate to a person"),
        ("FaceLandmarkVidMulti", "OpenFace's program for videos"),
        ("python3", "not FaceLandmarkImg"),
    ],
)
def test_other_programs_are_refused(eight, name, message):
    other = eight.program.with_name(name)
    shutil.copy(eight.program, other)
    assert message in eight.refused(program=other)


def test_a_missing_program_chunk_or_folder_is_one_sentence(eight):
    message = eight.refused(program="/nowhere/FaceLandmarkImg")
    assert "/nowhere/FaceLandmarkImg: no such program" in message
    for way in ("openface.program", "OPENFACE_BIN", "--software-deployment-method apptainer"):
        assert way in message
    eight.images.write_bytes(b"words" * 1000)
    assert "not a tar that can be unpacked" in eight.refused()
    eight.images.unlink()
    assert "images.tar: no such file" in eight.refused()
    eight.images.touch()
    eight.out = eight.images / "out" / "chunk00000.tar"
    assert f"{eight.out}: its folder cannot be made" in eight.refused()
