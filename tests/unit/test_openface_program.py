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
        result = eight.result()
    else:
        result = eight.result(EFGAN_REPLAY_ABORT=" ".join(bad))
    assert stems(result) == [name for name in "abcdefgh" if name not in bad]
    expected = {
        "unreadable": "OpenFace failed (status 1, Error: Could not open the image: IN/{}.png)",
        "abort": "OpenFace failed (status 134, what():  cannot create std::vector larger than max_size())",
    }[kind]
    assert failures(result) == {name: expected.format(name) for name in bad}
    # Halving eight images takes two runs a level, and there are three levels; two runs ask whether anything works.
    assert len(eight.runs()) <= 3 + 6 * len(bad)


def test_an_image_without_a_face_is_tried_once_more_alone(eight):
    for name in ("c", "f"):
        (eight.program.parent / "recordings" / f"{name}.csv").unlink()
    result = eight.result()
    assert failures(result) == {"c": "OpenFace found no face", "f": "OpenFace found no face"}
    assert sorted(eight.runs()[1:]) == [["c.png"], ["f.png"]]


def test_bad_images_and_images_without_a_face_do_not_mix(eight):
    (eight.program.parent / "recordings" / "a.csv").unlink()
    eight.pack({f"{name}.png": b"words" if name == "d" else picture() for name in "abcdefgh"})
    result = eight.result()
    assert failures(result)["a"] == "OpenFace found no face"
    assert failures(result)["d"].startswith("OpenFace failed (status 1")
    assert stems(result) == list("bcefgh")


def test_a_csv_that_was_cut_off_does_not_count(eight):
    whole = eight.folder / "whole.csv"
    whole.write_text(csv_of(1))
    # Killed in the middle of its second CSV, and of the first one when it is alone.
    eight.program.write_text(
        f"#!/bin/sh\n[ -f IN/b.png ] && [ -f IN/a.png ] && cp {whole} OUT/a.csv\n"
        f"head -c 900 {whole} >OUT/b.csv\necho Killed >&2\nexit 137\n"
    )
    eight.pack({f"{name}.png": picture() for name in "ab"})
    result = eight.result()
    assert stems(result) == ["a"]
    assert failures(result) == {"b": "OpenFace failed (status 137, killed, probably for want of memory)"}


def test_a_csv_without_rows_does_not_count(eight):
    recordings = eight.program.parent / "recordings"
    (recordings / "b.csv").write_text(csv_of(1).splitlines()[0] + "\n")
    result = eight.result()
    assert failures(result) == {"b": "OpenFace found no face"}


def test_failures_of_the_preparation_are_kept_and_sorted(eight):
    (eight.program.parent / "recordings" / "c.csv").unlink()
    images = {f"{name}.png": picture() for name in "bc"}
    eight.pack(images, "d\tsmaller than 43 pixels (32x32)\na\tnot a readable image (truncated)\n")
    result = eight.result()
    assert result["failed.tsv"].splitlines() == [
        "a\tnot a readable image (truncated)",
        "c\tOpenFace found no face",
        "d\tsmaller than 43 pixels (32x32)",
    ]


def test_a_chunk_without_images_is_fine(eight):
    eight.pack({}, "a\tnot a readable image\n")
    result = eight.result()
    assert stems(result) == [] and failures(result) == {"a": "not a readable image"}
    assert not eight.log.exists()


@pytest.mark.parametrize("name", ["with.dots", "-aus", ".hidden", "failed", "openface.sha256"])
def test_odd_ids_are_only_names(make_chunk, name):
    chunk = make_chunk({name: csv_of(1)})
    chunk.pack({f"{name}.png": picture()})
    assert stems(chunk.result()) == [name]


def test_spaces_in_every_path_are_only_names(tmp_path, repository):
    folder = tmp_path / "my own data"
    folder.mkdir()
    chunk = Chunk(folder, repository / "workflow" / "scripts" / "openface.sh", {"a": csv_of(1)})
    chunk.pack({"a.png": picture()})
    assert stems(chunk.result()) == ["a"]


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
    assert (kernel, failures(result)) == ("SkylakeX", {"a": "OpenFace failed (status 134, what():  cannot create "
                                                            "std::vector larger than max_size())"})  # fmt: skip
    cpuinfo = Path("/proc/cpuinfo").read_text()
    assert processor == platform.machine() if "model name" not in cpuinfo else f"model name\t: {processor}\n" in cpuinfo


def test_the_version_is_the_hash_of_the_program_and_of_every_model(eight):
    before = eight.result()["openface.sha256"]
    listed = [line.split("  ")[1] for line in before.splitlines()]
    assert listed == sorted(listed)
    models = [f"AU_predictors/{au_model(number)}" for number in AU_NUMBERS]
    assert {"FaceLandmarkImg", *MODELS, *models, "AU_predictors/AU_all_static.txt"} <= set(listed)
    (eight.program.parent / MODELS[0]).write_text("another model\n")
    after = eight.result()["openface.sha256"]
    changed = set(after.splitlines()) - set(before.splitlines())
    assert [line.split("  ")[1] for line in changed] == [MODELS[0]]


def test_a_landmark_model_is_handed_on_and_written_down(eight):
    assert eight.result(model=MODELS[0])["command.txt"] == f"{eight.program} {PLAIN} -mloc {MODELS[0]}\n"


def test_a_wrong_landmark_model_stops_the_chunk_at_its_first_run(eight):
    message = eight.refused(model="model/nope.txt")
    assert "status 1: Could not find the landmark detection model to load" in message
    assert "run OpenFace's own download_models.sh, or set openface.landmark_model to model/main_clnf_general" in message
    assert len(eight.runs()) == 1


def test_missing_files_of_the_default_detector_and_missing_au_predictors_stop_the_chunk(eight):
    shutil.rmtree(eight.program.parent / "AU_predictors")
    assert "status 134: Could not find the face analysis module to load" in eight.refused()
    (eight.program.parent / MODELS[2]).unlink()
    assert "Could not find CEN patch experts" in eight.refused()


@pytest.mark.parametrize("number", [1, 12, 45])
def test_a_missing_au_model_stops_the_chunk_at_its_first_run(eight, number):
    file = f"AU_predictors/{au_model(number)}"
    (eight.program.parent / file).unlink()
    message = eight.refused()
    assert (
        f"leaves out AU{number:02d}_r (1 of 17 columns are missing), probably for want of {file} (listed in" in message
    )
    assert len(eight.runs()) == 1


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
    eight.program.write_text(f"#!/bin/sh\nfor image in IN/*; do cp {whole} OUT/$(basename $image .png).csv; done\n")
    assert message in eight.refused()


def test_headers_with_a_space_after_each_comma_have_all_columns(make_chunk):
    text = openface_text([(0.98, [1] * 17, landmarks())], "spaced").replace("\n", "\r\n")
    chunk = make_chunk({})
    whole = chunk.folder / "whole.csv"
    whole.write_bytes(text.encode())
    chunk.program.write_text(f"#!/bin/sh\ncp {whole} OUT/a.csv\n")
    chunk.pack({"a.png": picture()})
    assert chunk.result()["a.csv"] == text


def test_a_folder_that_cannot_be_made_is_one_sentence(eight):
    eight.out = eight.folder / "images.tar" / "out" / "chunk00000.tar"
    assert f"{eight.out}: its folder cannot be made" in eight.refused()


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
    eight.program.write_text(f"#!/bin/sh\necho '{said}' >&2\nexit {status}\n")
    refused = eight.refused()
    assert message in refused and ("AU_predictors" in refused) == (status != 137)


def test_broken_images_alone_do_not_blame_the_program(eight):
    """A chunk of nothing but tiny photographs stopped the run: "OpenFace cannot work on this machine"."""
    eight.pack({f"{name}.png": picture(42) for name in "abcdefgh"})
    reason = "OpenFace failed (status 134, what():  cannot create std::vector larger than max_size())"
    assert failures(eight.result()) == dict.fromkeys("abcdefgh", reason)
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


def test_a_missing_program_or_chunk_is_one_sentence(eight):
    message = eight.refused(program="/nowhere/FaceLandmarkImg")
    assert "/nowhere/FaceLandmarkImg: no such program" in message
    for way in ("openface.program", "OPENFACE_BIN", "--software-deployment-method apptainer"):
        assert way in message
    eight.images.write_bytes(b"words" * 1000)
    assert "not a tar that can be unpacked" in eight.refused()
    eight.images.unlink()
    assert "images.tar: no such file" in eight.refused()


def test_an_old_csv_in_a_folder_of_that_name_is_no_answer(eight):
    # The real program leaves an old CSV where it finds no face, so that every run has folders of its own.
    (eight.program.parent / "recordings" / "b.csv").unlink()
    for folder in (eight.folder / "OUT", eight.program.parent / "OUT"):
        folder.mkdir()
        (folder / "b.csv").write_text(csv_of(5))
    assert failures(eight.result()) == {"b": "OpenFace found no face"}
