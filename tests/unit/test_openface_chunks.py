"""`extract_aus` on the chunks that openface.sh writes, and the London photographs on their whole way through it."""

import hashlib
import io
import json
import subprocess
import tarfile

import pandas as pd
import pytest
from openface_replay import MODELS, install_replay

from cascade_efgan.data.manifest import read_manifest
from cascade_efgan.errors import InputError

HASHES = "11  AU_predictors/AU_all_static.txt\n22  FaceLandmarkImg\n33  model/main_ceclm_general.txt\n"
COMMAND = "/opt/FaceLandmarkImg -fdir IN -out_dir OUT -aus -2Dfp\n"


def write_chunk(path, csvs, failed="", hashes=HASHES, command=COMMAND, machine="A processor\nHaswell\n"):
    texts = {f"{name}.csv": text for name, text in csvs.items()}
    texts |= {"failed.tsv": failed, "openface.sha256": hashes, "command.txt": command}
    texts |= {"machine.txt": machine} if machine else {}
    path.parent.mkdir(exist_ok=True)
    with tarfile.open(path, "w") as archive:
        for name, text in texts.items():
            member = tarfile.TarInfo(name)
            member.size = len(text.encode())
            archive.addfile(member, io.BytesIO(text.encode()))


@pytest.fixture
def chunked(small_data):
    """The small data set with its CSVs in chunks of three: chunks 0 to 2."""
    csvs = {path.stem: path.read_text() for path in small_data.openface.glob("*.csv")}
    small_data.csvs = csvs
    small_data.ids = list(read_manifest(small_data.manifest)["id"])
    small_data.extract_aus()
    small_data.expected = small_data.path("faces.csv").read_bytes()
    small_data.path("faces.csv").unlink()
    small_data.openface = small_data.folder / "chunks"
    for number in range(3):
        names = small_data.ids[3 * number : 3 * number + 3]
        write_chunk(small_data.openface / f"chunk0000{number}.tar", {name: csvs[name] for name in names})
    return small_data


def rewrite(data, number, leave_out=(), **options):
    names = [name for name in data.ids[3 * number : 3 * number + 3] if name not in leave_out]
    write_chunk(data.openface / f"chunk0000{number}.tar", {name: data.csvs[name] for name in names}, **options)


def test_chunks_give_the_faces_that_the_csvs_give(chunked):
    chunked.extract_aus("--chunks", "3")
    assert chunked.path("faces.csv").read_bytes() == chunked.expected
    assert pd.read_csv(chunked.path("excluded.csv")).empty


def test_reasons_of_the_program_reach_the_list_of_excluded_photographs(chunked):
    no_face, broken = chunked.ids[3], chunked.ids[5]
    why = "OpenFace failed (status 134, what():  too tiny)"
    failed = f"{no_face}\tOpenFace found no face\n{broken}\t{why}\n"
    rewrite(chunked, 1, leave_out=(no_face, broken), failed=failed)
    flags = ("--provenance", str(chunked.path("aus.json")), "--program-origin", "docker://openface@sha256:12")
    chunked.extract_aus("--chunks", "3", "--set", "excluded_share=0.3", *flags)
    excluded = pd.read_csv(chunked.path("excluded.csv"))
    assert list(excluded["id"]) == [no_face, broken]
    assert list(excluded["reason"]) == ["OpenFace found no face", why]
    assert json.loads(chunked.path("aus.json").read_text()) == {
        "dataset": "rendered", "source": "program", "command": COMMAND.strip(), "program_sha256": "22",
        "sha256": hashlib.sha256(HASHES.encode()).hexdigest(), "chunks": 3,
        "files": {
            "AU_predictors/AU_all_static.txt": "11", "FaceLandmarkImg": "22", "model/main_ceclm_general.txt": "33",
        },
        "machines": [{"processor": "A processor", "blas_kernel": "Haswell", "chunks": 3, "first": "chunk00000.tar"}],
        "program_origin": "docker://openface@sha256:12",
        "photographs": 8, "faces": 6, "excluded": {"OpenFace found no face": 1, "OpenFace failed": 1},
    }  # fmt: skip


def test_a_run_that_stops_leaves_no_file(chunked):
    rewrite(chunked, 1, leave_out=(chunked.ids[3],), failed=f"{chunked.ids[3]}\tOpenFace found no face\n")
    with pytest.raises(InputError, match=r"1 of 8 photographs have no usable face.*: 1 OpenFace found no face; look"):
        chunked.extract_aus("--chunks", "3", "--provenance", str(chunked.path("aus.json")))
    assert not chunked.path("faces.csv").exists() and not chunked.path("aus.json").exists()
    assert not list(chunked.folder.glob(".*"))


def test_a_missing_chunk_is_named(chunked):
    (chunked.openface / "chunk00001.tar").unlink()
    with pytest.raises(InputError, match=r"chunk00001\.tar: no such file; every chunk must be there"):
        chunked.extract_aus("--chunks", "3")


def test_chunks_that_do_not_hold_all_photographs_are_refused(chunked):
    with pytest.raises(InputError, match=r"its 2 chunks hold 6 of 8 photographs, the first without an answer is p03"):
        chunked.extract_aus("--chunks", "2")


def test_chunks_of_another_manifest_are_refused(chunked):
    write_chunk(chunked.openface / "chunk00001.tar", dict.fromkeys([*chunked.ids[3:5], "stranger"], ""))
    with pytest.raises(InputError, match=r"chunk00001\.tar: holds stranger, which is not among the photographs 4 to 6"):
        chunked.extract_aus("--chunks", "3")


@pytest.mark.parametrize(
    "options",
    [{"hashes": HASHES.replace("33", "44")}, {"command": COMMAND.replace("-2Dfp", "-2Dfp -mloc model/x.txt")}],
)
def test_two_versions_of_openface_in_one_data_set_are_refused(chunked, options):
    rewrite(chunked, 2, **options)
    with pytest.raises(InputError, match=r"chunk00002\.tar: made by another OpenFace than chunk00000\.tar"):
        chunked.extract_aus("--chunks", "3")


def test_the_same_program_may_lie_elsewhere(chunked):
    rewrite(chunked, 2, command=COMMAND.replace("/opt", "/home/me"))
    chunked.extract_aus("--chunks", "3")
    assert chunked.path("faces.csv").read_bytes() == chunked.expected


def test_chunks_of_different_machines_are_said_in_the_report(chunked, efgan, caplog):
    """Values of one data set came from two BLAS kernels, and nothing said so."""
    rewrite(chunked, 1, machine="A processor\nSkylakeX\n")
    rewrite(chunked, 2, machine="")  # of an earlier version
    chunked.extract_aus("--chunks", "3")
    machines = json.loads(chunked.path("openface.json").read_text())["machines"]
    assert [(one["blas_kernel"], one["chunks"]) for one in machines] == [("Haswell", 1), ("SkylakeX", 1), ("", 1)]
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


def test_a_damaged_chunk_is_named(chunked):
    path = chunked.openface / "chunk00002.tar"
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(InputError, match=r"chunk00002\.tar: not a tar file|is missing in it"):
        chunked.extract_aus("--chunks", "3")
    with tarfile.open(path, "w"):
        pass
    with pytest.raises(InputError, match=r"chunk00002\.tar: failed\.tsv is missing in it"):
        chunked.extract_aus("--chunks", "3")


def test_a_column_that_the_program_left_out_names_the_model_file(chunked):
    lines = [line.split(",") for line in chunked.csvs[chunked.ids[0]].splitlines()]
    place = lines[0].index("AU12_r")
    chunked.csvs[chunked.ids[0]] = "\n".join(",".join(line[:place] + line[place + 1 :]) for line in lines) + "\n"
    rewrite(chunked, 0)
    with pytest.raises(InputError, match=r"AU12_r is missing; .*svr_combined/AU_12_static_intensity_comb") as caught:
        chunked.extract_aus("--chunks", "3")
    assert str(caught.value).endswith(f"run OpenFace again; before that, delete {chunked.openface} with all its chunks")


def test_a_photograph_that_was_never_an_image_is_excluded_as_such(chunked):
    manifest = chunked.manifest.read_text().splitlines()
    manifest[1] = manifest[1].replace(",120,100,", ",0,0,")
    chunked.manifest.write_text("\n".join(manifest) + "\n")
    reason = "not a readable image (no known image format)"
    rewrite(chunked, 0, leave_out=(chunked.ids[0],), failed=f"{chunked.ids[0]}\t{reason}\n")
    chunked.extract_aus("--chunks", "3", "--set", "excluded_share=0.2")
    assert list(pd.read_csv(chunked.path("excluded.csv"))["reason"]) == [reason]


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
