"""`openface.sh` around a program with the manners of the real OpenFace: one test or more per way in which it fails."""

import io
import os
import platform
import shutil
import signal
import subprocess
import tarfile
import time
from pathlib import Path

import pytest
from copied_workflow import wait_until
from made_faces import landmarks, openface_text
from openface_replay import AU_NUMBERS, MODELS, au_model, install_replay, with_landmarks
from picture_files import encoded
from PIL import Image

from cascade_efgan.orchestration.parent_watch import this_process

PLAIN = "-fdir IN -out_dir OUT -aus -2Dfp"


def picture(side=60, form="PNG"):
    return encoded(Image.new("RGB", (side, side), (90, 60, 30)), form)


class Chunk:
    """A program with recordings, a chunk of images, and the script that brings them together."""

    def __init__(self, folder, script, recordings):
        self.folder, self.script = folder, script
        self.program = install_replay(folder / "openface", recordings)
        self.images, self.out, self.log = folder / "images.tar", folder / "out" / "chunk00000.tar", folder / "runs.log"
        self.scratch = folder / "scratch"
        self.scratch.mkdir()

    def pack(self, images, failed=""):
        with tarfile.open(self.images, "w") as archive:
            for name, data in {**images, "failed.tsv": failed.encode()}.items():
                member = tarfile.TarInfo(name)
                member.size = len(data)
                archive.addfile(member, io.BytesIO(data))

    def command(self, program=None, model="-", shell="sh"):
        return [shell, self.script, program or self.program, model, self.images, self.out]

    def environment(self, **more):
        return {**os.environ, "TMPDIR": str(self.scratch), "EFGAN_REPLAY_LOG": str(self.log), **more}

    def run(self, program=None, model="-", shell="sh", **environment):
        command = self.command(program, model, shell)
        done = subprocess.run(
            command, env=self.environment(**environment), capture_output=True, text=True, cwd=self.folder
        )
        assert not list(self.scratch.iterdir()), "temporary files are left"
        assert [path.name for path in self.out.parent.glob(".*")] == [], "a half-written tar is left"
        return done

    def result(self, **options):
        done = self.run(**options)
        assert (done.returncode, done.stderr) == (0, "")
        with tarfile.open(self.out) as archive:
            return {member.name: archive.extractfile(member).read().decode() for member in archive}

    def refused(self, **options):
        done = self.run(**options)
        assert done.returncode == 1
        assert not self.out.exists()
        assert done.stderr.count("\n") == 1
        return done.stderr

    def runs(self):
        return [line.split() for line in self.log.read_text().splitlines()]


@pytest.fixture
def make_chunk(tmp_path, repository):
    """`make_chunk(recordings)`: stem -> CSV text."""
    return lambda recordings: Chunk(tmp_path, repository / "workflow" / "scripts" / "openface.sh", recordings)


def csv_of(number):
    """The CSV of one face whose AUs give the number."""
    return openface_text([(0.98, [number / 10] * 17, landmarks())])


@pytest.fixture
def eight(make_chunk):
    """Eight good images, a to h."""
    chunk = make_chunk({name: csv_of(number) for number, name in enumerate("abcdefgh")})
    chunk.pack({f"{name}.png": picture() for name in "abcdefgh"})
    return chunk


def failures(result):
    return dict(line.split("\t") for line in result["failed.tsv"].splitlines())


def stems(result):
    return sorted(name.removesuffix(".csv") for name in result if name.endswith(".csv"))


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


def test_a_failed_run_leaves_the_tar_of_the_run_before(eight):
    eight.result()
    before = eight.out.read_bytes()
    assert eight.run(model="model/nope.txt").returncode == 1
    assert eight.out.read_bytes() == before


def test_an_old_csv_in_a_folder_of_that_name_is_no_answer(eight):
    # The real program leaves an old CSV where it finds no face, so that every run has folders of its own.
    (eight.program.parent / "recordings" / "b.csv").unlink()
    for folder in (eight.folder / "OUT", eight.program.parent / "OUT"):
        folder.mkdir()
        (folder / "b.csv").write_text(csv_of(5))
    assert failures(eight.result()) == {"b": "OpenFace found no face"}


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
    for name, data in contents.items():
        (eight.folder / f"{name}.png").write_bytes(data)
    (eight.folder / "words.jpg").write_text("words")
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


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_killed_script_leaves_nothing_behind(eight, number):
    # Python ignores SIGINT in children that it starts in the background; a shell could not undo that.
    process = subprocess.Popen(
        eight.command(), env=eight.environment(EFGAN_REPLAY_SLEEP="60"), stderr=subprocess.PIPE,
        restore_signals=True, start_new_session=True,
    )  # fmt: skip
    wait_until(eight.log.exists, "run of OpenFace")
    process.send_signal(number)
    process.communicate(timeout=20)
    assert process.returncode == 128 + number
    assert not list(eight.scratch.iterdir())
    assert not eight.out.exists() and not list(eight.out.parent.glob(".*"))
    wait_until(lambda: not is_running(eight.program), "end of OpenFace")


@pytest.mark.parametrize("how", ["while it works", "before it starts"])
def test_openface_ends_with_a_snakemake_that_is_killed(eight, how):
    """After `kill -9` of Snakemake, OpenFace worked on to the end of its chunk."""
    snakemake = subprocess.Popen(["sleep", "100"])
    namespace = this_process().partition(":")[2]
    variables = eight.environment(EFGAN_REPLAY_SLEEP="60", EFGAN_WORKFLOW=f"{snakemake.pid}:{namespace}")
    if how == "before it starts":
        snakemake.kill()
    process = subprocess.Popen(eight.command(), env=variables, stderr=subprocess.PIPE, start_new_session=True)
    if how == "while it works":
        wait_until(eight.log.exists, "run of OpenFace")
        snakemake.kill()  # and stays a zombie, as under a parent that does not look after it
    process.communicate(timeout=30)
    assert process.returncode == 128 + signal.SIGTERM
    assert not list(eight.scratch.iterdir()) and not list(eight.out.parent.glob("*.tar*"))
    wait_until(lambda: not is_running(eight.program), "end of OpenFace")
    snakemake.wait()
    assert eight.run(EFGAN_WORKFLOW=f"{os.getpid()}:{namespace}").returncode == 0
    assert eight.run(EFGAN_WORKFLOW=f"{snakemake.pid}:of a container").returncode == 0


def test_what_a_killed_script_left_is_cleaned_at_the_next_start(eight, tmp_path):
    """A work folder in the temporary directory and a half-written tar stayed for ever."""
    process = subprocess.Popen(eight.command(), env=eight.environment(EFGAN_REPLAY_SLEEP="60"), start_new_session=True)
    wait_until(eight.log.exists, "run of OpenFace")
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    (left,) = eight.scratch.iterdir()
    (eight.out.parent / f".{eight.out.name}.{process.pid}.partial").touch()
    record = eight.out.parent / f".{eight.out.name}.work"
    assert record.read_text().splitlines()[1] == str(left)
    kept = [tmp_path / "mine", tmp_path / "efgan-openface.elsewhere"]
    assert eight.run().returncode == 0  # and asserts that nothing is left
    for folder, host in zip(kept, (os.uname().nodename, "another-machine"), strict=True):
        folder.mkdir()
        record.write_text(f"{host}\n{folder}\n")
        assert eight.run().returncode == 0 and folder.is_dir()


def is_running(program):
    def words(path):
        try:
            return path.read_bytes().split(b"\0")
        except OSError:
            return []

    return any(
        bytes(program) in words(path) and b"-fdir" in words(path) for path in Path("/proc").glob("[0-9]*/cmdline")
    )


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
