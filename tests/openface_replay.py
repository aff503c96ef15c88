#!/usr/bin/env python3
"""A stand-in for OpenFace's FaceLandmarkImg: the real one's manners, with recorded answers.

It does what the runs recorded in ../shared/openface show: which images it takes, what it prints, where it stops and
with which status. Its answers are CSVs by stem in the folder `recordings` beside it; an image whose stem has none shows
no face. The rest is for tests:

EFGAN_REPLAY_CASE   a folder with rc.txt, stdout.txt, stderr.txt and CSVs: one recorded run, replayed literally
EFGAN_REPLAY_LOG    a file that receives a line per run: the names of the images of its folder
EFGAN_REPLAY_SLEEP  seconds to wait before the first image
EFGAN_REPLAY_CORE   OpenBLAS's kernel, which it names where OPENBLAS_VERBOSE is 2, as its library does
EFGAN_REPLAY_ABORT  words: an image whose stem is one of them aborts the program
"""

import csv
import io
import os
import sys
import time
from pathlib import Path
from typing import NoReturn

from PIL import Image

#: OpenFace looks for these suffixes in a folder, in lower case only and not in folders below it.
SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp")
MODELS = ("model/main_clnf_general.txt", "model/main_ceclm_general.txt", "model/patch_experts/cen_patches_0.25_of.dat")
AU_MODULE = "AU_predictors/main_static_svms.txt"
AU_LIST = "AU_predictors/AU_all_static.txt"
AU_NUMBERS = (1, 2, 4, 5, 6, 7, 9, 10, 12, 14, 15, 17, 20, 23, 25, 26, 45)


def install_replay(folder: Path, recordings: dict[str, str]) -> Path:
    """Put the stand-in into a folder, with model files beside it, and return its path.

    Args:
        folder: made where it is absent.
        recordings: stem -> text of the CSV that it answers with.
    """
    from programs import write_files, write_program  # the program itself stands alone

    contents = dict.fromkeys((*MODELS, AU_MODULE), "a model\n")
    contents |= {f"AU_predictors/{au_model(number)}": "a model\n" for number in AU_NUMBERS}
    contents[AU_LIST] = "".join(f"AU{number:02d}_r {au_model(number)}\n" for number in AU_NUMBERS)
    contents |= {f"recordings/{stem}.csv": text for stem, text in recordings.items()}
    write_files(folder, contents)
    (folder / "recordings").mkdir(exist_ok=True)
    source = Path(__file__).read_text(encoding="utf-8").partition("\n")[2]
    return write_program(folder / "FaceLandmarkImg", f"#!{sys.executable}\n{source}")


def au_model(number: int) -> str:
    """Name of the model file of one AU, below AU_predictors."""
    return f"svr_combined/AU_{number}_static_intensity_comb.dat"


def main(words: list[str]) -> int:
    """Run as FaceLandmarkImg would; words that it does not know are ignored, as the real one does."""
    flags = {words[place]: words[place + 1] for place in range(1, len(words) - 1)}
    out = Path(flags.get("-out_dir", "processed"))
    if os.environ.get("OPENBLAS_VERBOSE") == "2":
        sys.stderr.write(f"Core: {os.environ.get('EFGAN_REPLAY_CORE', 'Haswell')}\n")
    if case := os.environ.get("EFGAN_REPLAY_CASE"):
        return replay_case(Path(case), out, "-2Dfp" in words)
    images = find_images(flags)
    if log := os.environ.get("EFGAN_REPLAY_LOG"):
        with open(log, "a", encoding="utf-8") as file:
            file.write(" ".join(image.name for image in images) + "\n")
    if not images:
        say("Could not open any images")
        return 1
    root = Path(words[0]).parent
    if not load_landmark_model(root, flags.get("-mloc", "model/main_ceclm_general.txt")):
        say("ERROR: Could not load the landmark detector")
        return 1
    has_aus = load_au_models(root)
    time.sleep(float(os.environ.get("EFGAN_REPLAY_SLEEP", "0")))
    wanted = {word for word in words if word in ("-aus", "-2Dfp")} or {"-aus", "-2Dfp"}
    return measure_all(images, out, root, wanted, has_aus)


def replay_case(case: Path, out: Path, landmarks: bool) -> int:
    """One recorded run: what it printed, the CSVs that it left, and its status.

    Most runs were recorded without -2Dfp: with `landmarks`, points are added, which the real program would write.
    """
    out.mkdir(parents=True, exist_ok=True)
    for file in case.glob("*.csv"):
        text = file.read_text()
        (out / file.name).write_text(with_landmarks(text) if landmarks else text)
    say((case / "stdout.txt").read_text().rstrip("\n"))
    sys.stderr.write((case / "stderr.txt").read_text())
    return int((case / "rc.txt").read_text())


def with_landmarks(text: str) -> str:
    """The CSV with 68 points, all of them 0, after its own columns; unchanged where it has points."""
    header, *rows = text.splitlines()
    if "x_0" in header:
        return text
    points = [f"{axis}_{point}" for axis in "xy" for point in range(68)]
    lines = [",".join([header, *points]), *(row + ",0.0" * len(points) for row in rows)]
    return "".join(f"{line}\n" for line in lines)


def find_images(flags: dict[str, str]) -> list[Path]:
    """The images of `-f` or `-fdir`, in the order in which they are measured."""
    if "-f" in flags:
        return [Path(flags["-f"])]
    if "-fdir" not in flags:
        return []
    folder = Path(flags["-fdir"])
    say(f"Attempting to read from directory: {folder}")
    if not folder.is_dir():
        abort("boost::filesystem::filesystem_error",
              f'boost::filesystem::directory_iterator::construct: No such file or directory: "{folder}"')  # fmt: skip
    images = sorted(path for path in folder.iterdir() if path.suffix in SUFFIXES and path.is_file())
    if not images:
        say(f"No images found in the directory: {folder}")
    return images


def load_landmark_model(root: Path, name: str) -> bool:
    """Whether the model is there: at its path, or beside argv[0] (the program's real path is never looked for)."""
    path = next((path for path in (Path(name), root / name) if path.is_file()), None)
    if path is None:
        say("Could not find the landmark detection model to load")
    say("Loading the model", f"Reading the landmark detector/tracker from: {path or name}")
    if path is None:
        say("Couldn't open the model file, aborting")
        return False
    if "ceclm" in name and not (root / MODELS[2]).is_file():
        reading = f"Reading the intensity CEN patch experts from: {root / MODELS[2]}...."
        say(f"{reading}Could not find CEN patch experts, for instructions of how to download them, see its wiki\n")
        return False
    say("Model loaded")
    return True


def load_au_models(root: Path) -> bool:
    """Whether there are AU models at all; single ones that are absent are not mentioned."""
    if (root / AU_MODULE).is_file():
        say(f"Reading the AU predictors from: {root / AU_LIST}... Done")
        return True
    say("Could not find the face analysis module to load", "Could not find the AU detection model to load")
    say("Couldn't open the model file, aborting", "WARNING: no Action Unit models found")
    return False


def measure_all(images: list[Path], out: Path, root: Path, wanted: set[str], has_aus: bool) -> int:
    """A CSV for every image with a face, up to the first image that cannot be opened."""
    out.mkdir(parents=True, exist_ok=True)
    for place, path in enumerate(images):
        try:
            with Image.open(path) as image:
                size = image.size
        except OSError:
            say(f"Error: Could not open the image: {path}")
            return 1
        if place == 0:
            say("Starting tracking")
        if min(size) <= 42 or path.stem in os.environ.get("EFGAN_REPLAY_ABORT", "").split():
            abort("std::length_error", "cannot create std::vector larger than max_size()")
        recording = root / "recordings" / f"{path.stem}.csv"
        if not recording.is_file() or is_truncated(path):
            continue
        if not has_aus:
            abort("cv::Exception", "OpenCV(4.6.0) matrix_expressions.cpp:32: error: (-5:Bad argument) empty operands\n")
        (out / f"{path.stem}.csv").write_text(select(recording.read_text(), root, wanted))
    return 0


def is_truncated(path: Path) -> bool:
    """Whether the file ends early: OpenFace then sees a gray picture without a face."""
    try:
        with Image.open(path) as image:
            image.load()
    except OSError:
        sys.stderr.write("Premature end of JPEG file\n")
        return True
    return False


def select(text: str, root: Path, wanted: set[str]) -> str:
    """The columns that the flags ask for, without those of AUs whose model file is absent."""
    listed = [line.split() for line in (root / AU_LIST).read_text().splitlines()]
    absent = {column for column, file in listed if not (root / "AU_predictors" / file).is_file()}
    rows = list(csv.reader(io.StringIO(text), skipinitialspace=True))
    flags = {"x_": "-2Dfp", "y_": "-2Dfp", "AU": "-aus"}
    asked = [flags.get(column[:2]) in (None, *wanted) and column not in absent for column in rows[0]]
    return "".join(",".join(cell for cell, kept in zip(row, asked, strict=True) if kept) + "\n" for row in rows)


def abort(kind: str, what: str) -> NoReturn:
    """Die of a C++ exception: status 134 in a shell."""
    sys.stdout.flush()
    sys.stderr.write(f"terminate called after throwing an instance of '{kind}'\n  what():  {what}\n")
    sys.stderr.flush()
    os.abort()


def say(*lines: str) -> None:
    """Print to stdout, where OpenFace writes its messages."""
    sys.stdout.write("".join(f"{line}\n" for line in lines))


if __name__ == "__main__":
    sys.exit(main(sys.argv))
