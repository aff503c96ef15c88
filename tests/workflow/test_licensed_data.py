"""The licensed data sets through the whole DAG: real layouts and names, rendered faces, and a replayed OpenFace."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import pytest
from copied_workflow import REPOSITORY, Workflow, copy_workflow
from layouts import make_affectnet_csv, make_cfeed, make_folder, make_rafd
from openface_replay import install_replay

from cascade_efgan.data import AUS

DATASETS = ("rafd", "cfeed", "folder", "affectnet")


def words(folder: Path) -> list[str]:
    """Flags of a run on all four layouts."""
    return [
        "--config", "preset=smoke", "datasets=[rafd, cfeed, folder]", "ablation_dataset=rafd",
        "methods=[ef_gan, cascade_ef_gan]", "split={test_share: 0.3}",
        f"rafd={{archive: '{folder / 'rafd'}', partial: true}}",
        f"cfeed={{archive: '{folder / 'cfeed'}', partial: true}}",
        f"folder={{archive: '{folder / 'own photographs'}', labels: '{folder / 'own photographs' / 'labels.csv'}'}}",
        f"affectnet={{archive: '{folder / 'affectnet'}', limit: 8}}",
        "wild={dataset: affectnet, pretrain: [rafd, cfeed]}",
        f"openface={{program: '{folder / 'openface' / 'FaceLandmarkImg'}', chunk: 10}}",
        "measures={aus: none}",  # a second per edit
    ]  # fmt: skip


@pytest.fixture(scope="module")
def archives(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the four archives and an OpenFace that knows their photographs."""
    folder = tmp_path_factory.mktemp("archives")
    recordings = {
        **make_rafd(folder / "rafd", people=3, gazes=("frontal",)),
        **make_cfeed(folder / "cfeed", people=3),
        **make_folder(folder / "own photographs", people=3, labels=True),
        **make_affectnet_csv(folder / "affectnet", count=10),
    }
    install_replay(folder / "openface", recordings)
    return folder


@pytest.fixture(scope="module")
def finished(archives: Path, tmp_path_factory: pytest.TempPathFactory, preloaded: Path) -> Workflow:
    """A copy of the workflow after a whole run on these archives."""
    run = copy_workflow(tmp_path_factory.mktemp("licensed"), preloaded)
    run.snakemake("--cores", "2", *words(archives))
    return run


def test_every_data_set_reaches_its_tables_and_pictures_which_say_what_is_missing(finished: Workflow) -> None:
    results = finished.folder / "results"
    text = {name: (results / f"{name}_table.md").read_text(encoding="utf-8") for name in ("accuracy", "quality")}
    assert all(title in table for table in text.values() for title in ("RaFD", "CFEED", "Own photographs"))
    assert "RaFD" in (results / "ablation_table.md").read_text(encoding="utf-8")
    assert "RaFD lacks 1584 photographs" in text["accuracy"]
    assert "1584 photographs of the data set are missing" in text["accuracy"]
    report = json.loads((results / "rafd/completeness.json").read_text(encoding="utf-8"))
    assert report["expected"] == 1608 and report["found"] == 24
    for dataset in DATASETS:
        for name in ("au_report.md", "contact_sheet.png", "patches.png", "crop_checks.csv"):
            assert (results / dataset / name).stat().st_size > 100, (dataset, name)


def test_values_come_from_openface_in_chunks_and_from_nowhere_else(finished: Workflow) -> None:
    for dataset in DATASETS:
        folder = finished.folder / "results" / dataset
        manifest = pd.read_csv(folder / "manifest.csv")
        chunks = sorted(path.name for path in (folder / "openface").iterdir())
        assert chunks == [f"chunk{number:05d}.tar" for number in range(-(-len(manifest) // 10))]
        faces = pd.read_csv(folder / "faces.csv")
        excluded = pd.read_csv(folder / "excluded.csv")
        assert set(faces["id"]) | set(excluded["id"]) == set(manifest["id"])
        assert faces[list(AUS)].to_numpy().max() > 1
        assert json.loads((folder / "openface.json").read_text(encoding="utf-8"))


def test_wild_images_are_edited_before_and_after_fine_tuning(finished: Workflow) -> None:
    folder = finished.folder / "results/affectnet/seed0"
    edits = {stage: pd.read_csv(folder / stage / "edits_test.csv") for stage in ("pretrained", "wild")}
    assert len(edits["wild"]) == 8 * edits["wild"]["source_id"].nunique()
    pd.testing.assert_frame_equal(edits["pretrained"], edits["wild"])
    assert (folder / "pretrained/edits_test.npy").read_bytes() != (folder / "wild/edits_test.npy").read_bytes()
    assert (folder / "figures/fig08_wild.png").stat().st_size > 1000


@contextmanager
def edited(path: Path, content: bytes) -> Iterator[None]:
    """A file of the archives with another content, for a while."""
    before = path.read_bytes()
    path.write_bytes(content)
    try:
        yield
    finally:
        path.write_bytes(before)


def test_a_new_openface_measures_again_but_fetches_nothing(finished: Workflow, archives: Path) -> None:
    program = archives / "openface" / "FaceLandmarkImg"
    with edited(program, program.read_bytes() + b"\n# another build\n"):
        rules = finished.would_run(*words(archives), "--", "results/rafd/faces.csv")
    assert "run_openface" in rules and "download" not in rules


def test_edited_labels_are_read_again_and_a_second_run_does_nothing(finished: Workflow, archives: Path) -> None:
    labels = archives / "own photographs" / "labels.csv"
    with edited(labels, labels.read_bytes().replace(b"Happy", b"Sad", 1)):
        assert "download" in finished.would_run(*words(archives), "--", "results/folder/manifest.csv")
    assert "Nothing to be done" in finished.snakemake(*words(archives))


def test_another_archive_is_read(finished: Workflow, archives: Path) -> None:
    flags = [word.replace("/rafd'", "/cfeed'") for word in words(archives)]
    assert "download" in finished.would_run(*flags, "--", "results/rafd/manifest.csv")


def test_a_missing_au_model_stops_the_first_chunk_and_its_return_mends_the_run(
    archives: Path, tmp_path: Path, preloaded: Path
) -> None:
    run, target = copy_workflow(tmp_path, preloaded), ("--", "results/rafd/faces.csv")
    model = next((archives / "openface" / "AU_predictors").rglob("AU_12_*"))
    model.rename(model.with_suffix(".away"))
    try:
        text = run.snakemake("--cores", "1", *words(archives), *target, status=1)
    finally:
        model.with_suffix(".away").rename(model)
    assert model.name in text and "Traceback" not in text
    assert not list((run.folder / "results/rafd/openface").glob("chunk?????.tar"))
    run.snakemake("--cores", "2", *words(archives), *target)
    assert (run.folder / "results/rafd/faces.csv").is_file()


def test_everything_that_is_missing_is_named_before_the_work_starts(workflow: Workflow) -> None:
    text = workflow.snakemake("--dry-run", "--quiet", "all", "--config", "preset=paper")
    missing = [line for line in text.splitlines() if line.startswith("missing: ")]
    assert len(missing) == 4
    for number, word in enumerate(("EFGAN_RAFD", "EFGAN_CFEED", "EFGAN_AFFECTNET", "OPENFACE_BIN")):
        assert word in missing[number]


def test_values_that_are_not_there_are_one_sentence(workflow: Workflow) -> None:
    flag = "rafd={aus: csv, openface_csv: nowhere.csv}"
    text = workflow.snakemake("--dry-run", "--config", "preset=paper", flag, status=1)
    assert "configuration key rafd.openface_csv is 'nowhere.csv': no such file or folder" in text
    assert "Traceback" not in text


def test_without_the_archive_one_sentence_says_where_to_ask_for_it(workflow: Workflow) -> None:
    text = workflow.snakemake("--config", "preset=paper", "--", "results/rafd/manifest.csv", status=1)
    assert "rafd.archive" in text and "EFGAN_RAFD" in text and "laptop" in text
    assert "Traceback" not in text


def test_real_photographs_go_through_openface_in_chunks(
    london_mirror: Path, openface_london: Path, tmp_path: Path, preloaded: Path
) -> None:
    """Five chunks of a replayed OpenFace give the values that this repository recorded from the real one."""
    recordings = {path.stem: path.read_text(encoding="utf-8") for path in openface_london.glob("*.csv")}
    program = install_replay(tmp_path / "openface", recordings)
    run = copy_workflow(tmp_path / "copy", preloaded)
    run.snakemake(
        "--cores", "2", "--config", "preset=london", f"london={{mirror: '{london_mirror}', aus: openface}}",
        f"openface={{program: '{program}', chunk: 50}}", "--", "results/london/faces.csv",
    )  # fmt: skip
    measured = pd.read_csv(run.folder / "results/london/faces.csv", dtype={"id": str}).set_index("id")
    recorded = pd.read_csv(REPOSITORY / "resources/london/openface.csv", skipinitialspace=True)
    recorded = recorded.sort_values("confidence").drop_duplicates("file", keep="last")
    recorded.index = recorded["file"].str.removesuffix(".jpg")
    assert len(measured) == 204
    for name in AUS:
        assert (measured[name] == recorded.loc[measured.index, f"{name}_r"]).all()
