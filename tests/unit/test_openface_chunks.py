"""`extract_aus` on the chunks that openface.sh writes, and the London photographs on their whole way through it."""

import hashlib
import json
import os
import subprocess

import pandas as pd
import pytest
from openface_chunk import write_tar
from openface_replay import MODELS, install_replay

from cascade_efgan.data.photo_files.manifest import read_manifest
from cascade_efgan.errors import InputError

HASHES = "11  AU_predictors/AU_all_static.txt\n22  FaceLandmarkImg\n33  model/main_ceclm_general.txt\n"
COMMAND = "/opt/FaceLandmarkImg -fdir IN -out_dir OUT -aus -2Dfp\n"


def write_chunk(path, csvs, failed="", hashes=HASHES, command=COMMAND, machine="A processor\nHaswell\n"):
    texts = {f"{name}.csv": text for name, text in csvs.items()}
    texts |= {"failed.tsv": failed, "openface.sha256": hashes, "command.txt": command}
    write_tar(path, texts | ({"machine.txt": machine} if machine else {}))


@pytest.fixture
def chunked(small_data):
    """The small data set with its CSVs in chunks of three: chunks 0 to 2."""
    small_data.csvs = {path.stem: path.read_text() for path in small_data.openface.glob("*.csv")}
    small_data.ids = list(read_manifest(small_data.manifest)["id"])
    small_data.extract_aus()
    small_data.expected = small_data.path("faces.csv").read_bytes()
    small_data.path("faces.csv").unlink()
    small_data.openface = small_data.folder / "chunks"
    small_data.openface.mkdir()
    small_data.chunk = lambda number: small_data.openface / f"chunk0000{number}.tar"
    for number in range(3):
        rewrite(small_data, number)
    return small_data


def rewrite(data, number, failed=(), **options):
    """Write a chunk again: `failed` has pairs of id and reason."""
    csvs = {name: data.csvs[name] for name in data.ids[3 * number : 3 * number + 3] if name not in dict(failed)}
    lines = "".join(f"{name}\t{reason}\n" for name, reason in failed)
    write_chunk(data.chunk(number), csvs, lines, **options)


@pytest.mark.parametrize("command", [COMMAND, COMMAND.replace("/opt", "/home/me")])  # it may lie elsewhere
def test_chunks_give_the_faces_that_the_csvs_give(chunked, command):
    rewrite(chunked, 2, command=command)
    chunked.extract_aus("--chunks", "3")
    assert chunked.path("faces.csv").read_bytes() == chunked.expected
    assert pd.read_csv(chunked.path("excluded.csv")).empty


def test_reasons_of_the_program_reach_the_list_of_excluded_photographs(chunked):
    manifest = chunked.manifest.read_text().splitlines()
    manifest[4] = manifest[4].replace(",120,100,", ",0,0,")  # never an image
    chunked.manifest.write_text("\n".join(manifest) + "\n")
    never, no_face, broken = chunked.ids[3:6]
    reasons = {never: "not a readable image (no known image format)", no_face: "OpenFace found no face",
               broken: "OpenFace failed (status 134, what():  too tiny)"}  # fmt: skip
    rewrite(chunked, 1, reasons.items())
    flags = ("--provenance", str(chunked.path("aus.json")), "--program-origin", "docker://openface@sha256:12")
    chunked.extract_aus("--chunks", "3", "--set", "excluded_share=0.4", *flags)
    excluded = pd.read_csv(chunked.path("excluded.csv"))
    assert dict(zip(excluded["id"], excluded["reason"], strict=True)) == reasons
    assert json.loads(chunked.path("aus.json").read_text()) == {
        "dataset": "rendered", "source": "program", "command": COMMAND.strip(), "program_sha256": "22",
        "sha256": hashlib.sha256(HASHES.encode()).hexdigest(), "chunks": 3,
        "files": {
            "AU_predictors/AU_all_static.txt": "11", "FaceLandmarkImg": "22", "model/main_ceclm_general.txt": "33",
        },
        "machines": [{"processor": "A processor", "blas_kernel": "Haswell", "chunks": 3, "first": "chunk00000.tar"}],
        "program_origin": "docker://openface@sha256:12",
        "photographs": 8, "faces": 5,
        "excluded": {"not a readable image": 1, "OpenFace found no face": 1, "OpenFace failed": 1},
    }  # fmt: skip


def test_a_run_that_stops_leaves_no_file(chunked):
    rewrite(chunked, 1, [(chunked.ids[3], "OpenFace found no face")])
    with pytest.raises(InputError, match=r"1 of 8 photographs have no usable face.*: 1 OpenFace found no face; look"):
        chunked.extract_aus("--chunks", "3", "--provenance", str(chunked.path("aus.json")))
    assert not chunked.path("faces.csv").exists() and not chunked.path("aus.json").exists()
    assert not list(chunked.folder.glob(".*"))


def without_au12(data):
    data.csvs[data.ids[0]] = data.csvs[data.ids[0]].replace("AU12_r", "AU12_x")
    rewrite(data, 0)


OTHER = r"02\.tar: made by another OpenFace than chunk00000\.tar"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda data: data.chunk(1).unlink(), r"01\.tar: no such file; every chunk must be there"),
        (lambda data: write_chunk(data.chunk(2), {}), r"its 3 chunks hold 6 of 8 photographs, the first .* is p03"),
        (lambda data: write_chunk(data.chunk(1), {"p01_neutral": "", "me": ""}), r"01\.tar: holds me, .* 4 to 5 of"),
        (lambda data: rewrite(data, 2, hashes=HASHES.replace("33", "44")), OTHER),
        (lambda data: rewrite(data, 2, command=COMMAND.replace("-2Dfp", "-2Dfp -mloc model/x.txt")), OTHER),
        (lambda data: os.truncate(data.chunk(2), 2000), r"02\.tar: not a tar file|is missing in it"),
        (lambda data: write_tar(data.chunk(2), {}), r"02\.tar: failed\.tsv is missing in it"),
        (without_au12, "AU12_r is missing; .*AU_12_static_intensity_comb.*run OpenFace again; before that, delete "
         ".*chunks with all its chunks$"),
    ],
)  # fmt: skip
def test_chunks_that_are_not_those_of_the_manifest_and_of_one_program_are_named(chunked, change, message):
    change(chunked)
    with pytest.raises(InputError, match=message):
        chunked.extract_aus("--chunks", "3")


def test_chunks_of_different_machines_are_said_in_the_report(chunked, efgan, caplog):
    """Values of one data set came from two BLAS kernels, and nothing said so."""
    rewrite(chunked, 1, machine="A processor\nSkylakeX\n")
    rewrite(chunked, 2, machine="")  # of an earlier version
    chunked.extract_aus("--chunks", "3")
    chunked.crop()
    report = chunked.path("au_report.md")
    efgan("au_report", "--index", chunked.path("crops.csv"), "--report", report, "--table",
          chunked.path("au_report.csv"), "--openface", chunked.path("openface.json"))  # fmt: skip
    sentence = (
        "OpenFace ran on different machines: "
        "A processor, BLAS kernel Haswell: 1 of the chunks, from chunk00000.tar on; "
        "A processor, BLAS kernel SkylakeX: 1 of the chunks, from chunk00001.tar on; "
        "processor unknown, BLAS kernel unknown: 1 of the chunks, from chunk00002.tar on. "
    )
    assert f"- {sentence}" in report.read_text() and f"warning: {sentence}" in caplog.text


def test_the_london_photographs_in_chunks_give_the_recorded_values(
    efgan, repository, london_mirror, openface_london, tmp_path, monkeypatch
):
    monkeypatch.setenv("EFGAN_LONDON_MIRROR", str(london_mirror))
    photos, manifest = tmp_path / "photos.zip", tmp_path / "manifest.csv"
    efgan("download", "--dataset", "london", "--photos", photos, "--manifest", manifest,
          "--completeness", tmp_path / "completeness.json",
          "--checksums", repository / "resources" / "london" / "sha256sums.txt")  # fmt: skip
    recordings = {path.stem: path.read_text() for path in openface_london.glob("*.csv")}
    program = install_replay(tmp_path / "openface", recordings)
    script = repository / "workflow" / "scripts" / "openface.sh"
    for number in range(5):
        images, out = tmp_path / f"{number}.tar", tmp_path / "chunks" / f"chunk{number:05d}.tar"
        efgan("prepare_openface_chunk", "--photos", photos, "--manifest", manifest, "--chunk", number,
              "--set", "openface.chunk=50", "--images", images)  # fmt: skip
        subprocess.run(["sh", script, program, MODELS[0], images, out], check=True)
    recorded = repository / "resources" / "london" / "openface.csv"
    for source, name, flags in ((tmp_path / "chunks", "chunks", ("--chunks", 5)), (recorded, "recorded", ())):
        efgan("extract_aus", "--dataset", "london", "--photos", photos, "--manifest", manifest, "--openface", source,
              "--faces", tmp_path / f"{name}.csv", "--excluded", tmp_path / f"{name}.excluded.csv", *flags)  # fmt: skip
    faces = (tmp_path / "chunks.csv").read_bytes()
    assert faces.count(b"\n") == 205
    assert faces == (tmp_path / "recorded.csv").read_bytes()
