"""Each licensed data set as a folder, a zip and tars, named by a setting or a variable: the same files come out."""

from pathlib import Path

import pytest
from layouts_posed import add_leavings, make_cfeed, make_rafd, pack
from layouts_wild import make_affectnet_csv, make_affectnet_npy, make_folder

from cascade_efgan.data.manifest import read_manifest
from cascade_efgan.data.photos import PhotoZip, sha256
from cascade_efgan.files import read_json

#: Release -> its data set, and what writes it to a folder and gives OpenFace's answers by id.
RELEASES = {
    "RaFD": ("rafd", lambda folder: make_rafd(folder, 1, size=48)),
    "CFEE": ("cfeed", lambda folder: make_cfeed(folder, 2, size=48)),
    "AffectNet 2020": ("affectnet", lambda folder: make_affectnet_csv(folder, 10)),
    "AffectNet 8": ("affectnet", lambda folder: make_affectnet_npy(folder, 10)),
    "one's own": ("folder", lambda folder: make_folder(folder, 2, labels=False)),
}


@pytest.mark.parametrize("release", RELEASES)
def test_all_packings_give_the_same_zip_manifest_and_completeness(release, tmp_path, efgan, monkeypatch):
    dataset, make = RELEASES[release]
    folder = tmp_path / "release" / release
    openface = make(folder)
    flags = ["--dataset", dataset]
    if dataset in ("rafd", "cfeed"):
        add_leavings(folder)  # the others have them from the start
        flags += ["--set", f"{dataset}.partial=true"]
    # A list names AffectNet's photographs, whatever folder they are in.
    whole = folder.parent if dataset == "affectnet" else folder
    archives = [folder, *(pack(whole, tmp_path / f"packed{suffix}") for suffix in (".zip", ".tar", ".tar.gz")), None]
    written = []
    for number, archive in enumerate(archives):
        out = tmp_path / f"out{number}"
        files = [out / name for name in ("photos.zip", "manifest.csv", "completeness.json")]
        if archive is None:
            monkeypatch.setenv(f"EFGAN_{dataset.upper()}", str(folder))
        named = [] if archive is None else ["--set", f"{dataset}.archive={archive}"]
        efgan("download", *flags, "--photos", files[0], "--manifest", files[1], "--completeness", files[2], *named)
        assert sorted(out.iterdir()) == sorted(files)
        written.append([path.read_bytes() for path in files])
    assert all(made == written[0] for made in written)
    check(files, openface, boxes=release == "AffectNet 2020")


def check(files: list[Path], openface: dict[str, str], boxes: bool) -> None:
    """The manifest names every photograph, with its hash and, where the release has one, its face's box."""
    photos, manifest, completeness = files
    rows = read_manifest(manifest)
    assert list(rows["id"]) == sorted(openface)
    assert ((rows["face_x"] != "") == boxes).all()
    assert read_json(completeness)["found"] == len(rows)
    with PhotoZip(photos) as archive:
        assert all(sha256(archive.read(row["file"])) == row["sha256"] for row in rows.to_dict("records"))
