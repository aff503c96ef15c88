"""`openface.sh` and the stand-in for OpenFace against recorded runs of the real program."""

import subprocess
from pathlib import Path

import pytest
from openface_chunk import csv_of, failures, picture
from openface_replay import with_landmarks
from programs import write_files


def test_the_stand_in_takes_images_as_the_real_program_does(eight, tmp_path):
    folder, out = tmp_path / "mixed", tmp_path / "o"
    (folder / "below").mkdir(parents=True)
    for name in ("a.JPG", "b.webp", "c.tif", "below/d.png", "e.png", "e.jpg"):
        (folder / name).write_bytes(picture())
    out.mkdir()
    (out / "h.csv").write_text("an old one")
    words = [eight.program, "-fdir", folder, "-out_dir", out, "-aus", "-2Dfp", "-bogusflag", "3"]
    assert subprocess.run(words, env=eight.environment(), capture_output=True).returncode == 0
    assert eight.runs() == [["e.jpg", "e.png"]]
    assert sorted(path.name for path in out.iterdir()) == ["e.csv", "h.csv"]
    assert (out / "e.csv").read_text() == csv_of(4)
    assert (out / "h.csv").read_text() == "an old one"


#: Recorded case -> the words with which the stand-in must end as the real program did.
MANNERS = {
    "noargs": [],
    "fdir_empty": ["-fdir", "emptydir"],
    "fdir_nonexist": ["-fdir", "nosuchdir"],
    "badmloc": ["-f", "a.png", "-mloc", "model/nope.txt"],
    "unreadable_text": ["-f", "words.jpg"],
    "unreadable_missing": ["-f", "doesnotexist.jpg"],
    "noface_blank": ["-f", "noface.png"],
    "truncated": ["-f", "truncated.png"],
    "tiny32": ["-f", "tiny.png"],
}


@pytest.mark.parametrize("case", MANNERS)
def test_the_stand_in_ends_as_the_real_program_did(eight, openface_cases, case):
    contents = {"a": picture(), "noface": picture(), "truncated": picture()[:-40], "tiny": picture(32)}
    write_files(eight.folder, {f"{name}.png": data for name, data in contents.items()} | {"words.jpg": "words"})
    (eight.folder / "emptydir").mkdir()
    words = [eight.program, *MANNERS[case], "-out_dir", "o"]
    done = subprocess.run(words, cwd=eight.folder, env=eight.environment(), capture_output=True, text=True)
    recorded = openface_cases / case
    # A shell reports a program that died of a signal as 128 and the signal's number.
    status = done.returncode if done.returncode >= 0 else 128 - done.returncode
    assert status == int((recorded / "rc.txt").read_text())
    assert not list((eight.folder / "o").glob("*.csv")) and not list(recorded.glob("*.csv"))
    theirs = (recorded / "stdout.txt").read_text().strip().splitlines()[-1]
    ours = done.stdout.strip().splitlines()[-1]
    assert ours.partition(": ")[0] == theirs.partition(": ")[0]
    if status == 134:
        assert done.stderr.splitlines()[-2:] == [
            line.replace("OPENFACE/", "") for line in (recorded / "stderr.txt").read_text().splitlines()[-2:]
        ]


#: Recorded case -> what the script makes of it: None for its CSV as it is, else a part of the reason.
IMAGES = {
    "multi_face": None, "gray": None, "rgba": None, "tiny128": None, "opt_2dfp": None, "opt_unknown": None,
    "missing_noMTCNN": None,
    "noface_blank": "OpenFace found no face", "noface_flower": "OpenFace found no face",
    "truncated": "OpenFace found no face", "tiny64": "OpenFace found no face",
    "unreadable_text": "OpenFace failed (status 1, Error: Could not open the image: broken/text.jpg)",
    "unreadable_zero": "OpenFace failed (status 1, Error: Could not open the image: broken/zero.jpg)",
    "unreadable_missing": "OpenFace failed (status 1, Error: Could not open the image: broken/doesnotexist.jpg)",
    "tiny32": "OpenFace failed (status 134, what():  cannot create std::vector larger than max_size())",
    "fdir_nonexist": "OpenFace failed (status 134, what():  boost::filesystem::directory_iterator",
}  # fmt: skip

#: Recorded case -> the cause in the sentence with which the script stops.
START_UP = {
    "badmloc": "status 1: Could not find the landmark detection model to load",
    "via_symlink": "status 1: Could not find the landmark detection model to load",
    "default_cen_missing": "Could not find CEN patch experts",
    "missing_noPatch": "Can't find/open the patches file",
    "missing_noAU": "status 134: Could not find the face analysis module to load",
    "missing_noSVR": "AU_predictors/svr_combined/AU_12_static_intensity_comb.dat",
}


@pytest.mark.parametrize("case", IMAGES)
def test_a_recorded_run_of_one_image_is_its_csv_or_its_reason(make_chunk, openface_cases, case):
    recorded = next((openface_cases / case).glob("*.csv"), Path("image.csv"))
    chunk = make_chunk({})
    chunk.pack({f"{recorded.stem}.png": picture()})
    result = chunk.result(EFGAN_REPLAY_CASE=str(openface_cases / case))
    if IMAGES[case] is None:
        assert result[recorded.name] == with_landmarks(recorded.read_text()) and result["failed.tsv"] == ""
    else:
        assert failures(result)["image"].startswith(IMAGES[case])


@pytest.mark.parametrize("case", START_UP)
def test_a_recorded_failure_of_the_start_stops_the_chunk(make_chunk, openface_cases, case):
    chunk = make_chunk({})
    chunk.pack({f"{name}.png": picture() for name in ("a", "b", "c", "single_face")})
    message = chunk.refused(EFGAN_REPLAY_CASE=str(openface_cases / case))
    assert START_UP[case] in message


@pytest.mark.parametrize("case", ["fdir_mixed_ok", "fdir_mixed_broken"])
def test_a_recorded_folder_keeps_every_csv_that_it_wrote(make_chunk, openface_cases, case):
    chunk = make_chunk({})
    chunk.pack({f"{name}.jpg": picture(form="JPEG") for name in ("a_face", "b_text", "c_multi", "f_single")})
    result = chunk.result(EFGAN_REPLAY_CASE=str(openface_cases / case))
    for recorded in (openface_cases / case).glob("*.csv"):
        assert result[recorded.name] == with_landmarks(recorded.read_text())
    assert "b_text" in failures(result)
